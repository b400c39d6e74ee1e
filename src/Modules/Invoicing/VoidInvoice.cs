using Balatrix.Core.Charging;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Invoicing.Dunning;
using Balatrix.Modules.Invoicing.EInvoices;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>
/// Voids the latest invoice of an account while nothing is paid or credited of it and its month is not over, so that no return has reported it.
/// Its taxes are taken back and its charges can be invoiced again; its number stays, as a cancelled one. Anything later is a credit note's work.
/// </summary>
public static class VoidInvoice
{
    /// <summary>Why.</summary>
    public sealed record Request(string? Reason);

    internal static async Task<IResult> Handle(string id, Request request, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        if (request.Reason is not { Length: > 0 and <= 500 } || request.Reason.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("reason", "1 to 500 characters").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var view = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (await DocumentStore.LockAsync(connection, tenantId, id, ct) is not { } invoice)
                return null;
            var today = await InvoiceEndpoints.TodayAsync(clock, tenantId, ct);
            if ((await RefusalAsync(connection, tenantId, invoice, today, ct) ?? await EInvoiceJobs.VoidRefusalAsync(connection, tenantId, invoice.Id, now, ct)) is { } refusal)
                throw new ProblemException(refusal with { Expected = "a credit note: POST /api/v1/invoices/{id}/credit-note" });
            await TakeBackAsync(connection, tenantId, invoice, now, ct);
            await Database.ExecuteAsync(
                connection, "update invoicing.documents set status = 2, voided_at = $2, void_reason = $3 where document_id = $1 and tenant_id = $4", [invoice.Id, now, request.Reason, tenantId], ct);
            await RestoreService.EnqueueAsync(connection, tenantId, [invoice.AccountId], ct);
            await EInvoiceJobs.EnqueueCancelAsync(connection, tenantId, invoice.Id, ct);
            await DocumentSteps.WriteAsync(connection, tenantId, [(invoice.Id, "voided", new { reason = request.Reason })], now, ct);
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "invoice.voided", "invoice", invoice.Document.Number, null, new { request.Reason }, now, ct);
            return await DocumentStore.FindAsync(connection, tenantId, invoice.Id, today, ct);
        }, cancellationToken);
        return view is null ? Problem.NotFound("invoice").ToResult() : Results.Ok(view);
    }

    static async Task<Problem?> RefusalAsync(NpgsqlConnection connection, int tenantId, StoredDocument invoice, DateOnly today, CancellationToken cancellationToken)
    {
        if (invoice.IsVoid)
            return new(409, "invoice_void", "The invoice is void.");
        if (invoice.Document.Kind != DocumentKind.Invoice || invoice.Window is null || invoice.Document.PaidBeforeMicros > 0)
            return new(409, "not_voidable", "Only invoices of postpaid charges are voided.");
        if (invoice.SettledMicros > 0 || invoice.CreditedMicros > 0)
            return new(409, "invoice_settled", "The invoice is paid or credited, in part or whole.");
        if ((invoice.Document.IssuedOn.Year, invoice.Document.IssuedOn.Month) != (today.Year, today.Month))
            return new(409, "month_over", "The month of the invoice is over, so returns may have reported it.");
        var isLatest = (await Database.QueryAsync(
            connection, "select billed_entry_no = $2 and billed_until = $3 from invoicing.billing where account_id = $1 and tenant_id = $4",
            [invoice.AccountId, invoice.Window.ToEntryNo, invoice.Window.Until, tenantId], r => r.GetBoolean(0), cancellationToken)).SingleOrDefault();
        if (!isLatest)
            return new(409, "not_latest", "Later invoices of the account follow on this one.");
        // Its charges would be read again, and with them the corrections that these notes are for.
        var hasNotes = (await Database.QueryAsync(
            connection,
            """
            select exists (select from invoicing.documents n join invoicing.documents d on d.account_id = n.account_id and d.issued_at = n.issued_at
                            where d.document_id = $1 and n.account_id = $2 and n.tenant_id = $3 and n.kind in (2, 3) and n.status = 1)
            """,
            [invoice.Id, invoice.AccountId, tenantId], r => r.GetBoolean(0), cancellationToken))[0];
        return hasNotes ? new(409, "issued_with_notes", "Notes for calls rated again were issued together with the invoice.") : null;
    }

    static async Task TakeBackAsync(NpgsqlConnection connection, int tenantId, StoredDocument invoice, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var posted = await Database.QueryAsync(
            connection,
            """
            select case when debit_book in (1, 2) then credit_book else debit_book end, case when debit_book in (1, 2) then amount_micros else -amount_micros end, entry_no
              from ledger.journal_entries where account_id = $1 and tenant_id = $2 and kind = 6 and reference = $3 order by entry_no
            """,
            [invoice.AccountId, tenantId, invoice.Document.Number], r => (Book: (Book)r.GetInt16(0), Micros: r.GetInt64(1), EntryNo: r.GetInt64(2)), cancellationToken);
        await LedgerPosting.PostAllAsync(
            connection, tenantId,
            [.. posted.Select(p => (invoice.AccountId, new Post(
                EventKey.Of("void", $"{invoice.Id}/{p.EntryNo}"), EntryKind.InvoicePosting, p.Book, p.Micros, invoice.Document.Currency, $"void {invoice.Document.Number}", null, IsOwed: true)))],
            now, cancellationToken);
        await Database.ExecuteAsync(
            connection, "update invoicing.billing set billed_entry_no = $2, billed_until = $3, open_from_entry = $4 where account_id = $1 and tenant_id = $5",
            [invoice.AccountId, invoice.Window!.FromEntryNo - 1, invoice.Window.BeforeUntil, invoice.Window.OpenFromEntry, tenantId], cancellationToken);
    }
}
