using Balatrix.Core.Charging;
using Balatrix.Core.Dunning;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing.Dunning;

/// <summary>An invoice that is pursued, with what letters about it say.</summary>
/// <param name="DocumentId">The invoice or debit note.</param>
/// <param name="AccountId">Its account.</param>
/// <param name="Number">Its number.</param>
/// <param name="IssuedOn">Its date.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="TotalMicros">Its total.</param>
/// <param name="CustomerName">Whom to address.</param>
/// <param name="Email">Where letters go; null for nowhere.</param>
/// <param name="Bar">What it has barred of its account.</param>
/// <param name="Facts">As the rules see it.</param>
sealed record PursuedInvoice(
    long DocumentId, long AccountId, string Number, DateOnly IssuedOn, string Currency, long TotalMicros, string CustomerName, string? Email, AccountBar Bar, DunnedInvoice Facts);

/// <summary>Invoices that are pursued, and how far; in the caller's transaction. Rows of invoicing.dunning are written under the lock of their account.</summary>
static class DunningStore
{
    const string Columns = """
        d.document_id, d.account_id, d.number, d.issued_on, d.currency, d.total_micros, d.due_on, case when d.status = 1 then d.total_micros - d.settled_micros else 0 end,
        coalesce(c.name, p.name), c.email, coalesce(n.bar, 0), n.through_day, n.last_on, coalesce(n.fees, 0), coalesce(n.is_written_off, false)
        """;

    const string From = """
        from invoicing.documents d
        join customers.account_profiles p on p.account_id = d.account_id
        left join customers.customers c on c.customer_id = p.customer_id
        left join invoicing.dunning n on n.document_id = d.document_id
        """;

    /// <summary>Unpaid invoices that were due up to a day and that nothing was done about today, a page of them after a place.</summary>
    public static Task<List<PursuedInvoice>> OpenAsync(
        NpgsqlConnection connection, int tenantId, DateOnly dueUntil, DateOnly today, (DateOnly DueOn, long Id) after, int limit, CancellationToken cancellationToken) => Database.QueryAsync(
        connection,
        $"""
        select {Columns} {From}
         where d.tenant_id = $1 and d.status = 1 and d.kind in (1, 3) and d.settled_micros < d.total_micros and d.due_on <= $2 and (d.due_on, d.document_id) > ($3, $4)
           and (n.last_on is null or n.last_on < $5)
         order by d.due_on, d.document_id limit {limit}
        """,
        [tenantId, dueUntil, after.DueOn, after.Id, today], Read, cancellationToken);

    /// <summary>One, or null when it is no invoice or has no day to be paid by.</summary>
    public static async Task<PursuedInvoice?> FindAsync(NpgsqlConnection connection, int tenantId, long documentId, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, $"select {Columns} {From} where d.document_id = $1 and d.tenant_id = $2 and d.kind in (1, 3) and d.due_on is not null", [documentId, tenantId], Read, cancellationToken)).SingleOrDefault();

    /// <summary>The first day on which something is to be done about any invoice, not considering today; null when there is none.</summary>
    public static async Task<DateOnly?> NextOnAsync(NpgsqlConnection connection, int tenantId, int firstDay, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection,
        """
        select min(case when n.document_id is null then d.due_on + $2 else n.next_on end)
          from invoicing.documents d left join invoicing.dunning n on n.document_id = d.document_id
         where d.tenant_id = $1 and d.status = 1 and d.kind in (1, 3) and d.settled_micros < d.total_micros and d.due_on is not null
        """,
        [tenantId, firstDay], r => r.IsDBNull(0) ? (DateOnly?)null : r.GetFieldValue<DateOnly>(0), cancellationToken))[0];

    /// <summary>Keeps how far an invoice was pursued.</summary>
    public static Task<int> SaveAsync(
        NpgsqlConnection connection, int tenantId, PursuedInvoice invoice, DunningState state, AccountBar bar, DateOnly? nextOn, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        """
        insert into invoicing.dunning as n (document_id, tenant_id, account_id, through_day, last_on, next_on, fees, bar, is_written_off) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (document_id) do update set through_day = excluded.through_day, last_on = excluded.last_on, next_on = excluded.next_on, fees = excluded.fees, bar = excluded.bar,
               is_written_off = excluded.is_written_off
        """,
        [invoice.DocumentId, tenantId, invoice.AccountId, state.ThroughDay, state.LastOn, nextOn, state.Fees, (short)bar, state.IsWrittenOff], cancellationToken);

    /// <summary>What the invoices of an account bar of it: the strongest of those that are unpaid or were given up.</summary>
    public static async Task<AccountBar> BarOfAsync(NpgsqlConnection connection, int tenantId, long accountId, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection,
        """
        select coalesce(max(n.bar), 0)::smallint from invoicing.dunning n join invoicing.documents d on d.document_id = n.document_id
         where n.account_id = $1 and n.tenant_id = $2 and n.bar > 0 and (n.is_written_off or (d.status = 1 and d.settled_micros < d.total_micros))
        """,
        [accountId, tenantId], r => (AccountBar)r.GetInt16(0), cancellationToken))[0];

    static PursuedInvoice Read(NpgsqlDataReader r) => new(
        r.GetInt64(0), r.GetInt64(1), r.GetString(2), r.GetFieldValue<DateOnly>(3), r.GetString(4), r.GetInt64(5), r.GetString(8), r.IsDBNull(9) ? null : r.GetString(9), (AccountBar)r.GetInt16(10),
        new(r.GetFieldValue<DateOnly>(6), r.GetInt64(7), new(r.IsDBNull(11) ? null : r.GetInt32(11), r.IsDBNull(12) ? null : r.GetFieldValue<DateOnly>(12), r.GetInt32(13), r.GetBoolean(14))));
}
