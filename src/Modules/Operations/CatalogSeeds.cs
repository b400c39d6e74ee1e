using Balatrix.Core.Rating;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Operations;

/// <summary>A plan to be seeded.</summary>
public sealed record SeedPlan(string Code, string Name, string Currency, PlanTerms Terms);

/// <summary>An add-on to be seeded.</summary>
public sealed record SeedAddOn(string Code, string Name, string Currency, AddOnTerms Terms);

/// <summary>Puts the decks, plans and add-ons of the program into a tenant's catalogue. Doing it again adds nothing.</summary>
public sealed class CatalogSeeds(Database database, DeckStore decks, PlanStore plans, TimeProvider time)
{
    const string Folder = "decks/";

    static readonly Actor Seeder = Actor.System("seed");

    /// <summary>Imports decks, or only that of a name, and says how many were missing.</summary>
    public async Task<int> DecksAsync(int tenantId, string? only, CancellationToken cancellationToken)
    {
        var made = 0;
        var assembly = typeof(CatalogSeeds).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Folder, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var name = resource[Folder.Length..];
            if (only is not null && name != only)
                continue;
            var kind = name.StartsWith("sms", StringComparison.Ordinal) ? DeckKind.Sms : name == "events" ? DeckKind.Event : DeckKind.Voice;
            var currency = name.EndsWith("-uzs", StringComparison.Ordinal) ? "UZS" : "INR";
            var known = (await decks.FindAsync(tenantId, [name], cancellationToken)).SingleOrDefault();
            if (known is { Version: > 0 })
                continue;
            // A deck without a version was made by a seeding that was broken off.
            var id = known?.Id ?? await decks.CreateAsync(tenantId, name, kind.ToString().ToLowerInvariant(), currency, Seeder, cancellationToken)
                ?? throw new InvalidOperationException($"The deck {name} was made by somebody else at the same time.");
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            var rates = RateDeckCsv.Read(reader, kind);
            if (rates.ErrorCount > 0)
                throw new InvalidOperationException($"The deck {name} has faults: {rates.Errors[0]}");
            await decks.ImportAsync(tenantId, id, rates.Rates, time.GetUtcNow(), Seeder, cancellationToken);
            made++;
        }
        return made;
    }

    /// <summary>Makes and publishes plans, and says how many were missing.</summary>
    public async Task<int> PlansAsync(int tenantId, IEnumerable<SeedPlan> wanted, CancellationToken cancellationToken)
    {
        var made = 0;
        foreach (var plan in wanted)
        {
            if (await plans.CreateAsync(tenantId, plan.Code, plan.Name, plan.Currency, plan.Terms, Seeder, cancellationToken) is not { } created)
                continue;
            await plans.SetStatusAsync(tenantId, created, "published", Seeder, cancellationToken);
            made++;
        }
        return made;
    }

    /// <summary>Makes add-ons, and says how many were missing.</summary>
    public Task<int> AddOnsAsync(int tenantId, IEnumerable<SeedAddOn> wanted, CancellationToken cancellationToken) => database.InTenantAsync(tenantId, async (connection, ct) =>
    {
        var made = 0;
        foreach (var addOn in wanted)
        {
            if (await AddOnStore.CreateAsync(connection, tenantId, addOn.Code, addOn.Name, addOn.Currency, addOn.Terms, time.GetUtcNow(), ct) is not { } created)
                continue;
            await AuditLog.WriteAsync(connection, tenantId, Seeder, "addon.created", "addon", created.Code, null, created, time.GetUtcNow(), ct);
            made++;
        }
        return made;
    }, cancellationToken);
}
