using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;

namespace Balatrix.Bench;

/// <summary>The long crash test: clients charge over HTTP and repeat what was not answered, while Balatrix or PostgreSQL is killed again and again.</summary>
static class Crash
{
    const int Clients = 8;

    /// <summary>Kills Balatrix, then in a second run PostgreSQL; value is the kills that were survived with every event charged once and the books proven.</summary>
    public static async Task<BenchResult> RunAsync(int kills)
    {
        var survived = await SurviveAsync(kills, async (server, _) =>
        {
            await server.KillAsync();
            await server.StartAsync();
        });
        survived += await SurviveAsync(kills, async (_, folder) =>
        {
            var pid = int.Parse((await File.ReadAllLinesAsync(Path.Combine(folder, "pg", "postmaster.pid")))[0], CultureInfo.InvariantCulture);
            using (var postmaster = Process.GetProcessById(pid))
                postmaster.Kill();
            // Balatrix starts it again by itself.
            await Task.Delay(2000);
        });
        return new("crash", $"kills survived, {kills} of Balatrix and {kills} of PostgreSQL, every event charged once", survived, "kills", 2 * kills, survived / (2.0 * kills), 1, survived == 2 * kills);
    }

    static async Task<int> SurviveAsync(int kills, Func<ServerProcess, string, Task> kill)
    {
        var folder = Path.Combine(Path.GetTempPath(), "balatrix-crash-" + Guid.NewGuid().ToString("N")[..8]);
        await using var server = new ServerProcess(folder, null);
        await server.RunAsync("seed", "--demo");
        await server.StartAsync();
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(c => ClientAsync(server, folder, c, stop.Token)).ToArray();
        for (var n = 0; n < kills; n++)
        {
            await Task.Delay(Random.Shared.Next(150, 1500));
            await kill(server, folder);
            if (n % 5 == 4)
                Console.Error.WriteLine($"  {n + 1} kills");
        }
        await stop.CancelAsync();
        var accepted = (await Task.WhenAll(clients)).Sum();
        await server.StopAsync();

        await using var postgres = await EmbeddedPostgres.StartAsync(folder, durable: true, _ => { }, CancellationToken.None);
        await using var database = new Database(postgres.ConnectionString);
        await using var command = database.Owner.CreateCommand("select count(*) from usage.usage_records where event_id like 'crash-%'");
        var recorded = (long)(await command.ExecuteScalarAsync())!;
        var report = await new LedgerVerification(database).VerifyAsync(null, CancellationToken.None);
        Console.Error.WriteLine($"  {accepted} events accepted, {recorded} recorded, books {(report.Proven ? "proven" : string.Join("; ", report.Proofs.Where(p => !p.Proven)))}");
        return accepted == recorded && report.Proven ? kills : 0;
    }

    /// <summary>Charges until it is told to stop; each event is repeated until it is answered.</summary>
    static async Task<int> ClientAsync(ServerProcess server, string folder, int client, CancellationToken stop)
    {
        using var http = new HttpClient { BaseAddress = new Uri(server.Url), Timeout = TimeSpan.FromSeconds(20) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await File.ReadAllTextAsync(Path.Combine(folder, "admin.key"), CancellationToken.None));
        var started = DateTimeOffset.UtcNow.AddMinutes(-30);
        var accepted = 0;
        while (!stop.IsCancellationRequested)
        {
            var call = new { account = "ACC-" + (10001 + (accepted % 3)), id = $"crash-{client}-{accepted}", called = "+447700900123", startTime = started.AddMilliseconds(accepted), durationSeconds = 1 };
            while (!await AnsweredAsync(http, call))
                await Task.Delay(50, CancellationToken.None);
            accepted++;
        }
        return accepted;
    }

    static async Task<bool> AnsweredAsync(HttpClient http, object call)
    {
        try
        {
            using var response = await http.PostAsJsonAsync("/api/v1/cdrs", call);
            return response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created
                || (response.StatusCode == HttpStatusCode.InternalServerError ? throw new InvalidOperationException(await response.Content.ReadAsStringAsync()) : false);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            return false;
        }
    }
}
