namespace Balatrix.Core.Voice.Routing;

/// <summary>
/// Puts carriers in the order that a call tries them: by priority, then the cheapest first or by weight. What would be sold under its cost and
/// the least margin is left out, so that a call goes to the next carrier that pays, or is refused when none does. A price of nothing is a decision of whoever made the plan:
/// its fee pays, so such a call is held to what the tenant says that a free minute is worth, and to nothing when he does not say. Bundled minutes are held to their price beyond the bundle.
/// </summary>
public static class LeastCost
{
    /// <summary>No carrier takes the number.</summary>
    public const string NoRoute = "no_route";

    /// <summary>Carriers take it, but all of them for more than it is sold for.</summary>
    public const string BelowCost = "below_cost";

    const int BasisPointsOfWhole = 10_000;

    /// <summary>Decides. The order of the offers given does not matter, and the same chance gives the same order.</summary>
    /// <param name="offers">All carriers of the tenant.</param>
    /// <param name="sellMicros">What a minute is sold for.</param>
    /// <param name="policy">The tenant's.</param>
    /// <param name="chance">Any number; decides between weights.</param>
    public static RouteDecision Decide(IEnumerable<RouteOffer> offers, long sellMicros, RoutePolicy policy, ulong chance)
    {
        var (taken, rejected) = (new List<RouteOffer>(), new List<JudgedOffer>());
        var isUnderCost = false;
        foreach (var offer in offers.OrderBy(o => o.CarrierId))
        {
            var reason = offer.Excluded ?? (offer.CostMicros is null ? "no_rate" : null);
            if (reason is not null)
            {
                rejected.Add(new(offer, Margin(offer, sellMicros), reason));
            }
            else if (!policy.Covers(sellMicros, offer.CostMicros!.Value))
            {
                isUnderCost = true;
                rejected.Add(new(offer, Margin(offer, sellMicros), "below_margin"));
            }
            else
            {
                taken.Add(offer);
            }
        }
        if (taken.Count == 0)
            return new([], rejected, isUnderCost ? BelowCost : NoRoute);
        var routes = new List<JudgedOffer>(taken.Count);
        foreach (var tier in taken.GroupBy(o => o.Priority).OrderBy(g => g.Key))
        {
            IEnumerable<RouteOffer> ordered = policy.ByWeight ? Weighted([.. tier], ref chance) : Cheapest(tier);
            routes.AddRange(ordered.Select(o => new JudgedOffer(o, Margin(o, sellMicros), policy.ByWeight ? $"priority {o.Priority}, weight {o.Weight}" : $"priority {o.Priority}, then the cheapest")));
        }
        return new(routes, rejected, null);
    }

    /// <summary>The lowest price that a cost may be sold at: a fraction of a micro-unit counts for the margin.</summary>
    public static Int128 LeastPrice(long costMicros, int marginBasisPoints) =>
        costMicros + ((((Int128)costMicros * marginBasisPoints) + BasisPointsOfWhole - 1) / BasisPointsOfWhole);

    static IOrderedEnumerable<RouteOffer> Cheapest(IEnumerable<RouteOffer> tier) => tier.OrderBy(o => o.CostMicros).ThenBy(o => o.CarrierId);

    static long? Margin(RouteOffer offer, long sellMicros) => offer.CostMicros is { } cost ? sellMicros - cost : null;

    /// <summary>Draws one after the other, each by its share of the weights that are left.</summary>
    static List<RouteOffer> Weighted(List<RouteOffer> tier, ref ulong chance)
    {
        var order = new List<RouteOffer>(tier.Count);
        for (var total = tier.Sum(o => (long)o.Weight); total > 0; total -= order[^1].Weight)
        {
            var at = (long)(Next(ref chance) % (ulong)total);
            var drawn = 0;
            while ((at -= tier[drawn].Weight) >= 0)
                drawn++;
            order.Add(tier[drawn]);
            tier.RemoveAt(drawn);
        }
        order.AddRange(Cheapest(tier));
        return order;
    }

    /// <summary>SplitMix64: well mixed numbers, one after the other, from any first one.</summary>
    static ulong Next(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
