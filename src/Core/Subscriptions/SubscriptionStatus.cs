namespace Balatrix.Core.Subscriptions;

/// <summary>Where a subscription stands. Numbers are stored.</summary>
public enum SubscriptionStatus : short
{
    /// <summary>In service before anything is to be paid.</summary>
    Trial = 1,

    /// <summary>In service and paid for.</summary>
    Active = 2,

    /// <summary>In service on grace: the period has begun and is not paid.</summary>
    PastDue = 3,

    /// <summary>Out of service, for want of payment or by hand; time runs on.</summary>
    Suspended = 4,

    /// <summary>Out of service as the customer wished; what was paid for the rest of the period is given back.</summary>
    Paused = 5,

    /// <summary>In service until the end of the period, and then over.</summary>
    Cancelled = 6,

    /// <summary>Over.</summary>
    Ended = 7,
}

/// <summary>What can be done to a subscription by hand.</summary>
public enum SubscriptionMove
{
    /// <summary>To another plan or cycle at once.</summary>
    ChangePlan,

    /// <summary>To another plan or cycle at the next renewal.</summary>
    ScheduleChange,

    /// <summary>Add-ons added, taken away or counted anew.</summary>
    ChangeAddOns,

    /// <summary>Pay: the period that is due, or the next one early.</summary>
    Renew,

    /// <summary>Out of service, with the rest of the period given back.</summary>
    Pause,

    /// <summary>Out of service, with nothing given back.</summary>
    Suspend,

    /// <summary>Into service: end a trial, resume, or take a cancellation back.</summary>
    Activate,

    /// <summary>End with the period.</summary>
    CancelAtPeriodEnd,

    /// <summary>End at once, with the rest of the period given back.</summary>
    CancelNow,
}

/// <summary>The moves that each status allows. What time does by itself is in <see cref="Lifecycle"/>.</summary>
public static class SubscriptionMoves
{
    /// <summary>The moves allowed from a status.</summary>
    public static IReadOnlyList<SubscriptionMove> From(SubscriptionStatus status) => Allowed[status];

    /// <summary>The status as the API shows it.</summary>
    public static string Name(SubscriptionStatus status) => status == SubscriptionStatus.PastDue ? "past_due" : status.ToString().ToLowerInvariant();

    /// <summary>The move as the API shows it.</summary>
    public static string Name(SubscriptionMove move) => move switch
    {
        SubscriptionMove.ChangePlan => "change_plan",
        SubscriptionMove.ScheduleChange => "schedule_change",
        SubscriptionMove.ChangeAddOns => "change_add_ons",
        SubscriptionMove.CancelAtPeriodEnd => "cancel_at_period_end",
        SubscriptionMove.CancelNow => "cancel_now",
        _ => move.ToString().ToLowerInvariant(),
    };

    static readonly Dictionary<SubscriptionStatus, SubscriptionMove[]> Allowed = new()
    {
        [SubscriptionStatus.Trial] =
        [
            SubscriptionMove.ChangePlan, SubscriptionMove.ChangeAddOns, SubscriptionMove.Suspend, SubscriptionMove.Activate,
            SubscriptionMove.CancelAtPeriodEnd, SubscriptionMove.CancelNow,
        ],
        [SubscriptionStatus.Active] =
        [
            SubscriptionMove.ChangePlan, SubscriptionMove.ScheduleChange, SubscriptionMove.ChangeAddOns, SubscriptionMove.Renew, SubscriptionMove.Pause,
            SubscriptionMove.Suspend, SubscriptionMove.CancelAtPeriodEnd, SubscriptionMove.CancelNow,
        ],
        [SubscriptionStatus.PastDue] =
            [SubscriptionMove.ChangePlan, SubscriptionMove.Renew, SubscriptionMove.Suspend, SubscriptionMove.Activate, SubscriptionMove.CancelNow],
        [SubscriptionStatus.Suspended] = [SubscriptionMove.Renew, SubscriptionMove.Activate, SubscriptionMove.CancelNow],
        [SubscriptionStatus.Paused] = [SubscriptionMove.Activate, SubscriptionMove.CancelNow],
        [SubscriptionStatus.Cancelled] = [SubscriptionMove.Activate, SubscriptionMove.CancelNow],
        [SubscriptionStatus.Ended] = [],
    };
}
