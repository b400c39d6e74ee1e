using Balatrix.Core.Payments;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Payments;

/// <summary>Between our micro-units and what gateways count in.</summary>
public sealed class MinorUnitTests
{
    [Theory]
    [InlineData("349.00", "INR", 34900)]
    [InlineData("0.01", "INR", 1)]
    [InlineData("10", "JPY", 10)]
    [InlineData("5.120", "KWD", 5120)]
    [InlineData("1.00", "UGX", 100)]
    [InlineData("-1.50", "USD", -150)]
    public void Exact_amounts_have_minor_units(string text, string currency, long expected)
    {
        Assert.True(Money.TryParse(text, out var micros));
        Assert.True(MinorUnits.TryFrom(new Money(micros, currency), out var minor));
        Assert.Equal(expected, minor);
        Assert.True(MinorUnits.TryToMoney(minor, currency.ToLowerInvariant(), out var back));
        Assert.Equal(new Money(micros, currency), back);
    }

    [Theory]
    [InlineData("0.001", "INR")]
    [InlineData("10.50", "JPY")]
    [InlineData("5.123", "KWD")]
    public void Others_have_none(string text, string currency)
    {
        Assert.True(Money.TryParse(text, out var micros));
        Assert.False(MinorUnits.TryFrom(new Money(micros, currency), out _));
    }

    [Theory]
    [InlineData(long.MaxValue, "INR")]
    [InlineData(long.MinValue, "INR")]
    [InlineData(1, "")]
    [InlineData(1, "RUPEE")]
    [InlineData(1, "IN1")]
    public void What_cannot_be_counted_is_refused(long minor, string currency) => Assert.False(MinorUnits.TryToMoney(minor, currency, out _));

    [Fact]
    public void There_and_back_is_the_same() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), minor => MinorUnits.TryToMoney(minor, "INR", out var amount) && MinorUnits.TryFrom(amount, out var back) && back == minor)
            .QuickCheckThrowOnFailure();
}
