namespace Balatrix.Core.Subscriptions;

public static partial class Lifecycle
{
    /// <summary>When time does something next, or null when only a hand does.</summary>
    public static DateTimeOffset? NextAt(Subscription s) => s.Status switch
    {
        SubscriptionStatus.Trial or SubscriptionStatus.Active => s.IsReminded ? MonthOrPeriodEnd(s) : Earlier(MonthOrPeriodEnd(s), RemindAt(s)),
        SubscriptionStatus.Cancelled => MonthOrPeriodEnd(s),
        SubscriptionStatus.PastDue => s.Period.From.AddDays(s.Waited + 1),
        SubscriptionStatus.Suspended when !s.IsHeldByHand => s.StoppedAt!.Value.AddDays(s.AutoRenew ? s.Waited + 1 : s.Plan.Rules.EndAfterDays),
        _ => null,
    };

    /// <summary>What time does at <see cref="NextAt"/>.</summary>
    public static DueStep Due(Subscription s)
    {
        var at = NextAt(s) ?? throw new InvalidOperationException("Nothing is due by itself.");
        return s.Status switch
        {
            SubscriptionStatus.PastDue => new(s.AutoRenew ? EnterPaid(s, at) : null, WaitOnGrace(s, at)),
            SubscriptionStatus.Suspended => new(s.AutoRenew ? EnterAgain(s, at) : null, WaitSuspended(s, at)),
            _ when at == s.Period.To => PeriodEnd(s),
            _ when !s.IsReminded && at == RemindAt(s) => new(new(s with { IsReminded = true }, [], [new NoticeGiven(SubscriptionNotice.EndsSoon)]), null),
            _ => NextMonth(s, at),
        };
    }

    static SubscriptionStep WaitOnGrace(Subscription s, DateTimeOffset at) => s.Waited + 1 < s.Plan.Rules.GraceDays
        ? new(s with { Waited = s.Waited + 1 }, [], [new NoticeGiven(SubscriptionNotice.StillUnpaid)])
        : StopUnpaid(s, at);

    static SubscriptionStep WaitSuspended(Subscription s, DateTimeOffset at) => s.AutoRenew && s.Waited + 1 < s.Plan.Rules.EndAfterDays
        ? new(s with { Waited = s.Waited + 1 }, [], [])
        : End(s, at);

    static DueStep NextMonth(Subscription s, DateTimeOffset at)
    {
        var (after, grants) = GrantMonth(s, at);
        return new(new(after, [], grants), null);
    }

    static DueStep PeriodEnd(Subscription s)
    {
        if (s.Status == SubscriptionStatus.Cancelled)
            return new(End(s, s.Period.To), null);
        var next = s.IsTrial ? s with { Anchor = s.Anchor with { Start = s.Period.To } } : WithSchedule(s);
        next = next with { Period = next.Anchor.PeriodAt(s.Period.To, next.Plan.Cycle) };
        var paid = WithPlan(EnterPaid(next, s.Period.To, s.IsNextPaid), s);
        return paid.Lines.IsEmpty ? new(paid, null) : new(s.AutoRenew ? paid : null, WithPlan(EnterUnpaid(next), s));
    }

    static SubscriptionStep WithPlan(SubscriptionStep step, Subscription before) => step.After.Plan.PlanVersionId == before.Plan.PlanVersionId
        ? step
        : step with { Effects = [new PlanInForce(before.Period.To, step.After.Plan.PlanVersionId), .. step.Effects] };

    static DateTimeOffset MonthOrPeriodEnd(Subscription s) => s.AllowanceMonth.To < s.Period.To ? s.AllowanceMonth.To : s.Period.To;

    /// <summary>When the customer is told that the period ends, or null.</summary>
    static DateTimeOffset? RemindAt(Subscription s) =>
        s.Plan.Rules.RemindDaysBefore > 0 && s.Period.To.AddDays(-s.Plan.Rules.RemindDaysBefore) is var at && at > s.Period.From ? at : null;

    static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset? other) => other < one ? other.Value : one;
}
