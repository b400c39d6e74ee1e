using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Hosting;

namespace Balatrix.Modules.Operations;

/// <summary>What seeding did; zeroes when all was there.</summary>
public sealed record SeedSummary(int Decks, int Plans, int Accounts, int Usage, int Users);

/// <summary>Puts the default tenant, plans and decks into a database, and demo data on request. Doing it again adds nothing.</summary>
public sealed class SeedData(Database database, DeckStore decks, PlanStore plans, AccountStore accounts, ChargingPipeline pipeline, UserSeeds users, IHostEnvironment environment, TimeProvider time)
{
    /// <summary>The tenant that is always there.</summary>
    public const int DefaultTenant = 1;

    sealed record SeedPlan(string Code, string Name, string Currency, PlanTerms Terms);

    sealed record SeedAccount(long Id, string Name, string Kind, string Plan, string Currency, string CreditLimit, string? TopUp, string[] Codes);

    sealed record SeedCustomer(string Email, string Name, string Password, string Customer, string Kind, long Account);

    sealed record SeedFile(SeedPlan[] Plans, SeedAccount[] Accounts, SeedUser[] Users, SeedCustomer[] Customers);

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
            if (await plans.CreateAsync(DefaultTenant, plan.Code, plan.Name, plan.Currency, plan.Terms, cancellationToken) is not { } created)
                continue;
            await plans.SetStatusAsync(DefaultTenant, created, "published", cancellationToken);
            newPlans++;
        }
        var newUsers = 0;
        foreach (var user in file.Users)
            newUsers += await SeedUserAsync(user, null, mustChangePassword: !demo && environment.IsProduction(), cancellationToken);
        if (!demo)
            return new(newDecks, newPlans, 0, 0, newUsers);
        var newAccounts = await SeedAccountsAsync(file.Accounts, cancellationToken);
        var usage = DemoUsage.Make(DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime));
        var decisions = await pipeline.SubmitAsync(DefaultTenant, usage, cancellationToken);
        foreach (var customer in file.Customers)
            newUsers += await SeedUserAsync(new(customer.Email, customer.Name, UserRole.Customer, customer.Password), customer, mustChangePassword: false, cancellationToken);
        return new(newDecks, newPlans, newAccounts, decisions.Count(d => d.Accepted && !d.IsRepeat), newUsers);
    }

    /// <summary>Seeded passwords stand in this repository: in production, where there are no demo users, they are good for nothing but changing them.</summary>
    async Task<int> SeedUserAsync(SeedUser user, SeedCustomer? customer, bool mustChangePassword, CancellationToken cancellationToken) =>
        await users.EnsureAsync(
            DefaultTenant, user, mustChangePassword,
            async (connection, ct) => customer is null
                ? null
                : await CustomerOpening.EnsureAsync(connection, DefaultTenant, customer.Customer, customer.Kind, customer.Email, customer.Account, time.GetUtcNow(), ct),
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
            var id = known?.Id ?? await decks.CreateAsync(DefaultTenant, name, kind.ToString().ToLowerInvariant(), currency, cancellationToken)
                ?? throw new InvalidOperationException($"The deck {name} was made by somebody else at the same time.");
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            var rates = RateDeckCsv.Read(reader, kind);
            if (rates.ErrorCount > 0)
                throw new InvalidOperationException($"The deck {name} has faults: {rates.Errors[0]}");
            await decks.ImportAsync(DefaultTenant, id, rates.Rates, time.GetUtcNow(), cancellationToken);
            made++;
        }
        return made;
    }

    async Task<int> SeedAccountsAsync(SeedAccount[] wanted, CancellationToken cancellationToken)
    {
        var made = 0;
        foreach (var account in wanted)
        {
            if (await accounts.FindAsync(DefaultTenant, account.Id, cancellationToken) is null)
            {
                var plan = await plans.FindAsync(DefaultTenant, account.Plan, cancellationToken);
                var credit = Money.TryParse(account.CreditLimit, out var micros) ? micros : throw new FormatException(account.CreditLimit);
                var kind = account.Kind == "prepaid" ? AccountKind.Prepaid : AccountKind.Postpaid;
                await accounts.OpenAsync(
                    DefaultTenant, new(account.Name, null, kind, account.Currency, plan, credit, account.Codes, time.GetUtcNow().AddDays(-15), account.Id), cancellationToken);
                made++;
            }
            if (account.TopUp is not null && Money.TryParse(account.TopUp, out var amount))
                await pipeline.SubmitAsync(
                    DefaultTenant, account.Id, new Post(EventKey.Of("top-up", "demo"), EntryKind.TopUp, Book.GatewayManual, amount, account.Currency, "demo top-up", null), cancellationToken);
        }
        await ReserveNumbersAsync(wanted.Max(a => a.Id), cancellationToken);
        return made;
    }

    /// <summary>New accounts are numbered behind the demo's.</summary>
    async Task ReserveNumbersAsync(long last, CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        await Database.ExecuteAsync(connection, "select setval('ledger.account_ids', greatest($1, (select last_value from ledger.account_ids)))", [last], cancellationToken);
    }

    static async Task<SeedFile> ReadAsync(CancellationToken cancellationToken)
    {
        await using var stream = typeof(SeedData).Assembly.GetManifestResourceStream("plans.json")!;
        return (await JsonSerializer.DeserializeAsync<SeedFile>(stream, JsonSerializerOptions.Web, cancellationToken))!;
    }
}
