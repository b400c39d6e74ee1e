using System.Text.Json;
using Balatrix.Core.Rating;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Hosting;

namespace Balatrix.Modules.Operations;

/// <summary>What seeding did; zeroes when all was there.</summary>
public sealed record SeedSummary(int Decks, int Plans, int AddOns, int Accounts, int Subscriptions, int Usage, int Users);

/// <summary>Puts the default tenant, plans and decks into a database, and demo data on request. Doing it again adds nothing.</summary>
public sealed class SeedData(Database database, DeckStore decks, PlanStore plans, DemoAccounts accounts, ChargingPipeline pipeline, UserSeeds users, IHostEnvironment environment, TimeProvider time)
{
    /// <summary>The tenant that is always there.</summary>
    public const int DefaultTenant = 1;

    static readonly Actor Seeder = Actor.System("seed");

    sealed record SeedPlan(string Code, string Name, string Currency, PlanTerms Terms);

    sealed record SeedAddOn(string Code, string Name, string Currency, AddOnTerms Terms);

    sealed record SeedCustomer(string Email, string Name, string Password, string Customer, string Kind, long Account, string? Gstin, string? Phone, PostalAddress? Address);

    sealed record SeedFile(SeedPlan[] Plans, SeedAddOn[] AddOns, DemoAccount[] Accounts, SeedUser[] Users, SeedCustomer[] Customers);

    /// <summary>Makes the default tenant.</summary>
    public async Task EnsureTenantAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        await Database.ExecuteAsync(
            connection, "insert into platform.tenants (tenant_id, slug, name) values ($1, 'default', 'Balatrix') on conflict do nothing", [DefaultTenant], cancellationToken);
    }

    /// <summary>Seeds plans and decks, and with <paramref name="demo"/> accounts with two weeks of usage. The pipeline must run for that.</summary>
    public async Task<SeedSummary> RunAsync(bool demo, CancellationToken cancellationToken)
    {
        await EnsureTenantAsync(cancellationToken);
        var file = await ReadAsync(cancellationToken);
        var newDecks = await SeedDecksAsync(cancellationToken);
        var newPlans = 0;
        foreach (var plan in file.Plans)
        {
            if (await plans.CreateAsync(DefaultTenant, plan.Code, plan.Name, plan.Currency, plan.Terms, Seeder, cancellationToken) is not { } created)
                continue;
            await plans.SetStatusAsync(DefaultTenant, created, "published", Seeder, cancellationToken);
            newPlans++;
        }
        var newAddOns = await SeedAddOnsAsync(file.AddOns, cancellationToken);
        var newUsers = 0;
        foreach (var user in file.Users)
            newUsers += await SeedUserAsync(user, null, mustChangePassword: !demo && environment.IsProduction(), cancellationToken);
        if (!demo)
            return new(newDecks, newPlans, newAddOns, 0, 0, 0, newUsers);
        var (newAccounts, newSubscriptions) = await accounts.EnsureAsync(DefaultTenant, file.Accounts, Seeder, cancellationToken);
        var usage = DemoUsage.Make(DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
        var decisions = await pipeline.SubmitAsync(DefaultTenant, usage, cancellationToken);
        foreach (var customer in file.Customers)
            newUsers += await SeedUserAsync(new(customer.Email, customer.Name, UserRole.Customer, customer.Password), customer, mustChangePassword: false, cancellationToken);
        return new(newDecks, newPlans, newAddOns, newAccounts, newSubscriptions, decisions.Count(d => d.Accepted && !d.IsRepeat), newUsers);
    }

    /// <summary>Seeded passwords stand in this repository: in production, where there are no demo users, they are good for nothing but changing them.</summary>
    async Task<int> SeedUserAsync(SeedUser user, SeedCustomer? customer, bool mustChangePassword, CancellationToken cancellationToken) =>
        await users.EnsureAsync(
            DefaultTenant, user, mustChangePassword,
            async (connection, ct) => customer is null
                ? null
                : await CustomerOpening.EnsureAsync(
                    connection, DefaultTenant, customer.Account,
                    new() { Id = 0, Name = customer.Customer, Kind = customer.Kind, Status = "active", Email = customer.Email, Phone = customer.Phone, Pan = customer.Gstin?[2..12], Gstin = customer.Gstin, KycStatus = "verified", Documents = [], BillingAddress = customer.Address, Contacts = [], CreatedAt = time.GetUtcNow(), Version = 1 },
                    time.GetUtcNow(), ct),
            cancellationToken) ? 1 : 0;

    async Task<int> SeedDecksAsync(CancellationToken cancellationToken)
    {
        var made = 0;
        var assembly = typeof(SeedData).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith("decks/", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var name = resource["decks/".Length..];
            var kind = name.StartsWith("sms", StringComparison.Ordinal) ? DeckKind.Sms : name == "events" ? DeckKind.Event : DeckKind.Voice;
            var currency = name.EndsWith("-uzs", StringComparison.Ordinal) ? "UZS" : "INR";
            var known = (await decks.FindAsync(DefaultTenant, [name], cancellationToken)).SingleOrDefault();
            if (known is { Version: > 0 })
                continue;
            // A deck without a version was made by a seeding that was broken off.
            var id = known?.Id ?? await decks.CreateAsync(DefaultTenant, name, kind.ToString().ToLowerInvariant(), currency, Seeder, cancellationToken)
                ?? throw new InvalidOperationException($"The deck {name} was made by somebody else at the same time.");
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            var rates = RateDeckCsv.Read(reader, kind);
            if (rates.ErrorCount > 0)
                throw new InvalidOperationException($"The deck {name} has faults: {rates.Errors[0]}");
            await decks.ImportAsync(DefaultTenant, id, rates.Rates, time.GetUtcNow(), Seeder, cancellationToken);
            made++;
        }
        return made;
    }

    Task<int> SeedAddOnsAsync(SeedAddOn[] wanted, CancellationToken cancellationToken) => database.InTenantAsync(DefaultTenant, async (connection, ct) =>
    {
        var made = 0;
        foreach (var addOn in wanted)
        {
            if (await AddOnStore.CreateAsync(connection, DefaultTenant, addOn.Code, addOn.Name, addOn.Currency, addOn.Terms, time.GetUtcNow(), ct) is not { } created)
                continue;
            await AuditLog.WriteAsync(connection, DefaultTenant, Seeder, "addon.created", "addon", created.Code, null, created, time.GetUtcNow(), ct);
            made++;
        }
        return made;
    }, cancellationToken);

    static async Task<SeedFile> ReadAsync(CancellationToken cancellationToken)
    {
        await using var stream = typeof(SeedData).Assembly.GetManifestResourceStream("plans.json")!;
        return (await JsonSerializer.DeserializeAsync<SeedFile>(stream, JsonSerializerOptions.Web, cancellationToken))!;
    }
}
