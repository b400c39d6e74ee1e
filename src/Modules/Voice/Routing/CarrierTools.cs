using Balatrix.Modules.Catalog;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Voice.Routing;

/// <summary>What every change of a carrier needs.</summary>
/// <param name="Database">The database.</param>
/// <param name="Clock">The tenant's time.</param>
/// <param name="Decks">Rate decks, among them those of costs.</param>
/// <param name="Tables">Carriers in memory.</param>
sealed record CarrierTools(Database Database, TenantClock Clock, DeckStore Decks, RouteTables Tables)
{
    /// <summary>One carrier, or null.</summary>
    public Task<Carrier?> FindAsync(int tenantId, int id, CancellationToken cancellationToken) =>
        Database.InTenantAsync(tenantId, (connection, ct) => CarrierStore.FindAsync(connection, tenantId, id, toChange: false, ct), cancellationToken);

    /// <summary>A deck by name, or null.</summary>
    public async Task<DeckView?> DeckAsync(int tenantId, string name, CancellationToken cancellationToken) =>
        (await Decks.FindAsync(tenantId, [name], cancellationToken)).SingleOrDefault();
}
