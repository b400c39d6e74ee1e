using Balatrix.Core.Charging;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>The writes of the hot path: usage by COPY, everything else one statement a table, then the commit.</summary>
static class LedgerWrites
{
    internal const string UpdateAccounts = """
        update ledger.accounts a
           set balance_micros = v.balance, held_micros = v.held, spent_micros = v.spent, spent_day = v.day, open_calls = v.calls,
               entry_no = v.entry_no, first_month = v.first_month, last_month = v.last_month, late_hour = v.late_hour
          from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::int[], $7::bigint[], $8::smallint[], $9::smallint[], $10::int[])
               as v(account_id, balance, held, spent, day, calls, entry_no, first_month, last_month, late_hour)
         where a.account_id = any($1) and a.account_id = v.account_id
        """;

    internal const string UpdateAllowances = """
        update ledger.allowances a
           set used = v.used, held = v.held
          from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) as v(account_id, allowance_id, used, held)
         where a.account_id = v.account_id and a.allowance_id = v.allowance_id and a.account_id = any($1)
        """;

    const string SaveReservation = """
        insert into ledger.reservations (account_id, reservation_id, tenant_id, status, held_micros, quantity, sequence, request_micros, service,
               source, event_id, occurred_at, rating_key, calling, called, allowance_ids, allowance_quantities, expires_at, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19)
        on conflict (account_id, reservation_id) do update
           set status = excluded.status, held_micros = excluded.held_micros, quantity = excluded.quantity, sequence = excluded.sequence,
               allowance_ids = excluded.allowance_ids, allowance_quantities = excluded.allowance_quantities,
               expires_at = excluded.expires_at, updated_at = excluded.updated_at
        """;

    const string InsertEntries = """
        insert into ledger.journal_entries (account_id, entry_no, tenant_id, event_key, kind, debit_book, credit_book, amount_micros,
               balance_after_micros, recorded_at, reference, detail)
        select v.account_id, v.entry_no, $10, v.event_key, v.kind, v.debit, v.credit, v.amount, v.balance, $11, v.reference, v.detail
          from unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::smallint[], $5::smallint[], $6::smallint[], $7::bigint[], $8::bigint[],
               $9::text[], $12::text[]) as v(account_id, entry_no, event_key, kind, debit, credit, amount, balance, reference, detail)
        """;

    /// <summary>Adds all that a batch decided to the writes, does them and commits, unless it is the caller's transaction. The usage of each month goes straight into its partition.</summary>
    public static async Task SaveAsync(
        NpgsqlBatch writes, ChargeBatch batch, DateTimeOffset now, CancellationToken cancellationToken, bool isCallersTransaction = false)
    {
        foreach (var (month, rows) in batch.NewUsage)
        {
            if (rows.Rows == 0)
                continue;
            rows.Finish();
            await using var copy = await writes.Connection!.BeginRawBinaryCopyAsync(CopyCommand(month), cancellationToken);
            foreach (var segment in rows.Written)
                await copy.WriteAsync(segment, cancellationToken);
            await copy.FlushAsync(cancellationToken);
        }
        var changed = batch.Accounts.Values.Where(slot => slot.IsChanged).ToArray();
        if (changed.Length > 0)
        {
            writes.BatchCommands.Add(AccountUpdate(changed));
            AddAllowances(writes, changed);
            AddReservations(writes, batch.TenantId, changed, now);
        }
        if (batch.NewEntries.Count > 0)
            writes.BatchCommands.Add(Entries(batch, now));
        BalanceCrossings.AddJobs(writes, batch.TenantId, changed);
        if (batch.IsUrgent && !isCallersTransaction)
            writes.BatchCommands.Add(new("set local synchronous_commit = off"));
        if (!isCallersTransaction)
            writes.BatchCommands.Add(new("commit"));
        await writes.ExecuteNonQueryAsync(cancellationToken);
        // The connection remembers its last command, and would keep all of this in memory until the next.
        writes.BatchCommands.Clear();
    }

    /// <summary>The statement that fills a month's partition.</summary>
    public static string CopyCommand(int month) =>
        $"copy usage.{UsageMonth.Partition(month)} ({ChargeBatch.UsageColumns}) from stdin (format binary)";

    static NpgsqlBatchCommand AccountUpdate(AccountSlot[] changed) => Database.Statement(
        UpdateAccounts,
        Column(changed, s => s.State.AccountId),
        Column(changed, s => s.State.BalanceMicros),
        Column(changed, s => s.State.HeldMicros),
        Column(changed, s => s.State.SpentMicros),
        Column(changed, s => s.State.SpentDay),
        Column(changed, s => s.State.OpenCalls),
        Column(changed, s => s.State.EntryNo),
        Column(changed, s => s.FirstMonth),
        Column(changed, s => s.LastMonth),
        Column(changed, s => s.LateHour));

    static void AddAllowances(NpgsqlBatch command, AccountSlot[] changed)
    {
        var rows = (
            from slot in changed
            from pair in slot.State.Allowances.Zip(slot.Loaded.Allowances)
            where !ReferenceEquals(pair.First, pair.Second)
            select (slot.State.AccountId, Allowance: pair.First)).ToArray();
        if (rows.Length == 0)
            return;
        command.BatchCommands.Add(Database.Statement(
            UpdateAllowances,
            Column(rows, r => r.AccountId),
            Column(rows, r => r.Allowance.Id),
            Column(rows, r => r.Allowance.Used),
            Column(rows, r => r.Allowance.Held)));
    }

    static void AddReservations(NpgsqlBatch command, int tenantId, AccountSlot[] changed, DateTimeOffset now)
    {
        foreach (var slot in changed)
            foreach (var reservation in slot.State.Reservations)
                if (!slot.Loaded.Reservations.Contains(reservation))
                    command.BatchCommands.Add(Reservation(tenantId, slot.State.AccountId, reservation, now));
    }

    static NpgsqlBatchCommand Reservation(int tenantId, long accountId, ReservationState r, DateTimeOffset now) => Database.Statement(
        SaveReservation,
        accountId, r.Id, tenantId, (short)r.Status, r.HeldMicros, r.Usage.Quantity, r.Sequence,
        r.IsAmount ? r.HeldMicros : DBNull.Value, (short)r.Usage.Service, r.Usage.Source, r.Usage.Id, r.Usage.OccurredAt.UtcDateTime,
        r.Usage.RatingKey, r.Usage.CallingNumber, r.Usage.CalledNumber,
        r.Allowances.Select(a => a.AllowanceId).ToArray(), r.Allowances.Select(a => a.Quantity).ToArray(),
        r.ExpiresAt.UtcDateTime, now.UtcDateTime);

    static NpgsqlBatchCommand Entries(ChargeBatch batch, DateTimeOffset now) => Database.Statement(
        InsertEntries,
        Column(batch.NewEntries, e => e.AccountId),
        Column(batch.NewEntries, e => e.Posting.EntryNo),
        Column(batch.NewEntries, e => e.Post.Key),
        Column(batch.NewEntries, e => (short)e.Post.Kind),
        Column(batch.NewEntries, e => (short)e.Posting.Debit),
        Column(batch.NewEntries, e => (short)e.Posting.Credit),
        Column(batch.NewEntries, e => e.Posting.AmountMicros),
        Column(batch.NewEntries, e => e.Posting.BalanceAfterMicros),
        Column(batch.NewEntries, e => e.Post.Reference),
        batch.TenantId,
        now.UtcDateTime,
        Column(batch.NewEntries, e => e.Post.Detail));

    static TColumn[] Column<TRow, TColumn>(IReadOnlyList<TRow> rows, Func<TRow, TColumn> value)
    {
        var column = new TColumn[rows.Count];
        for (var i = 0; i < column.Length; i++)
            column[i] = value(rows[i]);
        return column;
    }
}
