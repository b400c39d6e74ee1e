using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Balatrix.Core.Usage;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Usage;

namespace Balatrix.Modules.Tests.Platform.Jobs;

/// <summary>Two nodes in processes of their own on one database; whichever is in the middle of a job is killed, again and again.</summary>
public sealed class JobCrashTests(TestCluster cluster) : IAsyncLifetime
{
    const int Kills = 5;
    const int Pages = 24;

    readonly string data = Path.Combine(Path.GetTempPath(), "balatrix-jobs-" + Guid.NewGuid().ToString("N")[..8]);
    readonly List<Process> nodes = [];
    string connectionString = "";
    Database database = null!;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        connectionString = await cluster.CloneAsync();
        database = new Database(connectionString);
        using var seed = Run("seed", "--demo");
        await seed.WaitForExitAsync(Stop);
        Assert.Equal(0, seed.ExitCode);
    }

    [Fact]
    public async Task Killing_workers_in_mid_job_neither_loses_nor_doubles_anything()
    {
        const int Kept = Pages * RetryUnrated.Page;
        await KeepAsync(Kept);
        nodes.Add(Run("serve", "--urls", "http://127.0.0.1:0"));
        nodes.Add(Run("serve", "--urls", "http://127.0.0.1:0"));
        await database.InTenantAsync(1, (connection, ct) => JobQueue.EnqueueAsync(connection, 1, new(RetryUnrated.Queue, RetryUnrated.Kind, "{}"), ct), Stop);
        for (var kill = 0; kill < Kills; kill++)
            await KillTheOneAtWorkAsync();
        await JobWorld.UntilAsync(async () => await CountAsync("platform.jobs where kind = 'retry-failed-cdrs' and status = 'done'") > Pages, "all pages done");

        Assert.Equal(Kept, await CountAsync("usage.unrated_events where status = 'charged'"));
        Assert.Equal(Kept, await CountAsync("usage.usage_records where event_id like 'kept-%'"));
        // Each page enqueues the next in the commit that ends it: a page that ended twice, or not, would show here.
        Assert.Equal(Pages + 1, await CountAsync("platform.jobs where kind = 'retry-failed-cdrs'"));
        Assert.Equal(0, await CountAsync("platform.jobs where status <> 'done' and kind = 'retry-failed-cdrs'"));
        Assert.InRange(await CountAsync("platform.jobs where attempts > 1"), 1, Kills);
        var report = await new LedgerVerification(database).VerifyAsync(null, Stop);
        Assert.True(report.Proven, string.Join("; ", report.Proofs.Where(p => !p.Proven)));
    }

    async Task KillTheOneAtWorkAsync()
    {
        var pid = 0;
        await JobWorld.UntilAsync(
            async () =>
            {
                await using var command = database.Owner.CreateCommand(
                    "select s.node from platform.job_starts s join platform.jobs j on j.job_id = s.job_id where j.kind = 'retry-failed-cdrs' and j.status = 'queued' order by s.started_at desc limit 1");
                pid = await command.ExecuteScalarAsync(Stop) is string node ? int.Parse(node.Split('/')[^1], CultureInfo.InvariantCulture) : 0;
                return nodes.Exists(n => n.Id == pid);
            },
            "a node at work");
        var victim = nodes.Single(n => n.Id == pid);
        victim.Kill();
        await victim.WaitForExitAsync(Stop);
        nodes.Remove(victim);
        victim.Dispose();
        nodes.Add(Run("serve", "--urls", "http://127.0.0.1:0"));
    }

    async Task KeepAsync(int count)
    {
        var at = DateTimeOffset.UtcNow.AddMinutes(-30);
        var use = new UsageEvent("cdr", "kept", Service.VoiceOutbound, at, "447700900123", 7000, "", "447700900123", null);
        await using var connection = await database.Owner.OpenConnectionAsync(Stop);
        await Database.ExecuteAsync(
            connection,
            """
            insert into usage.unrated_events (tenant_id, account_reference, source, event_id, service, occurred_at, event, code, message, received_at, updated_at)
            select 1, 'ACC-10001', 'cdr', 'kept-' || n, $2, $3, jsonb_set($4::jsonb, '{Id}', to_jsonb('kept-' || n)), 'no_rate', 'There was no rate.', $3, $3 from generate_series(1, $1) n
            """,
            [count, (short)Service.VoiceOutbound, at, JsonSerializer.Serialize(use)], Stop);
    }

    async Task<long> CountAsync(string what)
    {
        await using var command = database.Owner.CreateCommand("select count(*) from " + what);
        return (long)(await command.ExecuteScalarAsync(Stop))!;
    }

    Process Run(params string[] arguments) => BalatrixProcess.Start(data, connectionString, arguments);

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
        {
            node.Kill();
            await node.WaitForExitAsync();
            node.Dispose();
        }
        await database.DisposeAsync();
        if (Directory.Exists(data))
            Directory.Delete(data, recursive: true);
    }
}
