using Balatrix.Core.Rating;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Catalog;

/// <summary>Reads all versions of a deck into one index: each version's rates hold from its effective time to the next one's.</summary>
static class CompiledDeck
{
    const string ReadRates = """
        select r.prefix, r.description, r.connect_fee_micros, r.from_second, r.rate_micros, r.rate_unit_seconds, r.minimum_seconds, r.increment_seconds,
               r.free_seconds, r.days, r.from_time, r.to_time, r.max_charge_micros, r.rounding, r.decimals,
               case when v.version = 1 then r.valid_from else greatest(r.valid_from, v.effective_from) end,
               least(r.valid_to, v.next_from)
          from (select deck_id, version, effective_from, lead(effective_from) over (order by version) as next_from
                  from catalog.deck_versions where deck_id = $1 and tenant_id = $2) v
          join catalog.rates r on r.deck_id = v.deck_id and r.version = v.version
         where r.deck_id = $1 and r.tenant_id = $2
        """;

    public static async Task<RateDeck?> LoadAsync(Database database, int tenantId, string name, CancellationToken cancellationToken) =>
        await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var found = await Database.QueryAsync(
                connection,
                "select d.deck_id, d.currency, t.zone from catalog.rate_decks d join platform.tenants t using (tenant_id) where d.name = $1 and d.tenant_id = $2",
                [name, tenantId],
                r => (Id: r.GetInt32(0), Currency: r.GetString(1), Zone: r.GetString(2)),
                ct);
            if (found.Count == 0)
                return null;
            var holidays = await Database.QueryAsync(connection, "select day from catalog.holidays where tenant_id = $1", [tenantId], r => r.GetFieldValue<DateOnly>(0), ct);
            var rates = await Database.QueryAsync(connection, ReadRates, [found[0].Id, tenantId], Read, ct);
            // A later version that takes effect before an earlier one leaves the earlier one no time at all.
            return RateDeck.Build(
                name, found[0].Currency, rates.Where(r => r.ValidFrom is null || r.ValidTo is null || r.ValidFrom < r.ValidTo),
                TimeZoneInfo.FindSystemTimeZoneById(found[0].Zone), holidays.ToHashSet());
        }, cancellationToken);

    /// <summary>Reads a rate in the order of <see cref="ReadRates"/>.</summary>
    public static Rate Read(NpgsqlDataReader r) => new()
    {
        Prefix = r.GetString(0),
        Description = string.Intern(r.GetString(1)),
        ConnectFeeMicros = r.GetInt64(2),
        FromSecond = r.GetInt32(3),
        RateMicros = r.GetInt64(4),
        RateUnitSeconds = r.GetInt32(5),
        MinimumSeconds = r.GetInt32(6),
        IncrementSeconds = r.GetInt32(7),
        FreeSeconds = r.GetInt32(8),
        Days = (RateDays)r.GetInt16(9),
        FromTime = r.GetInt32(10),
        ToTime = r.GetInt32(11),
        MaxChargeMicros = r.IsDBNull(12) ? null : r.GetInt64(12),
        Rounding = (Rounding)r.GetInt16(13),
        Decimals = r.GetInt16(14),
        ValidFrom = r.IsDBNull(15) ? null : r.GetFieldValue<DateTimeOffset>(15),
        ValidTo = r.IsDBNull(16) ? null : r.GetFieldValue<DateTimeOffset>(16),
    };
}
