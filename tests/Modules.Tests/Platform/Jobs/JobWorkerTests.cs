using System.Collections.Concurrent;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Balatrix.Modules.Tests.Platform.Jobs;

/// <summary>Workers as they run, on one node and on two.</summary>
public sealed class JobWorkerTests(JobWorld world) : IClassFixture<JobWorld>
{
    const string Blocked = "select count(*) from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0";

    [Fact]
    public async Task A_worker_is_woken_by_the_commit_that_enqueues()
    {
        // The clock stands, so that no pause ever ends: only the database's word can wake it.
        // Pooled connections of other nodes may still show theirs: this node's listening began after now.
        var start = (await world.OwnerAsync("select clock_timestamp()::text", r => r.GetString(0)))[0];
        using var node = world.Node((run, _) => JobWorld.EffectAsync(run, "woken"));
        await node.StartAsync(JobWorld.Stop);
        await JobWorld.UntilAsync(async () => (await world.OwnerAsync($"select count(*) from pg_stat_activity where query like 'listen%' and datname = current_database() and query_start > '{start}'", r => r.GetInt64(0)))[0] == 1, "listening");
        for (var n = 0; n < 3; n++)
        {
            var job = await world.EnqueueAsync();
            await JobWorld.UntilAsync(async () => (await world.FindAsync(job)).Status == "done", "done without a poll");
        }
        await node.StopAsync(JobWorld.Stop);
    }

    [Fact]
    public async Task Two_nodes_do_each_job_once()
    {
        const int Jobs = 300;
        var running = 0;
        var most = 0;
        var together = new TaskCompletionSource();
        Task Script(JobRun run, CancellationToken ct)
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            if (now > 1)
                together.TrySetResult();
            return DoAsync();

            async Task DoAsync()
            {
                await JobWorld.EffectAsync(run, "once");
                // The first goes on only beside a second.
                await together.Task.WaitAsync(ct);
                Interlocked.Decrement(ref running);
            }
        }

        using var one = world.Node(Script, TimeProvider.System, "billing");
        using var two = world.Node(Script, TimeProvider.System, "billing");
        await one.StartAsync(JobWorld.Stop);
        await two.StartAsync(JobWorld.Stop);
        var ids = new ConcurrentBag<long>();
        await Parallel.ForAsync(0, Jobs, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = JobWorld.Stop }, async (n, _) => ids.Add((await world.EnqueueAsync(queue: "billing", tenantId: 1 + (n % 2)))!.Value));
        await JobWorld.UntilAsync(async () => (await world.OwnerAsync("select count(*) from platform.jobs where queue = 'billing' and status = 'done'", r => r.GetInt64(0)))[0] == Jobs, "all done");
        await one.StopAsync(JobWorld.Stop);
        await two.StopAsync(JobWorld.Stop);
        Assert.Equal(ids.Order(), (await world.EffectsAsync()).Where(e => e.Note == "once").Select(e => e.JobId).Order());
        Assert.InRange(most, 2, 2 * JobQueues.Lanes["billing"]);
        Assert.Empty(await world.OwnerAsync($"select job_id from platform.job_starts where job_id in ({string.Join(',', ids)})", r => r.GetInt64(0)));
    }

    [Fact]
    public async Task A_node_that_stops_gives_its_job_back_and_no_attempt_is_counted()
    {
        var begun = new TaskCompletionSource();
        using var node = world.Node(
            async (run, ct) =>
            {
                await JobWorld.EffectAsync(run, "stopped");
                begun.SetResult();
                await Task.Delay(Timeout.Infinite, ct);
            },
            queue: "reports");
        var job = await world.EnqueueAsync(queue: "reports");
        await node.StartAsync(JobWorld.Stop);
        await begun.Task;
        Assert.Equal("running", (await world.FindAsync(job)).Status);
        await node.StopAsync(JobWorld.Stop);
        Assert.Equal(("waiting", 0, null), (await world.FindAsync(job)) is var back ? (back.Status, back.Attempts, back.LastError) : default);

        using var next = world.Node((run, _) => JobWorld.EffectAsync(run, $"attempt {run.Attempt}"), queue: "reports");
        await JobWorld.RunDueAsync(next);
        Assert.Equal(["attempt 1"], (await world.EffectsAsync()).Where(e => e.JobId == job).Select(e => e.Note));
    }

    [Fact]
    public async Task A_node_that_is_stopped_while_it_looks_for_a_job_stops()
    {
        await using var connection = await world.Database.Owner.OpenConnectionAsync(JobWorld.Stop);
        await using var transaction = await connection.BeginTransactionAsync(JobWorld.Stop);
        await Database.ExecuteAsync(connection, "lock table platform.jobs in access exclusive mode", [], JobWorld.Stop);
        using var node = world.Node((_, _) => Task.CompletedTask);
        await node.StartAsync(JobWorld.Stop);
        await JobWorld.UntilAsync(async () => (await world.OwnerAsync(Blocked, r => r.GetInt64(0)))[0] > 0, "it looks");
        await node.StopAsync(JobWorld.Stop);
        Assert.True(node.Services.GetServices<IHostedService>().OfType<JobWorker>().Single().ExecuteTask!.IsCompleted);
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_has_failed()
    {
        using var node = world.Node((_, ct) => Task.Delay(Timeout.Infinite, ct), TimeProvider.System, "backup", timeLimit: TimeSpan.FromMilliseconds(200));
        var job = await world.EnqueueAsync(queue: "backup");
        await JobWorld.RunDueAsync(node);
        var failed = await world.FindAsync(job);
        Assert.Equal(("waiting", 1), (failed.Status, failed.Attempts));
        Assert.StartsWith("It took longer than 00:00:00.2", failed.LastError, StringComparison.Ordinal);
    }

    static void InterlockedMax(ref int place, int value)
    {
        for (var seen = place; value > seen; seen = place)
            if (Interlocked.CompareExchange(ref place, value, seen) == seen)
                return;
    }
}
