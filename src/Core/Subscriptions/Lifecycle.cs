using System.Collections.Immutable;
using Balatrix.Core.Proration;

namespace Balatrix.Core.Subscriptions;

/// <summary>
/// The life of a subscription, pure: every move and every passing of time is a step from one state to the next, with the money and
/// whatever else follows. Prices run to the second; periods follow each other without a gap; a refused move changes nothing.
/// </summary>
public static partial class Lifecycle
{
    /// <summary>A new subscription, on trial when the plan has one and it is wished, otherwise with its first period charged.</summary>
    public static SubscriptionStep Begin(
        SubscriptionPlan plan, ImmutableArray<SubscriptionAddOn> addOns, DateTimeOffset at, TimeZoneInfo zone, bool onTrial, bool autoRenew)
    {
        var anchor = new BillingAnchor(BillingAnchor.WholeSecond(at), zone);
        var isTrial = onTrial && plan.Rules.TrialDays > 0;
        var seed = new Subscription
        {
            Status = SubscriptionStatus.Trial,
            Plan = plan,
            AddOns = addOns,
            Anchor = anchor,
            Period = isTrial ? new(anchor.Start, anchor.Start.AddDays(plan.Rules.TrialDays)) : anchor.Period(0, plan.Cycle),
            AllowanceMonth = new(anchor.Start, anchor.Start),
            IsTrial = isTrial,
            AutoRenew = autoRenew,
        };
        var plans = new PlanInForce(anchor.Start, plan.PlanVersionId);
        if (!isTrial)
        {
            var entered = EnterPaid(seed, anchor.Start);
            return entered with { Effects = [plans, .. entered.Effects] };
        }
        var (after, grants) = GrantMonth(seed, anchor.Start);
        return new(after, [], [plans, .. grants, new SegmentBegun(SegmentKind.Trial, after.Period.From, after.Period.To)]);
    }

    /// <summary>A subscription's present period from its beginning, paid for at an instant.</summary>
    static SubscriptionStep EnterPaid(Subscription s, DateTimeOffset at, bool isPaidAlready = false)
    {
        var entered = s with
        {
            Status = SubscriptionStatus.Active,
            IsTrial = false,
            IsPaid = true,
            IsNextPaid = false,
            IsHeldByHand = false,
            IsReminded = RemindAt(s) <= at,
            Waited = 0,
            StoppedAt = null,
        };
        var (after, grants) = GrantMonth(entered, s.Period.From);
        ImmutableArray<SubscriptionLine> lines = isPaidAlready ? [] : [.. SubscriptionPrices.Whole(SubscriptionPrices.Of(s), s.Period)];
        return new(after, lines, [.. grants, new SegmentBegun(SegmentKind.Paid, s.Period.From, s.Period.To)]);
    }

    /// <summary>The beginning of a subscription's present period without its money: days of grace, or none.</summary>
    static SubscriptionStep EnterUnpaid(Subscription s)
    {
        var unpaid = s with
        {
            Status = SubscriptionStatus.PastDue,
            IsTrial = false,
            IsPaid = false,
            IsNextPaid = false,
            IsReminded = true,
            Waited = 0,
            AllowanceMonth = new(s.Period.From, s.Period.From),
        };
        return s.Plan.Rules.GraceDays == 0
            ? StopUnpaid(unpaid, s.Period.From)
            : new(unpaid, [], [new SegmentBegun(SegmentKind.Grace, s.Period.From, s.Period.To), new NoticeGiven(SubscriptionNotice.Unpaid)]);
    }

    /// <summary>Into service at an instant: for nothing when the time is paid for or on trial, otherwise for the rest of the period and what is owed.</summary>
    static SubscriptionStep EnterAgain(Subscription s, DateTimeOffset at)
    {
        s = s with { StoppedAt = null, IsHeldByHand = false, IsHeldWithCustomer = false, Waited = 0 };
        if ((s.IsPaid || s.IsTrial) && at < s.Period.To)
        {
            var back = s with { Status = s.IsTrial ? SubscriptionStatus.Trial : SubscriptionStatus.Active, IsReminded = s.IsReminded || RemindAt(s) <= at };
            var (granted, more) = at < s.AllowanceMonth.To ? (back, []) : GrantMonth(back, at);
            return new(granted, [], [new PlanInForce(at, s.Plan.PlanVersionId), .. more, new SegmentBegun(s.IsTrial ? SegmentKind.Trial : SegmentKind.Paid, at, s.Period.To)]);
        }
        if (s.IsTrial)
            s = s with { Anchor = s.Anchor with { Start = at }, Period = (s.Anchor with { Start = at }).Period(0, s.Plan.Cycle), IsTrial = false };
        else if (at >= s.Period.To)
            s = WithSchedule(s);
        var owed = s.Owed;
        s = s with { Status = SubscriptionStatus.Active, Period = s.Anchor.PeriodAt(at, s.Plan.Cycle), IsPaid = true, Owed = [] };
        s = s with { IsReminded = RemindAt(s) <= at };
        var (after, grants) = GrantMonth(s, at);
        return new(after, [.. owed, .. SubscriptionPrices.Part(SubscriptionPrices.Of(s), SubscriptionLineKind.Rest, s.Period.Since(at), s.Period)], [new PlanInForce(at, s.Plan.PlanVersionId), .. grants, new SegmentBegun(SegmentKind.Paid, at, s.Period.To)]);
    }

    /// <summary>Out of service for want of money, owing the time since the period began.</summary>
    static SubscriptionStep StopUnpaid(Subscription s, DateTimeOffset at) => new(
        s with { Status = SubscriptionStatus.Suspended, StoppedAt = at, Waited = 0, Owed = Grace(s, at) },
        [],
        [new PlanInForce(at, null), new SegmentBegun(SegmentKind.Suspended, at, null), new NoticeGiven(SubscriptionNotice.Suspended)]);

    /// <summary>Over at an instant, with the time that is paid for given back.</summary>
    static SubscriptionStep End(Subscription s, DateTimeOffset at) => new(
        s with { Status = SubscriptionStatus.Ended, StoppedAt = at, IsPaid = false, IsNextPaid = false, IsHeldByHand = false, IsHeldWithCustomer = false, Scheduled = null, Owed = [], Waited = 0 },
        [.. UnusedSince(s, at)],
        [.. EndAllowances(s, at), new PlanInForce(at, null), new SegmentBegun(SegmentKind.Ended, at, at), new NoticeGiven(SubscriptionNotice.Ended)]);

    /// <summary>What was paid for from an instant on.</summary>
    static IEnumerable<SubscriptionLine> UnusedSince(Subscription s, DateTimeOffset at) =>
        (s.IsPaid ? SubscriptionPrices.Unused(SubscriptionPrices.Of(s), s.Period.Since(at), s.Period) : []).Concat(UnusedNext(s));

    /// <summary>What was paid early for the next period.</summary>
    static IEnumerable<SubscriptionLine> UnusedNext(Subscription s) =>
        s.IsNextPaid ? SubscriptionPrices.Unused(SubscriptionPrices.Of(s), Next(s), Next(s)) : [];

    /// <summary>What the time on grace until an instant comes to.</summary>
    static ImmutableArray<SubscriptionLine> Grace(Subscription s, DateTimeOffset at) =>
        at <= s.Period.From ? [] : [.. SubscriptionPrices.Part(SubscriptionPrices.Of(s), SubscriptionLineKind.Grace, new(s.Period.From, at), s.Period)];

    static BillingPeriod Next(Subscription s) => s.Anchor.Period(s.Anchor.NumberAt(s.Period.From, s.Plan.Cycle) + 1, s.Plan.Cycle);

    /// <summary>Grants what is left of the month that an instant falls in; a trial ends its last month early.</summary>
    static (Subscription After, ImmutableArray<SubscriptionEffect> Grants) GrantMonth(Subscription s, DateTimeOffset at)
    {
        var month = s.Anchor.PeriodAt(at, BillingCycle.Monthly);
        var span = new BillingPeriod(at, month.To < s.Period.To ? month.To : s.Period.To);
        return (s with { AllowanceMonth = span },
            [new AllowancesGranted(null, 1, span, month), .. s.AddOns.Select(a => new AllowancesGranted(a.Code, a.Quantity, span, month))]);
    }

    static IEnumerable<SubscriptionEffect> EndAllowances(Subscription s, DateTimeOffset at) =>
        at >= s.AllowanceMonth.To ? [] : [new AllowancesEnded(null, at), .. s.AddOns.Select(a => new AllowancesEnded(a.Code, at))];

    /// <summary>The plan and add-ons from the next period on; another cycle is counted from there.</summary>
    static Subscription WithSchedule(Subscription s) => s.Scheduled is not { } change ? s : s with
    {
        Plan = change.Plan,
        AddOns = change.AddOns,
        Scheduled = null,
        Anchor = change.Plan.Cycle == s.Plan.Cycle ? s.Anchor : s.Anchor with { Start = s.Period.To },
    };
}
