using Balatrix.Modules.Platform.Schedules;
using Balatrix.Modules.Tests.Platform.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Quartz;

namespace Balatrix.Modules.Tests.Platform.Schedules;

/// <summary>Schedules on nodes that share a database.</summary>
public sealed class ScheduledNodes(JobWorld world) : IClassFixture<JobWorld>
{
    static readonly Schedule EverySecond = new("every-second", "* * * * * ?", JobWorld.Queue, JobWorld.Kind);

    [Fact]
    public async Task Two_nodes_run_each_schedule_once_for_each_tenant()
    {
        await world.OwnerAsync("update platform.tenants set zone = 'Europe/London' where tenant_id = 2");
        using var one = Node();
        using var two = Node();
        await one.StartAsync(JobWorld.Stop);
        await two.StartAsync(JobWorld.Stop);
        await JobWorld.UntilAsync(async () => (await RunsAsync(1)).Count >= 6 && (await RunsAsync(2)).Count >= 6, "six runs for each tenant");

        // A node that stops leaves the schedule to the other.
        await one.StopAsync(JobWorld.Stop);
        var before = (await RunsAsync(1)).Count;
        await JobWorld.UntilAsync(async () => (await RunsAsync(1)).Count >= before + 3, "three more runs on the other node");
        await two.StopAsync(JobWorld.Stop);
        foreach (var tenant in new[] { 1, 2 })
        {
            var runs = await RunsAsync(tenant);
            Assert.Equal(runs.Distinct(StringComparer.Ordinal), runs);
            var effects = await world.OwnerAsync($"select count(*) from platform.effects where tenant_id = {tenant}", r => r.GetInt64(0));
            Assert.Equal(await world.OwnerAsync($"select count(*) from platform.jobs where tenant_id = {tenant} and status = 'done'", r => r.GetInt64(0)), effects);
        }
        // The tenants of Fiji are another test's, which may have run before.
        Assert.Equal(
            ["Asia/Kolkata", "Europe/London"],
            await world.OwnerAsync("select trigger_name from quartz.qrtz_triggers where trigger_group = 'every-second' and trigger_name <> 'Pacific/Fiji' order by 1", r => r.GetString(0)));
    }

    [Fact]
    public async Task Enqueueing_the_same_time_again_adds_nothing()
    {
        var schedule = new Schedule("twice", "0 0 2 * * ?", "reports", "unheard-of");
        var store = new ScheduleStore(world.Database);
        var at = world.Clock.Now;
        await world.OwnerAsync("insert into platform.tenants (tenant_id, slug, name, zone) values (31, 'fiji-1', 'Fiji', 'Pacific/Fiji'), (32, 'fiji-2', 'Fiji', 'Pacific/Fiji')");
        var counts = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => store.EnqueueAsync(schedule, "Pacific/Fiji", at, JobWorld.Stop)));
        Assert.Equal(2, counts.Sum());
        Assert.Equal((at, true), (await store.LastRunsAsync(31, JobWorld.Stop))["twice"] is var run ? (run.FiredAt, run.JobId > 0) : default);

        // The last job still waits: the next time adds none, and the one after it was done does.
        Assert.Equal(0, await store.EnqueueAsync(schedule, "Pacific/Fiji", at.AddDays(1), JobWorld.Stop));
        await world.OwnerAsync("update platform.jobs set status = 'done', finished_at = now() where tenant_id = 31");
        Assert.Equal(1, await store.EnqueueAsync(schedule, "Pacific/Fiji", at.AddDays(1), JobWorld.Stop));
        Assert.Equal(0, await store.EnqueueAsync(schedule, "Pacific/Fiji", at, JobWorld.Stop));
    }

    [Fact]
    public async Task A_schedule_without_a_handler_gets_no_trigger()
    {
        using var node = Node(new Schedule("of-the-future", "* * * * * ?", JobWorld.Queue, "of-the-future"));
        var triggers = node.Services.GetRequiredService<ScheduleTriggers>();
        Assert.Equal([EverySecond], triggers.Active);
        await node.Services.GetRequiredService<ISchedulerFactory>().GetScheduler(JobWorld.Stop);
    }

    IHost Node(params Schedule[] more) => world.Node(
        (run, _) => JobWorld.EffectAsync(run, "scheduled"), TimeProvider.System, more: services => services.AddSchedules([EverySecond, .. more]));

    Task<List<string>> RunsAsync(int tenant) =>
        world.OwnerAsync($"select key from platform.jobs where tenant_id = {tenant} and key like 'schedule:every-second@%' order by job_id", r => r.GetString(0));
}
