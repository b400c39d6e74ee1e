using System.Globalization;
using Balatrix.Core.Rating;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Catalog;

/// <summary>Makes, lists and exports rate decks.</summary>
public static class DeckEndpoints
{
    const int LongestPage = 500;
    const int ExportChunk = 5_000;

    /// <summary>A deck to be made.</summary>
    /// <param name="Name">Plans name it by this.</param>
    /// <param name="Kind">voice, sms or event.</param>
    /// <param name="Currency">ISO 4217 code of its prices.</param>
    public sealed record DeckRequest(string? Name, string? Kind, string? Currency);

    /// <summary>A page of decks.</summary>
    /// <param name="Items">By number.</param>
    /// <param name="Next">Give it as <c>after</c> to get the next page; null at the end.</param>
    public sealed record DeckPage(List<DeckView> Items, int? Next);

    internal static async Task<IResult> Create(DeckRequest request, HttpContext context, DeckStore decks, CancellationToken cancellationToken)
    {
        if (request.Name is not { Length: > 0 and <= 200 } name || string.IsNullOrWhiteSpace(name))
            return Problem.Invalid("name", "1 to 200 characters").ToResult();
        if (request.Kind is not ("voice" or "sms" or "event"))
            return Problem.Invalid("kind", "voice, sms or event").ToResult();
        if (request.Currency is not { Length: 3 } currency || !currency.All(char.IsAsciiLetterUpper))
            return Problem.Invalid("currency", "an ISO 4217 code such as INR").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        return await decks.CreateAsync(tenantId, name, request.Kind, currency, Actor.Of(context), cancellationToken) is { } id
            ? Results.Created($"/api/v1/rate-decks/{id}", await decks.FindAsync(tenantId, id, cancellationToken))
            : new Problem(409, "name_taken", "There is a deck of this name.", "name").ToResult();
    }

    internal static async Task<IResult> List(int? after, int? limit, HttpContext context, DeckStore decks, CancellationToken cancellationToken)
    {
        if (limit is < 1 or > LongestPage)
            return Problem.Invalid("limit", $"1 to {LongestPage}").ToResult();
        var size = limit ?? 100;
        var items = await decks.ListAsync(Caller.Of(context).TenantId, after ?? 0, size, cancellationToken);
        return Results.Ok(new DeckPage(items, items.Count == size ? items[^1].Id : null));
    }

    internal static async Task<IResult> Get(int id, HttpContext context, DeckStore decks, CancellationToken cancellationToken) =>
        await decks.FindAsync(Caller.Of(context).TenantId, id, cancellationToken) is { } deck ? Results.Ok(deck) : Problem.NotFound("rate deck").ToResult();

    internal static async Task<IResult> Export(int id, int? version, HttpContext context, DeckStore decks, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (await decks.FindAsync(tenantId, id, cancellationToken) is not { } deck || version > deck.Version || version < 1)
            return Problem.NotFound(version is null ? "rate deck" : "version of the rate deck").ToResult();
        var rates = deck.Version == 0 ? [] : await decks.RatesAsync(tenantId, id, version ?? deck.Version, cancellationToken);
        return Results.Stream(body => WriteAsync(body, deck.DeckKind, rates, cancellationToken), "text/csv; charset=utf-8", $"deck-{id}-v{version ?? deck.Version}.csv");
    }

    static async Task WriteAsync(Stream body, DeckKind kind, List<Rate> rates, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(body, leaveOpen: true);
        for (var from = 0; from == 0 || from < rates.Count; from += ExportChunk)
        {
            using var text = new StringWriter(CultureInfo.InvariantCulture);
            RateDeckCsv.Write(text, kind, rates.GetRange(from, Math.Min(ExportChunk, rates.Count - from)));
            var lines = text.ToString();
            // The header stands once, before the first chunk.
            await writer.WriteAsync(from == 0 ? lines.AsMemory() : lines.AsMemory(lines.IndexOf('\n', StringComparison.Ordinal) + 1), cancellationToken);
        }
    }
}
