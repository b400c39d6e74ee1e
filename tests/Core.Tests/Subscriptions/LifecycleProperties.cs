using System.Collections.Immutable;
using Balatrix.Core.Proration;
using Balatrix.Core.Subscriptions;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Subscriptions;

/// <summary>What must hold after any sequence of moves and any passing of time, with money that is there or is not.</summary>
public sealed class LifecycleProperties
{
    static readonly string[] Zones = ["Asia/Kolkata", "Europe/London", "America/New_York"];

    static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    sealed record Act(int Kind, int Seconds, int Plan, int AddOns, int Money);

    sealed record Run(int Start, int Zone, int Rules, bool Trial, bool AutoRenew, List<Act> Acts);

    static Gen<Act> Acts() =>
        from kind in Gen.Choose(0, 11)
        from seconds in Gen.Frequency((1, Gen.Constant(0)), (4, Gen.Choose(1, 5 * 86_400)), (3, Gen.Choose(1, 80 * 86_400)))
        from plan in Gen.Choose(0, 8)
        from addOns in Gen.Choose(0, 3)
        from money in Gen.Choose(0, 0xFFFF)
        select new Act(kind, seconds, plan, addOns, money | (money << 16));

    static Gen<Run> Runs() =>
        from start in Gen.Choose(0, 4 * 366 * 86_400)
        from zone in Gen.Choose(0, 2)
        from rules in Gen.Choose(0, 2)
        from trial in Gen.Elements(true, false)
        from auto in Gen.Frequency((3, Gen.Constant(true)), (1, Gen.Constant(false)))
        from acts in Gen.ListOf(Acts(), 25)
        select new Run(start, zone, rules, trial, auto, acts.ToList());

    [Fact]
    public void Periods_are_contiguous_money_is_exact_and_allowances_follow() => Prop.ForAll(Runs().ToArbitrary(), run =>
    {
        var life = Live(run, null);
        if (life.State.Status != SubscriptionStatus.Ended)
            life.Do(new CancelNow(), () => true);
        var difference = Math.Abs(life.Lines.Sum(l => l.AmountMicros) - life.ExpectedMicros);
        var tolerance = (life.Lines.Count * ProratedPrice.UnitMicros / 2m) + 0.001m;
        return life.Fault is null && difference <= tolerance && life.Segments[^1].Kind == SegmentKind.Ended
            ? true
            : throw new Xunit.Sdk.XunitException($"{life.Fault}; off by {difference}, allowed {tolerance}");
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));

    [Fact]
    public void Illegal_moves_are_refused_with_what_is_allowed() => Prop.ForAll(Runs().ToArbitrary(), run =>
    {
        Live(run, life =>
        {
            for (var kind = 0; kind < 9; kind++)
            {
                var command = Command(new Act(kind, 0, 7, 2, 0), run);
                var (step, refusal) = Lifecycle.Move(life.State, command, life.Now);
                var isAllowed = SubscriptionMoves.From(life.State.Status).Contains(command.Move);
                Assert.Equal(isAllowed, refusal?.Code != "illegal_move");
                Assert.True(step is null != refusal is null);
                if (refusal is not null)
                    Assert.Equal(SubscriptionMoves.From(life.State.Status), refusal.Allowed);
                if (step is not null)
                    Assert.Contains((life.State.Status, step.After.Status), Transitions);
            }
        });
        return true;
    }).QuickCheckThrowOnFailure();

    /// <summary>The whole state machine as moves can walk it, written by hand.</summary>
    static readonly HashSet<(SubscriptionStatus, SubscriptionStatus)> Transitions =
    [
        (SubscriptionStatus.Trial, SubscriptionStatus.Trial), (SubscriptionStatus.Trial, SubscriptionStatus.Active), (SubscriptionStatus.Trial, SubscriptionStatus.Suspended),
        (SubscriptionStatus.Trial, SubscriptionStatus.Cancelled), (SubscriptionStatus.Trial, SubscriptionStatus.Ended),
        (SubscriptionStatus.Active, SubscriptionStatus.Active), (SubscriptionStatus.Active, SubscriptionStatus.Paused), (SubscriptionStatus.Active, SubscriptionStatus.Suspended),
        (SubscriptionStatus.Active, SubscriptionStatus.Cancelled), (SubscriptionStatus.Active, SubscriptionStatus.Ended),
        (SubscriptionStatus.PastDue, SubscriptionStatus.Active), (SubscriptionStatus.PastDue, SubscriptionStatus.Suspended), (SubscriptionStatus.PastDue, SubscriptionStatus.Ended),
        (SubscriptionStatus.Suspended, SubscriptionStatus.Active), (SubscriptionStatus.Suspended, SubscriptionStatus.Trial), (SubscriptionStatus.Suspended, SubscriptionStatus.Ended),
        (SubscriptionStatus.Paused, SubscriptionStatus.Active), (SubscriptionStatus.Paused, SubscriptionStatus.Ended),
        (SubscriptionStatus.Cancelled, SubscriptionStatus.Active), (SubscriptionStatus.Cancelled, SubscriptionStatus.Trial), (SubscriptionStatus.Cancelled, SubscriptionStatus.Ended),
    ];

    static SimulatedLife Live(Run run, Action<SimulatedLife>? look)
    {
        var at = Epoch.AddSeconds(run.Start);
        var zone = TimeZoneInfo.FindSystemTimeZoneById(Zones[run.Zone]);
        var life = new SimulatedLife(Lifecycle.Begin(Plan(0, run), [], at, zone, run.Trial, run.AutoRenew), at);
        foreach (var act in run.Acts)
        {
            var payments = 0;
            bool HasMoney() => (act.Money >> (payments++ % 31) & 1) == 1;
            life.LiveUntil(life.Now.AddSeconds(act.Seconds), HasMoney);
            look?.Invoke(life);
            if (act.Kind < 9)
                life.Do(Command(act, run), HasMoney);
        }
        return life;
    }

    static SubscriptionCommand Command(Act act, Run run) => act.Kind switch
    {
        0 => new ChangePlan(Plan(act.Plan, run), AddOns(act)),
        1 => new ScheduleChange(act.Money % 5 == 0 ? null : new(Plan(act.Plan, run), AddOns(act))),
        2 => new ChangeAddOns(AddOns(act)),
        3 => new Renew(),
        4 => new Pause(),
        5 => new Suspend(),
        6 => new Activate(),
        7 => new CancelAtPeriodEnd(),
        _ => act.Money % 4 == 0 ? new CancelNow() : new Activate(),
    };

    static SubscriptionPlan Plan(int n, Run run) => new(
        n + 1, $"plan-{n % 3}", (n / 3) switch { 0 => BillingCycle.Monthly, 1 => BillingCycle.Quarterly, _ => BillingCycle.Annual },
        new[] { 349_000_000L, 999_000_000L, 0L }[n % 3] * (n / 3 + 1),
        ((run.Rules + n) % 3) switch { 0 => new RenewalRules(), 1 => new RenewalRules(14, 0, 0, 1), _ => new RenewalRules(45, 10, 27, 60) });

    static ImmutableArray<SubscriptionAddOn> AddOns(Act act) => act.AddOns switch
    {
        0 => [],
        1 => [new("minutes", 1, 99_000_000)],
        2 => [new("minutes", 2, 99_000_000), new("extension", 3, 49_990_000)],
        _ => [new("extension", 1, 49_990_000)],
    };
}
