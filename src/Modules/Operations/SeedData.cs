using System.Text.Json;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Hosting;

namespace Balatrix.Modules.Operations;

/// <summary>What seeding did; zeroes when all was there.</summary>
public sealed record SeedSummary(int Decks, int Plans, int AddOns, int Accounts, int Subscriptions, int Usage, int Users);

/// <summary>Puts the default tenant, plans and decks into a database, and demo data on request. Doing it again adds nothing.</summary>
public sealed class SeedData(Database database, CatalogSeeds catalog, DemoAccounts accounts, ChargingPipeline pipeline, UserSeeds users, IHostEnvironment environment, TimeProvider time)
{
    /// <summary>The tenant that is always there.</summary>
    public const int DefaultTenant = 1;

    static readonly Actor Seeder = Actor.System("seed");

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
        var newDecks = await catalog.DecksAsync(DefaultTenant, null, cancellationToken);
        var newPlans = await catalog.PlansAsync(DefaultTenant, file.Plans, cancellationToken);
        var newAddOns = await catalog.AddOnsAsync(DefaultTenant, file.AddOns, cancellationToken);
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

    /// <summary>A plan of the program, for other tenants.</summary>
    internal static async Task<SeedPlan> PlanAsync(string code, CancellationToken cancellationToken) => (await ReadAsync(cancellationToken)).Plans.Single(p => p.Code == code);

    static async Task<SeedFile> ReadAsync(CancellationToken cancellationToken)
    {
        await using var stream = typeof(SeedData).Assembly.GetManifestResourceStream("plans.json")!;
        return (await JsonSerializer.DeserializeAsync<SeedFile>(stream, JsonSerializerOptions.Web, cancellationToken))!;
    }
}
