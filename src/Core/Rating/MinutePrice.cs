using Balatrix.Core.Usage;

namespace Balatrix.Core.Rating;

/// <summary>One figure for what a minute costs, whatever a deck has of connection fees, first minutes and increments.</summary>
public static class MinutePrice
{
    const long CallMinutes = 10;

    /// <summary>What a minute of a call of ten costs without allowances, in micro-units rounded down. Prices and costs are compared by it, so both mean the same call.</summary>
    /// <param name="deck">The deck.</param>
    /// <param name="deckNo">Its place among the decks that are searched.</param>
    /// <param name="rate">The rate that was found.</param>
    /// <param name="service">The direction of the call.</param>
    /// <param name="at">When it begins.</param>
    public static long Of(RateDeck deck, int deckNo, int rate, Service service, DateTimeOffset at) =>
        Rater.Price(deck, deckNo, rate, service, at, CallMinutes * 60_000, 0, null).AmountMicros / CallMinutes;
}
