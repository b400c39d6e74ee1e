using System.Diagnostics;
using Balatrix.Core.Rating;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Catalog;

/// <summary>Imports a CSV as a deck's next version: checked line by line, written whole or not at all.</summary>
public static class ImportDeck
{
    /// <summary>The largest body that is read.</summary>
    public const long LargestBody = 128L * 1024 * 1024;

    const int LargestImport = 500_000;

    /// <summary>How a file differs from the version before it, destination by destination, band by band.</summary>
    /// <param name="Added">Rates of new destinations or bands.</param>
    /// <param name="Changed">Rates with other terms than before.</param>
    /// <param name="Removed">Rates that the file has no longer.</param>
    /// <param name="Same">Rates that stay as they are.</param>
    public sealed record DeckDiff(int Added, int Changed, int Removed, int Same)
    {
        /// <summary>Compares two versions.</summary>
        public static DeckDiff Between(List<Rate> before, List<Rate> after)
        {
            var old = before.ToDictionary(Key);
            var (added, changed, same) = (0, 0, 0);
            foreach (var rate in after)
            {
                if (!old.Remove(Key(rate), out var was))
                    added++;
                else if (was == rate)
                    same++;
                else
                    changed++;
            }
            return new(added, changed, old.Count, same);
        }

        static (string Prefix, RateDays Days, int From, int To, int FromSecond, DateTimeOffset? ValidFrom, DateTimeOffset? ValidTo) Key(Rate r) =>
            (r.Prefix, r.Days, r.FromTime, r.ToTime, r.FromSecond, r.ValidFrom?.ToUniversalTime(), r.ValidTo?.ToUniversalTime());
    }

    /// <summary>What an import came to.</summary>
    /// <param name="DryRun">True when nothing was written.</param>
    /// <param name="Version">The version that was written, or null.</param>
    /// <param name="EffectiveFrom">From when on it holds; the first version of a deck holds for earlier use too.</param>
    /// <param name="Rates">Rates in the file.</param>
    /// <param name="Diff">Against the version before.</param>
    /// <param name="Milliseconds">Time taken.</param>
    public sealed record Response(bool DryRun, int? Version, DateTimeOffset EffectiveFrom, int Rates, DeckDiff Diff, long Milliseconds);

    internal static async Task<IResult> Handle(
        int id, DateTimeOffset? effectiveFrom, bool? dryRun, HttpContext context, DeckStore decks, PriceBookStore books, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await decks.FindAsync(Caller.Of(context).TenantId, id, cancellationToken) is not { } deck)
            return Problem.NotFound("rate deck").ToResult();
        return await IntoAsync(deck, deck.DeckKind, () => Task.FromResult(id), effectiveFrom ?? time.GetUtcNow(), dryRun == true, context, decks, books, cancellationToken);
    }

    /// <summary>Imports the body of a request into a deck of the caller's tenant.</summary>
    /// <param name="deck">The deck, or null when there is none yet.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="idOf">Its number; asked for when the file is good and is to be written, to make the deck then.</param>
    /// <param name="from">From when on the version holds.</param>
    /// <param name="dryRun">Whether nothing is to be written.</param>
    /// <param name="context">The request.</param>
    /// <param name="decks">Decks.</param>
    /// <param name="books">Prices, which are read again.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task<IResult> IntoAsync(
        DeckView? deck, DeckKind kind, Func<Task<int>> idOf, DateTimeOffset from, bool dryRun, HttpContext context, DeckStore decks, PriceBookStore books, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var tenantId = Caller.Of(context).TenantId;
        if (await Utf8Text.ReadAsync(context.Request, cancellationToken) is not { } text)
            return new Problem(422, "rate_deck_encoding", "The file is not UTF-8.", Expected: "UTF-8").ToResult();
        var file = RateDeckCsv.Read(new StringReader(text), kind);
        if (file.ErrorCount > 0)
            return Faults(file);
        if (file.Rates.Count is 0 or > LargestImport)
            return new Problem(422, "rate_count", $"The file has {file.Rates.Count} rates.", Expected: $"1 to {LargestImport} rates").ToResult();
        var before = deck is null or { Version: 0 } ? [] : await decks.RatesAsync(tenantId, deck.Id, deck.Version, cancellationToken);
        var diff = DeckDiff.Between(before, file.Rates);
        int? version = null;
        if (!dryRun)
        {
            version = await decks.ImportAsync(tenantId, await idOf(), file.Rates, from, Actor.Of(context), cancellationToken);
            await books.RefreshAsync(cancellationToken);
        }
        return Results.Ok(new Response(dryRun, version, from, file.Rates.Count, diff, clock.ElapsedMilliseconds));
    }

    static IResult Faults(RateDeckFile file)
    {
        var details = new Problem(422, "rate_deck_errors", $"The file has {file.ErrorCount} faults; nothing was imported.").Details();
        details.Extensions["errorCount"] = file.ErrorCount;
        details.Extensions["errors"] = file.Errors;
        return Results.Problem(details);
    }
}
