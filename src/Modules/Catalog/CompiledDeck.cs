using Balatrix.Core.Rating;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Catalog;

/// <summary>All versions of a deck in one index: each version's rates hold from its effective time to the next one's.</summary>
/// <param name="Deck">The index.</param>
/// <param name="Stamp">Of what it was compiled from: another stamp in the database means that it is out of date.</param>
sealed record CompiledDeck(RateDeck Deck, string Stamp)
{
    // A later version that takes effect before an earlier one leaves the earlier one no time at all; the first reaches back for ever.
    const string ReadRates = """
        select r.prefix, r.description, r.connect_fee_micros, r.from_second, r.rate_micros, r.rate_unit_seconds, r.minimum_seconds, r.increment_seconds,
               r.free_seconds, r.days, r.from_time, r.to_time, r.max_charge_micros, r.rounding, r.decimals,
               case when v.version = 1 then r.valid_from else greatest(r.valid_from, v.effective_from) end,
               least(r.valid_to, v.next_from)
          from (select deck_id, version, effective_from,
                       min(effective_from) over (order by version rows between 1 following and unbounded following) as next_from
                  from catalog.deck_versions where deck_id = $1 and tenant_id = $2) v
          join catalog.rates r on r.deck_id = v.deck_id and r.version = v.version
         where r.deck_id = $1 and r.tenant_id = $2
        """;

    const string ReadStamp = """
        select d.deck_id, d.kind, d.currency, t.zone,
               d.deck_id || '/' || (select count(*) from catalog.deck_versions v where v.deck_id = d.deck_id)
                         || '/' || (select coalesce(string_agg(h.day::text, ',' order by h.day), '') from catalog.holidays h where h.tenant_id = d.tenant_id)
                         || '/' || t.zone
          from catalog.rate_decks d join platform.tenants t using (tenant_id)
         where d.name = $1 and d.tenant_id = $2
        """;

    sealed record Source(int Id, DeckKind Kind, string Currency, string Zone, string Stamp);

    /// <summary>Reads and compiles a deck, or gives null when there is none of this name.</summary>
    public static Task<CompiledDeck?> LoadAsync(Database database, int tenantId, string name, CancellationToken cancellationToken) =>
        database.LookUpAsync(tenantId, async (connection, ct) =>
        {
            // The stamp is read before the rates: should they change in between, it is too old, and the next refresh compiles again.
            if (await SourceAsync(connection, tenantId, name, ct) is not { } source)
                return null;
            var holidays = await Database.QueryAsync(connection, "select day from catalog.holidays where tenant_id = $1", [tenantId], r => r.GetFieldValue<DateOnly>(0), ct);
            var descriptions = new Dictionary<string, string>(StringComparer.Ordinal);
            var rates = await Database.QueryAsync(connection, ReadRates, [source.Id, tenantId], r => Read(r, descriptions), ct);
            var deck = RateDeck.Build(
                name, source.Currency, rates.Where(r => r.ValidFrom is null || r.ValidTo is null || r.ValidFrom < r.ValidTo),
                TimeZoneInfo.FindSystemTimeZoneById(source.Zone), holidays.ToHashSet(), source.Kind);
            return new CompiledDeck(deck, source.Stamp);
        }, cancellationToken);

    /// <summary>The stamp that a deck compiled now would have, or null when there is none of this name.</summary>
    public static Task<string?> StampAsync(Database database, int tenantId, string name, CancellationToken cancellationToken) =>
        database.LookUpAsync(tenantId, async (connection, ct) => (await SourceAsync(connection, tenantId, name, ct))?.Stamp, cancellationToken);

    /// <summary>Reads a rate in the order of <see cref="ReadRates"/>; equal descriptions become one string.</summary>
    public static Rate Read(NpgsqlDataReader r, Dictionary<string, string> descriptions)
    {
        var description = r.GetString(1);
        if (!descriptions.TryGetValue(description, out var shared))
            descriptions.Add(description, shared = description);
        return new()
        {
            Prefix = r.GetString(0),
            Description = shared,
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

    static async Task<Source?> SourceAsync(NpgsqlConnection connection, int tenantId, string name, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(
            connection, ReadStamp, [name, tenantId],
            r => new Source(r.GetInt32(0), Enum.Parse<DeckKind>(r.GetString(1), ignoreCase: true), r.GetString(2), r.GetString(3), r.GetString(4)),
            cancellationToken)).SingleOrDefault();
}
