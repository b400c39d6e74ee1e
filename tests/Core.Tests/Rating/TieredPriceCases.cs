using Balatrix.Core.Rating;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Rating;

/// <summary>Volume and package prices as other systems state them, by the rows of Proration/Data/billing_cases.csv (graduated ones are rows of Data/rating_cases.csv too), and what holds for any tiers.</summary>
public sealed class TieredPriceCases
{
    const long Unit = 1_000;

    // lago-docs@502a9e7850:docs/guide/05_plans/charges/price-models/volume.md (its fixed $10 is added here)
    static readonly PriceTier[] LagoVolume =
        [new(0, 10_000 * Unit, Unit, 1_000), new(10_000 * Unit, 50_000 * Unit, Unit, 800), new(50_000 * Unit, 100_000 * Unit, Unit, 600), new(100_000 * Unit, null, Unit, 400)];

    // killbill@cb60779c17:invoice/src/test/java/org/killbill/billing/invoice/usage/TestContiguousIntervalConsumableInArrear.java#L233: blocks of 100, 1000 and 1000
    static readonly PriceTier[] KillBillTopTier =
        [new(0, 1_000 * Unit, 100 * Unit, 1_000_000), new(1_000 * Unit, 101_000 * Unit, 1_000 * Unit, 1_000_000), new(101_000 * Unit, 201_000 * Unit, 1_000 * Unit, 500_000)];

    // https://docs.stripe.com/subscriptions/pricing-models/tiered-pricing
    static readonly PriceTier[] Stripe = [new(0, 5 * Unit, Unit, 7_000_000), new(5 * Unit, 10 * Unit, Unit, 6_500_000), new(10 * Unit, null, Unit, 6_000_000)];

    // https://zuplo.com/docs/articles/monetization/pricing-models
    static readonly PriceTier[] Zuplo = [new(0, 1_000 * Unit, Unit, 100_000), new(1_000 * Unit, 10_000 * Unit, Unit, 50_000), new(10_000 * Unit, null, Unit, 10_000)];

    [Fact]
    public void C034_Volume_with_a_fixed_fee_as_in_Lago() => Assert.Equal("49.00", Money.Format(10_000_000 + TieredPrice.Volume(LagoVolume, 65_000 * Unit)));

    [Theory]
    [InlineData(1_000, "10.00")]
    [InlineData(101_000, "101.00")]
    [InlineData(101_001, "51.00")]
    [InlineData(300_000, "150.00")]
    public void C082_The_top_tier_prices_all_as_in_Kill_Bill(long units, string amount) => Assert.Equal(amount, Money.Format(TieredPrice.Volume(KillBillTopTier, units * Unit)));

    [Theory]
    [InlineData(1, "7.00")]
    [InlineData(5, "35.00")]
    [InlineData(20, "120.00")]
    [InlineData(25, "150.00")]
    public void C132_C133_C135_C136_Volume_as_in_Stripe(long units, string amount) => Assert.Equal(amount, Money.Format(TieredPrice.Volume(Stripe, units * Unit)));

    [Fact]
    public void C138_C139_The_same_tiers_graduated_and_by_volume_as_in_Zuplo()
    {
        Assert.Equal("600.00", Money.Format(TieredPrice.Graduated(Zuplo, 15_000 * Unit)));
        Assert.Equal("150.00", Money.Format(TieredPrice.Volume(Zuplo, 15_000 * Unit)));
    }

    // killbill@cb60779c17:invoice/src/test/java/org/killbill/billing/invoice/usage/TestContiguousIntervalConsumableInArrear.java#L181
    [Fact]
    public void C081_All_tiers_in_blocks_as_in_Kill_Bill() => Assert.Equal("15.00", Money.Format(TieredPrice.Graduated(KillBillTopTier.AsSpan(0, 2), 5_325 * Unit)));

    // lago-api@1b1c24a6a6:spec/services/charge_models/graduated_service_spec.rb#L249: fractions of a unit are priced as such
    [Fact]
    public void C007_Graduated_fractions_as_in_Lago() => Assert.Equal(
        "3.00", Money.Format(TieredPrice.Graduated([new(0, 100, 1, 10_000), new(100, 1_000, 1, 5_000), new(1_000, null, 1, 2_000)], 500)));

    // lago-api@1b1c24a6a6:spec/services/charge_models/package_service_spec.rb#L27 and #L62, lago-docs@502a9e7850:…/package.md#L9; free units are taken off first
    [Theory]
    [InlineData(10, "100.00", 0, 121, "1300.00")]
    [InlineData(10, "100.00", 200, 121, "0.00")]
    [InlineData(100, "5.00", 100, 201, "10.00")]
    public void C016_C018_C019_Packages_as_in_Lago(long size, string price, long free, long units, string amount)
    {
        Assert.True(Money.TryParse(price, out var micros));
        Assert.Equal(amount, Money.Format(TieredPrice.Package(size * Unit, micros, (units - free) * Unit)));
    }

    // openmeter@7e57a394a0:openmeter/billing/rating/service/rate/package_test.go#L195: 17 are billed already, 5 more begin one more package
    [Fact]
    public void C108_Packages_of_use_that_is_billed_in_parts_as_in_OpenMeter() => Assert.Equal(
        "15.00", Money.Format(TieredPrice.Package(10 * Unit, 15_000_000, 22 * Unit) - TieredPrice.Package(10 * Unit, 15_000_000, 17 * Unit)));

    [Fact]
    public void Nothing_costs_nothing()
    {
        Assert.Equal(0, TieredPrice.Graduated(Zuplo, 0));
        Assert.Equal(0, TieredPrice.Volume(Zuplo, 0));
        Assert.Equal(0, TieredPrice.Volume([], 5 * Unit));
        Assert.Equal(0, TieredPrice.Package(10 * Unit, 1, 0));
    }

    [Fact]
    public void Tiers_of_one_price_are_no_tiers() => Prop.ForAll(
        Gen.Choose(0, 3_000_000).ToArbitrary(), Gen.Choose(0, 1_000_000).ToArbitrary(), (quantity, price) =>
        {
            PriceTier[] tiers = [new(0, 1_000_000, Unit, price), new(1_000_000, 2_000_000, Unit, price), new(2_000_000, null, Unit, price)];
            var flat = TieredPrice.Package(Unit, price, quantity);
            return TieredPrice.Graduated(tiers, quantity) == flat && TieredPrice.Volume(tiers, quantity) == flat;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Graduated_prices_never_fall_and_are_the_sum_of_their_tiers() => Prop.ForAll(
        Gen.Choose(0, 20_000_000).ToArbitrary(), Gen.Choose(0, 20_000_000).ToArbitrary(), (one, other) =>
        {
            var (less, more) = (Math.Min(one, other), Math.Max(one, other));
            var byUnits = 0L;
            for (var unit = 0L; unit * Unit < less; unit++)
                byUnits += unit < 1_000 ? 100_000 : unit < 10_000 ? 50_000 : 10_000;
            return TieredPrice.Graduated(Zuplo, less) == byUnits && byUnits <= TieredPrice.Graduated(Zuplo, more);
        }).QuickCheckThrowOnFailure();
}
