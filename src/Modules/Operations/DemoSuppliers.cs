using System.Globalization;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Invoicing;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Operations;

/// <summary>What the demonstration has outside India.</summary>
/// <param name="Login">Who signs in there.</param>
/// <param name="Invoice">The number of its first invoice; null when there was one.</param>
public sealed record DemoAbroad(string Login, string? Invoice);

/// <summary>
/// Who supplies in the demonstration: the default tenant under GST, and a tenant in Uzbekistan, whose value added tax is a table of rates in its settings.
/// Doing it again adds nothing, and leaves what was set otherwise as it is.
/// </summary>
public sealed class DemoSuppliers(Database database, CatalogSeeds catalog, AccountStore accounts, ChargingPipeline pipeline, UserSeeds users, TimeProvider time)
{
    // Beyond those that are counted up from 1.
    const int AbroadId = 998;

    static readonly TimeSpan BeforeUse = TimeSpan.FromDays(15);
    static readonly Actor Seeder = Actor.System("seed");
    static readonly (string Network, string Prefix)[] Networks = [("434-04", "99890"), ("434-05", "99893"), ("434-07", "99897")];

    sealed record Account(string Name, string Code, string CreditLimit);

    sealed record Customer(string Name, string Email, string Phone, PostalAddress Address);

    sealed record Abroad(string Slug, string Name, string Zone, string Currency, TenantSettings Settings, string Deck, string Plan, Account Account, Customer Customer, SeedUser Admin);

    sealed record SupplierFile(GstIdentity India, Abroad Uzbekistan);

    /// <summary>Makes what is missing. The pipeline must run, and the default tenant be seeded.</summary>
    public async Task<DemoAbroad> EnsureAsync(CancellationToken cancellationToken)
    {
        await using var stream = typeof(DemoSuppliers).Assembly.GetManifestResourceStream("suppliers.json")!;
        var file = (await JsonSerializer.DeserializeAsync<SupplierFile>(stream, JsonSerializerOptions.Web, cancellationToken))!;
        await SupplyAsync(SeedData.DefaultTenant, before => before with { Gst = file.India }, cancellationToken);
        return await EnsureAsync(file.Uzbekistan, cancellationToken);
    }

    async Task<DemoAbroad> EnsureAsync(Abroad abroad, CancellationToken cancellationToken)
    {
        await using (var owner = await database.Owner.OpenConnectionAsync(cancellationToken))
            await Database.ExecuteAsync(
                owner, "insert into platform.tenants (tenant_id, slug, name, zone, currency) values ($1, $2, $3, $4, $5) on conflict do nothing",
                [AbroadId, abroad.Slug, abroad.Name, abroad.Zone, abroad.Currency], cancellationToken);
        await SupplyAsync(
            AbroadId,
            before => before with
            {
                Country = abroad.Settings.Country,
                Gst = abroad.Settings.Gst,
                TaxRates = abroad.Settings.TaxRates,
                PaymentTermsDays = abroad.Settings.PaymentTermsDays,
                Branding = abroad.Settings.Branding,
            },
            cancellationToken);
        await catalog.DecksAsync(AbroadId, abroad.Deck, cancellationToken);
        await catalog.PlansAsync(AbroadId, [await SeedData.PlanAsync(abroad.Plan, cancellationToken)], cancellationToken);
        await users.EnsureAsync(AbroadId, abroad.Admin, mustChangePassword: false, (_, _) => Task.FromResult<long?>(null), cancellationToken);
        var account = await AccountAsync(abroad, cancellationToken);
        await pipeline.SubmitAsync(AbroadId, Use(account, DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime)), cancellationToken);
        var invoice = await database.InTenantAsync(AbroadId, (connection, ct) => GenerateInvoice.FirstAsync(connection, AbroadId, account, Seeder, time.GetUtcNow(), ct), cancellationToken);
        return new(abroad.Admin.Email, invoice);
    }

    /// <summary>Gives a tenant its settings as a supplier, unless it has an identity as one.</summary>
    Task<bool> SupplyAsync(int tenantId, Func<TenantSettings, TenantSettings> change, CancellationToken cancellationToken) => database.InTenantAsync(tenantId, async (connection, ct) =>
    {
        await TenantSettingsStore.LockAsync(connection, tenantId, ct);
        var before = await TenantSettingsStore.LoadAsync(connection, tenantId, ct);
        if (before.Gst is not null)
            return false;
        var after = change(before);
        if (SettingsCheck.Fault(after) is { } problem)
            throw new ProblemException(problem);
        await TenantSettingsStore.SaveAsync(connection, tenantId, after, time.GetUtcNow(), ct);
        await AuditLog.WriteAsync(connection, tenantId, Seeder, "settings.updated", "settings", "tenant", null, new { after.Country, after.Gst, after.TaxRates }, time.GetUtcNow(), ct);
        return true;
    }, cancellationToken);

    async Task<long> AccountAsync(Abroad abroad, CancellationToken cancellationToken)
    {
        var plan = await database.InTenantAsync(AbroadId, (connection, ct) => PlanStore.FindAsync(connection, AbroadId, abroad.Plan, ct), cancellationToken)
            ?? throw new InvalidOperationException($"There is no plan {abroad.Plan}.");
        var now = time.GetUtcNow();
        var limit = Money.TryParse(abroad.Account.CreditLimit, out var micros) ? micros : throw new FormatException(abroad.Account.CreditLimit);
        await accounts.OpenAsync(AbroadId, new(abroad.Account.Name, null, AccountKind.Postpaid, abroad.Currency, plan, limit, [abroad.Account.Code], now - BeforeUse), Seeder, cancellationToken);
        return await database.InTenantAsync(AbroadId, async (connection, ct) =>
        {
            var id = (await Database.QueryAsync(
                connection, "select account_id from customers.account_codes where tenant_id = $1 and code = $2", [AbroadId, abroad.Account.Code], r => r.GetInt64(0), ct)).Single();
            await CustomerOpening.EnsureAsync(
                connection, AbroadId, id,
                new()
                {
                    Id = 0,
                    Name = abroad.Customer.Name,
                    Kind = "business",
                    Status = "active",
                    Email = abroad.Customer.Email,
                    Phone = abroad.Customer.Phone,
                    KycStatus = "verified",
                    Documents = [],
                    BillingAddress = abroad.Customer.Address,
                    Contacts = [],
                    CreatedAt = now,
                    Version = 1,
                },
                now, ct);
            return id;
        }, cancellationToken);
    }

    /// <summary>Two weeks of messages, the same for a given day whenever they are made.</summary>
    static List<AccountOperation> Use(long account, DateOnly today) =>
    [
        .. from day in Enumerable.Range(1, 14).Select(n => today.AddDays(n - 15))
           from n in Enumerable.Range(0, 20)
           let id = string.Create(CultureInfo.InvariantCulture, $"demo-uz-{day:yyyyMMdd}-{n:00}")
           let at = new DateTimeOffset(day.ToDateTime(new TimeOnly(4 + (n / 2), n % 2 * 30)), TimeSpan.Zero)
           let to = Networks[(day.DayNumber + n) % Networks.Length]
           let called = to.Prefix + (1234500 + n).ToString(CultureInfo.InvariantCulture)
           select new AccountOperation(account, new Charge(new UsageEvent("sms", id, Service.Sms, at, to.Network, 1 + (n % 3), "BALATRIX", called, null), HasHappened: true)),
    ];
}
