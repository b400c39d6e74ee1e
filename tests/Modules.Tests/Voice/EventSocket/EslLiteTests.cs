using System.Diagnostics;
using System.Text.Json;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>The npm client "esl-lite", which shares nothing with ours, takes the stand-in for a FreeSWITCH.</summary>
public sealed class EslLiteTests
{
    static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Voice", "Data", "esl-lite");

    [Fact]
    public async Task An_independent_client_drives_a_call()
    {
        await RestoreAsync();
        await using var server = StandInFreeSwitch.Start();
        var call = await server.DialAsync(new StandInCall { ParkTimeout = null, FromName = "Zoë 😀", Carrier = new(TimeSpan.FromMilliseconds(300)) });
        var (output, errors) = await RunAsync("node", "client.mjs", server.Port.ToString(), server.Password, call.Uuid);
        var said = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToDictionary(l => l.GetProperty("what").GetString()!, l => l.GetProperty("value"));
        Assert.True(said.ContainsKey("ended"), $"{output} {errors}");
        Assert.Equal("vm", said["hostname"].GetString());
        Assert.StartsWith("+OK", said["transfer"].GetString(), StringComparison.Ordinal);
        Assert.Equal(StandInChannel.Micros(call.AnsweredAt!.Value), said["answered"].GetString());
        Assert.StartsWith("+OK", said["kill"].GetString(), StringComparison.Ordinal);
        Assert.Equal(["OUTGOING_CALL_BARRED", call.BillUsec.ToString(), "Zoë 😀"], said["ended"].EnumerateArray().Select(v => v.GetString()!));
    }

    static async Task RestoreAsync()
    {
        if (Directory.Exists(Path.Combine(Folder, "node_modules", "esl-lite")))
            return;
        var (output, errors) = await RunAsync("npm", "ci", "--no-audit", "--no-fund");
        Assert.True(Directory.Exists(Path.Combine(Folder, "node_modules", "esl-lite")), $"npm ci in {Folder} failed: {output} {errors}");
    }

    static async Task<(string Output, string Errors)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitAsync(3 * Soon.Limit);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
        }
        return (await output, await errors);
    }
}
