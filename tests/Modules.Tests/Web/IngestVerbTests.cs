using System.Diagnostics;
using System.Text.Json;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Web;

/// <summary>balatrix ingest as its user meets it: files, summary, exit code.</summary>
public sealed class IngestVerbTests(TestApp app) : IClassFixture<TestApp>, IDisposable
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("balatrix-ingest-verb-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public async Task Files_are_charged_once_and_the_exit_code_says_whether_anything_was_refused()
    {
        var good = Path.Combine(folder.FullName, "events.json");
        var time = DateTimeOffset.UtcNow.AddHours(-1);
        await File.WriteAllTextAsync(good, JsonSerializer.Serialize(
            Enumerable.Range(0, 3).Select(i => new { specversion = "1.0", id = $"verb-{i}", source = "verb", type = "balatrix.auth.sms_otp", subject = "ACC-10001", time }),
            Indented));
        var bad = Path.Combine(folder.FullName, "bad.json");
        await File.WriteAllTextAsync(bad, "{\"specversion\":\"1.0\"}\n");

        var (code, first) = await IngestAsync(good);
        Assert.Equal((0, 3, 0), (code, Count(first, "accepted"), Count(first, "refused")));
        var (again, second) = await IngestAsync(good, bad, Path.Combine(folder.FullName, "missing.json"));
        Assert.Equal((1, 0, 3, 2), (again, Count(second, "accepted"), Count(second, "duplicates"), Count(second, "refused")));
        Assert.Equal(["invalid_value", "no_file"], second.GetProperty("problems").EnumerateArray().Select(p => p.GetProperty("code").GetString()));
        await app.AssertBooksProveAsync();
    }

    static int Count(JsonElement summary, string name) => summary.GetProperty(name).GetInt32();

    async Task<(int Code, JsonElement Summary)> IngestAsync(params string[] files)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "balatrix"), ["ingest", "--json", .. files])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["ConnectionStrings__Balatrix"] = app.ConnectionString;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(output.Length > 0, await error);
        return (process.ExitCode, JsonElement.Parse(output));
    }
}
