namespace Balatrix.Core.Rating;

/// <summary>What rating a use against an ordered list of decks came to. Amounts are micro-units of the deck's currency.</summary>
/// <param name="Matched">False when no deck has a rate for the key at that time: then all else is zero.</param>
/// <param name="AmountMicros">The rounded charge; <see cref="long.MaxValue"/> when it is beyond 64 bits.</param>
/// <param name="BilledQuantity">Seconds (voice) or units after minimum and increments, before allowances.</param>
/// <param name="CoveredQuantity">How much of the billed quantity the caller's allowance paid for.</param>
/// <param name="Deck">Index of the matching deck in the list given.</param>
/// <param name="Rate">Identifies the matching rate within its deck.</param>
public readonly record struct RatedCharge(
    bool Matched, long AmountMicros, long BilledQuantity, long CoveredQuantity, int Deck, int Rate);
