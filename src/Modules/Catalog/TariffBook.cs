using Balatrix.Core.Rating;
using Balatrix.Core.Usage;

namespace Balatrix.Modules.Catalog;

/// <summary>Puts a tariff's prices before a plan's.</summary>
static class TariffBook
{
    /// <summary>The plan's book with a deck of the tariff searched first in every service that it has prices for.</summary>
    /// <param name="tariff">One version of it.</param>
    /// <param name="effectiveFrom">When that version began; destinations without a name of their own have the plan's of that time.</param>
    /// <param name="plan">The plan's book.</param>
    public static PriceBook Compile(Tariff tariff, DateTimeOffset effectiveFrom, PriceBook plan)
    {
        var decks = new Dictionary<Service, RateDeck[]>();
        foreach (var service in Enum.GetValues<Service>())
        {
            var others = plan.Decks(service).ToArray();
            var rates = tariff.Terms.RatesOf(service);
            decks[service] = rates.Count == 0 || tariff.Currency != plan.Currency
                ? others
                : [Deck(tariff, rates.Select(r => r.Description.Length > 0 ? r : r with { Description = PlansName(others, r.Prefix, effectiveFrom) }), TariffPrices.KindOf(service)), .. others];
        }
        return new PriceBook(plan.PlanVersionId, plan.Plan, plan.Currency, decks);
    }

    static RateDeck Deck(Tariff tariff, IEnumerable<Rate> rates, DeckKind kind) =>
        RateDeck.Build($"tariff {tariff.Id} version {tariff.Version}: {tariff.Name}", tariff.Currency, rates, TimeZoneInfo.Utc, new HashSet<DateOnly>(), kind);

    static string PlansName(RateDeck[] decks, string key, DateTimeOffset at) =>
        Rater.TryFind(decks, key, at, out var deck, out var rate) ? decks[deck].DescriptionOf(rate, at) : "";
}
