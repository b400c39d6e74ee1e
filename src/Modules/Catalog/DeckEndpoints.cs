using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Catalog;

/// <summary>Rate decks by HTTP.</summary>
public static class DeckEndpoints
{
    const int LargestImport = 500_000;

    /// <summary>A deck to be made.</summary>
    /// <param name="Name">Plans name it by this.</param>
    /// <param name="Kind">voice, sms or event.</param>
    /// <param name="Currency">ISO 4217 code of its prices.</param>
    public sealed record DeckRequest(string? Name, string? Kind, string? Currency);

    internal static async Task<IResult> Create(DeckRequest request, HttpContext context, DeckStore decks, CancellationToken cancellationToken)
    {
        if (request.Name is not { Length: > 0 and <= 200 })
            return Problem.Invalid("name", "1 to 200 characters").ToResult();
        if (request.Kind is not ("voice" or "sms" or "event"))
            return Problem.Invalid("kind", "voice, sms or event").ToResult();
        if (request.Currency is not { Length: 3 } currency || !currency.All(char.IsAsciiLetterUpper))
            return Problem.Invalid("currency", "an ISO 4217 code such as INR").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        return await decks.CreateAsync(tenantId, request.Name, request.Kind, currency, cancellationToken) is { } id
            ? Results.Created($"/api/v1/rate-decks/{id}", await decks.FindAsync(tenantId, id, cancellationToken))
            : new Problem(409, "name_taken", "There is a deck of this name.", "name").ToResult();
    }

    internal static async Task<IResult> List(HttpContext context, DeckStore decks, CancellationToken cancellationToken) =>
        Results.Ok(new { items = await decks.ListAsync(Caller.Of(context).TenantId, cancellationToken) });

    internal static async Task<IResult> Import(
        int id, DateTimeOffset? effectiveFrom, bool? dryRun, HttpContext context, DeckStore decks, TimeProvider time, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (await decks.FindAsync(tenantId, id, cancellationToken) is not { } deck)
            return Problem.NotFound("rate deck").ToResult();
        var clock = Stopwatch.StartNew();
        using var body = new StreamReader(context.Request.Body, Encoding.UTF8);
        using var text = new StringReader(await body.ReadToEndAsync(cancellationToken));
        var file = RateDeckCsv.Read(text, Enum.Parse<DeckKind>(deck.Kind, ignoreCase: true));
        if (file.ErrorCount > 0)
        {
            var details = new Problem(422, "rate_deck_errors", $"The file has {file.ErrorCount} faults; nothing was imported.").Details();
            details.Extensions["errorCount"] = file.ErrorCount;
            details.Extensions["errors"] = file.Errors;
            return Results.Problem(details);
        }
        if (file.Rates.Count is 0 or > LargestImport)
            return new Problem(422, "rate_count", $"The file has {file.Rates.Count} rates.", Expected: $"1 to {LargestImport} rates").ToResult();
        var before = deck.Version == 0 ? [] : await decks.RatesAsync(tenantId, id, deck.Version, cancellationToken);
        var (old, fresh) = (before.ToHashSet(), file.Rates.ToHashSet());
        var diff = new { added = fresh.Count(r => !old.Contains(r)), removed = old.Count(r => !fresh.Contains(r)), same = fresh.Count(old.Contains) };
        if (dryRun == true)
            return Results.Ok(new { dryRun = true, rates = file.Rates.Count, diff });
        var from = effectiveFrom ?? time.GetUtcNow();
        var version = await decks.ImportAsync(tenantId, id, file.Rates, from, cancellationToken);
        return Results.Ok(new { dryRun = false, version, effectiveFrom = from, rates = file.Rates.Count, diff, milliseconds = clock.ElapsedMilliseconds });
    }

    internal static async Task<IResult> Export(int id, HttpContext context, DeckStore decks, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (await decks.FindAsync(tenantId, id, cancellationToken) is not { } deck)
            return Problem.NotFound("rate deck").ToResult();
        var rates = deck.Version == 0 ? [] : await decks.RatesAsync(tenantId, id, deck.Version, cancellationToken);
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        RateDeckCsv.Write(text, Enum.Parse<DeckKind>(deck.Kind, ignoreCase: true), rates);
        return Results.Text(text.ToString(), "text/csv; charset=utf-8");
    }

    internal static async Task<IResult> Lookup(
        int id, string? number, DateTimeOffset? at, int? seconds, HttpContext context, DeckStore decks, PriceBookStore books, TimeProvider time, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (await decks.FindAsync(tenantId, id, cancellationToken) is not { } view || await books.DeckAsync(tenantId, view.Name, cancellationToken) is not { } deck)
            return Problem.NotFound("rate deck").ToResult();
        if (number is not { Length: > 0 and <= 64 })
            return Problem.Invalid("number", "an E.164 number, mcc-mnc or channel").ToResult();
        if (seconds is < 0 or > 86_400)
            return Problem.Invalid("seconds", "0 to 86400").ToResult();
        var key = number.TrimStart('+');
        var when = at ?? time.GetUtcNow();
        if (!deck.TryFind(key, when, out var rate))
            return new Problem(404, "no_rate", $"The deck has no rate for {number} at {when:O}.").ToResult();
        var service = view.Kind switch { "voice" => Service.VoiceOutbound, "sms" => Service.Sms, _ => Service.Event };
        var trace = new TraceBuffer();
        var quantity = (seconds ?? 60) * (service == Service.VoiceOutbound ? 1000L : 1);
        var charge = Rater.Price(deck, 0, rate, service, when, quantity, 0, trace);
        return Results.Ok(new
        {
            number,
            at = when,
            prefix = deck.PrefixOf(rate),
            destination = deck.DescriptionOf(rate),
            amount = Money.Format(charge.AmountMicros),
            currency = deck.Currency,
            billedQuantity = charge.BilledQuantity,
            trace = JsonTrace(trace),
        });
    }

    /// <summary>A trace as JSON.</summary>
    public static JsonElement JsonTrace(TraceBuffer trace)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            trace.WriteTo(writer);
        return JsonDocument.Parse(stream.ToArray()).RootElement;
    }
}
