using Balatrix.Core.Rating;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Rating;

/// <summary>Percent off by volume.</summary>
public sealed class VolumeDiscountRules
{
    static readonly VolumeTier[] Tiers = [new(600, 5_000_000), new(1_200, 12_500_000)];

    [Theory]
    [InlineData(0, 0)]
    [InlineData(599, 0)]
    [InlineData(600, 5_000_000)]
    [InlineData(1_199, 5_000_000)]
    [InlineData(1_200, 12_500_000)]
    [InlineData(long.MaxValue, 12_500_000)]
    public void The_highest_tier_that_is_reached_holds(long volume, long percent) => Assert.Equal(percent, VolumeDiscount.PercentAt(Tiers, volume));

    [Theory]
    [InlineData(3_350_000, 12_500_000, 418_800)] // 0.41875, half up at four decimals
    [InlineData(6_000_000, 5_000_000, 300_000)]
    [InlineData(999, 5_000_000, 0)] // 0.00004995
    [InlineData(1_000, 5_000_000, 100)] // 0.00005
    [InlineData(0, 5_000_000, 0)]
    [InlineData(-5_000_000, 5_000_000, 0)]
    public void It_is_rounded_once(long spend, long percent, long discount) => Assert.Equal(discount, VolumeDiscount.Of(spend, percent));

    [Fact]
    public void It_is_never_more_than_what_was_spent_and_never_falls_as_the_percent_grows() => Prop.ForAll(
        (from spend in Gen.Choose(0, int.MaxValue) from low in Gen.Choose(0, 100_000_000) from high in Gen.Choose(low, 100_000_000) select (spend, low, high)).ToArbitrary(),
        c => VolumeDiscount.Of(c.spend, c.low) is var less && VolumeDiscount.Of(c.spend, c.high) is var more && less >= 0 && less <= more && more <= c.spend).QuickCheckThrowOnFailure();
}
