using Microsoft.Extensions.Logging;
using Npgsql;
using Quartz;

namespace Balatrix.Modules.Platform.Schedules;

/// <summary>What Quartz runs: its trigger's group is a schedule's name, and its name a zone. It only enqueues.</summary>
public sealed partial class EnqueueScheduled(ScheduleStore store, IEnumerable<Schedule> schedules, TimeProvider time, ILogger<EnqueueScheduled> logger) : IJob
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>Enqueues, and goes on trying while the database is not there. The time it was due names the jobs, so a node that takes over from one that died doubles none.</summary>
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var trigger = context.Recovering && context.RecoveringTriggerKey is { } recovering ? recovering : context.Trigger.Key;
        if (schedules.FirstOrDefault(s => s.Name == trigger.Group) is not { } schedule)
        {
            LogUnknown(logger, trigger.Group);
            return;
        }
        var firedAt = context.ScheduledFireTimeUtc ?? context.FireTimeUtc;
        while (true)
        {
            try
            {
                await store.EnqueueAsync(schedule, trigger.Name, firedAt, cancellationToken);
                return;
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
            {
                LogFailed(logger, schedule.Name, e.Message);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The schedule {Schedule} could not enqueue yet: {Reason}")]
    static partial void LogFailed(ILogger logger, string schedule, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The schedule {Schedule} is another version's; nothing was enqueued")]
    static partial void LogUnknown(ILogger logger, string schedule);
}
