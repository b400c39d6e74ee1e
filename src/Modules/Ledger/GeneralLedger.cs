using Balatrix.Core.Charging;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>An entry between two books of a tenant that moves no account's balance.</summary>
/// <param name="Key">Once within the tenant.</param>
/// <param name="Debit">Where it goes.</param>
/// <param name="Credit">Where it comes from.</param>
/// <param name="AmountMicros">More than zero.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Reference">What it comes from.</param>
public sealed record GeneralEntry(Guid Key, Book Debit, Book Credit, long AmountMicros, string Currency, string Reference);

/// <summary>Posts what belongs to no account, in the caller's transaction, numbered without gaps.</summary>
public static class GeneralLedger
{
    const int LockClass = 0x6E4E;

    /// <summary>Holds the tenant's general entries until the transaction ends, so that what is read of them stays true.</summary>
    public static Task<int> LockAsync(NpgsqlConnection connection, int tenantId, CancellationToken cancellationToken) =>
        Database.ExecuteAsync(connection, "select pg_advisory_xact_lock($1, $2)", [LockClass, tenantId], cancellationToken);

    /// <summary>Writes entries; those whose key is there are left as they are.</summary>
    /// <returns>How many were written.</returns>
    public static async Task<int> PostAsync(NpgsqlConnection connection, int tenantId, IReadOnlyList<GeneralEntry> entries, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (entries.Count == 0)
            return 0;
        await LockAsync(connection, tenantId, cancellationToken);
        return await Database.ExecuteAsync(
            connection,
            """
            insert into ledger.general_entries (tenant_id, entry_no, event_key, debit_book, credit_book, amount_micros, currency, recorded_at, reference)
            select $1, (select coalesce(max(entry_no), 0) from ledger.general_entries where tenant_id = $1) + row_number() over (order by v.n), v.key, v.debit, v.credit, v.micros, v.currency, $8, v.reference
              from unnest($2::uuid[], $3::smallint[], $4::smallint[], $5::bigint[], $6::text[], $7::text[]) with ordinality as v(key, debit, credit, micros, currency, reference, n)
             where not exists (select from ledger.general_entries e where e.tenant_id = $1 and e.event_key = v.key)
            """,
            [
                tenantId, entries.Select(e => e.Key).ToArray(), entries.Select(e => (short)e.Debit).ToArray(), entries.Select(e => (short)e.Credit).ToArray(),
                entries.Select(e => e.AmountMicros).ToArray(), entries.Select(e => e.Currency).ToArray(), entries.Select(e => e.Reference).ToArray(), now,
            ], cancellationToken);
    }
}
