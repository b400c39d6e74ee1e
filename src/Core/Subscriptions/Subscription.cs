using System.Collections.Immutable;
using Balatrix.Core.Proration;

namespace Balatrix.Core.Subscriptions;

/// <summary>How a plan begins, reminds, waits for money and gives up.</summary>
/// <param name="TrialDays">Days in service before the first payment; 0 for no trial.</param>
/// <param name="RemindDaysBefore">Days before the end of a period that the customer is told; 0 tells nothing.</param>
/// <param name="GraceDays">Days in service without payment, with a reminder and another try each day; at most 27.</param>
/// <param name="EndAfterDays">Days that a suspended subscription waits for money before it ends, at least 1.</param>
public sealed record RenewalRules(int TrialDays = 0, int RemindDaysBefore = 3, int GraceDays = 3, int EndAfterDays = 30);

/// <summary>A plan version as it was subscribed to; its price stays until the subscription moves.</summary>
/// <param name="PlanVersionId">The version.</param>
/// <param name="Code">The plan's code.</param>
/// <param name="Cycle">How often its price falls due.</param>
/// <param name="PriceMicros">For a whole period.</param>
/// <param name="Rules">How it renews.</param>
public sealed record SubscriptionPlan(int PlanVersionId, string Code, BillingCycle Cycle, long PriceMicros, RenewalRules Rules);

/// <summary>Something taken besides the plan.</summary>
/// <param name="Code">The add-on's code.</param>
/// <param name="Quantity">How many.</param>
/// <param name="PriceMicros">Of one, for a whole period of the plan's cycle.</param>
public sealed record SubscriptionAddOn(string Code, int Quantity, long PriceMicros);

/// <summary>A change that waits for the next renewal.</summary>
/// <param name="Plan">The plan from then on.</param>
/// <param name="AddOns">The add-ons from then on, priced for its cycle.</param>
public sealed record ScheduledChange(SubscriptionPlan Plan, ImmutableArray<SubscriptionAddOn> AddOns);

/// <summary>All that the life of a subscription depends on.</summary>
public sealed record Subscription
{
    /// <summary>Where it stands.</summary>
    public required SubscriptionStatus Status { get; init; }

    /// <summary>What is subscribed to.</summary>
    public required SubscriptionPlan Plan { get; init; }

    /// <summary>What is taken besides.</summary>
    public ImmutableArray<SubscriptionAddOn> AddOns { get; init; } = [];

    /// <summary>Where its periods and months are counted from.</summary>
    public required BillingAnchor Anchor { get; init; }

    /// <summary>The present period, or the trial.</summary>
    public required BillingPeriod Period { get; init; }

    /// <summary>The part of the period that allowances were last granted for: its months, one after the other.</summary>
    public required BillingPeriod AllowanceMonth { get; init; }

    /// <summary>Whether <see cref="Period"/> is the trial.</summary>
    public bool IsTrial { get; init; }

    /// <summary>Whether the present period, from when service began in it, is paid for.</summary>
    public bool IsPaid { get; init; }

    /// <summary>Whether the next period was paid for early.</summary>
    public bool IsNextPaid { get; init; }

    /// <summary>Whether payment is taken without asking.</summary>
    public bool AutoRenew { get; init; } = true;

    /// <summary>Whether it was suspended by hand, so that only a hand brings it back.</summary>
    public bool IsHeldByHand { get; init; }

    /// <summary>Whether it stopped because its customer was suspended, so that it comes back with the customer.</summary>
    public bool IsHeldWithCustomer { get; init; }

    /// <summary>Whether the customer was told of the end of this period.</summary>
    public bool IsReminded { get; init; }

    /// <summary>A change that waits for the renewal.</summary>
    public ScheduledChange? Scheduled { get; init; }

    /// <summary>Days of waiting for money that have passed.</summary>
    public int Waited { get; init; }

    /// <summary>Service on grace that was not paid; charged when the subscription comes back.</summary>
    public ImmutableArray<SubscriptionLine> Owed { get; init; } = [];

    /// <summary>Since when it is out of service, or null.</summary>
    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>Whether use is possible now.</summary>
    public bool IsInService => Status is SubscriptionStatus.Trial or SubscriptionStatus.Active or SubscriptionStatus.PastDue or SubscriptionStatus.Cancelled;
}
