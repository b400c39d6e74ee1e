using Balatrix.Modules.Platform.Jobs;
using Microsoft.Extensions.Logging;
using Quartz;

namespace Balatrix.Modules.Platform.Schedules;

/// <summary>Gives Quartz a trigger for each schedule in each zone that a tenant lives in. Triggers that other versions of the program made are left alone.</summary>
public sealed class ScheduleTriggers(
    ScheduleStore store, IEnumerable<Schedule> schedules, JobRunner runner, ISchedulerFactory factory, TimeProvider time, ILogger<ScheduleTriggers> logger)
    : RepeatedWork(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5), time, logger)
{
    static readonly JobKey Job = new("enqueue", "balatrix");

    /// <summary>The schedules whose jobs this program can do.</summary>
    public IReadOnlyList<Schedule> Active { get; } = [.. schedules.Where(s => runner.Knows(s.Kind))];

    /// <summary>Makes the triggers that are missing.</summary>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            var scheduler = await factory.GetScheduler(cancellationToken);
            if (!await scheduler.Exists(Job, cancellationToken))
                await scheduler.AddJob(JobBuilder.Create<EnqueueScheduled>().WithIdentity(Job).StoreDurably().RequestRecovery().Build(), AddJobOptions.Replacing, cancellationToken);
            foreach (var zone in await store.ZonesAsync(cancellationToken))
                foreach (var schedule in Active)
                    await EnsureAsync(scheduler, schedule, zone, cancellationToken);
        }
        catch (SchedulerException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>A trigger that is there keeps its state, so that what was missed while no node ran is made up for once.</summary>
    async Task EnsureAsync(IScheduler scheduler, Schedule schedule, string zone, CancellationToken cancellationToken)
    {
        var key = new TriggerKey(zone, schedule.Name);
        if (await scheduler.GetTrigger(key, cancellationToken) is ICronTrigger known && known.CronExpressionString == schedule.Cron)
            return;
        var trigger = TriggerBuilder.Create(Time).WithIdentity(key).ForJob(Job)
            .WithCronSchedule(schedule.Cron, cron => cron.InTimeZone(TimeZoneInfo.FindSystemTimeZoneById(zone)).WithMisfireInstruction(CronTriggerMisfireInstruction.FireAndProceed))
            .Build();
        await scheduler.ScheduleJob(trigger, ScheduleJobOptions.Replacing, cancellationToken);
    }
}
