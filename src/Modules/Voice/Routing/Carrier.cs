using System.Text.Json;
using Balatrix.Core.Voice.Routing;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Voice.Routing;

/// <summary>Who carries calls on.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Name for staff and reports.</param>
/// <param name="Gateway">The gateway in FreeSWITCH.</param>
/// <param name="Deck">The rate deck of what it costs; a carrier without one gets no calls.</param>
/// <param name="Currency">Of the costs.</param>
/// <param name="DialRules">How it wants numbers to be dialled.</param>
/// <param name="Priority">Lower ones are tried first.</param>
/// <param name="Weight">Its share among those of its priority, where calls are shared by weight.</param>
/// <param name="MaxCalls">Calls at a time that it takes; null is without a limit.</param>
/// <param name="Enabled">Whether it gets calls.</param>
/// <param name="Version">Counts its changes from 1; it is the ETag.</param>
/// <param name="CreatedAt">When it came.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
public sealed record Carrier(
    int Id, string Name, string Gateway, string? Deck, string Currency, DialRule[] DialRules, int Priority, int Weight, int? MaxCalls, bool Enabled, int Version, DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt)
{
    /// <summary>What FreeSWITCH bridges to; null when the carrier's rules leave nothing of the number.</summary>
    internal string? DialString(string digits) => DialRule.Dialled(DialRules, digits) is { Length: > 0 } dialled ? $"sofia/gateway/{Gateway}/{dialled}" : null;
}

/// <summary>Carriers in the database.</summary>
static class CarrierStore
{
    const string Columns = "carrier_id, name, gateway, deck, currency, dial_rules, priority, weight, max_calls, is_enabled, version, created_at, updated_at";

    /// <summary>All of a tenant's, in the order of their numbers.</summary>
    public static Task<List<Carrier>> ListAsync(NpgsqlConnection connection, int tenantId, CancellationToken cancellationToken) =>
        Database.QueryAsync(connection, $"select {Columns} from voice.carriers where tenant_id = $1 order by carrier_id", [tenantId], Read, cancellationToken);

    /// <summary>One, locked when it is to be changed; null when there is none.</summary>
    public static async Task<Carrier?> FindAsync(NpgsqlConnection connection, int tenantId, int id, bool toChange, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, $"select {Columns} from voice.carriers where tenant_id = $1 and carrier_id = $2{(toChange ? " for update" : "")}", [tenantId, id], Read, cancellationToken)).SingleOrDefault();

    /// <summary>Makes one, and numbers it; null when the name is taken.</summary>
    public static async Task<Carrier?> CreateAsync(NpgsqlConnection connection, int tenantId, Carrier carrier, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection,
        $"""
        insert into voice.carriers (tenant_id, name, gateway, deck, currency, dial_rules, priority, weight, max_calls, is_enabled, created_at, updated_at)
        values ($1, $2, $3, $4::text, $5, $6::jsonb, $7, $8, $9::int, $10, $11, $11) on conflict (tenant_id, name) do nothing returning {Columns}
        """,
        [
            tenantId, carrier.Name, carrier.Gateway, carrier.Deck, carrier.Currency, JsonSerializer.Serialize(carrier.DialRules, JsonSerializerOptions.Web), carrier.Priority, carrier.Weight,
            carrier.MaxCalls, carrier.Enabled, carrier.CreatedAt,
        ],
        Read, cancellationToken)).SingleOrDefault();

    /// <summary>Writes what was changed of one that is locked; null when its new name is taken.</summary>
    public static async Task<Carrier?> SaveAsync(NpgsqlConnection connection, int tenantId, Carrier changed, DateTimeOffset now, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection,
        $"""
        update voice.carriers c
           set name = $3, gateway = $4, deck = $5::text, currency = $6, dial_rules = $7::jsonb, priority = $8, weight = $9, max_calls = $10::int, is_enabled = $11, version = version + 1, updated_at = $12
         where tenant_id = $1 and carrier_id = $2 and not exists (select from voice.carriers o where o.tenant_id = $1 and o.name = $3 and o.carrier_id <> $2)
        returning {Columns}
        """,
        [
            tenantId, changed.Id, changed.Name, changed.Gateway, changed.Deck, changed.Currency, JsonSerializer.Serialize(changed.DialRules, JsonSerializerOptions.Web), changed.Priority, changed.Weight,
            changed.MaxCalls, changed.Enabled, now,
        ],
        Read, cancellationToken)).SingleOrDefault();

    /// <summary>Takes one away.</summary>
    public static Task<int> DeleteAsync(NpgsqlConnection connection, int tenantId, int id, CancellationToken cancellationToken) =>
        Database.ExecuteAsync(connection, "delete from voice.carriers where tenant_id = $1 and carrier_id = $2", [tenantId, id], cancellationToken);


    static Carrier Read(NpgsqlDataReader r) => new(
        r.GetInt32(0), r.GetString(1), r.GetString(2), r.IsDBNull(3) ? null : r.GetString(3), r.GetString(4), JsonSerializer.Deserialize<DialRule[]>(r.GetString(5), JsonSerializerOptions.Web)!,
        r.GetInt32(6), r.GetInt32(7), r.IsDBNull(8) ? null : r.GetInt32(8), r.GetBoolean(9), r.GetInt32(10), r.GetFieldValue<DateTimeOffset>(11), r.GetFieldValue<DateTimeOffset>(12));
}
