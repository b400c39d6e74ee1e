using Balatrix.Core.Voice.Routing;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Voice.Routing;

/// <summary>What must hold of every plan, and the cases that people ask for.</summary>
public sealed class LeastCostProperties
{
    sealed record Case(List<RouteOffer> Offers, long Sell, RoutePolicy Policy, ulong Chance, int Seed);

    static Gen<RouteOffer> Offers() =>
        from priority in Gen.Choose(1, 3)
        from weight in Gen.Elements(0, 0, 1, 10, 100, 1000)
        from cost in Gen.Frequency((8, Gen.Choose(0, 2_000_000).Select(c => (long?)c)), (1, Gen.Constant((long?)null)), (1, Gen.Constant((long?)long.MaxValue)))
        from excluded in Gen.Frequency((5, Gen.Constant((string?)null)), (1, Gen.Constant((string?)"disabled")))
        select new RouteOffer(0, priority, weight, cost, excluded);

    static Gen<Case> Cases() =>
        from count in Gen.Choose(0, 12)
        from offers in Gen.ListOf(Offers(), count)
        from sell in Gen.Frequency((4, Gen.Choose(0, 2_500_000)), (1, Gen.Constant(0)))
        from protect in Gen.Frequency((4, Gen.Constant(true)), (1, Gen.Constant(false)))
        from margin in Gen.Elements(0, 1, 750, 10_000)
        from byWeight in Gen.Elements(true, false)
        from worth in Gen.Elements((long?)null, 0, 500_000)
        from chance in Gen.Choose(0, int.MaxValue)
        from seed in Gen.Choose(0, int.MaxValue)
        select new Case([.. offers.Select((o, i) => o with { CarrierId = i + 1 })], sell, new(protect, margin, byWeight, worth), (ulong)chance * 0x1_0000_0001, seed);

    static void ForAll(Action<Case> holds) => Prop.ForAll(Cases().ToArbitrary(), c =>
    {
        holds(c);
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(5000));

    [Fact]
    public void Nothing_is_sold_under_its_cost_and_the_least_margin() => ForAll(c =>
    {
        foreach (var route in LeastCost.Decide(c.Offers, c.Sell, c.Policy, c.Chance).Routes)
        {
            Assert.Null(route.Offer.Excluded);
            // By multiplication, so that it is not the same reckoning again: 10,000 × price must reach (10,000 + margin) × cost.
            if (c.Policy.ProtectMargin && c.Sell > 0)
                Assert.True((Int128)c.Sell * 10_000 >= (Int128)route.Offer.CostMicros!.Value * (10_000 + c.Policy.MarginBasisPoints));
            // What is sold for nothing costs no more than it is worth.
            if (c.Policy.ProtectMargin && c.Sell == 0)
                Assert.True(route.Offer.CostMicros <= (c.Policy.FreeMinuteMicros ?? long.MaxValue));
            Assert.Equal(c.Sell - route.Offer.CostMicros, route.MarginMicros);
        }
    });

    [Fact]
    public void What_pays_is_never_left_out_and_every_carrier_appears_once() => ForAll(c =>
    {
        var decision = LeastCost.Decide(c.Offers, c.Sell, c.Policy, c.Chance);
        Assert.Equal(c.Offers.Select(o => o.CarrierId), decision.Routes.Concat(decision.Rejected).Select(j => j.Offer.CarrierId).Order());
        Assert.DoesNotContain(decision.Rejected, j => j.Offer.Excluded is null && j.Offer.CostMicros is { } cost
            && (!c.Policy.ProtectMargin || (c.Sell == 0 ? cost <= (c.Policy.FreeMinuteMicros ?? long.MaxValue) : (Int128)c.Sell * 10_000 >= (Int128)cost * (10_000 + c.Policy.MarginBasisPoints))));
    });

    [Fact]
    public void Order_is_by_priority_then_cost_or_weight_and_the_same_for_the_same_chance() => ForAll(c =>
    {
        var decision = LeastCost.Decide(c.Offers, c.Sell, c.Policy, c.Chance);
        var random = new Random(c.Seed);
        var again = LeastCost.Decide([.. c.Offers.OrderBy(_ => random.Next())], c.Sell, c.Policy, c.Chance);
        Assert.Equal(decision.Routes, again.Routes);
        foreach (var (first, second) in decision.Routes.Zip(decision.Routes.Skip(1)))
        {
            Assert.True(first.Offer.Priority <= second.Offer.Priority);
            if (first.Offer.Priority != second.Offer.Priority)
                continue;
            if (c.Policy.ByWeight)
                Assert.False(first.Offer.Weight == 0 && second.Offer.Weight > 0);
            else
                Assert.True(first.Offer.CostMicros <= second.Offer.CostMicros);
        }
    });

    [Fact]
    public void A_refusal_says_whether_a_higher_price_would_help() => ForAll(c =>
    {
        var decision = LeastCost.Decide(c.Offers, c.Sell, c.Policy, c.Chance);
        var isCarried = c.Offers.Exists(o => o.Excluded is null && o.CostMicros is not null);
        Assert.Equal(decision.Routes.Count > 0 ? null : isCarried ? "below_cost" : "no_route", decision.Refusal);
    });

    [Fact]
    public void Weights_are_shares()
    {
        RouteOffer[] offers = [new(1, 1, 700, 10), new(2, 1, 200, 10), new(3, 1, 100, 10)];
        var firsts = new int[4];
        var seconds = new int[4];
        for (var n = 0UL; n < 20_000; n++)
        {
            var routes = LeastCost.Decide(offers, 100, new(ByWeight: true), n).Routes;
            firsts[routes[0].Offer.CarrierId]++;
            seconds[routes[1].Offer.CarrierId]++;
        }
        Assert.InRange(firsts[1], 13_700, 14_300);
        Assert.InRange(firsts[2], 3_800, 4_200);
        Assert.InRange(firsts[3], 1_850, 2_150);
        // Second: by the weights that are left. Carrier 1 is second with 0.2 × 7/8 + 0.1 × 7/9.
        Assert.InRange(seconds[1], 4_850, 5_260);
    }

    [Fact]
    public void A_dearer_carrier_of_a_better_priority_goes_before_a_cheaper_one_and_is_failed_over_from()
    {
        var decision = LeastCost.Decide([new(1, 20, 100, 300_000), new(2, 10, 100, 800_000), new(3, 20, 100, 200_000), new(4, 10, 100, 1_300_000)], 1_200_000, new(MarginBasisPoints: 1_000), 1);
        Assert.Equal([2, 3, 1], decision.Routes.Select(r => r.Offer.CarrierId));
        Assert.Equal((4, "below_margin", -100_000), decision.Rejected.Select(r => (r.Offer.CarrierId, r.Reason, r.MarginMicros!.Value)).Single());
    }

    [Theory]
    [InlineData(1_000_000, 0, 1_000_000)]
    [InlineData(1_000_000, 750, 1_075_000)]
    [InlineData(1, 1, 2)]
    [InlineData(0, 750, 0)]
    public void The_least_price_has_the_margin_on_the_cost_rounded_up(long cost, int basisPoints, long least)
    {
        Assert.Equal(least, (long)LeastCost.LeastPrice(cost, basisPoints));
        var offers = new[] { new RouteOffer(1, 1, 1, cost) };
        Assert.Null(LeastCost.Decide(offers, least, new(MarginBasisPoints: basisPoints), 0).Refusal);
        if (least > 0)
            Assert.Equal("below_cost", LeastCost.Decide(offers, least - 1, new(MarginBasisPoints: basisPoints), 0).Refusal);
    }

    [Theory]
    [InlineData("919812345678", "09812345678")]
    [InlineData("912269000001", "+912269000001")]
    [InlineData("442079460000", "9911442079460000")]
    public void Numbers_are_dialled_by_the_rule_of_the_longest_prefix(string digits, string dialled) =>
        Assert.Equal(dialled, DialRule.Dialled([new("", 0, "9911"), new("91", 0, "+"), new("9198", 2, "0")], digits));

    [Fact]
    public void Without_a_rule_a_number_is_dialled_as_it_is() => Assert.Equal("442079460000", DialRule.Dialled([new("91", 2, "0")], "442079460000"));

    [Theory]
    [InlineData("91", 2, "0", true)]
    [InlineData("", 0, "+00", true)]
    [InlineData("", 0, "9911*", false)]
    [InlineData("9a", 0, "", false)]
    [InlineData("", -1, "", false)]
    [InlineData("", 0, "0+", false)]
    [InlineData("", 0, "x@evil", false)]
    [InlineData("", 0, "12345678901234567", false)]
    public void A_rule_can_put_nothing_but_digits_into_a_dial_string(string prefix, int strip, string prepend, bool isValid) =>
        Assert.Equal(isValid, new DialRule(prefix, strip, prepend).IsValid);
}
