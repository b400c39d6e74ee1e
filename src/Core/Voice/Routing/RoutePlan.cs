namespace Balatrix.Core.Voice.Routing;

/// <summary>A carrier as one call sees it.</summary>
/// <param name="CarrierId">Its number, which decides between equals.</param>
/// <param name="Priority">Lower ones are tried first.</param>
/// <param name="Weight">Its share among those of its priority, when they share by weight; 0 is tried after all that have one.</param>
/// <param name="CostMicros">What a minute costs there, in the currency that it is sold in; null when it cannot be said.</param>
/// <param name="Excluded">Why it is not asked, whatever it costs; null when it may be.</param>
public sealed record RouteOffer(int CarrierId, int Priority, int Weight, long? CostMicros, string? Excluded = null);

/// <summary>An offer with what became of it.</summary>
/// <param name="Offer">The carrier.</param>
/// <param name="MarginMicros">What is left of the price of a minute; null without a cost.</param>
/// <param name="Reason">Why it stands where it does, or why it is not taken.</param>
public sealed record JudgedOffer(RouteOffer Offer, long? MarginMicros, string Reason);

/// <summary>The carriers of one call.</summary>
/// <param name="Routes">In the order to be tried.</param>
/// <param name="Rejected">The others, in the order of their numbers.</param>
/// <param name="Refusal">no_route or below_cost, when there is none to be tried.</param>
public sealed record RouteDecision(IReadOnlyList<JudgedOffer> Routes, IReadOnlyList<JudgedOffer> Rejected, string? Refusal);

/// <summary>How a tenant routes.</summary>
/// <param name="ProtectMargin">Whether nothing is sold under its cost and margin.</param>
/// <param name="MarginBasisPoints">The least margin, in hundredths of a per cent of the cost.</param>
/// <param name="ByWeight">Whether carriers of one priority share by weight; else the cheapest is first.</param>
/// <param name="FreeMinuteMicros">What a minute is worth that is sold for nothing, since the plan's fee pays for it; null when it may cost whatever it costs.</param>
public sealed record RoutePolicy(bool ProtectMargin = true, int MarginBasisPoints = 0, bool ByWeight = false, long? FreeMinuteMicros = null)
{
    /// <summary>Whether a cost is covered by what a minute is sold for, or by what it is worth.</summary>
    public bool Covers(long sellMicros, long costMicros) =>
        !ProtectMargin || (sellMicros == 0 ? FreeMinuteMicros is not { } worth || costMicros <= worth : sellMicros >= LeastCost.LeastPrice(costMicros, MarginBasisPoints));
}
