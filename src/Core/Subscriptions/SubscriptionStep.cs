using System.Collections.Immutable;
using Balatrix.Core.Proration;

namespace Balatrix.Core.Subscriptions;

/// <summary>What a line is for. Numbers are stored.</summary>
public enum SubscriptionLineKind : short
{
    /// <summary>A whole period.</summary>
    Period = 1,

    /// <summary>The rest of a period that has begun.</summary>
    Rest = 2,

    /// <summary>Time that was paid for and will not be used: given back.</summary>
    Unused = 3,

    /// <summary>Service on grace, paid later.</summary>
    Grace = 4,
}

/// <summary>An amount for one item over one span of time.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="Item">Code of the plan or add-on.</param>
/// <param name="PlanVersionId">The plan version, or null for an add-on.</param>
/// <param name="Quantity">How many.</param>
/// <param name="Span">The time that it pays for.</param>
/// <param name="AmountMicros">Positive is charged, negative given back; never zero.</param>
public sealed record SubscriptionLine(SubscriptionLineKind Kind, string Item, int? PlanVersionId, int Quantity, BillingPeriod Span, long AmountMicros);

/// <summary>What time in a subscription's life was. Numbers are stored.</summary>
public enum SegmentKind : short
{
    /// <summary>In service on trial.</summary>
    Trial = 1,

    /// <summary>In service and paid for.</summary>
    Paid = 2,

    /// <summary>In service on grace.</summary>
    Grace = 3,

    /// <summary>Suspended.</summary>
    Suspended = 4,

    /// <summary>Paused.</summary>
    Paused = 5,

    /// <summary>Over: nothing follows.</summary>
    Ended = 6,
}

/// <summary>What the customer is told.</summary>
public enum SubscriptionNotice
{
    /// <summary>The period, or the trial, ends soon.</summary>
    EndsSoon,

    /// <summary>The period has begun and is not paid; service goes on for the days of grace.</summary>
    Unpaid,

    /// <summary>It is still not paid.</summary>
    StillUnpaid,

    /// <summary>Out of service for want of payment.</summary>
    Suspended,

    /// <summary>Over.</summary>
    Ended,
}

/// <summary>Something that follows from a step, besides money.</summary>
public abstract record SubscriptionEffect;

/// <summary>The account is rated by a plan version from an instant on, or by none.</summary>
public sealed record PlanInForce(DateTimeOffset At, int? PlanVersionId) : SubscriptionEffect;

/// <summary>Included use is granted for a span of a month: the share of it that the span is.</summary>
/// <param name="AddOn">Whose allowances: an add-on's, or the plan's when null.</param>
/// <param name="Quantity">How many times.</param>
/// <param name="Span">When they hold.</param>
/// <param name="Month">The month that their quantities are for.</param>
public sealed record AllowancesGranted(string? AddOn, int Quantity, BillingPeriod Span, BillingPeriod Month) : SubscriptionEffect;

/// <summary>Included use of an add-on, or of the plan when null, ends before its time.</summary>
public sealed record AllowancesEnded(string? AddOn, DateTimeOffset At) : SubscriptionEffect;

/// <summary>A segment of the subscription's life begins, and the one before ends there; open when <paramref name="To"/> is null.</summary>
public sealed record SegmentBegun(SegmentKind Kind, DateTimeOffset From, DateTimeOffset? To) : SubscriptionEffect;

/// <summary>The customer is told something.</summary>
public sealed record NoticeGiven(SubscriptionNotice Notice) : SubscriptionEffect;

/// <summary>One step of a life: the subscription after it, what it costs, and what else follows.</summary>
/// <param name="After">The subscription after it.</param>
/// <param name="Lines">Charged and given back; one posting of their sum.</param>
/// <param name="Effects">What else follows, in order.</param>
public sealed record SubscriptionStep(Subscription After, ImmutableArray<SubscriptionLine> Lines, ImmutableArray<SubscriptionEffect> Effects)
{
    /// <summary>To be charged when positive, given back when negative.</summary>
    public long NetMicros => Lines.Sum(line => line.AmountMicros);
}

/// <summary>Why a move is not made, and what could be.</summary>
/// <param name="Code">Stable, for programs.</param>
/// <param name="Reason">For people.</param>
/// <param name="Allowed">The moves that the status allows.</param>
public sealed record SubscriptionRefusal(string Code, string Reason, IReadOnlyList<SubscriptionMove> Allowed);

/// <summary>What becomes of a move: a step, or a refusal.</summary>
public readonly record struct SubscriptionAnswer(SubscriptionStep? Step, SubscriptionRefusal? Refusal);

/// <summary>What time does: the step when its money is there, and the one when it is not.</summary>
/// <param name="IfPaid">Null when no payment is to be tried.</param>
/// <param name="IfRefused">Null when nothing is to be paid.</param>
public readonly record struct DueStep(SubscriptionStep? IfPaid, SubscriptionStep? IfRefused);
