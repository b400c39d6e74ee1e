using System.Globalization;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>A document that is locked, to be worked on.</summary>
sealed record StoredDocument(long Id, long AccountId, bool IsVoid, bool IsRecharge, long SettledMicros, long CreditedMicros, BillingWindow? Window, InvoiceDocument Document)
{
    /// <summary>Whether it was paid out of what receipt vouchers had taken.</summary>
    public bool IsPaidFromAdvance => !IsRecharge && Document.PaidBeforeMicros > 0;

    /// <summary>What is not settled.</summary>
    public long OpenMicros => Document.Totals.TotalMicros - SettledMicros;
}

/// <summary>What a list of documents is limited to.</summary>
sealed record DocumentFilter(
    long[]? AccountIds, string? Status, DocumentKind? Kind, DateOnly? From, DateOnly? To, string? Number, long? Before, int Limit, DateOnly Today);

/// <summary>Documents in the database; all in the caller's transaction of the tenant.</summary>
static class DocumentStore
{
    const string Columns = """
        d.document_id, d.account_id, d.customer_id, d.kind, d.status, d.number, d.issued_on, d.due_on, d.currency, d.taxable_micros,
        d.cgst_micros, d.sgst_micros, d.igst_micros, d.vat_micros, d.round_off_micros, d.total_micros, d.settled_micros, d.credited_micros, d.original_id, d.void_reason,
        exists (select from invoicing.dunning n where n.document_id = d.document_id and n.is_written_off)
        """;

    /// <summary>Names as the API shows them.</summary>
    public static string Name(DocumentKind kind) => kind switch
    {
        DocumentKind.Invoice => "invoice",
        DocumentKind.CreditNote => "credit_note",
        DocumentKind.DebitNote => "debit_note",
        DocumentKind.ReceiptVoucher => "receipt_voucher",
        DocumentKind.RefundVoucher => "refund_voucher",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind of document."),
    };

    /// <summary>Reads "1001" or a document's number ("INV-2627-0000001"); the number of the latest financial year when it comes in several.</summary>
    public static async Task<long?> IdAsync(NpgsqlConnection connection, int tenantId, string reference, CancellationToken cancellationToken)
    {
        if (reference.Length is 0 or > 20 || reference.Contains('\0', StringComparison.Ordinal))
            return null;
        var id = long.TryParse(reference, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0;
        var found = await Database.QueryAsync(
            connection, "select document_id from invoicing.documents where tenant_id = $1 and (document_id = $2 or number = $3) order by (document_id = $2) desc, fy desc limit 1",
            [tenantId, id, reference], r => r.GetInt64(0), cancellationToken);
        return found is [var one] ? one : null;
    }

    /// <summary>One to work on, its row locked, or null.</summary>
    public static async Task<StoredDocument?> LockAsync(NpgsqlConnection connection, int tenantId, string reference, CancellationToken cancellationToken)
    {
        if (await IdAsync(connection, tenantId, reference, cancellationToken) is not { } id)
            return null;
        // The account is locked first by whoever issues or settles; here too, so that nobody waits in a ring.
        await Database.QueryAsync(
            connection, "select 1 from ledger.accounts a join invoicing.documents d using (account_id) where d.document_id = $1 and a.tenant_id = $2 for update of a", [id, tenantId], r => 0, cancellationToken);
        return (await Database.QueryAsync(
            connection,
            """
            select document_id, account_id, status, settled_micros, credited_micros, before_open_from, from_entry_no, before_until, to_entry_no, period_to, content
              from invoicing.documents where document_id = $1 and tenant_id = $2 for update
            """,
            [id, tenantId],
            r =>
            {
                var document = JsonSerializer.Deserialize<InvoiceDocument>(r.GetString(10), JsonSerializerOptions.Web)!;
                var window = r.IsDBNull(6) ? null : new BillingWindow(
                    r.GetInt64(1), r.GetInt64(5), r.GetInt64(6), r.GetFieldValue<DateTimeOffset>(7), r.GetInt64(8), r.IsDBNull(9) ? r.GetFieldValue<DateTimeOffset>(7) : r.GetFieldValue<DateTimeOffset>(9));
                return new StoredDocument(r.GetInt64(0), r.GetInt64(1), r.GetInt16(2) == 2, document.Totals.Lines.Any(l => l.Service == "recharge"), r.GetInt64(3), r.GetInt64(4), window, document);
            }, cancellationToken)).SingleOrDefault();
    }

    /// <summary>One with its lines and steps, or null.</summary>
    public static async Task<DocumentView?> FindAsync(NpgsqlConnection connection, int tenantId, long id, DateOnly today, CancellationToken cancellationToken)
    {
        var found = (await Database.QueryAsync(
            connection, $"select {Columns}, d.content, o.number from invoicing.documents d left join invoicing.documents o on o.document_id = d.original_id where d.document_id = $1 and d.tenant_id = $2", [id, tenantId],
            r => DocumentView.Of(Row(r, today), JsonSerializer.Deserialize<InvoiceDocument>(r.GetString(21), JsonSerializerOptions.Web)!, r.IsDBNull(22) ? null : r.GetString(22)), cancellationToken)).SingleOrDefault();
        if (found is null)
            return null;
        var steps = await Database.QueryAsync(
            connection, "select step, detail, taken_at from invoicing.document_steps where document_id = $1 and tenant_id = $2 order by step_id", [id, tenantId],
            r => new DocumentStepView(r.GetString(0), r.IsDBNull(1) ? null : JsonDocument.Parse(r.GetString(1)).RootElement, r.GetFieldValue<DateTimeOffset>(2)), cancellationToken);
        var notes = await Database.QueryAsync(
            connection, "select kind, number, issued_on, total_micros from invoicing.documents where original_id = $1 and tenant_id = $2 order by document_id", [id, tenantId],
            r => new NoteView(Name((DocumentKind)r.GetInt16(0)), r.GetString(1), r.GetFieldValue<DateOnly>(2), Money.Format(r.GetInt64(3))), cancellationToken);
        return found with { Steps = steps, Notes = notes };
    }

    /// <summary>A page, the latest first.</summary>
    public static Task<List<DocumentSummary>> ListAsync(NpgsqlConnection connection, int tenantId, DocumentFilter filter, CancellationToken cancellationToken) => Database.QueryAsync(
        connection,
        $"""
        select {Columns} from invoicing.documents d
         where d.tenant_id = $1 {(filter.AccountIds is null ? "" : "and d.account_id = any($2)")} {(filter.Kind is null ? "" : "and d.kind = $3")}
           {(filter.From is null ? "" : "and d.issued_on >= $4")} {(filter.To is null ? "" : "and d.issued_on <= $5")} {(filter.Number is null ? "" : "and d.number = $6")}
           {(filter.Before is null ? "" : "and d.document_id < $7")} {Where(filter.Status)}
         order by d.document_id desc limit {filter.Limit.ToString(CultureInfo.InvariantCulture)}
        """,
        [
            tenantId, filter.AccountIds ?? [], (short)(filter.Kind ?? DocumentKind.Invoice), filter.From ?? default(DateOnly), filter.To ?? default(DateOnly), filter.Number ?? "", filter.Before ?? 0,
            filter.Today,
        ],
        r => Row(r, filter.Today), cancellationToken);

    static string Where(string? status) => status switch
    {
        null => "",
        "void" => "and d.status = 2",
        "paid" => "and d.status = 1 and d.settled_micros = d.total_micros and not exists (select from invoicing.dunning n where n.document_id = d.document_id and n.is_written_off)",
        "open" => "and d.status = 1 and d.settled_micros < d.total_micros",
        "overdue" => "and d.status = 1 and d.kind in (1, 3) and d.settled_micros < d.total_micros and d.due_on < $8",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "Not a status."),
    };

    static DocumentSummary Row(NpgsqlDataReader r, DateOnly today)
    {
        var (kind, total, settled) = ((DocumentKind)r.GetInt16(3), r.GetInt64(15), r.GetInt64(16));
        var due = r.IsDBNull(7) ? (DateOnly?)null : r.GetFieldValue<DateOnly>(7);
        var status = r.GetInt16(4) == 2 ? "void" : r.GetBoolean(20) ? "written_off" : settled == total ? "paid" : due < today ? "overdue" : settled > 0 ? "partially_paid" : "open";
        var isOwed = kind is DocumentKind.Invoice or DocumentKind.DebitNote && status != "void";
        return new(
            r.GetInt64(0), Name(kind), r.GetString(5), status, AccountDirectory.NumberOf(r.GetInt64(1)), r.IsDBNull(2) ? null : r.GetInt64(2), r.GetFieldValue<DateOnly>(6), due, r.GetString(8),
            Money.Format(r.GetInt64(9)), new(Money.Format(r.GetInt64(10)), Money.Format(r.GetInt64(11)), Money.Format(r.GetInt64(12)), Money.Format(r.GetInt64(13))), Money.Format(r.GetInt64(14)),
            Money.Format(total), Money.Format(settled), Money.Format(r.GetInt64(17)), Money.Format(isOwed ? total - settled : 0), r.IsDBNull(18) ? null : r.GetInt64(18));
    }
}
