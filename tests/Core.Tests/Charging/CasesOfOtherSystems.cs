using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;

namespace Balatrix.Core.Tests.Charging;

/// <summary>
/// The rows of Proration/Data/billing_cases.csv that are about the price of use, allowances and reservations, each named by its test. Tiers without fixed parts (C007, C034, C081, C082, C108, C132,
/// C133, C135, C136, C138, C139) are in Rating/TieredPriceCases, proration in Proration, discounts, notes and payments in Invoices.
/// </summary>
/// <remarks>
/// These rows do not apply, since the product has no such price: tiers with a fixed part beside the price of a unit (C001, C003, C004, C006, C009, C010, C012, C013, C099, C102, C103, C106); a tier that is chosen
/// by one quantity and priced by another (C015); a share of an amount (C021, C022, C024, C025, C027, C028, C030, C031, C142); a price of the capacity reached (C100); a most of a line (C105, C109); use that is
/// invoiced in parts of a block (C084: use is charged when it happens); coupons over fees of several subscriptions (C054); invoices at thresholds of spend (C057: prepaid accounts and credit limits
/// do that work); a wallet that pays fees with their tax, rounded fee by fee, or only some of them (C060, C061: prepaid use is taxed at recharge or at the month's end); a most that is carried
/// over (C112: an allowance carries over all or nothing); a one-time price of a plan (C123); exchange between currencies (C130: an account has one currency).
/// </remarks>
public sealed class CasesOfOtherSystems
{
    static readonly DateTimeOffset Start = new(2026, 11, 19, 12, 0, 0, TimeSpan.Zero);
    static readonly Guid Id = new(1, 0, 0, new byte[8]);
    static readonly Moment Now = new(Start, 0);

    // C016, lago-api package_service_spec.rb#L27: 121 units in packages of 10 at 100; C018, #L62: 200 of them are free; C019, lago-docs package.md#L9: 201 units, 5 for each 100, the first 100 free.
    // A package is an increment of seconds, and what is free an allowance.
    [Theory]
    [InlineData(10, "600.00", 0, 121, "1300.00")]
    [InlineData(10, "600.00", 200, 121, "0.00")]
    [InlineData(100, "3.00", 100, 201, "10.00")]
    public void C016_C018_C019_Packages_begun_are_charged_in_full_after_what_is_free(int package, string perMinute, long free, long units, string amount)
    {
        var account = Account() with { Allowances = free == 0 ? [] : [Allowance(1, free, Start.AddDays(30))] };
        Assert.Equal(amount, Money.Format(Charged(account, Service.VoiceOutbound, units * 1000, package, perMinute).Decision.Posting!.Value.AmountMicros));
    }

    // C033, lago-docs standard.md#L9: 1,000 units at 0.05.
    [Fact]
    public void C033_A_price_a_unit() => Assert.Equal("50.00", Money.Format(Charged(Account(), Service.Event, 1000, 1, "0.05").Decision.Posting!.Value.AmountMicros));

    // C111, openmeter run_test.go#L565: of two grants of 100 with one priority the one that expires first is used first.
    [Fact]
    public void C111_What_expires_first_is_used_first()
    {
        var account = Account() with { Allowances = [Allowance(1, 100, Start.AddYears(100)), Allowance(2, 100, Start.AddDays(30))] };
        var after = Charged(account, Service.VoiceOutbound, 120_000, 1, "3.00").State;
        Assert.Equal([(1L, 80L), (2L, 0L)], after.Allowances.Select(a => (a.Id, a.Left)).Order());
        Assert.Equal(account.BalanceMicros, after.BalanceMicros);
    }

    // C126, tigerbeetle two-phase-transfers.md#L155: 123 are pending and 100 posted; the other 23 are free again.
    [Fact]
    public void C126_What_a_reservation_does_not_use_is_released()
    {
        var held = Held();
        Assert.Equal((Rupees(123), Rupees(1000 - 123)), (held.HeldMicros, held.AvailableMicros));
        var (after, decision) = Apply(held, new Settle(Id, Use(Service.VoiceOutbound, 60_000), Rupees(100)));
        Assert.Equal((Rupees(100), Rupees(900), 0L, Rupees(900)), (decision.Posting!.Value.AmountMicros, after.BalanceMicros, after.HeldMicros, after.AvailableMicros));
    }

    // C127, #L165: 123 are pending and voided; nothing is posted.
    [Fact]
    public void C127_A_reservation_that_is_released_posts_nothing()
    {
        var (after, decision) = Apply(Held(), new Release(Id, false));
        Assert.True(decision.Accepted);
        Assert.Null(decision.Posting);
        Assert.Equal((Rupees(1000), 0L, 0L), (after.BalanceMicros, after.HeldMicros, after.EntryNo));
    }

    // C129, #L96: what was settled or released is neither again; releasing twice is answered as done and does nothing. What had expired is still charged for use that happened, once.
    [Fact]
    public void C129_A_reservation_ends_once()
    {
        var settle = new Settle(Id, Use(Service.VoiceOutbound, 60_000), Rupees(100));
        var settled = Apply(Held(), settle).State;
        Assert.Equal(Refusal.ReservationClosed, Apply(settled, settle).Decision.Refusal);
        Assert.Equal(Refusal.ReservationClosed, Apply(settled, new Release(Id, false)).Decision.Refusal);
        var released = Apply(Held(), new Release(Id, false)).State;
        Assert.Equal(Refusal.ReservationClosed, Apply(released, settle).Decision.Refusal);
        var again = Apply(released, new Release(Id, false));
        Assert.True(again.Decision.IsRepeat);
        Assert.Same(released, again.State);
        var expired = Core.Charging.Charging.Apply(Held(), new Release(Id, true), null, new Moment(Start.AddMinutes(6), 0), null).State;
        var late = Apply(expired, settle);
        Assert.Equal((Rupees(900), Refusal.ReservationClosed), (late.State.BalanceMicros, Apply(late.State, settle).Decision.Refusal));
    }

    static AccountState Held() => Apply(Account() with { BalanceMicros = Rupees(1000) }, new Reserve(Id, Use(Service.VoiceOutbound, 60_000), Rupees(123), false, Start.AddMinutes(5))).State;

    static AccountState Account() => new() { AccountId = 1, Kind = AccountKind.Prepaid, Currency = "INR", BalanceMicros = Rupees(10_000) };

    static AllowanceState Allowance(long id, long granted, DateTimeOffset until) => new(id, $"grant {id}", Service.VoiceOutbound, "", granted, 0, 0, Start.AddDays(-1), until);

    static UsageEvent Use(Service service, long quantity) => new("source", "1", service, Start, "91", quantity, "", "", null);

    static Applied Apply(AccountState state, Operation operation) => Core.Charging.Charging.Apply(state, operation, null, Now, null);

    static Applied Charged(AccountState state, Service service, long quantity, int increment, string rate)
    {
        Assert.True(Money.TryParse(rate, out var micros));
        var deck = RateDeck.Build(
            "deck", "INR", [new() { Prefix = "91", Description = "India", RateMicros = micros, MinimumSeconds = increment, IncrementSeconds = increment }], TimeZoneInfo.Utc, new HashSet<DateOnly>());
        var applied = Core.Charging.Charging.Apply(
            state, new Charge(Use(service, quantity), HasHappened: false), new PriceBook(1, "plan", "INR", new Dictionary<Service, RateDeck[]> { [service] = [deck] }), Now, null);
        Assert.True(applied.Decision.Accepted, applied.Decision.Refusal.ToString());
        return applied;
    }

    static long Rupees(long rupees) => rupees * Money.MicrosPerUnit;
}
