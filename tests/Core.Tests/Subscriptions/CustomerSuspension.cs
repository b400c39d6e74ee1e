using Balatrix.Core.Proration;
using Balatrix.Core.Subscriptions;

namespace Balatrix.Core.Tests.Subscriptions;

/// <summary>A subscription stops and comes back with its customer. April has 30 days; the plan costs 300 a month, ten a day.</summary>
public sealed class CustomerSuspension
{
    static readonly DateTimeOffset April = new(2026, 4, 1, 0, 0, 0, TimeSpan.Zero);

    static readonly SubscriptionPlan Plan = new(1, "plan", BillingCycle.Monthly, 300_000_000, new(TrialDays: 7, GraceDays: 2, EndAfterDays: 5));

    [Fact]
    public void Within_a_paid_period_it_costs_nothing_and_comes_back_for_nothing()
    {
        var stopped = Lifecycle.StopWithCustomer(Begin(), April.AddDays(10))!;
        Assert.Equal((SubscriptionStatus.Suspended, 0L), (stopped.After.Status, stopped.NetMicros));
        Assert.Null(Lifecycle.NextAt(stopped.After));
        var back = Lifecycle.ResumeWithCustomer(stopped.After, April.AddDays(20))!.Value.IfPaid!;
        Assert.Equal((SubscriptionStatus.Active, 0L, false), (back.After.Status, back.NetMicros, back.After.IsHeldWithCustomer));
        Assert.Equal(April.AddDays(30), back.After.Period.To);
    }

    [Fact]
    public void After_its_period_it_pays_for_the_rest_of_the_present_one_or_waits_for_money_from_then()
    {
        var stopped = Lifecycle.StopWithCustomer(Begin(), April.AddDays(10))!.After;
        // May has 31 days, of which 21 are left on the 11th.
        var at = April.AddDays(40);
        var (paid, refused) = (Lifecycle.ResumeWithCustomer(stopped, at)!.Value.IfPaid!, Lifecycle.ResumeWithCustomer(stopped, at)!.Value.IfRefused!);
        Assert.Equal(203_230_000, paid.NetMicros);
        Assert.Equal((SubscriptionStatus.Suspended, at.AddDays(1)), (refused.After.Status, Lifecycle.NextAt(refused.After)!.Value));
        Assert.Null(Lifecycle.ResumeWithCustomer(stopped with { AutoRenew = false }, at)!.Value.IfPaid);
    }

    [Fact]
    public void Grace_ends_and_is_owed()
    {
        var pastDue = Lifecycle.Due(Begin() with { IsReminded = true }).IfRefused!.After;
        Assert.Equal(SubscriptionStatus.PastDue, pastDue.Status);
        var stopped = Lifecycle.StopWithCustomer(pastDue, April.AddDays(31))!.After;
        Assert.Single(stopped.Owed);
        var back = Lifecycle.ResumeWithCustomer(stopped, April.AddDays(31))!.Value.IfPaid!;
        Assert.Equal(300_000_000, back.NetMicros);
    }

    [Fact]
    public void One_that_waits_for_money_is_held_and_then_waits_anew()
    {
        var waiting = Begin() with { Status = SubscriptionStatus.Suspended, IsPaid = false, StoppedAt = April.AddDays(1) };
        var held = Lifecycle.StopWithCustomer(waiting, April.AddDays(2))!;
        Assert.Empty(held.Effects);
        Assert.Null(Lifecycle.NextAt(held.After));
        Assert.Equal(April.AddDays(21), Lifecycle.NextAt(Lifecycle.ResumeWithCustomer(held.After, April.AddDays(20))!.Value.IfRefused!.After));
    }

    [Theory]
    [InlineData(SubscriptionStatus.Paused)]
    [InlineData(SubscriptionStatus.Cancelled)]
    [InlineData(SubscriptionStatus.Ended)]
    public void Others_stay_as_they_are(SubscriptionStatus status)
    {
        Assert.Null(Lifecycle.StopWithCustomer(Begin() with { Status = status }, April.AddDays(2)));
        Assert.Null(Lifecycle.ResumeWithCustomer(Begin() with { Status = status }, April.AddDays(2)));
        Assert.Null(Lifecycle.StopWithCustomer(Begin() with { Status = SubscriptionStatus.Suspended, IsHeldByHand = true }, April.AddDays(2)));
    }

    [Fact]
    public void A_hand_does_not_bring_it_back_before_its_customer()
    {
        var stopped = Lifecycle.StopWithCustomer(Begin(), April.AddDays(10))!.After;
        Assert.Equal("customer_suspended", Lifecycle.Move(stopped, new Activate(), April.AddDays(11)).Refusal!.Code);
        Assert.Equal("customer_suspended", Lifecycle.Move(stopped, new Renew(), April.AddDays(11)).Refusal!.Code);
        Assert.NotNull(Lifecycle.Move(stopped, new CancelNow(), April.AddDays(11)).Step);
    }

    static Subscription Begin() => Lifecycle.Begin(Plan, [], April, TimeZoneInfo.Utc, onTrial: false, autoRenew: true).After;
}
