using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Catalog;

/// <summary>Says which rate a number gets at a time, and why: the candidates, the choice, and the charge with its trace.</summary>
public static class LookUpRate
{
    /// <summary>The answer.</summary>
    /// <param name="Key">What the deck was searched by.</param>
    /// <param name="At">The instant whose prices hold.</param>
    /// <param name="Prefix">The match.</param>
    /// <param name="Destination">Its description.</param>
    /// <param name="Candidates">All that matched, first preference first; the first valid one is taken.</param>
    /// <param name="Quantity">Seconds, segments or events that were priced.</param>
    /// <param name="BilledQuantity">After minimum and increments.</param>
    /// <param name="Amount">The charge.</param>
    /// <param name="Currency">ISO 4217 code.</param>
    /// <param name="Trace">How the charge came about.</param>
    public sealed record Response(
        string Key, DateTimeOffset At, string Prefix, string Destination, List<RateCandidate> Candidates, int Quantity, long BilledQuantity,
        string Amount, string Currency, JsonElement Trace);

    /// <summary>What to look up.</summary>
    /// <param name="Number">Called number, for voice decks.</param>
    /// <param name="Mcc">Mobile country code, for SMS decks.</param>
    /// <param name="Mnc">Mobile network code, for SMS decks; without it the country's own rate.</param>
    /// <param name="Channel">Channel, for event decks.</param>
    /// <param name="At">Instant of the use; now when left out.</param>
    /// <param name="Seconds">Length of the call; 60 when left out.</param>
    /// <param name="Quantity">Segments or events; 1 when left out.</param>
    public sealed record Query(string? Number, string? Mcc, string? Mnc, string? Channel, DateTimeOffset? At, int? Seconds, int? Quantity);

    internal static async Task<IResult> Handle(
        int id, [AsParameters] Query query, HttpContext context, DeckStore decks, PriceBookStore books, TimeProvider time, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (await decks.FindAsync(tenantId, id, cancellationToken) is not { } view || await books.DeckAsync(tenantId, view.Name, cancellationToken) is not { } deck)
            return Problem.NotFound("rate deck").ToResult();
        var (key, problem) = KeyOf(view.DeckKind, query);
        if (key is null)
            return problem!.ToResult();
        if (query.Seconds is < 0 or > 86_400)
            return Problem.Invalid("seconds", "0 to 86400").ToResult();
        if (query.Quantity is < 1 or > 1_000_000)
            return Problem.Invalid("quantity", "1 to 1000000").ToResult();
        var at = query.At ?? time.GetUtcNow();
        var candidates = deck.Candidates(key, at);
        if (!deck.TryFind(key, at, out var rate))
        {
            var details = new Problem(404, "no_rate", $"The deck has no rate for {key} at {at:O}.").Details();
            details.Extensions["candidates"] = candidates;
            return Results.Problem(details);
        }
        var (service, quantity) = view.DeckKind switch
        {
            DeckKind.Voice => (Service.VoiceOutbound, query.Seconds ?? 60),
            DeckKind.Sms => (Service.Sms, query.Quantity ?? 1),
            _ => (Service.Event, query.Quantity ?? 1),
        };
        var trace = new TraceBuffer();
        var charge = Rater.Price(deck, 0, rate, service, at, view.DeckKind == DeckKind.Voice ? quantity * 1000L : quantity, 0, trace);
        return Results.Ok(new Response(
            key, at, deck.PrefixOf(rate), deck.DescriptionOf(rate, at), candidates, quantity, charge.BilledQuantity,
            Money.Format(charge.AmountMicros), deck.Currency, JsonTrace(trace)));
    }

    /// <summary>A trace as JSON.</summary>
    public static JsonElement JsonTrace(TraceBuffer trace)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            trace.WriteTo(writer);
        return JsonElement.Parse(stream.ToArray());
    }

    static (string? Key, Problem? Problem) KeyOf(DeckKind kind, Query query)
    {
        switch (kind)
        {
            case DeckKind.Voice:
                var digits = query.Number?.Trim().TrimStart('+');
                return digits is { Length: > 0 and <= 15 } && digits.All(char.IsAsciiDigit)
                    ? (digits, null)
                    : (null, Problem.Invalid("number", "an E.164 number of at most 15 digits"));
            case DeckKind.Sms:
                if (query.Mcc is not { Length: 3 } mcc || !mcc.All(char.IsAsciiDigit))
                    return (null, Problem.Invalid("mcc", "3 digits"));
                var mnc = query.Mnc ?? "*";
                return mnc == "*" || (mnc.Length is 2 or 3 && mnc.All(char.IsAsciiDigit))
                    ? ($"{mcc}-{mnc}", null)
                    : (null, Problem.Invalid("mnc", "2 or 3 digits"));
            default:
                return query.Channel is { Length: > 0 and <= 64 } channel
                    ? (channel, null)
                    : (null, Problem.Invalid("channel", "a channel such as sms_otp"));
        }
    }
}
