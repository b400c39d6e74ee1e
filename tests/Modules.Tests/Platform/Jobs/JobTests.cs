using System.Collections.Concurrent;
using System.Globalization;
using Balatrix.Core.Jobs;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Balatrix.Modules.Tests.Platform.Jobs;

/// <summary>Jobs from the queue to their end, run by hand with a clock that stands.</summary>
public sealed class JobTests(JobWorld world) : IClassFixture<JobWorld>, IAsyncLifetime
{
    public async ValueTask InitializeAsync()
    {
        await world.OwnerAsync("delete from platform.jobs; delete from platform.job_starts; delete from platform.effects; update platform.tenants set test_now = null");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_job_and_what_it_wrote_commit_together()
    {
        var job = await world.EnqueueAsync("""{"who":"me"}""");
        using var node = world.Node((run, _) => JobWorld.EffectAsync(run, $"{run.Payload.GetProperty("who")} {run.TenantId} {run.Attempt} {run.Kind}"));
        Assert.Equal(1, await JobWorld.RunDueAsync(node));
        Assert.Equal([(job!.Value, "me 1 1 scripted")], await world.EffectsAsync());
        var done = await world.FindAsync(job);
        Assert.Equal(("done", 1, world.Clock.Now), (done.Status, done.Attempts, done.FinishedAt));
        Assert.Equal(0, await JobWorld.RunDueAsync(node));
    }

    [Fact]
    public async Task A_job_whose_cause_was_rolled_back_never_was()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => world.Database.InTenantAsync<int>(1, async (connection, ct) =>
        {
            Assert.NotNull(await JobQueue.EnqueueAsync(connection, 1, new(JobWorld.Queue, JobWorld.Kind, "{}"), ct));
            throw new InvalidOperationException("The cause did not come to pass.");
        }, JobWorld.Stop));
        Assert.Empty(await world.OwnerAsync("select job_id from platform.jobs", r => r.GetInt64(0)));
    }

    [Fact]
    public async Task A_key_is_taken_once_in_a_tenant_also_after_its_job_is_done()
    {
        using var node = world.Node((_, _) => Task.CompletedTask);
        var first = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => world.EnqueueAsync(key: "july")));
        Assert.Single(first, id => id is not null);
        Assert.NotNull(await world.EnqueueAsync(key: "july", tenantId: 2));
        await JobWorld.RunDueAsync(node);
        Assert.Null(await world.EnqueueAsync(key: "july"));
        Assert.NotNull(await world.EnqueueAsync(key: "august"));
    }

    [Fact]
    public async Task Jobs_run_in_the_order_of_their_time_and_then_of_their_number()
    {
        var now = world.Clock.Now;
        foreach (var minutes in new[] { -1, -3, -2, -3, 5 })
            await world.EnqueueAsync(minutes.ToString(CultureInfo.InvariantCulture), now.AddMinutes(minutes));
        using var node = world.Node((run, _) => JobWorld.EffectAsync(run, run.Payload.ToString()));
        await JobWorld.RunDueAsync(node);
        var effects = await world.EffectsAsync();
        Assert.Equal(["-3", "-3", "-2", "-1"], effects.Select(e => e.Note));
        Assert.True(effects[0].JobId < effects[1].JobId);
    }

    [Fact]
    public async Task A_failed_attempt_leaves_nothing_behind_and_comes_again_after_its_wait()
    {
        var job = await world.EnqueueAsync();
        var failures = 0;
        using var node = world.Node(async (run, _) =>
        {
            await JobWorld.EffectAsync(run, $"attempt {run.Attempt}");
            if (failures++ < 2)
                throw new InvalidOperationException("Not today.\0");
        });
        await JobWorld.RunDueAsync(node);
        Assert.Empty(await world.EffectsAsync());
        var failed = await world.FindAsync(job);
        Assert.Equal(("waiting", 1, "InvalidOperationException: Not today."), (failed.Status, failed.Attempts, failed.LastError));
        Assert.InRange(failed.RetryAt!.Value - world.Clock.Now, Backoff.First / 2, Backoff.First);
        Assert.Equal(0, await JobWorld.RunDueAsync(node));

        await LaterAsync(Backoff.First, () => JobWorld.RunDueAsync(node));
        await LaterAsync(Backoff.First * 3, () => JobWorld.RunDueAsync(node));
        Assert.Equal([(job!.Value, "attempt 3")], await world.EffectsAsync());
        Assert.Equal(("done", 3, null), (await world.FindAsync(job)) is var done ? (done.Status, done.Attempts, done.LastError) : default);
    }

    [Fact]
    public async Task After_its_last_attempt_a_job_is_dead_and_lives_again_when_it_is_retried()
    {
        var job = await world.EnqueueAsync(key: "mortal");
        var isMended = false;
        using var node = world.Node((run, _) => isMended ? JobWorld.EffectAsync(run, $"attempt {run.Attempt}") : throw new InvalidOperationException("Broken."), mostAttempts: 2);
        Assert.Equal(1, await JobWorld.RunDueAsync(node));
        await LaterAsync(Backoff.First, () => JobWorld.RunDueAsync(node));
        Assert.Equal(("dead", 2), (await world.FindAsync(job)) is var dead ? (dead.Status, dead.Attempts) : default);
        await LaterAsync(TimeSpan.FromDays(9), () => JobWorld.RunDueAsync(node));
        Assert.Null(await world.EnqueueAsync(key: "mortal"));

        isMended = true;
        Assert.False(await RetryAsync(job, tenantId: 2));
        Assert.True(await RetryAsync(job));
        Assert.False(await RetryAsync(job));
        Assert.Equal(1, await JobWorld.RunDueAsync(node));
        Assert.Equal([(job!.Value, "attempt 1")], await world.EffectsAsync());
        Assert.False(await RetryAsync(job));
    }

    [Fact]
    public async Task Poison_is_dead_at_once_and_holds_nobody_up()
    {
        var poison = await world.EnqueueAsync("\"not an object\"");
        var hopeless = await world.EnqueueAsync("""{"hopeless":true}""");
        var sound = await world.EnqueueAsync("""{"hopeless":false}""");
        using var node = world.Node((run, _) =>
            System.Text.Json.JsonSerializer.Deserialize<Dictionary<string, bool>>(run.Payload)!["hopeless"] ? throw new JobImpossibleException("There is no such account.") : JobWorld.EffectAsync(run, "sound"));
        Assert.Equal(3, await JobWorld.RunDueAsync(node));
        Assert.Equal([(sound!.Value, "sound")], await world.EffectsAsync());
        Assert.Equal("dead", (await world.FindAsync(poison)).Status);
        Assert.Equal(("dead", "There is no such account."), (await world.FindAsync(hopeless)) is var dead ? (dead.Status, dead.LastError) : default);
    }

    [Fact]
    public async Task A_job_that_kills_every_worker_ends_as_a_dead_letter()
    {
        var job = await world.EnqueueAsync();
        await world.OwnerAsync($"insert into platform.job_starts values (1, {job}, 3, 'a node that is no more', now())");
        using var node = world.Node((run, _) => JobWorld.EffectAsync(run, "must not run"), mostAttempts: 3);
        await JobWorld.RunDueAsync(node);
        Assert.Empty(await world.EffectsAsync());
        var dead = await world.FindAsync(job);
        Assert.Equal(("dead", 3), (dead.Status, dead.Attempts));
        Assert.Contains("worker died", dead.LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_loses_its_connection_has_done_nothing_and_its_job_is_done_again()
    {
        var job = await world.EnqueueAsync();
        using var node = world.Node(async (run, ct) =>
        {
            await JobWorld.EffectAsync(run, $"attempt {run.Attempt}");
            if (run.Attempt == 1)
                await world.OwnerAsync($"select pg_terminate_backend({run.Connection.ProcessID})");
            await Database.ExecuteAsync(run.Connection, "select 1", [], ct);
        });
        await JobWorld.RunDueAsync(node);
        Assert.Equal(("waiting", 1), (await world.FindAsync(job)) is var failed ? (failed.Status, failed.Attempts) : default);
        await LaterAsync(Backoff.First, () => JobWorld.RunDueAsync(node));
        Assert.Equal([(job!.Value, "attempt 2")], await world.EffectsAsync());
    }

    [Fact]
    public async Task A_job_sees_the_rows_of_its_own_tenant_only()
    {
        var seen = new ConcurrentBag<int>();
        using var node = world.Node(async (run, ct) =>
        {
            foreach (var tenant in await Database.QueryAsync(run.Connection, "select tenant_id from platform.tenants", [], r => r.GetInt32(0), ct))
                seen.Add(tenant);
        });
        await world.EnqueueAsync(tenantId: 2);
        await world.EnqueueAsync();
        Assert.Equal(1, await JobWorld.RunDueAsync(node, 2));
        Assert.Equal([2], seen);
        Assert.Null(await new JobStore(world.Database, world.Clock).FindAsync(1, (await world.OwnerAsync("select job_id from platform.jobs where tenant_id = 2", r => r.GetInt64(0)))[0], JobWorld.Stop));
    }

    [Fact]
    public async Task A_time_to_run_at_is_the_tenants_own()
    {
        var nextYear = world.Clock.Now.AddYears(1);
        var job = await world.EnqueueAsync(runAt: nextYear);
        using var node = world.Node((run, _) => JobWorld.EffectAsync(run, run.Now.ToString("O", CultureInfo.InvariantCulture)));
        Assert.Equal(0, await JobWorld.RunDueAsync(node));
        await world.OwnerAsync($"update platform.tenants set test_now = '{nextYear:O}' where tenant_id = 1");
        Assert.Equal(1, await JobWorld.RunDueAsync(node));
        Assert.Equal([(job!.Value, nextYear.ToString("O", CultureInfo.InvariantCulture))], await world.EffectsAsync());
    }

    [Fact]
    public async Task Done_jobs_are_forgotten_in_time_and_dead_ones_are_kept()
    {
        await world.OwnerAsync(
            $"""
            insert into platform.jobs (tenant_id, queue, kind, payload, status, finished_at)
            select 1, queue, kind, '{"{}"}', status, '{world.Clock.Now:O}'::timestamptz - age::interval
              from (values ('billing', 'old', 'done', '31 days'), ('billing', 'recent', 'done', '29 days'), ('billing', 'dead', 'dead', '90 days'),
                           ('cleanup', 'swept', 'done', '25 hours'), ('cleanup', 'today', 'done', '23 hours')) as v(queue, kind, status, age)
            """);
        using var node = world.Node((_, _) => Task.CompletedTask);
        Assert.Equal(2, await node.Services.GetServices<IHostedService>().OfType<FinishedJobs>().Single().ForgetAsync(JobWorld.Stop));
        Assert.Equal(["dead", "recent", "today"], await world.OwnerAsync("select kind from platform.jobs order by kind", r => r.GetString(0)));
    }

    [Fact]
    public async Task What_a_notification_said_is_neither_shown_nor_kept()
    {
        var job = await world.EnqueueAsync("""{"link":"https://example.org/reset/secret"}""", queue: "notifications");
        var store = new JobStore(world.Database, world.Clock);
        Assert.Null((await store.FindAsync(1, job!.Value, JobWorld.Stop))!.Value.Payload);
        using var node = world.Node((run, _) => JobWorld.EffectAsync(run, run.Payload.ToString()), queue: "notifications");
        Assert.Equal(1, await JobWorld.RunDueAsync(node));
        Assert.Contains("secret", Assert.Single(await world.EffectsAsync()).Note, StringComparison.Ordinal);
        Assert.Equal(["{}"], await world.OwnerAsync("select payload::text from platform.jobs", r => r.GetString(0)));
    }

    [Fact]
    public async Task A_kind_that_this_program_does_not_know_is_left_to_one_that_does()
    {
        using var node = world.Node((_, _) => Task.CompletedTask);
        await world.Database.InTenantAsync(1, (connection, ct) => JobQueue.EnqueueAsync(connection, 1, new(JobWorld.Queue, "of-the-future", "{}"), ct), JobWorld.Stop);
        Assert.Equal(0, await JobWorld.RunDueAsync(node));
        Assert.Equal([0], await world.OwnerAsync("select attempts from platform.jobs where status = 'queued'", r => r.GetInt32(0)));
    }

    Task<bool> RetryAsync(long? job, int tenantId = 1) => world.Database.InTenantAsync(tenantId, (connection, ct) => JobStore.RetryAsync(connection, tenantId, job!.Value, ct), JobWorld.Stop);

    async Task LaterAsync(TimeSpan later, Func<Task> work)
    {
        var before = world.Clock.Now;
        world.Clock.Now = before + later;
        try
        {
            await work();
        }
        finally
        {
            world.Clock.Now = before;
        }
    }
}
