using System.Text.Json;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Catalog;

/// <summary>A tariff with its latest version.</summary>
/// <param name="Id">Its number.</param>
/// <param name="AccountId">Whose prices it has.</param>
/// <param name="Name">Name for staff and traces.</param>
/// <param name="Currency">The account's.</param>
/// <param name="ValidFrom">First instant that it holds.</param>
/// <param name="ValidTo">First instant that it no longer holds, or null.</param>
/// <param name="Version">Counts changes from 1.</param>
/// <param name="Terms">What it says.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
public sealed record Tariff(
    int Id, long AccountId, string Name, string Currency, DateTimeOffset ValidFrom, DateTimeOffset? ValidTo, int Version, TariffTerms Terms, DateTimeOffset UpdatedAt);

/// <summary>Tariffs in the database.</summary>
public static class TariffStore
{
    const string Select = """
        select t.tariff_id, t.account_id, t.name, t.currency, t.valid_from, t.valid_to, t.version, v.terms, t.updated_at
          from catalog.tariffs t join catalog.tariff_versions v on v.tariff_id = t.tariff_id and v.version = t.version
         where t.tenant_id = $1
        """;

    // A later version that takes effect before an earlier one leaves the earlier one no time at all.
    const string ReadSpans = """
        select account_id, from_at, to_at, tariff_version_id
          from (select t.account_id, v.tariff_version_id, greatest(v.effective_from, t.valid_from) as from_at,
                       least(t.valid_to, min(v.effective_from) over (partition by v.tariff_id order by v.version rows between 1 following and unbounded following)) as to_at
                  from catalog.tariffs t join catalog.tariff_versions v using (tariff_id)
                 where t.tenant_id = $1 and ($2::bigint[] is null or t.account_id = any($2))) s
         where to_at is null or from_at < to_at
         order by account_id, from_at
        """;

    /// <summary>When which version holds, for the accounts given or for all of the tenant.</summary>
    public static async Task<Dictionary<long, List<TariffSpan>>> SpansAsync(NpgsqlConnection connection, int tenantId, long[]? accountIds, CancellationToken cancellationToken)
    {
        await using var command = Database.Command(connection, ReadSpans, tenantId, accountIds);
        command.Parameters[1].NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Bigint;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var spans = new Dictionary<long, List<TariffSpan>>();
        while (await reader.ReadAsync(cancellationToken))
        {
            if (!spans.TryGetValue(reader.GetInt64(0), out var own))
                spans.Add(reader.GetInt64(0), own = []);
            own.Add(new(reader.GetFieldValue<DateTimeOffset>(1), reader.IsDBNull(2) ? null : reader.GetFieldValue<DateTimeOffset>(2), reader.GetInt32(3)));
        }
        return spans;
    }

    /// <summary>One, locked when it is to be changed, or null.</summary>
    public static async Task<Tariff?> FindAsync(NpgsqlConnection connection, int tenantId, int id, bool toChange, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(connection, $"{Select} and t.tariff_id = $2 {(toChange ? "for update of t" : "")}", [tenantId, id], Read, cancellationToken)).SingleOrDefault();

    /// <summary>A page by number, of one account or of all.</summary>
    public static async Task<List<Tariff>> ListAsync(NpgsqlConnection connection, int tenantId, long? accountId, int after, int limit, CancellationToken cancellationToken)
    {
        await using var command = Database.Command(connection, $"{Select} and ($2::bigint is null or t.account_id = $2) and t.tariff_id > $3 order by t.tariff_id limit $4", tenantId, accountId, after, limit);
        command.Parameters[1].NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var tariffs = new List<Tariff>();
        while (await reader.ReadAsync(cancellationToken))
            tariffs.Add(Read(reader));
        return tariffs;
    }

    /// <summary>Whether another tariff of the account holds in some of the time. The account must be locked.</summary>
    public static async Task<bool> OverlapsAsync(NpgsqlConnection connection, Tariff tariff, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(
            connection,
            """
            select 1 from catalog.tariffs
             where account_id = $1 and tariff_id <> $2 and valid_from < coalesce($4::timestamptz, 'infinity') and coalesce(valid_to, 'infinity') > $3
               and (valid_to is null or valid_from < valid_to)
             limit 1
            """,
            [tariff.AccountId, tariff.Id, tariff.ValidFrom, tariff.ValidTo], _ => true, cancellationToken)).Count > 0;

    /// <summary>Writes a new tariff, whose number it gives, with its first version.</summary>
    public static async Task<Tariff> CreateAsync(NpgsqlConnection connection, int tenantId, Tariff tariff, CancellationToken cancellationToken)
    {
        var ids = await Database.QueryAsync(
            connection,
            """
            insert into catalog.tariffs (tenant_id, account_id, name, currency, valid_from, valid_to, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6::timestamptz, $7, $7) returning tariff_id
            """,
            [tenantId, tariff.AccountId, tariff.Name, tariff.Currency, tariff.ValidFrom, tariff.ValidTo, tariff.UpdatedAt], r => r.GetInt32(0), cancellationToken);
        var made = tariff with { Id = ids[0], Version = 1 };
        await AddVersionAsync(connection, tenantId, made, tariff.ValidFrom, cancellationToken);
        return made;
    }

    /// <summary>Writes a change as the next version, which holds from an instant on.</summary>
    public static async Task<Tariff> UpdateAsync(NpgsqlConnection connection, int tenantId, Tariff tariff, DateTimeOffset effectiveFrom, CancellationToken cancellationToken)
    {
        var changed = tariff with { Version = tariff.Version + 1 };
        await Database.ExecuteAsync(
            connection, "update catalog.tariffs set name = $3, valid_from = $4, valid_to = $5::timestamptz, version = $6, updated_at = $7 where tariff_id = $1 and tenant_id = $2",
            [changed.Id, tenantId, changed.Name, changed.ValidFrom, changed.ValidTo, changed.Version, changed.UpdatedAt], cancellationToken);
        await AddVersionAsync(connection, tenantId, changed, effectiveFrom, cancellationToken);
        return changed;
    }

    /// <summary>What a version says, or null.</summary>
    public static async Task<(Tariff Tariff, DateTimeOffset EffectiveFrom)?> VersionAsync(NpgsqlConnection connection, int tenantId, int tariffVersionId, CancellationToken cancellationToken)
    {
        var found = await Database.QueryAsync(
            connection,
            """
            select t.tariff_id, t.account_id, t.name, t.currency, t.valid_from, t.valid_to, v.version, v.terms, t.updated_at, v.effective_from
              from catalog.tariff_versions v join catalog.tariffs t using (tariff_id)
             where v.tenant_id = $1 and v.tariff_version_id = $2
            """,
            [tenantId, tariffVersionId], r => (Read(r), r.GetFieldValue<DateTimeOffset>(9)), cancellationToken);
        return found.Count == 0 ? null : found[0];
    }

    static Task<int> AddVersionAsync(NpgsqlConnection connection, int tenantId, Tariff tariff, DateTimeOffset effectiveFrom, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection, "insert into catalog.tariff_versions (tenant_id, tariff_id, version, effective_from, terms, created_at) values ($1, $2, $3, $4, $5::jsonb, $6)",
        [tenantId, tariff.Id, tariff.Version, effectiveFrom, JsonSerializer.Serialize(tariff.Terms, PlanTerms.Json), tariff.UpdatedAt], cancellationToken);

    static Tariff Read(NpgsqlDataReader r) => new(
        r.GetInt32(0), r.GetInt64(1), r.GetString(2), r.GetString(3), r.GetFieldValue<DateTimeOffset>(4), r.IsDBNull(5) ? null : r.GetFieldValue<DateTimeOffset>(5),
        r.GetInt32(6), JsonSerializer.Deserialize<TariffTerms>(r.GetString(7), PlanTerms.Json)!, r.GetFieldValue<DateTimeOffset>(8));
}
