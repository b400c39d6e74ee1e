using Balatrix.Core.Usage;

namespace Balatrix.Core.Rating;

/// <summary>The prices of one plan version: for each service the decks to search, in order of preference. Immutable.</summary>
public sealed class PriceBook
{
    readonly RateDeck[][] decks = new RateDeck[5][];

    /// <summary>Makes a price book; a service that is left out has no prices and is refused.</summary>
    public PriceBook(int planVersionId, string plan, string currency, IReadOnlyDictionary<Service, RateDeck[]> decksByService)
    {
        PlanVersionId = planVersionId;
        Plan = plan;
        Currency = currency;
        for (var i = 0; i < decks.Length; i++)
            decks[i] = decksByService.GetValueOrDefault((Service)i, []);
    }

    /// <summary>The plan version that every charge made from this book names.</summary>
    public int PlanVersionId { get; }

    /// <summary>The plan's name, for traces.</summary>
    public string Plan { get; }

    /// <summary>ISO 4217 code of all its prices.</summary>
    public string Currency { get; }

    /// <summary>The decks of a service, first preference first.</summary>
    public ReadOnlySpan<RateDeck> Decks(Service service) =>
        (uint)service < (uint)decks.Length ? decks[(int)service] : [];
}
