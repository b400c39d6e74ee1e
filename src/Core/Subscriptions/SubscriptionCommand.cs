using System.Collections.Immutable;

namespace Balatrix.Core.Subscriptions;

/// <summary>A move with what it needs to know.</summary>
/// <param name="Move">Which.</param>
public abstract record SubscriptionCommand(SubscriptionMove Move);

/// <summary>To another plan or cycle at once; add-ons are priced for its cycle.</summary>
public sealed record ChangePlan(SubscriptionPlan Plan, ImmutableArray<SubscriptionAddOn> AddOns) : SubscriptionCommand(SubscriptionMove.ChangePlan);

/// <summary>To another plan or cycle at the next renewal; null takes such a change back.</summary>
public sealed record ScheduleChange(ScheduledChange? Change) : SubscriptionCommand(SubscriptionMove.ScheduleChange);

/// <summary>These add-ons from now on.</summary>
public sealed record ChangeAddOns(ImmutableArray<SubscriptionAddOn> AddOns) : SubscriptionCommand(SubscriptionMove.ChangeAddOns);

/// <summary>Pay the period that is due, or the next one early.</summary>
public sealed record Renew() : SubscriptionCommand(SubscriptionMove.Renew);

/// <summary>Out of service, with the rest of the period given back.</summary>
public sealed record Pause() : SubscriptionCommand(SubscriptionMove.Pause);

/// <summary>Out of service, with nothing given back.</summary>
public sealed record Suspend() : SubscriptionCommand(SubscriptionMove.Suspend);

/// <summary>Into service.</summary>
public sealed record Activate() : SubscriptionCommand(SubscriptionMove.Activate);

/// <summary>End with the period.</summary>
public sealed record CancelAtPeriodEnd() : SubscriptionCommand(SubscriptionMove.CancelAtPeriodEnd);

/// <summary>End at once.</summary>
public sealed record CancelNow() : SubscriptionCommand(SubscriptionMove.CancelNow);
