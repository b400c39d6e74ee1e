using System.Text.Json;
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

/// <summary>Credits an invoice in part or whole: what it earned and its tax go back, its open amount falls, and what was paid beyond stands to the account's credit.</summary>
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
            if (tenant.Day(now) > CreditNoteTerm.LastDay(original.Document.IssuedOn))
                throw new ProblemException(TooLate(original.Document.IssuedOn));
            var credited = await CreditedAsync(connection, tenantId, original, ct);
            var totals = Totals(original.Document, credited, request.Lines);
            return await IssueAsync(connection, tenantId, tenant, original, totals, request.Reason, Actor.Of(context), now, ct);
        }, cancellationToken);
        return note is null ? Problem.NotFound("invoice").ToResult() : Results.Json(note, statusCode: 201);
    }

    /// <summary>The problem of a note that comes too late to take tax back.</summary>
    internal static Problem TooLate(DateOnly issuedOn) => new(
        409, "credit_note_too_late", $"A credit note for this invoice could take tax back until {CreditNoteTerm.LastDay(issuedOn):yyyy-MM-dd} (CGST Act s.34(2)).", null, "an adjustment of the account without tax");

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

    /// <summary>What earlier notes credited of each line, and of the round-off.</summary>
    static async Task<(long[] Lines, long RoundOff)> CreditedAsync(NpgsqlConnection connection, int tenantId, StoredDocument original, CancellationToken cancellationToken)
    {
        var credited = new long[original.Document.Totals.Lines.Length];
        var roundOff = 0L;
        foreach (var content in await Database.QueryAsync(
            connection, "select content from invoicing.documents where original_id = $1 and tenant_id = $2 and kind = 2 and status = 1", [original.Id, tenantId], r => r.GetString(0), cancellationToken))
        {
            var note = JsonSerializer.Deserialize<InvoiceDocument>(content, JsonSerializerOptions.Web)!;
            roundOff += note.Totals.RoundOffMicros;
            foreach (var line in note.Totals.Lines)
            {
                // A note's line says which one it credits; a note for calls rated again names none and takes from what there is.
                var left = line.TaxableMicros;
                foreach (var at in Enumerable.Range(0, credited.Length).OrderByDescending(i => original.Document.Totals.Lines[i].Description == line.Description).ThenByDescending(i => original.Document.Totals.Lines[i].Service == line.Service))
                {
                    var part = Math.Min(left, original.Document.Totals.Lines[at].TaxableMicros - credited[at]);
                    (credited[at], left) = (credited[at] + part, left - part);
                }
            }
        }
        return (credited, roundOff);
    }

    static InvoiceTotals Totals(InvoiceDocument original, (long[] Lines, long RoundOff) credited, LinePart[]? parts)
    {
        var lines = original.Totals.Lines;
        var amounts = new long[lines.Length];
        for (var i = 0; i < lines.Length && parts is null; i++)
            amounts[i] = lines[i].TaxableMicros - credited.Lines[i];
        foreach (var part in parts ?? [])
        {
            if (part.Line is not { } number || number < 1 || number > lines.Length)
                throw new ProblemException(Problem.Invalid("lines.line", $"1 to {lines.Length}"));
            var left = lines[number - 1].TaxableMicros - credited.Lines[number - 1] - amounts[number - 1];
            if (!Money.TryParse(part.Amount, out var micros) || micros <= 0 || micros % TaxEngine.UnitMicros != 0 || micros > left)
                throw new ProblemException(Problem.Invalid("lines.amount", $"a decimal string of whole paisa above 0, at most \"{Money.Format(left)}\" for line {number}"));
            amounts[number - 1] += micros;
        }
        if (Array.TrueForAll(amounts, a => a == 0))
            throw new ProblemException(new(409, "nothing_to_credit", "The invoice is credited in full already.", "lines", "an amount that is not credited yet"));
        var rest = Enumerable.Range(0, lines.Length).All(i => amounts[i] + credited.Lines[i] == lines[i].TaxableMicros);
        var totals = InvoiceArithmetic.Total(
            original.Treatment, Enumerable.Range(0, lines.Length).Where(i => amounts[i] > 0).Select(i => lines[i] with { TaxableMicros = amounts[i], Quantity = null, Covered = null, RateMicros = null, DiscountMicros = 0, Count = 0 }),
            roundOffToRupee: false);
        // The note that credits the last of an invoice gives its round-off back too.
        var roundOff = rest ? original.Totals.RoundOffMicros - credited.RoundOff : 0;
        return totals with { RoundOffMicros = roundOff, TotalMicros = totals.TotalMicros + roundOff };
    }

    static async Task<DocumentView> IssueAsync(
        NpgsqlConnection connection, int tenantId, BillingTenant tenant, StoredDocument original, InvoiceTotals totals, string reason, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await LedgerPosting.LockAsync(connection, tenantId, [original.AccountId], cancellationToken);
        var account = (await BilledAccount.ReadAsync(connection, tenantId, [original.AccountId], cancellationToken)).Single();
        var note = CreditNotes.Note(account, new(original.Id, original.Document), DocumentKind.CreditNote, totals, reason);
        var left = original.Document.Totals.TotalMicros - original.CreditedMicros;
        if (totals.TotalMicros > left)
            // Taxes of parts, rounded one by one, can come to a paisa more than the whole.
            note = note with { Totals = totals with { RoundOffMicros = totals.RoundOffMicros - (totals.TotalMicros - left), TotalMicros = left } };
        var issued = (await IssueDocuments.IssueAsync(connection, tenantId, tenant, [note], now, cancellationToken))[0];
        var earned = note.Totals.Lines.GroupBy(l => UninvoicedCharges.BookOf(l.Service)).Select(g => (Book: g.Key, Micros: g.Sum(l => l.TaxableMicros)));
        var posts = earned.Select(e => new Post(EventKey.Of("document", $"{issued.Id}/{Books.Name(e.Book)}"), EntryKind.Note, e.Book, e.Micros, account.Currency, issued.Document.Number, null))
            .Concat(InvoicePostings.Of(issued.Id, issued.Document, note.Totals.TaxableMicros, EntryKind.Note, isInclusive: false, sign: -1));
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
