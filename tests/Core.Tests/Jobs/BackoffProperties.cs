using Balatrix.Core.Jobs;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Jobs;

public sealed class BackoffProperties
{
    static Arbitrary<(int Attempt, int Chance)> Cases() =>
        (from attempt in Gen.OneOf(Gen.Choose(1, 40), Gen.Choose(1, int.MaxValue)) from chance in Gen.Choose(0, Backoff.Whole) select (attempt, chance)).ToArbitrary();

    [Fact]
    public void A_wait_is_between_half_the_first_and_the_longest() => Prop.ForAll(Cases(), c =>
        Backoff.After(c.Attempt, c.Chance) is var wait && wait >= Backoff.First / 2 && wait <= Backoff.Longest).QuickCheckThrowOnFailure();

    [Fact]
    public void Chance_takes_at_most_half_and_never_adds() => Prop.ForAll(Cases(), c =>
    {
        var (least, wait, most) = (Backoff.After(c.Attempt, 0), Backoff.After(c.Attempt, c.Chance), Backoff.After(c.Attempt, Backoff.Whole));
        return least * 2 == most && least <= wait && wait <= most;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_later_attempt_never_waits_less_for_the_same_chance() => Prop.ForAll(Cases(), c =>
        c.Attempt == int.MaxValue || Backoff.After(c.Attempt + 1, c.Chance) >= Backoff.After(c.Attempt, c.Chance)).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 10)]
    [InlineData(3, 20)]
    [InlineData(8, 640)]
    [InlineData(13, 20_480)]
    [InlineData(14, 21_600)]
    [InlineData(64, 21_600)]
    public void Waits_double_until_the_longest(int attempt, int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Backoff.After(attempt, Backoff.Whole));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, -1)]
    [InlineData(1, 1001)]
    public void Nonsense_is_refused(int attempt, int chance) => Assert.Throws<ArgumentOutOfRangeException>(() => Backoff.After(attempt, chance));
}
