using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>
/// Credits an invoice in part or whole: what it earned and its tax go back, its open amount falls, and what was paid beyond stands to the account's credit. After the term of
/// s.34(2) the note is a financial one: the customer gets the same, and the tax stays paid at the supplier's cost.
/// </summary>
public static class IssueCreditNote
{
    /// <summary>Part of a line.</summary>
    /// <param name="Line">Its place on the invoice, from 1.</param>
    /// <param name="Amount">Decimal string of whole paisa before tax; at most what is not credited of the line.</param>
    public sealed record LinePart(int? Line, string? Amount);

    /// <summary>What to credit.</summary>
    /// <param name="Reason">Why; printed on the note.</param>
    /// <param name="Lines">Parts of lines; all that is not credited yet when left out.</param>
    public sealed record Request(string? Reason, LinePart[]? Lines);

    internal static async Task<IResult> Handle(string id, Request request, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        if (request.Reason is not { Length: > 0 and <= 500 } || request.Reason.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("reason", "1 to 500 characters").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var note = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (await DocumentStore.LockAsync(connection, tenantId, id, ct) is not { } original)
                return null;
            Preconditions(original);
            var tenant = await BillingTenant.LoadAsync(connection, tenantId, ct);
            var notes = (await CreditNotes.OfAsync(connection, tenantId, [original.Id], ct)).Where(n => n.Document.Kind == DocumentKind.CreditNote);
            var totals = Totals(CreditedInvoice.Of(original.Document, notes.Select(n => n.Document.Totals)), request.Lines);
            return await IssueAsync(connection, tenantId, tenant, original, totals, request.Reason, Actor.Of(context), now, ct);
        }, cancellationToken);
        return note is null ? Problem.NotFound("invoice").ToResult() : Results.Json(note, statusCode: 201);
    }

    static void Preconditions(StoredDocument original)
    {
        if (original.Document.Kind is not (DocumentKind.Invoice or DocumentKind.DebitNote))
            throw new ProblemException(new(409, "not_an_invoice", "Only invoices and debit notes are credited."));
        if (original.IsVoid)
            throw new ProblemException(new(409, "invoice_void", "The invoice is void."));
        if (original.IsRecharge)
            throw new ProblemException(new(409, "recharge_invoice", "The invoice of a recharge is credited by refunding its payment.", null, "POST /api/v1/payments/{id}/refund"));
        if (original.IsPaidFromAdvance)
            throw new ProblemException(new(409, "paid_from_advance", "The invoice was paid from an advance; correct the account instead."));
    }

    static InvoiceTotals Totals(CreditedInvoice credited, LinePart[]? parts)
    {
        var lines = credited.Document.Totals.Lines.Length;
        var amounts = new long[lines];
        for (var i = 0; i < lines && parts is null; i++)
            amounts[i] = credited.LeftOf(i);
        foreach (var part in parts ?? [])
        {
            if (part.Line is not { } number || number < 1 || number > lines)
                throw new ProblemException(Problem.Invalid("lines.line", $"1 to {lines}"));
            var left = credited.LeftOf(number - 1) - amounts[number - 1];
            if (!Money.TryParse(part.Amount, out var micros) || micros <= 0 || micros % TaxEngine.UnitMicros != 0 || micros > left)
                throw new ProblemException(Problem.Invalid("lines.amount", $"a decimal string of whole paisa above 0, at most \"{Money.Format(left)}\" for line {number}"));
            amounts[number - 1] += micros;
        }
        return Array.TrueForAll(amounts, a => a == 0)
            ? throw new ProblemException(new(409, "nothing_to_credit", "The invoice is credited in full already.", "lines", "an amount that is not credited yet"))
            : credited.Credit(amounts);
    }

    static async Task<DocumentView> IssueAsync(
        NpgsqlConnection connection, int tenantId, BillingTenant tenant, StoredDocument original, InvoiceTotals totals, string reason, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await LedgerPosting.LockAsync(connection, tenantId, [original.AccountId], cancellationToken);
        var account = (await BilledAccount.ReadAsync(connection, tenantId, [original.AccountId], cancellationToken)).Single();
        var note = CreditNotes.Note(account, original.Id, original.Document, DocumentKind.CreditNote, totals, reason);
        if (CreditNoteTerm.IsOver(original.Document, tenant.Day(now)))
            note = CreditNotes.Financial(note, FinancialNote.Of(original.Document, totals));
        var issued = (await IssueDocuments.IssueAsync(connection, tenantId, tenant, [note], now, cancellationToken))[0];
        var earned = totals.Lines.GroupBy(l => UninvoicedCharges.BookOf(l.Service)).Select(g => (Book: g.Key, Micros: g.Sum(l => l.TaxableMicros)));
        var posts = earned.Select(e => new Post(EventKey.Of("document", $"{issued.Id}/{Books.Name(e.Book)}"), EntryKind.Note, e.Book, e.Micros, account.Currency, issued.Document.Number, null))
            .Concat(InvoicePostings.Of(issued.Id, issued.Document, totals.TaxableMicros, EntryKind.Note, isInclusive: false, sign: -1));
        await LedgerPosting.PostAllAsync(connection, tenantId, [.. posts.Select(p => (account.AccountId, p))], now, cancellationToken);
        await CreditNotes.AddCreditedAsync(connection, tenantId, [note], cancellationToken);
        await DocumentSteps.WriteAsync(connection, tenantId, [(original.Id, "credit_note", new { number = issued.Document.Number, amount = Money.Format(note.Totals.TotalMicros) })], now, cancellationToken);
        await Allocations.SettleAsync(connection, tenantId, [account.AccountId], original.Id, now, cancellationToken);
        await AuditLog.WriteAsync(
            connection, tenantId, actor, "invoice.credited", "invoice", original.Document.Number, null,
            new { note = issued.Document.Number, amount = Money.Format(note.Totals.TotalMicros), reason }, now, cancellationToken);
        return (await DocumentStore.FindAsync(connection, tenantId, issued.Id, tenant.Day(now), cancellationToken))!;
    }
}
