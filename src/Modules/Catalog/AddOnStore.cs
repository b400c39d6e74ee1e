using System.Text.Json;
using Balatrix.Core;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Catalog;

/// <summary>What an add-on says: its price a cycle, and what it adds to a plan's allowances and limits.</summary>
public sealed record AddOnTerms
{
    /// <summary>Price of one by cycle, without tax.</summary>
    public PlanPrices? Prices { get; init; }

    /// <summary>Use that one includes in every period.</summary>
    public PlanAllowance[] Allowances { get; init; } = [];

    /// <summary>What one adds to the plan's limits (tollFreeNumbers, extensions, dids, concurrentCalls).</summary>
    public Dictionary<string, int> Limits { get; init; } = [];

    /// <summary>The first fault, or null.</summary>
    public Problem? Validate()
    {
        if (Prices is null or { Monthly: null, Quarterly: null, Annual: null })
            return Problem.Invalid("terms.prices", "a price of at least one cycle");
        if (new[] { Prices.Monthly, Prices.Quarterly, Prices.Annual }.Any(p => p is not null && (!Money.TryParse(p, out var micros) || micros < 0)))
            return Problem.Invalid("terms.prices", "decimal strings such as \"99.00\"");
        return new PlanTerms { Allowances = Allowances, Limits = Limits }.Validate();
    }
}

/// <summary>An add-on.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Code">Short name in URLs and subscriptions.</param>
/// <param name="Name">Name for customers.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Status">active or retired.</param>
/// <param name="Version">Counts changes from 1.</param>
/// <param name="Terms">What it says now; subscriptions keep the price they were sold at.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
public sealed record AddOnView(int Id, string Code, string Name, string Currency, string Status, int Version, AddOnTerms Terms, DateTimeOffset UpdatedAt);

/// <summary>Add-ons in the database.</summary>
public static class AddOnStore
{
    const string Columns = "addon_id, code, name, currency, status, version, terms, updated_at";

    /// <summary>Those that are sold, or all, by code.</summary>
    public static Task<List<AddOnView>> ListAsync(NpgsqlConnection connection, int tenantId, bool all, CancellationToken cancellationToken) => Database.QueryAsync(
        connection, $"select {Columns} from catalog.addons where tenant_id = $1 {(all ? "" : "and status = 'active'")} order by code", [tenantId], Read, cancellationToken);

    /// <summary>One by code or number, or null; locked when it is to be changed.</summary>
    public static async Task<AddOnView?> FindAsync(NpgsqlConnection connection, int tenantId, string id, bool toChange, CancellationToken cancellationToken)
    {
        var isNumber = int.TryParse(id, out var number);
        var found = await Database.QueryAsync(
            connection, $"select {Columns} from catalog.addons where tenant_id = $1 and {(isNumber ? "addon_id" : "code")} = $2 {(toChange ? "for update" : "")}",
            [tenantId, isNumber ? number : id], Read, cancellationToken);
        return found.SingleOrDefault();
    }

    /// <summary>Makes one; null when the code is taken.</summary>
    public static async Task<AddOnView?> CreateAsync(
        NpgsqlConnection connection, int tenantId, string code, string name, string currency, AddOnTerms terms, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(
            connection,
            $"""
            insert into catalog.addons (tenant_id, code, name, currency, terms, created_at, updated_at) values ($1, $2, $3, $4, $5::jsonb, $6, $6)
            on conflict (tenant_id, code) do nothing returning {Columns}
            """,
            [tenantId, code, name, currency, JsonSerializer.Serialize(terms, PlanTerms.Json), now], Read, cancellationToken)).SingleOrDefault();

    /// <summary>Writes what it says from now on.</summary>
    public static async Task<AddOnView> UpdateAsync(
        NpgsqlConnection connection, AddOnView addOn, string name, string status, AddOnTerms terms, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(
            connection, $"update catalog.addons set name = $2, status = $3, terms = $4::jsonb, version = version + 1, updated_at = $5 where addon_id = $1 returning {Columns}",
            [addOn.Id, name, status, JsonSerializer.Serialize(terms, PlanTerms.Json), now], Read, cancellationToken)).Single();

    static AddOnView Read(NpgsqlDataReader r) => new(
        r.GetInt32(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetInt32(5),
        JsonSerializer.Deserialize<AddOnTerms>(r.GetString(6), PlanTerms.Json)!, r.GetFieldValue<DateTimeOffset>(7));
}
