using Balatrix.Core.Charging;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Charging;

/// <summary>What re-rating posts.</summary>
public sealed class ReratingTests
{
    [Theory]
    [InlineData(10, 0, 0, 6, -4)]
    [InlineData(10, 0, 0, 15, 5)]
    [InlineData(10, 0, 0, 10, 0)]
    [InlineData(10, 0, -4, 6, 0)] // a second run finds nothing
    [InlineData(10, 0, -4, 7, 1)] // a rate that was mended twice
    [InlineData(6, 4, 0, 8, 0)] // a lower price eats into what was not paid
    [InlineData(6, 4, 0, 5, -1)]
    [InlineData(6, 4, 0, 12, 2)]
    [InlineData(0, 4, 0, 1, 0)]
    public void The_difference_is_what_the_price_now_would_have_charged(long charged, long shortfall, long adjusted, long price, long difference) =>
        Assert.Equal(difference, Rerating.Difference(charged, shortfall, adjusted, price));

    [Fact]
    public void Posting_a_difference_leaves_none_and_never_gives_back_more_than_was_paid() => Prop.ForAll(
        Gen.Choose(0, 1000).Four().ToArbitrary(),
        t =>
        {
            var (charged, shortfall, first, second) = t;
            var one = Rerating.Difference(charged, shortfall, 0, first);
            var two = Rerating.Difference(charged, shortfall, one, second);
            Assert.Equal(0, Rerating.Difference(charged, shortfall, one, first));
            Assert.Equal(Rerating.Difference(charged, shortfall, 0, second), one + two);
            Assert.True(charged + one + two >= 0);
        }).QuickCheckThrowOnFailure();
}
