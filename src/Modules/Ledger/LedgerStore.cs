using System.Collections.Immutable;
using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>The reads of the hot path. Every statement names its accounts by <c>account_id = any($1)</c>, so that it stays within their shard.</summary>
static class LedgerStore
{
    const string SelectAccounts = """
        select account_id, kind, status, currency, balance_micros, held_micros, credit_limit_micros, daily_cap_micros,
               spent_micros, spent_day, open_calls, max_calls, entry_no, plan_version_id, plan_since, first_month, last_month,
               has_tariffs, bar, recharge_mark_micros, low_mark_micros, late_hour
          from ledger.accounts
         where account_id = any($1) and tenant_id = $2
         order by account_id
        """;

    internal const string LockAccounts = $"{SelectAccounts} for update";

    // Holds of a reservation may be on an allowance whose period is over.
    internal const string ReadAllowances = """
        select account_id, allowance_id, name, service, destination_group, granted, used, held, valid_from, valid_to
          from ledger.allowances
         where account_id = any($1) and tenant_id = $2 and ((valid_to > $3 and valid_from <= $4 and used < granted) or held > 0)
        """;

    // What is looked for by account and key is one look-up in the key's index for each pair, however many rows the account has:
    // LATERAL with LIMIT leaves nothing but a loop; the order of keys, which "=" would make void, is that of no other index;
    // and the accounts are named for their shard by an OR that adds nothing, since any($1) alone would become a condition of
    // the index and be walked through once for every pair.
    internal const string ReadReservations = """
        select r.*
          from unnest($1::bigint[], $2::uuid[]) as wanted(account_id, reservation_id)
         cross join lateral (
               select account_id, reservation_id, status, held_micros, quantity, sequence, request_micros, service, source, event_id,
                      occurred_at, rating_key, calling, called, allowance_ids, allowance_quantities, expires_at
                 from ledger.reservations r
                where r.account_id = wanted.account_id and r.reservation_id between wanted.reservation_id and wanted.reservation_id and r.tenant_id = $3
                  and (r.account_id = any($1) or r.account_id = ($1)[1])
                order by r.reservation_id limit 1) r
        """;

    internal const string ReadEntries = """
        select e.*
          from unnest($1::bigint[], $2::uuid[]) as wanted(account_id, event_key)
         cross join lateral (
               select account_id, event_key, kind, entry_no, debit_book, credit_book, amount_micros, balance_after_micros
                 from ledger.journal_entries e
                where e.account_id = wanted.account_id and e.event_key between wanted.event_key and wanted.event_key and e.tenant_id = $3
                  and (e.account_id = any($1) or e.account_id = ($1)[1])
                order by e.event_key limit 1) e
        """;

    internal const string ReadPlanHistory = """
        select account_id, valid_from, plan_version_id
          from ledger.account_plans
         where account_id = any($1) and tenant_id = $2
         order by account_id, valid_from
        """;

    internal const string ReadUsage = """
        select u.*
          from unnest($1::bigint[], $2::uuid[]) as wanted(account_id, event_key)
         cross join lateral (
               select account_id, event_key, source, event_id, service, occurred_at, rating_key, quantity, calling, called,
                      entry_no, debit_book, credit_book, amount_micros, balance_after_micros,
                      plan_version_id, destination, billed_quantity, covered_quantity, shortfall_micros,
                      coalesce(detail like '{"wholeSeconds":true%', false)
                 from usage.usage_records u
                where u.account_id = wanted.account_id and u.event_key between wanted.event_key and wanted.event_key and u.tenant_id = $3
                  and u.occurred_at >= $4 and u.occurred_at < $5 and (u.account_id = any($1) or u.account_id = ($1)[1])
                order by u.event_key limit 1) u
        """;

    /// <summary>Begins the transaction, unless it is the caller's, locks the accounts in their order, and reads what their operations need: one round trip.</summary>
    public static async Task LoadAsync(NpgsqlConnection connection, ChargeBatch batch, CancellationToken cancellationToken, bool isCallersTransaction = false)
    {
        var ids = batch.Operations.Select(o => o.AccountId).Distinct().ToArray();
        await using var command = new NpgsqlBatch(connection);
        if (!isCallersTransaction)
        {
            command.BatchCommands.Add(new("begin"));
            command.BatchCommands.Add(Database.Statement("select set_config('balatrix.tenant_id', $1, true)", batch.TenantId.ToString()));
        }
        command.BatchCommands.Add(Database.Statement(LockAccounts, ids, batch.TenantId));
        command.BatchCommands.Add(Database.Statement(ReadAllowances, ids, batch.TenantId, batch.Span.First.UtcDateTime, batch.Span.Last.UtcDateTime));
        var beforeReservations = command.BatchCommands.Count;
        foreach (var wanted in KeyLookup.Of(ReservationKeys(batch)))
            command.BatchCommands.Add(Database.Statement(ReadReservations, wanted.AccountIds, wanted.Keys, batch.TenantId));
        var beforeEntries = command.BatchCommands.Count;
        foreach (var wanted in KeyLookup.Of(PostKeys(batch)))
            command.BatchCommands.Add(Database.Statement(ReadEntries, wanted.AccountIds, wanted.Keys, batch.TenantId));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!isCallersTransaction)
            await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var slot = ReadAccount(reader);
            batch.Accounts.Add(slot.State.AccountId, slot);
        }
        await reader.NextResultAsync(cancellationToken);
        var allowances = new Dictionary<long, List<AllowanceState>>();
        while (await reader.ReadAsync(cancellationToken))
            Group(allowances, reader.GetInt64(0)).Add(ReadAllowance(reader));
        var reservations = new Dictionary<long, List<ReservationState>>();
        for (var i = beforeReservations; i < beforeEntries; i++)
        {
            await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
                Group(reservations, reader.GetInt64(0)).Add(ReadReservation(reader));
        }
        while (await reader.NextResultAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
                batch.Recorded[(reader.GetInt64(0), reader.GetGuid(1))] = new(null, (EntryKind)reader.GetInt16(2), ReadPosting(reader, 3), null);
        }
        foreach (var (id, slot) in batch.Accounts)
            if (allowances.ContainsKey(id) || reservations.ContainsKey(id))
                slot.Load([.. allowances.GetValueOrDefault(id, [])], [.. reservations.GetValueOrDefault(id, [])]);
    }

    /// <summary>One account as it is now, without a lock, with the allowances of a time.</summary>
    public static NpgsqlBatchCommand[] Peek(int tenantId, long accountId, DateTimeOffset at)
    {
        long[] ids = [accountId];
        return [Database.Statement(SelectAccounts, ids, tenantId), Database.Statement(ReadAllowances, ids, tenantId, at.UtcDateTime, at.UtcDateTime)];
    }

    /// <summary>What <see cref="Peek"/> found; null when it is not there.</summary>
    public static async Task<AccountSlot?> PeekedAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var slot = await reader.ReadAsync(cancellationToken) ? ReadAccount(reader) : null;
        await reader.NextResultAsync(cancellationToken);
        var allowances = new List<AllowanceState>();
        while (await reader.ReadAsync(cancellationToken))
            allowances.Add(ReadAllowance(reader));
        slot?.Load([.. allowances], []);
        return slot;
    }

    /// <summary>Reads the plans that accounts had before their present one.</summary>
    public static async Task LoadPlanHistoryAsync(NpgsqlConnection connection, ChargeBatch batch, long[] accountIds, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlBatch(connection);
        command.BatchCommands.Add(Database.Statement(ReadPlanHistory, accountIds, batch.TenantId));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        foreach (var id in accountIds)
            batch.Accounts[id].PlanHistory = [];
        while (await reader.ReadAsync(cancellationToken))
            batch.Accounts[reader.GetInt64(0)].PlanHistory!.Add(
                (reader.GetFieldValue<DateTimeOffset>(1), reader.IsDBNull(2) ? null : reader.GetInt32(2)));
    }

    /// <summary>Looks for uses that were recorded before, within a range of months (the last one excluded).</summary>
    public static async Task LoadRecordedAsync(
        NpgsqlConnection connection, ChargeBatch batch, IReadOnlyList<RecordedQuery> queries, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlBatch(connection);
        foreach (var query in queries)
            command.BatchCommands.Add(Database.Statement(
                ReadUsage, query.Wanted.AccountIds, query.Wanted.Keys, batch.TenantId, UsageMonth.Start(query.FromMonth).UtcDateTime, UsageMonth.Start(query.ToMonth).UtcDateTime));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        do
        {
            while (await reader.ReadAsync(cancellationToken))
                batch.Recorded[(reader.GetInt64(0), reader.GetGuid(1))] = ReadRecorded(reader);
        }
        while (await reader.NextResultAsync(cancellationToken));
    }

    static AccountSlot ReadAccount(NpgsqlDataReader r) => new(
        new AccountState
        {
            AccountId = r.GetInt64(0),
            Kind = (AccountKind)r.GetInt16(1),
            Status = (AccountStatus)r.GetInt16(2),
            Currency = string.Intern(r.GetString(3)),
            BalanceMicros = r.GetInt64(4),
            HeldMicros = r.GetInt64(5),
            CreditLimitMicros = r.GetInt64(6),
            DailyCapMicros = r.IsDBNull(7) ? null : r.GetInt64(7),
            SpentMicros = r.GetInt64(8),
            SpentDay = r.GetInt32(9),
            OpenCalls = r.GetInt32(10),
            MaxCalls = r.IsDBNull(11) ? null : r.GetInt32(11),
            EntryNo = r.GetInt64(12),
            Bar = (AccountBar)r.GetInt16(18),
        },
        r.IsDBNull(13) ? null : r.GetInt32(13),
        r.IsDBNull(14) ? DateTimeOffset.MinValue : r.GetFieldValue<DateTimeOffset>(14),
        r.IsDBNull(15) ? null : r.GetInt16(15),
        r.IsDBNull(16) ? null : r.GetInt16(16),
        !r.IsDBNull(17) && r.GetBoolean(17),
        new(r.IsDBNull(19) ? null : r.GetInt64(19), r.IsDBNull(20) ? null : r.GetInt64(20)))
    {
        LateHour = r.GetInt32(21),
    };

    static AllowanceState ReadAllowance(NpgsqlDataReader r) => new(
        r.GetInt64(1), r.GetString(2), (Service)r.GetInt16(3), r.GetString(4), r.GetInt64(5), r.GetInt64(6), r.GetInt64(7),
        r.GetFieldValue<DateTimeOffset>(8), r.GetFieldValue<DateTimeOffset>(9));

    static ReservationState ReadReservation(NpgsqlDataReader r)
    {
        var usage = new UsageEvent(
            r.GetString(8), r.GetString(9), (Service)r.GetInt16(7), r.GetFieldValue<DateTimeOffset>(10), r.GetString(11), r.GetInt64(4),
            r.GetString(12), r.GetString(13), null);
        var (ids, quantities) = (r.GetFieldValue<long[]>(14), r.GetFieldValue<long[]>(15));
        return new(
            r.GetGuid(1), (ReservationStatus)r.GetInt16(2), usage, !r.IsDBNull(6), r.GetInt64(3),
            [.. ids.Zip(quantities, (id, quantity) => new AllowanceHold(id, quantity))], r.GetInt32(5), r.GetFieldValue<DateTimeOffset>(16));
    }

    static RecordedOutcome ReadRecorded(NpgsqlDataReader r) => new(
        new UsageEvent(
            r.GetString(2), r.GetString(3), (Service)r.GetInt16(4), r.GetFieldValue<DateTimeOffset>(5), r.GetString(6), r.GetInt64(7),
            r.GetString(8), r.GetString(9), null)
        {
            WholeSeconds = r.GetBoolean(20),
        },
        default,
        ReadPosting(r, 10),
        new UsageOutcome(r.GetInt32(15), r.GetString(16), r.GetInt64(17), r.GetInt64(18), r.GetInt64(19)));

    static Posting ReadPosting(NpgsqlDataReader r, int at) =>
        new(r.GetInt64(at), (Book)r.GetInt16(at + 1), (Book)r.GetInt16(at + 2), r.GetInt64(at + 3), r.GetInt64(at + 4));

    static IEnumerable<(long AccountId, Guid Key)> ReservationKeys(ChargeBatch batch) => batch.HasReservations
        ? from o in batch.Operations
          where o.Operation is Reserve or Extend or Settle or Release
          select (o.AccountId, o.Operation is Settle settle ? settle.ReservationId : o.Operation.Key)
        : [];

    static IEnumerable<(long AccountId, Guid Key)> PostKeys(ChargeBatch batch) => batch.HasPosts
        ? from o in batch.Operations where o.Operation is Post select (o.AccountId, o.Operation.Key)
        : [];

    static List<T> Group<T>(Dictionary<long, List<T>> groups, long id)
    {
        if (!groups.TryGetValue(id, out var group))
            groups.Add(id, group = []);
        return group;
    }
}

/// <summary>Keys to look for in the usage of a range of months.</summary>
readonly record struct RecordedQuery(int FromMonth, int ToMonth, KeyLookup Wanted);
