using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Ledger;

/// <summary>A Balatrix of its own in a second process, killed while clients charge; they repeat what was not answered.</summary>
public sealed class CrashTests : IAsyncLifetime
{
    const int Clients = 8;
    const int EventsEach = 120;

    /// <summary>A client repeats an event through all the kills, and each start takes what it takes.</summary>
    static readonly TimeSpan Patience = 5 * Soon.Limit;

    readonly string data = Path.Combine(Path.GetTempPath(), "balatrix-crash-" + Guid.NewGuid().ToString("N")[..8]);
    readonly int port = BalatrixProcess.FreePort();
    Process? server;

    public async ValueTask InitializeAsync()
    {
        using var seed = Run("seed", "--demo");
        await seed.WaitForExitAsync();
        Assert.Equal(0, seed.ExitCode);
        await ServeAsync();
    }

    [Fact]
    public Task Killing_Balatrix_neither_loses_nor_doubles_a_charge() => SurviveAsync(kills: 4, async () =>
    {
        server!.Kill();
        await server.WaitForExitAsync();
        server.Dispose();
        await ServeAsync();
    });

    [Fact]
    public Task Killing_PostgreSQL_neither_loses_nor_doubles_a_charge() => SurviveAsync(kills: 2, async () =>
    {
        var killed = await Postmaster.KillAsync(data);
        await Soon.UntilAsync(() => Postmaster.LiveId(data) is { } next && next != killed, "PostgreSQL is started again");
    });

    async Task SurviveAsync(int kills, Func<Task> kill)
    {
        var run = Guid.NewGuid().ToString("N")[..6];
        var random = new Random(42);
        var clients = Enumerable.Range(0, Clients).Select(c => ClientAsync(run, c)).ToArray();
        for (var n = 0; n < kills; n++)
        {
            await Task.Delay(random.Next(150, 700));
            await kill();
        }
        await Task.WhenAll(clients);
        await StopAsync();
        await using var postgres = await EmbeddedPostgres.StartAsync(data, durable: true, _ => { }, CancellationToken.None);
        await using var database = new Database(postgres.ConnectionString);
        await using var command = database.Owner.CreateCommand($"select count(*) from usage.usage_records where event_id like 'crash-{run}-%'");
        Assert.Equal((long)Clients * EventsEach, await command.ExecuteScalarAsync());
        var report = await new LedgerVerification(database).VerifyAsync(null, CancellationToken.None);
        Assert.True(report.Proven, string.Join("; ", report.Proofs.Where(p => !p.Proven)));
    }

    async Task ClientAsync(string run, int client)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Soon.Limit };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await File.ReadAllTextAsync(Path.Combine(data, "admin.key")));
        var started = DateTimeOffset.UtcNow.AddMinutes(-5);
        for (var n = 0; n < EventsEach; n++)
        {
            var call = new { account = "ACC-" + (10001 + (n % 3)), id = $"crash-{run}-{client}-{n}", called = "+447700900123", startTime = started.AddSeconds(n), durationSeconds = 7 };
            var last = "";
            await Soon.UntilAsync(async () => (last = await AnswerAsync(http, call)) is "OK" or "Created", () => $"{call.id} is answered; the last answer is {last}", Patience);
        }
    }

    static async Task<string> AnswerAsync(HttpClient http, object call)
    {
        try
        {
            using var response = await http.PostAsJsonAsync("/api/v1/cdrs", call);
            Assert.NotEqual(HttpStatusCode.InternalServerError, response.StatusCode);
            return response.StatusCode.ToString();
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            return e.Message;
        }
    }

    async Task ServeAsync()
    {
        server = Run("serve", "--urls", $"http://127.0.0.1:{port}");
        await BalatrixProcess.ReadyAsync(port);
    }

    Process Run(params string[] arguments) => BalatrixProcess.Start(data, null, arguments);

    async Task StopAsync()
    {
        using var term = Process.Start("kill", ["-TERM", server!.Id.ToString(CultureInfo.InvariantCulture)]);
        await server.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (server is { HasExited: false })
            await StopAsync();
        server?.Dispose();
        Directory.Delete(data, recursive: true);
    }
}
