using Balatrix.Core.Proration;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Proration;

public sealed class ProrationRules
{
    static readonly string[] Zones = ["Asia/Kolkata", "UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Tashkent", "America/Santiago", "Pacific/Apia"];

    static Gen<(BillingAnchor Anchor, BillingCycle Cycle, int Number)> Anchors() =>
        from zone in Gen.Elements(Zones)
        from second in Gen.Choose(0, 6 * 366 * 86_400)
        from cycle in Gen.Elements(BillingCycle.Monthly, BillingCycle.Quarterly, BillingCycle.Annual)
        from number in Gen.Choose(0, 60)
        select (new BillingAnchor(new DateTimeOffset(2023, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(second), TimeZoneInfo.FindSystemTimeZoneById(zone)), cycle, number);

    [Fact]
    public void Periods_follow_each_other_without_gap_or_overlap() => Prop.ForAll(Anchors().ToArbitrary(), a =>
    {
        var (period, next) = (a.Anchor.Period(a.Number, a.Cycle), a.Anchor.Period(a.Number + 1, a.Cycle));
        var days = period.Seconds / 86_400m / (int)a.Cycle;
        return period.To == next.From && days is > 27.9m and < 31.1m
            && a.Anchor.NumberAt(period.From, a.Cycle) == a.Number
            && a.Anchor.NumberAt(period.To.AddSeconds(-1), a.Cycle) == a.Number
            && a.Anchor.NumberAt(period.To, a.Cycle) == a.Number + 1;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Three_months_make_a_quarter_and_twelve_a_year() => Prop.ForAll(Anchors().ToArbitrary(), a =>
        Enumerable.Range(0, 36).All(n => a.Anchor.Period(n / (int)a.Cycle, a.Cycle).Contains(a.Anchor.Period(n, BillingCycle.Monthly).From))
        && a.Anchor.Period(1, a.Cycle).To == a.Anchor.Period((2 * (int)a.Cycle) - 1, BillingCycle.Monthly).To).QuickCheckThrowOnFailure();

    [Theory]
    // The 31st, over a leap year's February and back.
    [InlineData("Asia/Kolkata", "2024-01-31T10:00:00+05:30", 1, "2024-02-29T10:00:00+05:30")]
    [InlineData("Asia/Kolkata", "2024-01-31T10:00:00+05:30", 2, "2024-03-31T10:00:00+05:30")]
    [InlineData("Asia/Kolkata", "2025-01-31T10:00:00+05:30", 1, "2025-02-28T10:00:00+05:30")]
    [InlineData("Asia/Kolkata", "2025-01-29T10:00:00+05:30", 1, "2025-02-28T10:00:00+05:30")]
    [InlineData("Asia/Kolkata", "2025-10-31T10:00:00+05:30", 1, "2025-11-30T10:00:00+05:30")]
    // A leap day, by years.
    [InlineData("Asia/Kolkata", "2024-02-29T00:00:00+05:30", 12, "2025-02-28T00:00:00+05:30")]
    [InlineData("Asia/Kolkata", "2024-02-29T00:00:00+05:30", 48, "2028-02-29T00:00:00+05:30")]
    // The local date decides: still the 31st in Kolkata, already the 1st in UTC terms of the next zone.
    [InlineData("Asia/Kolkata", "2026-01-30T20:00:00+00:00", 1, "2026-02-28T01:30:00+05:30")]
    // Clocks go forward and back: the same local time of day.
    [InlineData("Europe/London", "2026-03-15T09:00:00+00:00", 1, "2026-04-15T09:00:00+01:00")]
    [InlineData("Europe/London", "2026-10-15T09:00:00+01:00", 1, "2026-11-15T09:00:00+00:00")]
    // 02:30 is skipped on 8 March 2026 in New York: counted as before the change, so 03:30 EDT.
    [InlineData("America/New_York", "2026-02-08T02:30:00-05:00", 1, "2026-03-08T03:30:00-04:00")]
    // 01:30 comes twice on 1 November 2026: the first one.
    [InlineData("America/New_York", "2026-10-01T01:30:00-04:00", 1, "2026-11-01T01:30:00-04:00")]
    public void A_period_begins_at_the_same_local_time_months_later(string zone, string start, int months, string expected) =>
        Assert.Equal(DateTimeOffset.Parse(expected), new BillingAnchor(DateTimeOffset.Parse(start), TimeZoneInfo.FindSystemTimeZoneById(zone)).After(months));

    [Fact]
    public void Parts_of_a_period_come_to_its_price_within_one_rounding_each() => Prop.ForAll(
        (from anchor in Anchors()
         from price in Gen.Choose(0, 2_000_000_000)
         from cuts in Gen.ListOf(Gen.Choose(0, 366 * 86_400), 5)
         select (anchor, Price: price * 1000L, Cuts: cuts.ToList())).ToArbitrary(), run =>
    {
        var whole = run.anchor.Anchor.Period(run.anchor.Number, run.anchor.Cycle);
        var instants = run.Cuts.Select(c => whole.From.AddSeconds(c % whole.Seconds)).Order().Prepend(whole.From).Append(whole.To).ToList();
        var parts = instants.Zip(instants.Skip(1), (from, to) => new BillingPeriod(from, to)).ToList();
        var sum = parts.Sum(p => ProratedPrice.Of(run.Price, p, whole));
        return Math.Abs(sum - run.Price) <= parts.Count * ProratedPrice.UnitMicros / 2 && parts.TrueForAll(p => ProratedPrice.Of(run.Price, p, whole) <= run.Price);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_left_never_grows_as_time_passes() => Prop.ForAll(
        (from anchor in Anchors() from price in Gen.Choose(0, 2_000_000_000) from second in Gen.Choose(0, 27 * 86_400) select (anchor.Anchor, Price: price * 10L, second)).ToArbitrary(), run =>
    {
        var whole = run.Anchor.Period(0, BillingCycle.Monthly);
        var (now, later) = (whole.From.AddSeconds(run.second), whole.From.AddSeconds(run.second + 1));
        return ProratedPrice.Of(run.Price, whole.Since(later), whole) <= ProratedPrice.Of(run.Price, whole.Since(now), whole)
            && ProratedPrice.QuantityOf(run.Price, whole.Since(later), whole) <= ProratedPrice.QuantityOf(run.Price, whole.Since(now), whole);
    }).QuickCheckThrowOnFailure();

    /// <summary>The prices of the default plans: monthly, and three months less 5 %.</summary>
    [Theory]
    [InlineData("349.00", "994.65")]
    [InlineData("999.00", "2847.15")]
    [InlineData("4999.00", "14247.15")]
    [InlineData("0.01", "0.03")]
    [InlineData("0.00", "0.00")]
    public void A_quarter_is_three_months_less_five_percent(string monthly, string quarterly) =>
        Assert.Equal(Micros(quarterly), ProratedPrice.QuarterlyOf(Micros(monthly)));

    [Fact]
    public void Included_use_is_raised_to_whole_seconds()
    {
        var whole = new BillingAnchor(new DateTimeOffset(2026, 4, 1, 0, 0, 0, TimeSpan.Zero), TimeZoneInfo.Utc).Period(0, BillingCycle.Monthly);
        Assert.Equal(30_000, ProratedPrice.QuantityOf(30_000, whole, whole));
        Assert.Equal(15_000, ProratedPrice.QuantityOf(30_000, whole.Since(whole.From.AddDays(15)), whole));
        Assert.Equal(1, ProratedPrice.QuantityOf(30_000, whole.Since(whole.To.AddSeconds(-1)), whole));
        Assert.Equal(0, ProratedPrice.QuantityOf(30_000, whole.Since(whole.To), whole));
    }

    static long Micros(string text) => Money.TryParse(text, out var micros) ? micros : throw new FormatException(text);
}
