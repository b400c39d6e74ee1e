using Balatrix.Core.Rating;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Voice.Routing;

/// <summary>Imports what a carrier costs as the next version of its rate deck; a carrier without one gets it here.</summary>
public static class ImportCosts
{
    internal static async Task<IResult> Handle(
        int id, DateTimeOffset? effectiveFrom, bool? dryRun, HttpContext context, CarrierTools tools, PriceBookStore books, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (await tools.FindAsync(tenantId, id, cancellationToken) is not { } carrier)
            return Problem.NotFound("carrier").ToResult();
        var now = await tools.Clock.NowAsync(tenantId, cancellationToken);
        // Decks are never deleted: one of the name that is ours to give was made by an import that was broken off, or for a carrier of this name that is gone.
        var name = carrier.Deck ?? $"costs of {carrier.Name}";
        var deck = await tools.DeckAsync(tenantId, name, cancellationToken);
        if (carrier.Deck is null && deck is not null && (deck.Kind != "voice" || deck.Currency != carrier.Currency))
            throw new ProblemException(new(409, "name_taken", $"There is a rate deck \"{name}\" of another kind or currency.", "deck", "another deck, named by a change of the carrier"));
        return await ImportDeck.IntoAsync(
            deck, DeckKind.Voice, () => carrier.Deck is null ? AdoptAsync(deck, name, carrier, tenantId, now, context, tools, cancellationToken) : Task.FromResult(deck!.Id),
            effectiveFrom ?? now, dryRun == true, context, tools.Decks, books, cancellationToken);
    }

    /// <summary>Gives a carrier its deck, and makes that unless it is there.</summary>
    static async Task<int> AdoptAsync(
        DeckView? deck, string name, Carrier carrier, int tenantId, DateTimeOffset now, HttpContext context, CarrierTools tools, CancellationToken cancellationToken)
    {
        var deckId = deck?.Id ?? await tools.Decks.CreateAsync(tenantId, name, "voice", carrier.Currency, Actor.Of(context), cancellationToken)
            ?? throw new ProblemException(new(409, "version_changed", "Costs of the carrier are being imported already; try again."));
        await tools.Database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var before = (await CarrierStore.FindAsync(connection, tenantId, carrier.Id, toChange: true, ct))!;
            var after = (await CarrierStore.SaveAsync(connection, tenantId, before with { Deck = name }, now, ct))!;
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "carrier.updated", "carrier", after.Name, before, after, now, ct);
            return true;
        }, cancellationToken);
        await tools.Tables.ReadAsync(tenantId, cancellationToken);
        return deckId;
    }
}
