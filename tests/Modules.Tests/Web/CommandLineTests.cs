using System.Diagnostics;
using System.Text.Json;

namespace Balatrix.Modules.Tests.Web;

/// <summary>The program as its user meets it: a process with arguments, output and exit codes.</summary>
public sealed class CommandLineTests : IDisposable
{
    const string Given = "ConnectionStrings__Balatrix";

    readonly string folder = Path.Combine(Path.GetTempPath(), "balatrix-cli-" + Guid.NewGuid().ToString("n")[..8]);

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("no such verb", "bogus")]
    [InlineData("unknown option", "serve", "--bogus")]
    [InlineData("required option missing", "migrate", "down")]
    [InlineData("no number", "migrate", "up", "--to", "three")]
    public async Task Wrong_usage_ends_with_2(string why, params string[] arguments)
    {
        var (code, _, error) = await RunAsync(arguments);
        Assert.True(code == 2, $"{why}: {error}");
        Assert.NotEmpty(error);
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("migrate", "up")]
    [InlineData("migrate", "down")]
    [InlineData("migrate", "status")]
    [InlineData("seed")]
    [InlineData("ingest")]
    [InlineData("rate")]
    [InlineData("ledger", "verify")]
    public async Task Every_verb_has_help(params string[] verb)
    {
        var (code, output, _) = await RunAsync([.. verb, "--help"]);
        Assert.Equal(0, code);
        Assert.Contains("Usage:", output, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(?m)^\s+-\S+( <\S+>)?\s*$", output);
    }

    [Theory]
    [InlineData("Host=127.0.0.1;Port=1;Username=x;Password=hush", "cannot be used")]
    [InlineData("hush", "is not a connection string")]
    public async Task A_given_server_that_cannot_be_used_is_told_without_its_password(string connectionString, string expected)
    {
        var (code, output, error) = await RunAsync(["migrate", "status"], (Given, connectionString));
        Assert.Equal(1, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Contains(Given, error, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", output + error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrations_are_shown_as_json()
    {
        var (code, output, error) = await RunAsync(["migrate", "up", "--to", "2", "--json", "--data", folder]);
        Assert.True(code == 0, error);
        var versions = JsonDocument.Parse(output).RootElement.GetProperty("migrations").EnumerateArray().Select(m => m.GetProperty("version").GetInt32());
        Assert.Equal([1, 2], versions);
    }

    [Fact]
    public async Task A_killed_server_is_taken_over_and_a_stopped_one_takes_its_PostgreSQL_along()
    {
        var postmaster = Path.Combine(folder, "pg", "postmaster.pid");
        using (var first = Start(["serve", "--data", folder, "--urls", "http://127.0.0.1:0"]))
        {
            await AwaitLineAsync(first, "Balatrix answers at");
            first.Kill();
            await first.WaitForExitAsync(Stop);
        }
        Assert.True(File.Exists(postmaster));

        using var second = Start(["serve", "--data", folder, "--urls", "http://127.0.0.1:0"]);
        await AwaitLineAsync(second, "Taking over");
        var line = await AwaitLineAsync(second, "Balatrix answers at");
        using var client = new HttpClient();
        var ready = await client.GetAsync(new Uri(line.Split("answers at ")[1].Split(';', ',')[0] + "/health/ready"), Stop);
        Assert.Equal(200, (int)ready.StatusCode);

        using (var kill = Process.Start("kill", ["-TERM", $"{second.Id}"]))
            await kill.WaitForExitAsync(Stop);
        await second.WaitForExitAsync(Stop);
        Assert.Equal(0, second.ExitCode);
        Assert.False(File.Exists(postmaster));
    }

    public void Dispose()
    {
        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    static async Task<(int Code, string Output, string Error)> RunAsync(string[] arguments, params (string Name, string Value)[] environment)
    {
        using var process = Start(arguments, environment);
        var output = process.StandardOutput.ReadToEndAsync(Stop);
        var error = process.StandardError.ReadToEndAsync(Stop);
        await process.WaitForExitAsync(Stop);
        return (process.ExitCode, await output, await error);
    }

    static Process Start(string[] arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "balatrix"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment.Remove(Given);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    static async Task<string> AwaitLineAsync(Process process, string text)
    {
        while (await process.StandardError.ReadLineAsync(Stop) is { } line)
            if (line.Contains(text, StringComparison.Ordinal))
                return line;
        throw new InvalidOperationException($"The program ended ({(process.HasExited ? process.ExitCode : 0)}) without saying \"{text}\".");
    }
}
