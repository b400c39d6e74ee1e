namespace Balatrix.Core.Rating;

/// <summary>The charge's one rounding.</summary>
public enum Rounding : byte
{
    /// <summary>Half away from zero.</summary>
    HalfUp,

    /// <summary>Always to the larger amount.</summary>
    Up,

    /// <summary>Half to the even neighbour.</summary>
    HalfEven,

    /// <summary>Always to the smaller amount.</summary>
    Down,
}

/// <summary>An immutable, indexed deck: built once, searched from any thread, swapped whole when prices change.</summary>
public sealed partial class RateDeck
{
    /// <summary>The deck's name, for traces.</summary>
    public required string Name { get; init; }

    /// <summary>ISO 4217 code of all its prices.</summary>
    public required string Currency { get; init; }
}

/// <summary>What rating a use against an ordered list of decks came to. Amounts are micro-units of the deck's currency.</summary>
/// <param name="Matched">False when no deck has a rate for the key at that time: then all else is zero.</param>
/// <param name="AmountMicros">The rounded charge.</param>
/// <param name="BilledQuantity">Seconds (voice) or units after minimum and increments, before allowances.</param>
/// <param name="CoveredQuantity">How much of the billed quantity the caller's allowance paid for.</param>
/// <param name="Deck">Index of the matching deck in the list given.</param>
/// <param name="Rate">Identifies the matching rate within its deck.</param>
public readonly record struct RatedCharge(
    bool Matched, long AmountMicros, long BilledQuantity, long CoveredQuantity, int Deck, int Rate);
