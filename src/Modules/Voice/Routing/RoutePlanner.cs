using System.Buffers.Binary;
using System.Security.Cryptography;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using Balatrix.Core.Voice.Routing;
using Balatrix.Modules.Catalog;

namespace Balatrix.Modules.Voice.Routing;

/// <summary>A carrier that a call tries.</summary>
/// <param name="CarrierId">Its number.</param>
/// <param name="Carrier">Its name.</param>
/// <param name="Gateway">The gateway in FreeSWITCH.</param>
/// <param name="DialString">What FreeSWITCH bridges to: sofia/gateway/NAME/NUMBER.</param>
/// <param name="CostPerMinuteMicros">What a minute of ten costs there.</param>
/// <param name="MarginPerMinuteMicros">What is left of the price of a minute.</param>
public sealed record CallRoute(int CarrierId, string Carrier, string Gateway, string DialString, long CostPerMinuteMicros, long MarginPerMinuteMicros);

/// <summary>The carriers of a call, in the order that it tries them.</summary>
/// <param name="Routes">Empty when it is refused, and for a tenant without carriers.</param>
/// <param name="Refusal">no_route or below_cost; null when it is not refused.</param>
public sealed record RoutePlan(IReadOnlyList<CallRoute> Routes, string? Refusal);

/// <summary>A carrier as one call saw it, with what became of it.</summary>
/// <param name="Carrier">The carrier.</param>
/// <param name="Judged">Its place in the decision.</param>
/// <param name="Prefix">The prefix of its deck that the number matches, or null.</param>
sealed record JudgedCarrier(Carrier Carrier, JudgedOffer Judged, string? Prefix);

/// <summary>Finds the carriers of a call, from memory.</summary>
public sealed class RoutePlanner
{
    /// <summary>Carriers that a call tries at most: their dial strings go to FreeSWITCH in one line.</summary>
    public const int MostRoutes = 8;

    static readonly RoutePlan Nothing = new([], null);
    static readonly RoutePlan NoRoute = new([], LeastCost.NoRoute);

    readonly RouteTables tables;
    readonly PriceBookStore books;

    internal RoutePlanner(RouteTables tables, PriceBookStore books) => (this.tables, this.books) = (tables, books);

    /// <summary>The routes of a call, or why it has none.</summary>
    /// <param name="tenantId">The tenant; one without carriers gets no routes and no refusal.</param>
    /// <param name="toE164">The called number, with or without the plus.</param>
    /// <param name="sellPerMinuteMicros">What a minute is sold for.</param>
    /// <param name="sellCurrency">In which currency.</param>
    /// <param name="at">When; costs are those of that time.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <param name="isAgain">Whether the call has its place at a carrier already.</param>
    public async ValueTask<RoutePlan> PlanAsync(
        int tenantId, string toE164, long sellPerMinuteMicros, string sellCurrency, DateTimeOffset at, CancellationToken cancellationToken, bool isAgain = false) =>
        await PlanAsync(await tables.GetAsync(tenantId, cancellationToken), tenantId, toE164, sellPerMinuteMicros, sellCurrency, at, isAgain, cancellationToken);

    /// <summary>The carrier of a gateway, from memory; null when none is known.</summary>
    internal string? CarrierOf(int tenantId, string gateway) => tables.Recall(tenantId) is { } table ? Array.Find(table.Carriers, c => c.Gateway == gateway)?.Name : null;

    /// <summary>The same by the carriers that were known last, for when the database is not there.</summary>
    internal ValueTask<RoutePlan> RecallAsync(int tenantId, string toE164, long sellPerMinuteMicros, string sellCurrency, DateTimeOffset at, CancellationToken cancellationToken) =>
        tables.Recall(tenantId) is { } table ? PlanAsync(table, tenantId, toE164, sellPerMinuteMicros, sellCurrency, at, false, cancellationToken) : new(NoRoute);

    async ValueTask<RoutePlan> PlanAsync(
        RouteTable table, int tenantId, string toE164, long sellPerMinuteMicros, string sellCurrency, DateTimeOffset at, bool isAgain, CancellationToken cancellationToken)
    {
        if (table.Carriers.Length == 0)
            return Nothing;
        if (DigitsOf(toE164) is not { } digits)
            return NoRoute;
        var (offers, _) = await OffersAsync(tenantId, table, digits, sellCurrency, at, isAgain, cancellationToken);
        var decision = LeastCost.Decide(offers, sellPerMinuteMicros, table.Policy, Chance());
        if (!isAgain && decision.Routes is [var first, ..])
            table.Count(Array.FindIndex(table.Carriers, c => c.Id == first.Offer.CarrierId));
        return new([.. decision.Routes.Take(MostRoutes).Select(r => RouteOf(Array.Find(table.Carriers, c => c.Id == r.Offer.CarrierId)!, r, digits))], decision.Refusal);
    }

    /// <summary>The same with the reasons, on carriers as they are in the database at this moment.</summary>
    internal async Task<(RouteDecision Decision, List<JudgedCarrier> Carriers, RoutePolicy Policy)> ExplainAsync(
        int tenantId, string digits, long? sellMicros, string sellCurrency, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var table = await tables.ReadAsync(tenantId, cancellationToken);
        var (offers, prefixes) = await OffersAsync(tenantId, table, digits, sellCurrency, at, false, cancellationToken);
        // Without a price there is no margin to protect, and all are shown.
        var policy = sellMicros is null ? table.Policy with { ProtectMargin = false } : table.Policy;
        var decision = LeastCost.Decide(offers, sellMicros ?? 0, policy, Chance());
        var judged = decision.Routes.Concat(decision.Rejected).Select(j => new JudgedCarrier(Array.Find(table.Carriers, c => c.Id == j.Offer.CarrierId)!, j, prefixes.GetValueOrDefault(j.Offer.CarrierId)));
        return (decision, [.. judged], policy);
    }

    /// <summary>E.164 digits, or null for what no carrier can be asked for.</summary>
    internal static string? DigitsOf(string toE164)
    {
        var digits = toE164.StartsWith('+') ? toE164[1..] : toE164;
        return digits.Length is > 0 and <= 15 && digits.All(char.IsAsciiDigit) ? digits : null;
    }

    async ValueTask<(List<RouteOffer> Offers, Dictionary<int, string> Prefixes)> OffersAsync(
        int tenantId, RouteTable table, string digits, string sellCurrency, DateTimeOffset at, bool isAgain, CancellationToken cancellationToken)
    {
        var offers = new List<RouteOffer>(table.Carriers.Length);
        var prefixes = new Dictionary<int, string>();
        for (var i = 0; i < table.Carriers.Length; i++)
        {
            var carrier = table.Carriers[i];
            var deck = carrier.Deck is null ? null : await books.DeckAsync(tenantId, carrier.Deck, cancellationToken);
            long? cost = null;
            if (deck is not null && deck.TryFind(digits, at, out var rate))
            {
                prefixes[carrier.Id] = deck.PrefixOf(rate);
                cost = MinutePrice.Of(deck, 0, rate, Service.VoiceOutbound, at);
            }
            offers.Add(new(carrier.Id, carrier.Priority, carrier.Weight, deck?.Currency == sellCurrency ? cost : null, Excluded(carrier, deck, digits, sellCurrency) ?? (!isAgain && table.IsFull(i) ? "full" : null)));
        }
        return (offers, prefixes);
    }

    static string? Excluded(Carrier carrier, RateDeck? deck, string digits, string sellCurrency)
    {
        if (!carrier.Enabled)
            return "disabled";
        if (deck is null)
            return "no_deck";
        if (deck.Currency != sellCurrency)
            return "other_currency";
        return carrier.DialString(digits) is null ? "not_dialable" : null;
    }

    static CallRoute RouteOf(Carrier carrier, JudgedOffer judged, string digits) =>
        new(carrier.Id, carrier.Name, carrier.Gateway, carrier.DialString(digits)!, judged.Offer.CostMicros!.Value, judged.MarginMicros!.Value);

    static ulong Chance()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
