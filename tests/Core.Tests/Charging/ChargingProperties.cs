using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Charging;

/// <summary>What must hold after any sequence of operations on an account.</summary>
public sealed class ChargingProperties
{
    static readonly DateTimeOffset Start = new(2026, 11, 19, 12, 0, 0, TimeSpan.Zero);

    static readonly PriceBook Prices = new(1, "plan", "INR", new Dictionary<Service, RateDeck[]>
    {
        [Service.VoiceOutbound] =
        [
            RateDeck.Build(
                "deck", "INR",
                [new() { Prefix = "91", Description = "India", RateMicros = 1_200_000 }, new() { Prefix = "44", Description = "UK", RateMicros = 5_000_000, IncrementSeconds = 1, ConnectFeeMicros = 500_000 }],
                TimeZoneInfo.Utc, new HashSet<DateOnly>()),
        ],
    });

    sealed record Step(int Kind, int Reservation, int Seconds, long Amount, bool Abroad, bool Flag);

    static Gen<Step> Steps() =>
        from kind in Gen.Choose(0, 6)
        from reservation in Gen.Choose(0, 3)
        from seconds in Gen.Choose(-5, 4000)
        from amount in Gen.Choose(-50_000_000, 80_000_000)
        from abroad in Gen.Elements(true, false)
        from flag in Gen.Elements(true, false)
        select new Step(kind, reservation, seconds, amount, abroad, flag);

    static Gen<(List<Step> Steps, long Credit)> Runs() =>
        from steps in Gen.ListOf(Steps(), 60)
        from credit in Gen.Elements(0L, 20_000_000L)
        select (steps.ToList(), credit);

    [Fact]
    public void After_any_sequence_the_account_is_sound() => Prop.ForAll(Runs().ToArbitrary(), run =>
    {
        var state = Account(run.Credit);
        var sum = 0L;
        for (var i = 0; i < run.Steps.Count; i++)
        {
            var operation = Operation(run.Steps[i], i);
            var before = state;
            var (after, decision) = Core.Charging.Charging.Apply(state, operation, Prices, new Moment(Start.AddMinutes(i), i / 20), null);
            if (!decision.Accepted && !ReferenceEquals(before, after))
                return false;
            if (decision.Posting is { } posting)
            {
                sum += Books.IsAccountBook(posting.Credit) ? posting.AmountMicros : -posting.AmountMicros;
                if (posting.EntryNo != before.EntryNo + 1 || posting.BalanceAfterMicros != after.BalanceMicros || posting.AmountMicros < 0)
                    return false;
            }
            state = after;
            if (!IsSound(state, sum))
                return false;
        }
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void A_reservation_that_is_released_leaves_no_trace() => Prop.ForAll(Steps().ToArbitrary(), step =>
    {
        var state = Account(0) with { BalanceMicros = 50_000_000 };
        var id = Guid.Parse("00000000-0000-0000-0000-000000000009");
        var reserved = Core.Charging.Charging.Apply(state, new Reserve(id, Usage(step, 1), null, step.Flag, Start.AddMinutes(5)), Prices, new Moment(Start, 0), null);
        if (!reserved.Decision.Accepted)
            return true;
        var released = Core.Charging.Charging.Apply(reserved.State, new Release(id, false), Prices, new Moment(Start, 0), null).State;
        return released.HeldMicros == 0 && released.OpenCalls == 0 && released.AvailableMicros == state.AvailableMicros && released.Allowances.SequenceEqual(state.Allowances);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Use_before_payment_is_refused_whole_and_use_that_happened_is_charged_as_far_as_it_goes()
    {
        var state = Account(0) with { BalanceMicros = 1_000_000, Allowances = [] };
        var usage = new UsageEvent("s", "1", Service.VoiceOutbound, Start, "91", 120_000, "", "", null);
        Assert.Equal(Refusal.InsufficientBalance, Core.Charging.Charging.Apply(state, new Charge(usage, false), Prices, new Moment(Start, 0), null).Decision.Refusal);
        var (after, decision) = Core.Charging.Charging.Apply(state, new Charge(usage, true), Prices, new Moment(Start, 0), null);
        Assert.Equal((0L, 1_000_000L, 1_400_000L), (after.BalanceMicros, decision.Posting!.Value.AmountMicros, decision.Usage!.ShortfallMicros));
    }

    [Fact]
    public void The_allowance_that_expires_first_is_used_first()
    {
        var later = new AllowanceState(1, "later", Service.VoiceOutbound, "", 60, 0, 0, Start.AddDays(-1), Start.AddDays(9));
        var sooner = new AllowanceState(2, "sooner", Service.VoiceOutbound, "India", 60, 0, 0, Start.AddDays(-1), Start.AddDays(2));
        var state = Account(0) with { Allowances = [later, sooner] };
        var usage = new UsageEvent("s", "1", Service.VoiceOutbound, Start, "91", 90_000, "", "", null);
        var after = Core.Charging.Charging.Apply(state, new Charge(usage, true), Prices, new Moment(Start, 0), null).State;
        Assert.Equal((60, 60), (after.Allowances[0].Used, after.Allowances[1].Used));
        var shorter = Core.Charging.Charging.Apply(state, new Charge(usage with { Quantity = 30_000 }, true), Prices, new Moment(Start, 0), null).State;
        Assert.Equal((0, 60), (shorter.Allowances[0].Used, shorter.Allowances[1].Used));
    }

    static AccountState Account(long credit) => new()
    {
        AccountId = 1,
        Kind = AccountKind.Prepaid,
        Currency = "INR",
        CreditLimitMicros = credit,
        MaxCalls = 3,
        Allowances = [new AllowanceState(1, "minutes", Service.VoiceOutbound, "India", 1200, 0, 0, Start.AddDays(-1), Start.AddDays(30))],
    };

    static UsageEvent Usage(Step step, int n) =>
        new("s", n.ToString(System.Globalization.CultureInfo.InvariantCulture), Service.VoiceOutbound, Start, step.Abroad ? "447700" : "9198", step.Seconds * 1000L, "", "", null);

    static Operation Operation(Step step, int n)
    {
        var id = new Guid(step.Reservation + 1, 0, 0, new byte[8]);
        return step.Kind switch
        {
            0 or 1 => new Charge(Usage(step, n), step.Flag),
            2 => new Reserve(id, Usage(step, n), step.Amount % 3 == 0 ? step.Amount : null, step.Flag, Start.AddMinutes(n + 5)),
            3 => new Extend(id, step.Seconds % 3, step.Seconds * 1000L, step.Amount, step.Flag, Start.AddMinutes(n + 5)),
            4 => new Settle(id, Usage(step, n), step.Flag ? step.Amount : null),
            5 => new Release(id, step.Flag),
            _ => new Post(Guid.NewGuid(), EntryKind.Adjustment, Book.Adjustment, step.Amount, "INR", "test", null),
        };
    }

    static bool IsSound(AccountState s, long sum) =>
        s.BalanceMicros == sum
        && s.BalanceMicros >= -s.CreditLimitMicros
        && s.HeldMicros >= 0 && s.AvailableMicros >= 0
        && s.HeldMicros == s.Reservations.Where(r => r.Status == ReservationStatus.Open).Sum(r => r.HeldMicros)
        && s.OpenCalls == s.Reservations.Count(r => r.Status == ReservationStatus.Open && !r.IsAmount) && s.OpenCalls <= s.MaxCalls
        && s.Allowances.All(a => a.Used >= 0 && a.Held >= 0 && a.Left >= 0
            && a.Held == s.Reservations.Where(r => r.Status == ReservationStatus.Open).SelectMany(r => r.Allowances).Where(h => h.AllowanceId == a.Id).Sum(h => h.Quantity));
}
