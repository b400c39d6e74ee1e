using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Charging;

/// <summary>A call that is reserved piece by piece costs what it costs in one piece.</summary>
public sealed class CallsInSlices
{
    static readonly DateTimeOffset Start = new(2026, 11, 19, 20, 0, 0, TimeSpan.Zero);
    static readonly long?[] Caps = [null, 20_000_000];
    static readonly Guid Id = new(1, 0, 0, new byte[8]);

    sealed record Call(Rate[] Rates, int Seconds, List<int> Slices, long AllowanceSeconds, int StartMinute);

    [Fact]
    public void However_a_call_is_sliced_its_holds_and_its_charge_are_the_same() => Prop.ForAll(Calls().ToArbitrary(), call =>
    {
        var prices = Book(call.Rates);
        var account = Account(call.AllowanceSeconds);
        var usage = Usage(call, call.Seconds);
        var whole = Apply(account, new Charge(usage, HasHappened: true), prices);

        var state = account;
        var reserved = 0;
        for (var i = 0; reserved < call.Seconds; i++)
        {
            var slice = call.Slices[i % call.Slices.Count];
            reserved += slice;
            Operation step = i == 0
                ? new Reserve(Id, usage with { Quantity = slice * 1000L }, null, AcceptLess: false, Start.AddDays(2))
                : new Extend(Id, i, slice * 1000L, null, AcceptLess: false, Start.AddDays(2));
            state = Apply(state, step, prices);
            // What is held depends on how much is reserved, not on the steps that led there.
            var atOnce = Apply(account, new Reserve(Id, usage with { Quantity = reserved * 1000L }, null, AcceptLess: false, Start.AddDays(2)), prices);
            if (state.HeldMicros != atOnce.HeldMicros || !state.Allowances.SequenceEqual(atOnce.Allowances))
                return false;
        }
        var settled = Apply(state, new Settle(Id, usage, null), prices);
        return settled.BalanceMicros == whole.BalanceMicros && settled.HeldMicros == 0 && settled.OpenCalls == 0
            && settled.Allowances.SequenceEqual(whole.Allowances) && settled.EntryNo == whole.EntryNo && settled.SpentMicros == whole.SpentMicros;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));

    [Theory]
    // cgrates@19463bdc989f:general_tests/session_rounding_it_test.go: 0.033 a second, rounded up to one decimal, costs 0.4 for 10 s in debits of 1 s.
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(10)]
    public void A_charge_is_rounded_once_whatever_the_slices(int slice)
    {
        var prices = Book(new Rate { Prefix = "91", RateMicros = 33_000, RateUnitSeconds = 1, IncrementSeconds = 1, Rounding = Rounding.Up, Decimals = 1 });
        var call = new Call([], 10, [], 0, 0);
        var state = Apply(Account(0), new Reserve(Id, Usage(call, slice), null, false, Start.AddHours(1)), prices);
        for (var i = 1; i * slice < 10; i++)
            state = Apply(state, new Extend(Id, i, slice * 1000L, null, false, Start.AddHours(1)), prices);
        state = Apply(state, new Settle(Id, Usage(call, 10), null), prices);
        Assert.Equal(400_000, Account(0).BalanceMicros - state.BalanceMicros);
    }

    [Fact]
    public void A_day_long_call_in_slices_of_a_minute_is_charged_to_the_second()
    {
        var prices = Book(new Rate { Prefix = "91", RateMicros = 1_000_000, IncrementSeconds = 1, Decimals = 6 });
        var call = new Call([], 86_399, [], 0, 0);
        var state = Apply(Account(0), new Reserve(Id, Usage(call, 60), null, false, Start.AddDays(2)), prices);
        for (var i = 1; i < 1_440; i++)
            state = Apply(state, new Extend(Id, i, 60_000, null, false, Start.AddDays(2)), prices);
        Assert.Equal(1_440_000_000, state.HeldMicros);
        state = Apply(state, new Settle(Id, Usage(call, 86_399), null), prices);
        Assert.Equal(1_439_983_333, Account(0).BalanceMicros - state.BalanceMicros);
    }

    static AccountState Apply(AccountState state, Operation operation, PriceBook prices)
    {
        var (after, decision) = Core.Charging.Charging.Apply(state, operation, prices, new Moment(Start, 1), null);
        Assert.True(decision.Accepted, $"{operation}: {decision.Refusal}");
        return after;
    }

    static PriceBook Book(params Rate[] rates) => new(1, "plan", "INR", new Dictionary<Service, RateDeck[]>
    {
        [Service.VoiceOutbound] = [RateDeck.Build("deck", "INR", rates, TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata"), new HashSet<DateOnly>())],
    });

    static AccountState Account(long allowanceSeconds) => new()
    {
        AccountId = 1,
        Kind = AccountKind.Prepaid,
        Currency = "INR",
        BalanceMicros = 1_000_000_000_000,
        Allowances = allowanceSeconds == 0
            ? []
            : [
                new AllowanceState(1, "minutes", Service.VoiceOutbound, "", allowanceSeconds, 0, 0, Start.AddDays(-1), Start.AddDays(30)),
                new AllowanceState(2, "sooner", Service.VoiceOutbound, "India", 45, 0, 0, Start.AddDays(-1), Start.AddDays(3)),
            ],
    };

    static UsageEvent Usage(Call call, long seconds) =>
        new("s", "1", Service.VoiceOutbound, Start.AddMinutes(call.StartMinute), "919812345678", seconds * 1000, "", "", null);

    static Gen<Call> Calls() =>
        from rate in Gen.Choose(0, 5_000_000)
        from other in Gen.Choose(0, 5_000_000)
        from increment in Gen.Elements(1, 6, 30, 60)
        from minimum in Gen.Elements(0, 30)
        from step in Gen.Elements(0, 60)
        from fee in Gen.Elements(0, 500_000)
        from free in Gen.Elements(0, 5)
        from cap in Gen.Elements(Caps)
        from isBanded in Gen.Elements(true, false)
        from seconds in Gen.Choose(1, 30_000)
        from slices in Gen.NonEmptyListOf(Gen.Choose(60, 3_600))
        from allowance in Gen.Elements(0L, 100L, 5_000L)
        from minute in Gen.Choose(0, 1_440)
        let first = new Rate
        {
            Prefix = "91",
            Description = "India Mobile",
            RateMicros = rate,
            IncrementSeconds = increment,
            MinimumSeconds = minimum,
            ConnectFeeMicros = fee,
            FreeSeconds = free,
            MaxChargeMicros = cap,
        }
        let steps = step == 0 ? new[] { first } : [first, first with { FromSecond = step, RateMicros = other, IncrementSeconds = 1 }]
        let rates = isBanded
            ? steps.Select(s => s with { FromTime = 8 * 3600, ToTime = 22 * 3600 }).Append(first with { FromTime = 22 * 3600, ToTime = 8 * 3600, RateMicros = other }).ToArray()
            : steps
        select new Call(rates, seconds, [.. slices], allowance, minute);
}
