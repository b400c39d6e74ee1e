using Quartz;

namespace Balatrix.Modules.Platform.Schedules;

/// <summary>Work that comes again by the clock on each tenant's wall.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Cron">When: second, minute, hour, day of month, month, day of week.</param>
/// <param name="Queue">Where its job waits.</param>
/// <param name="Kind">The job it enqueues, once for each tenant.</param>
public sealed record Schedule(string Name, string Cron, string Queue, string Kind)
{
    /// <summary>All schedules. Those whose job has no handler yet do not run.</summary>
    public static IReadOnlyList<Schedule> All { get; } =
    [
        new("billing-cycle", "0 0 2 * * ?", "billing", "process-billing-cycle"),
        new("overdue-reminders", "0 0 9 * * ?", "invoice-generation", "send-overdue-reminders"),
        new("cdr-retry", "0 0 0/6 * * ?", "cdr-processing", "retry-failed-cdrs"),
        new("session-cleanup", "0 0 3 * * ?", "cleanup", "cleanup-expired-sessions"),
        new("cdr-cleanup", "0 0 4 1 * ?", "cleanup", "cleanup-old-cdrs"),
        new("database-backup", "0 0 1 * * ?", "backup", "backup-database"),
        new("subscription-renewals", "0 0 * * * ?", "billing", "process-subscription-renewal"),
        new("monthly-reports", "0 0 6 1 * ?", "reports", "generate-monthly-report"),
        new("health-checks", "0 0/15 * * * ?", "monitoring", "check-alerts"),
        new("operator-health", "0 * * * * ?", "monitoring", "probe-operators"),
        new("reservation-sweep", "0 * * * * ?", "cleanup", "release-expired-reservations"),
        new("ledger-verification", "0 0 5 * * ?", "monitoring", "verify-ledger"),
    ];

    /// <summary>
    /// When it runs next. A time that the clocks skip is made up for as they have jumped, one that they show twice counts once;
    /// so a daily schedule runs once a day also on the days when the clocks change.
    /// </summary>
    public DateTimeOffset? NextAfter(DateTimeOffset instant, TimeZoneInfo zone) => new CronExpression(Cron, zone).GetNextValidTimeAfter(instant);
}
