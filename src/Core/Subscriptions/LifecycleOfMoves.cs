using System.Collections.Immutable;
using Balatrix.Core.Proration;

namespace Balatrix.Core.Subscriptions;

public static partial class Lifecycle
{
    /// <summary>Makes a move at an instant, or says why not and what could be done. What was due before must have been done.</summary>
    public static SubscriptionAnswer Move(Subscription s, SubscriptionCommand command, DateTimeOffset at)
    {
        at = BillingAnchor.WholeSecond(at);
        if (NextAt(s) <= at)
            throw new InvalidOperationException("What is due comes first.");
        if (!SubscriptionMoves.From(s.Status).Contains(command.Move))
            return Refuse(s, "illegal_move", $"A subscription that is {SubscriptionMoves.Name(s.Status)} does not take {SubscriptionMoves.Name(command.Move)}.");
        if (s.IsHeldWithCustomer && command is Activate or Renew)
            return Refuse(s, "customer_suspended", "The customer is suspended; the subscription comes back with it.");
        return command switch
        {
            ChangePlan change => IsSame(s, change.Plan, change.AddOns) ? Unchanged(s) : new(Replace(s, change.Plan, change.AddOns, at), null),
            ChangeAddOns change => ReplaceAddOns(s, change.AddOns, at),
            ScheduleChange change => Schedule(s, change.Change),
            Core.Subscriptions.Renew => RenewNow(s, at),
            Core.Subscriptions.Pause => new(Stop(s, SubscriptionStatus.Paused, at), null),
            Core.Subscriptions.Suspend => new(Stop(s, SubscriptionStatus.Suspended, at), null),
            Core.Subscriptions.Activate => new(PutInService(s, at), null),
            Core.Subscriptions.CancelAtPeriodEnd => new(new(s with { Status = SubscriptionStatus.Cancelled, IsNextPaid = false, Scheduled = null }, [.. UnusedNext(s)], []), null),
            Core.Subscriptions.CancelNow => new(End(s, at), null),
            _ => throw new ArgumentOutOfRangeException(nameof(command), command, "Not a move."),
        };
    }

    /// <summary>Payment without asking or not, from now on; days of waiting that are over are not gone through again.</summary>
    public static Subscription WithAutoRenew(Subscription s, bool autoRenew, DateTimeOffset at) =>
        s.Status == SubscriptionStatus.Suspended && !s.IsHeldByHand && autoRenew && !s.AutoRenew
            ? s with { AutoRenew = true, Waited = (int)((at - s.StoppedAt!.Value).Ticks / TimeSpan.TicksPerDay) }
            : s with { AutoRenew = autoRenew };

    static SubscriptionAnswer ReplaceAddOns(Subscription s, ImmutableArray<SubscriptionAddOn> addOns, DateTimeOffset at)
    {
        if (s.Scheduled is not null)
            return Refuse(s, "change_scheduled", "A change waits for the renewal; take it back before add-ons are changed.");
        return IsSame(s, s.Plan, addOns) ? Unchanged(s) : new(Replace(s, s.Plan, addOns, at), null);
    }

    static SubscriptionAnswer Schedule(Subscription s, ScheduledChange? change)
    {
        if (s.IsNextPaid)
            return Refuse(s, "next_period_paid", "The next period is paid for already.");
        if (change is null ? s.Scheduled is null : IsSame(s, change.Plan, change.AddOns))
            return Unchanged(s);
        return new(new(s with { Scheduled = change }, [], []), null);
    }

    static SubscriptionAnswer RenewNow(Subscription s, DateTimeOffset at)
    {
        if (s.Status == SubscriptionStatus.PastDue)
            return new(EnterPaid(s, at), null);
        if (s.Status == SubscriptionStatus.Suspended)
            return new(EnterAgain(s, at), null);
        if (s.IsNextPaid)
            return Refuse(s, "next_period_paid", "The next period is paid for already.");
        if (s.Scheduled is not null)
            return Refuse(s, "change_scheduled", "A change waits for the renewal; take it back before the next period is paid early.");
        return new(new(s with { IsNextPaid = true }, [.. SubscriptionPrices.Whole(SubscriptionPrices.Of(s), Next(s))], []), null);
    }

    /// <summary>Other items from an instant on. What stays is neither given back nor charged again, and keeps its allowances.</summary>
    static SubscriptionStep Replace(Subscription s, SubscriptionPlan plan, ImmutableArray<SubscriptionAddOn> addOns, DateTimeOffset at)
    {
        var replaced = s with { Plan = plan, AddOns = addOns, Scheduled = null, IsNextPaid = false };
        if (!s.IsTrial && (s.Status == SubscriptionStatus.PastDue || plan.Cycle != s.Plan.Cycle))
            return Restart(s, replaced, at);
        replaced = replaced with { IsReminded = s.IsReminded || RemindAt(replaced) <= at };
        var (old, now, rest) = (SubscriptionPrices.Of(s), SubscriptionPrices.Of(replaced), s.Period.Since(at));
        ImmutableArray<SubscriptionLine> lines = s.IsTrial ? [] :
        [
            .. UnusedNext(s),
            .. SubscriptionPrices.Unused(old.Except(now), rest, s.Period),
            .. SubscriptionPrices.Part(now.Except(old), SubscriptionLineKind.Rest, rest, s.Period),
        ];
        return new(replaced, lines, [.. Exchange(s, replaced, at), new SegmentBegun(s.IsTrial ? SegmentKind.Trial : SegmentKind.Paid, at, s.Period.To)]);
    }

    /// <summary>Everything given back and charged anew: for a period that is not paid, or one of another length, which is counted from here.</summary>
    static SubscriptionStep Restart(Subscription s, Subscription replaced, DateTimeOffset at)
    {
        var isOtherCycle = replaced.Plan.Cycle != s.Plan.Cycle;
        replaced = replaced with { Status = SubscriptionStatus.Active, IsPaid = true, Waited = 0 };
        if (isOtherCycle)
            replaced = replaced with { Anchor = s.Anchor with { Start = at } };
        replaced = replaced with { Period = replaced.Anchor.PeriodAt(at, replaced.Plan.Cycle) };
        replaced = replaced with { IsReminded = RemindAt(replaced) <= at };
        var given = s.IsPaid ? UnusedSince(s, at) : Grace(s, at);
        var charged = isOtherCycle
            ? SubscriptionPrices.Whole(SubscriptionPrices.Of(replaced), replaced.Period)
            : SubscriptionPrices.Part(SubscriptionPrices.Of(replaced), SubscriptionLineKind.Rest, replaced.Period.Since(at), replaced.Period);
        var (after, grants) = GrantMonth(replaced, at);
        return new(after, [.. given, .. charged],
            [.. EndAllowances(s, at), new PlanInForce(at, after.Plan.PlanVersionId), .. grants, new SegmentBegun(SegmentKind.Paid, at, after.Period.To)]);
    }

    /// <summary>Allowances of the items that go and come, for what is left of the month.</summary>
    static IEnumerable<SubscriptionEffect> Exchange(Subscription s, Subscription replaced, DateTimeOffset at)
    {
        var (span, month) = (s.AllowanceMonth.Since(at), s.Anchor.PeriodAt(at, BillingCycle.Monthly));
        var isOtherPlan = s.Plan.PlanVersionId != replaced.Plan.PlanVersionId;
        if (isOtherPlan)
            yield return new AllowancesEnded(null, at);
        foreach (var gone in s.AddOns.Except(replaced.AddOns))
            yield return new AllowancesEnded(gone.Code, at);
        if (isOtherPlan)
        {
            yield return new PlanInForce(at, replaced.Plan.PlanVersionId);
            yield return new AllowancesGranted(null, 1, span, month);
        }
        foreach (var come in replaced.AddOns.Except(s.AddOns))
            yield return new AllowancesGranted(come.Code, come.Quantity, span, month);
    }

    /// <summary>Out of service. A pause gives the rest of the period back; a suspension keeps it, but for what was paid for the next one.</summary>
    static SubscriptionStep Stop(Subscription s, SubscriptionStatus status, DateTimeOffset at)
    {
        var isPause = status == SubscriptionStatus.Paused;
        var after = s with
        {
            Status = status,
            StoppedAt = at,
            Waited = 0,
            IsNextPaid = false,
            IsPaid = !isPause && s.IsPaid,
            IsHeldByHand = !isPause,
            Owed = s.Status == SubscriptionStatus.PastDue ? Grace(s, at) : s.Owed,
        };
        return new(after, [.. isPause ? UnusedSince(s, at) : UnusedNext(s)],
        [
            .. isPause ? EndAllowances(s, at) : [],
            new PlanInForce(at, null),
            new SegmentBegun(isPause ? SegmentKind.Paused : SegmentKind.Suspended, at, null),
        ]);
    }

    static SubscriptionStep PutInService(Subscription s, DateTimeOffset at)
    {
        switch (s.Status)
        {
            case SubscriptionStatus.Cancelled:
                var back = s with { Status = s.IsTrial ? SubscriptionStatus.Trial : SubscriptionStatus.Active, IsReminded = s.IsReminded || RemindAt(s) <= at };
                return new(back, [], []);
            case SubscriptionStatus.PastDue:
                return EnterPaid(s, at);
            case SubscriptionStatus.Trial:
                var anchor = s.Anchor with { Start = at };
                var entered = EnterPaid(s with { Anchor = anchor, Period = anchor.Period(0, s.Plan.Cycle) }, at);
                return entered with { Effects = [.. EndAllowances(s, at), .. entered.Effects] };
            default:
                return EnterAgain(s, at);
        }
    }

    static bool IsSame(Subscription s, SubscriptionPlan plan, ImmutableArray<SubscriptionAddOn> addOns) =>
        s.Plan.PlanVersionId == plan.PlanVersionId && s.Plan.Cycle == plan.Cycle && s.AddOns.Order(ByCode).SequenceEqual(addOns.Order(ByCode));

    static readonly IComparer<SubscriptionAddOn> ByCode = Comparer<SubscriptionAddOn>.Create((a, b) => string.CompareOrdinal(a.Code, b.Code));

    static SubscriptionAnswer Unchanged(Subscription s) => Refuse(s, "no_change", "The subscription is so already.");

    static SubscriptionAnswer Refuse(Subscription s, string code, string reason) => new(null, new(code, reason, SubscriptionMoves.From(s.Status)));
}
