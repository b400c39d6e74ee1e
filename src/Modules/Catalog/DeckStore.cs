using System.Globalization;
using System.Text.Json.Serialization;
using Balatrix.Core.Rating;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Catalog;

/// <summary>A deck as it is listed; its version and count are those of its latest import.</summary>
/// <param name="Id">Number of the deck.</param>
/// <param name="Name">Plans name it by this.</param>
/// <param name="Kind">voice, sms or event.</param>
/// <param name="Currency">ISO 4217 code of its prices.</param>
/// <param name="Version">Counts imports; 0 before the first.</param>
/// <param name="RateCount">Lines of the latest import.</param>
/// <param name="EffectiveFrom">When the latest import begins to hold.</param>
/// <param name="CreatedAt">When the deck was made.</param>
public sealed record DeckView(
    int Id, string Name, string Kind, string Currency, int Version, int RateCount, DateTimeOffset? EffectiveFrom, DateTimeOffset CreatedAt)
{
    /// <summary>What it prices.</summary>
    [JsonIgnore]
    public DeckKind DeckKind => Enum.Parse<DeckKind>(Kind, ignoreCase: true);
}

/// <summary>Rate decks in the database.</summary>
public sealed class DeckStore(Database database, TenantClock clock)
{
    const int Chunk = 20_000;

    const string Select = """
        select d.deck_id, d.name, d.kind, d.currency, coalesce(v.version, 0), coalesce(v.rate_count, 0), v.effective_from, d.created_at
          from catalog.rate_decks d
          left join lateral (select * from catalog.deck_versions v where v.deck_id = d.deck_id order by version desc limit 1) v on true
         where d.tenant_id = $1
        """;

    /// <summary>Decks by number, from the one after a number on.</summary>
    public Task<List<DeckView>> ListAsync(int tenantId, int after, int limit, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        (connection, ct) => Database.QueryAsync(connection, Select + " and d.deck_id > $2 order by d.deck_id limit $3", [tenantId, after, limit], Read, ct),
        cancellationToken);

    /// <summary>One by number, or null.</summary>
    public Task<DeckView?> FindAsync(int tenantId, int id, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        async (connection, ct) => (await Database.QueryAsync(connection, Select + " and d.deck_id = $2", [tenantId, id], Read, ct)).SingleOrDefault(),
        cancellationToken);

    /// <summary>Those of the given names that there are.</summary>
    public Task<List<DeckView>> FindAsync(int tenantId, string[] names, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        (connection, ct) => Database.QueryAsync(connection, Select + " and d.name = any($2)", [tenantId, names], Read, ct),
        cancellationToken);

    /// <summary>Makes an empty deck; null when the name is taken.</summary>
    public Task<int?> CreateAsync(int tenantId, string name, string kind, string currency, Actor actor, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        async (connection, ct) =>
        {
            var now = await clock.NowAsync(tenantId, ct);
            var ids = await Database.QueryAsync(
                connection,
                """
                insert into catalog.rate_decks (tenant_id, name, kind, currency, created_at) values ($1, $2, $3, $4, $5)
                on conflict (tenant_id, name) do nothing returning deck_id
                """,
                [tenantId, name, kind, currency, now], r => r.GetInt32(0), ct);
            if (ids is not [var id])
                return (int?)null;
            await AuditLog.WriteAsync(connection, tenantId, actor, "rate-deck.created", "rate-deck", Id(id), null, new { name, kind, currency }, now, ct);
            return id;
        },
        cancellationToken);

    /// <summary>Writes a version whole, in one transaction, and tells all nodes.</summary>
    public Task<int> ImportAsync(int tenantId, int deckId, List<Rate> rates, DateTimeOffset effectiveFrom, Actor actor, CancellationToken cancellationToken) =>
        database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            // The lock on the deck numbers its versions one by one.
            await Database.ExecuteAsync(connection, "select 1 from catalog.rate_decks where deck_id = $1 and tenant_id = $2 for update", [deckId, tenantId], ct);
            var now = await clock.NowAsync(tenantId, ct);
            var versions = await Database.QueryAsync(
                connection,
                """
                insert into catalog.deck_versions (tenant_id, deck_id, version, effective_from, rate_count, created_at)
                select $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5 from catalog.deck_versions where deck_id = $2 and tenant_id = $1
                returning version
                """,
                [tenantId, deckId, effectiveFrom, rates.Count, now], r => r.GetInt32(0), ct);
            for (var from = 0; from < rates.Count; from += Chunk)
                await InsertAsync(connection, tenantId, deckId, versions[0], from, rates.GetRange(from, Math.Min(Chunk, rates.Count - from)), ct);
            await Database.ExecuteAsync(connection, $"notify {PriceBookStore.Channel}", [], ct);
            await AuditLog.WriteAsync(
                connection, tenantId, actor, "rate-deck.imported", "rate-deck", Id(deckId), versions[0] == 1 ? null : new { version = versions[0] - 1 },
                new { version = versions[0], effectiveFrom, rates = rates.Count }, now, ct);
            return versions[0];
        }, cancellationToken);

    /// <summary>The rates of a version in file order.</summary>
    public Task<List<Rate>> RatesAsync(int tenantId, int deckId, int version, CancellationToken cancellationToken)
    {
        var descriptions = new Dictionary<string, string>(StringComparer.Ordinal);
        return database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                """
                select prefix, description, connect_fee_micros, from_second, rate_micros, rate_unit_seconds, minimum_seconds, increment_seconds,
                       free_seconds, days, from_time, to_time, max_charge_micros, rounding, decimals, valid_from, valid_to
                  from catalog.rates where deck_id = $1 and version = $2 and tenant_id = $3 order by line
                """,
                [deckId, version, tenantId], r => CompiledDeck.Read(r, descriptions), ct),
            cancellationToken);
    }

    static string Id(int deckId) => deckId.ToString(CultureInfo.InvariantCulture);

    static DeckView Read(NpgsqlDataReader r) => new(
        r.GetInt32(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetInt32(4), r.GetInt32(5),
        r.IsDBNull(6) ? null : r.GetFieldValue<DateTimeOffset>(6), r.GetFieldValue<DateTimeOffset>(7));

    // COPY cannot pass row-level security, so rows go in by arrays.
    static async Task InsertAsync(
        NpgsqlConnection connection, int tenantId, int deckId, int version, int firstLine, List<Rate> rates, CancellationToken cancellationToken)
    {
        await Database.ExecuteAsync(
            connection,
            """
            insert into catalog.rates (tenant_id, deck_id, version, line, prefix, description, connect_fee_micros, from_second, rate_micros,
                   rate_unit_seconds, minimum_seconds, increment_seconds, free_seconds, days, from_time, to_time, max_charge_micros, rounding,
                   decimals, valid_from, valid_to)
            select $1, $2, $3, $4 + v.line, v.prefix, v.description, v.fee, v.from_second, v.rate, v.unit, v.minimum, v.increment, v.free, v.days,
                   v.from_time, v.to_time, v.cap, v.rounding, v.decimals, v.valid_from, v.valid_to
              from unnest($5::text[], $6::text[], $7::bigint[], $8::int[], $9::bigint[], $10::int[], $11::int[], $12::int[], $13::int[], $14::smallint[],
                          $15::int[], $16::int[], $17::bigint[], $18::smallint[], $19::smallint[], $20::timestamptz[], $21::timestamptz[])
                   with ordinality as v(prefix, description, fee, from_second, rate, unit, minimum, increment, free, days, from_time, to_time, cap,
                                        rounding, decimals, valid_from, valid_to, line)
            """,
            [
                tenantId, deckId, version, firstLine,
                Column(r => r.Prefix), Column(r => r.Description), Column(r => r.ConnectFeeMicros), Column(r => r.FromSecond), Column(r => r.RateMicros),
                Column(r => r.RateUnitSeconds), Column(r => r.MinimumSeconds), Column(r => r.IncrementSeconds), Column(r => r.FreeSeconds),
                Column(r => (short)r.Days), Column(r => r.FromTime), Column(r => r.ToTime), Column(r => r.MaxChargeMicros), Column(r => (short)r.Rounding),
                Column(r => (short)r.Decimals), Column(r => r.ValidFrom?.UtcDateTime), Column(r => r.ValidTo?.UtcDateTime),
            ],
            cancellationToken);

        T[] Column<T>(Func<Rate, T> value) => [.. rates.Select(value)];
    }
}
