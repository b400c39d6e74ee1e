using Balatrix.Core.Proration;
using Balatrix.Core.Subscriptions;

namespace Balatrix.Core.Tests.Subscriptions;

/// <summary>Lives with amounts reckoned by hand. April has 30 days, May 31; Starter costs ₹349 and Professional ₹999 a month.</summary>
public sealed class LifecycleRules
{
    static readonly DateTimeOffset April = new(2026, 4, 1, 0, 0, 0, TimeSpan.Zero);

    static readonly SubscriptionPlan Starter = new(1, "starter", BillingCycle.Monthly, 349_000_000, new());

    static readonly SubscriptionPlan Professional = new(2, "professional", BillingCycle.Monthly, 999_000_000, new());

    static readonly SubscriptionPlan ProfessionalAnnual = new(2, "professional", BillingCycle.Annual, 9_590_000_000, new());

    static readonly Func<bool> Money = () => true;

    static readonly Func<bool> NoMoney = () => false;

    [Fact]
    public void An_upgrade_gives_the_rest_back_and_charges_the_rest_anew()
    {
        var life = Begin(Starter);
        life.LiveUntil(April.AddDays(15), Money);
        life.Do(new ChangePlan(Professional, []), Money);
        // 15 of 30 days: 349 ÷ 2 = 174.50 back, 999 ÷ 2 = 499.50.
        Assert.Equal([349_000_000, -174_500_000, 499_500_000], Amounts(life));
        Assert.Equal([SubscriptionLineKind.Period, SubscriptionLineKind.Unused, SubscriptionLineKind.Rest], life.Lines.Select(l => l.Kind));
        life.LiveUntil(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero), Money);
        Assert.Equal(999_000_000, life.Lines[^1].AmountMicros);
        Assert.Equal(April.AddDays(30), life.State.Period.From);
    }

    [Fact]
    public void Another_cycle_is_counted_from_the_change()
    {
        var life = Begin(Starter);
        life.LiveUntil(April.AddDays(15), Money);
        life.Do(new ChangePlan(ProfessionalAnnual, []), Money);
        Assert.Equal([349_000_000, -174_500_000, 9_590_000_000], Amounts(life));
        Assert.Equal(new BillingPeriod(April.AddDays(15), new DateTimeOffset(2027, 4, 16, 0, 0, 0, TimeSpan.Zero)), life.State.Period);
        life.LiveUntil(April.AddDays(15 + 364), Money);
        Assert.Equal(3, life.Lines.Count);
        Assert.Equal(13, life.Granted.Count);
    }

    [Fact]
    public void A_scheduled_change_waits_for_the_renewal()
    {
        var life = Begin(Professional);
        life.Do(new ScheduleChange(new(Starter, [])), Money);
        life.LiveUntil(April.AddDays(29), Money);
        Assert.Equal("professional", life.State.Plan.Code);
        life.LiveUntil(April.AddDays(30), Money);
        Assert.Equal(("starter", null), (life.State.Plan.Code, life.State.Scheduled));
        Assert.Equal([999_000_000, 349_000_000], Amounts(life));
    }

    [Fact]
    public void Without_money_come_grace_suspension_and_the_end()
    {
        var life = Begin(Starter);
        var renewal = April.AddDays(30);
        life.LiveUntil(renewal, NoMoney);
        Assert.Equal(SubscriptionStatus.PastDue, life.State.Status);
        life.LiveUntil(renewal.AddDays(3).AddSeconds(-1), NoMoney);
        Assert.Equal(SubscriptionStatus.PastDue, life.State.Status);
        life.LiveUntil(renewal.AddDays(3), NoMoney);
        Assert.Equal(SubscriptionStatus.Suspended, life.State.Status);
        life.LiveUntil(renewal.AddDays(33).AddSeconds(-1), NoMoney);
        Assert.Equal(SubscriptionStatus.Suspended, life.State.Status);
        life.LiveUntil(renewal.AddDays(33), NoMoney);
        Assert.Equal(SubscriptionStatus.Ended, life.State.Status);
        Assert.Equal([349_000_000], Amounts(life));
    }

    [Fact]
    public void Money_in_grace_pays_the_whole_period_from_its_beginning()
    {
        var life = Begin(Starter);
        life.LiveUntil(April.AddDays(31), NoMoney);
        life.LiveUntil(April.AddDays(32), Money);
        Assert.Equal([349_000_000, 349_000_000], Amounts(life));
        Assert.Equal([(SegmentKind.Paid, April), (SegmentKind.Paid, April.AddDays(30))], life.Segments.Select(s => (s.Kind, s.From)));
    }

    [Fact]
    public void Money_after_suspension_pays_the_grace_and_the_rest()
    {
        var life = Begin(Starter);
        life.LiveUntil(April.AddDays(40), NoMoney);
        life.Do(new Activate(), Money);
        // Of May's 31 days: 3 of grace, 349 × 3 ÷ 31 = 33.77, and from 11 May 21, 349 × 21 ÷ 31 = 236.42.
        Assert.Equal([349_000_000, 33_770_000, 236_420_000], Amounts(life));
        Assert.Equal(SubscriptionLineKind.Grace, life.Lines[1].Kind);
    }

    [Fact]
    public void A_pause_costs_nothing_and_keeps_the_anchor()
    {
        var life = Begin(Starter);
        life.LiveUntil(April.AddDays(10), Money);
        life.Do(new Pause(), Money);
        life.LiveUntil(April.AddDays(45), Money);
        life.Do(new Activate(), Money);
        // 20 of 30 days back: 232.67; from 16 May 16 of 31 days: 180.13.
        Assert.Equal([349_000_000, -232_670_000, 180_130_000], Amounts(life));
        Assert.Equal(April.AddDays(30), life.State.Period.From);
    }

    [Fact]
    public void A_trial_is_free_keeps_its_clock_over_a_change_and_then_begins_the_periods()
    {
        var trial = new RenewalRules(TrialDays: 14);
        var life = new SimulatedLife(Lifecycle.Begin(Starter with { Rules = trial }, [], April, TimeZoneInfo.Utc, onTrial: true, autoRenew: true), April);
        life.LiveUntil(April.AddDays(9), Money);
        life.Do(new ChangePlan(Professional with { Rules = trial }, []), Money);
        Assert.Equal(April.AddDays(14), life.State.Period.To);
        Assert.Empty(life.Lines);
        life.LiveUntil(April.AddDays(14), Money);
        Assert.Equal([999_000_000], Amounts(life));
        Assert.Equal(new DateTimeOffset(2026, 5, 15, 0, 0, 0, TimeSpan.Zero), life.State.Period.To);
    }

    [Fact]
    public void An_add_on_in_mid_cycle_costs_its_rest_only()
    {
        var life = Begin(Starter);
        life.LiveUntil(April.AddDays(20), Money);
        life.Do(new ChangeAddOns([new("minutes", 2, 99_000_000)]), Money);
        // 10 of 30 days of 198.
        Assert.Equal([349_000_000, 66_000_000], Amounts(life));
        life.LiveUntil(April.AddDays(30), Money);
        Assert.Equal([349_000_000, 66_000_000, 349_000_000, 198_000_000], Amounts(life));
    }

    [Fact]
    public void What_was_paid_early_is_given_back_when_it_is_cancelled()
    {
        var life = Begin(Starter);
        life.Do(new Renew(), Money);
        Assert.Equal("next_period_paid", life.Do(new Renew(), Money)!.Code);
        life.LiveUntil(April.AddDays(15), Money);
        life.Do(new CancelNow(), Money);
        Assert.Equal([349_000_000, 349_000_000, -174_500_000, -349_000_000], Amounts(life));
    }

    [Fact]
    public void A_period_paid_early_is_not_charged_again()
    {
        var life = Begin(Starter);
        life.Do(new Renew(), Money);
        life.LiveUntil(April.AddDays(45), NoMoney);
        Assert.Equal([349_000_000, 349_000_000], Amounts(life));
        Assert.Equal(SubscriptionStatus.Active, life.State.Status);
    }

    [Fact]
    public void A_cancelled_subscription_runs_out_or_is_taken_back()
    {
        var life = Begin(Starter);
        life.Do(new CancelAtPeriodEnd(), Money);
        life.Do(new Activate(), Money);
        life.Do(new CancelAtPeriodEnd(), Money);
        life.LiveUntil(April.AddDays(29), Money);
        Assert.Equal(SubscriptionStatus.Cancelled, life.State.Status);
        life.LiveUntil(April.AddDays(30), Money);
        Assert.Equal(SubscriptionStatus.Ended, life.State.Status);
        Assert.Equal("illegal_move", life.Do(new Activate(), Money)!.Code);
        Assert.Equal([349_000_000], Amounts(life));
    }

    static SimulatedLife Begin(SubscriptionPlan plan) => new(Lifecycle.Begin(plan, [], April, TimeZoneInfo.Utc, onTrial: false, autoRenew: true), April);

    static long[] Amounts(SimulatedLife life)
    {
        Assert.Null(life.Fault);
        return [.. life.Lines.Select(l => l.AmountMicros)];
    }
}
