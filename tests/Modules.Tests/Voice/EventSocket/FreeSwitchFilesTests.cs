using System.Diagnostics;
using System.Xml.Linq;
using Balatrix.Modules.Tests.Tidy;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>What is shipped for FreeSWITCH: its files, and the check that a live one behaves.</summary>
public sealed class FreeSwitchFilesTests
{
    static readonly string Folder = Path.Combine(SourceFile.Root, "deploy", "freeswitch");

    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder, "*.xml", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Folder, f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Is_well_formed(string file) => Assert.NotEmpty(Read(file).Root!.Elements());

    [Fact]
    public void The_public_context_parks_with_a_time_limit_and_lets_nothing_through()
    {
        var actions = Read("dialplan/balatrix_public.xml").Descendants("action").Select(a => $"{a.Attribute("application")!.Value} {a.Attribute("data")?.Value}".Trim()).ToList();
        Assert.InRange(actions.FindIndex(a => a.StartsWith("set park_timeout=3:", StringComparison.Ordinal)), 0, actions.IndexOf("park") - 1);
        Assert.All(actions, a => Assert.Contains(a.Split(' ')[0], (string[])["set", "limit", "park", "hangup"]));
    }

    [Fact]
    public void The_billed_context_hangs_up_first_on_who_has_no_session()
    {
        var extensions = Read("dialplan/balatrix_billed.xml").Descendants("extension").ToList();
        Assert.Equal("${bill_session}", extensions[0].Element("condition")!.Attribute("field")!.Value);
        Assert.Equal("hangup", extensions[0].Descendants("action").Single().Attribute("application")!.Value);
        Assert.DoesNotContain(extensions[0].Descendants("action"), a => a.Attribute("application")!.Value == "bridge");
        Assert.EndsWith("${bill_dial}", extensions.Single(e => e.Attribute("name")!.Value == "balatrix_bridge").Descendants("action").Last().Attribute("data")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public void The_refused_context_plays_something_and_hangs_up() =>
        Assert.Equal(["pre_answer", "playback", "hangup"], Read("dialplan/balatrix_refused.xml").Descendants("action").Select(a => a.Attribute("application")!.Value));

    [Fact]
    public void Records_are_queued_and_posted_to_the_webhook()
    {
        var settings = Read("autoload_configs/json_cdr.conf.xml").Descendants("param").ToDictionary(p => p.Attribute("name")!.Value, p => p.Attribute("value")!.Value);
        Assert.EndsWith("/api/v1/webhooks/cdr", settings["url"], StringComparison.Ordinal);
        Assert.True(int.Parse(settings["queue-capacity"]) > 0);
        Assert.Equal(("false", "false"), (settings["log-b-leg"], settings["encode-values"]));
    }

    [Fact]
    public async Task The_smoke_check_passes_against_the_stand_in_and_says_when_there_is_nothing_to_check()
    {
        var server = StandInFreeSwitch.Start();
        var (code, said) = await SmokeAsync(server.Port, server.Password);
        Assert.True(code == 0 && said.TrimEnd().EndsWith("All went well.", StringComparison.Ordinal), said);
        Assert.Equal(1, (await SmokeAsync(server.Port, "wrong")).Code);
        await server.DisposeAsync();
        (code, said) = await SmokeAsync(server.Port, "any");
        Assert.Equal(77, code);
        Assert.Contains("Nothing was checked", said, StringComparison.Ordinal);
    }

    static XDocument Read(string file) => XDocument.Load(Path.Combine(Folder, file));

    static async Task<(int Code, string Said)> SmokeAsync(int port, string password)
    {
        var script = Path.Combine(SourceFile.Root, "scripts", "freeswitch-smoke");
        if (!File.Exists("/usr/bin/python3"))
            Assert.Skip("python3 is not here");
        using var process = Process.Start(new ProcessStartInfo("/usr/bin/python3", [script, "127.0.0.1", port.ToString(), password]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, said);
    }
}
