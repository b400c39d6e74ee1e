using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Invoicing.Dunning;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Invoicing;

/// <summary>Records that an invoice was paid outside any gateway, whole or in part, with the income tax that the customer withheld.</summary>
public static class MarkPaid
{
    /// <summary>A payment.</summary>
    /// <param name="Amount">Decimal string; what is open less the tax withheld when left out. More than is open stays to the account's credit.</param>
    /// <param name="Tds">Of what is owed, income tax that the customer withheld, decimal string; its certificate settles the invoice too.</param>
    /// <param name="Reference">The bank's name of the payment; the same again for an account is the same payment.</param>
    public sealed record Request(string? Amount, string? Tds, string? Reference);

    internal static async Task<IResult> Handle(string id, Request request, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        if (request.Reference is not { Length: > 0 and <= 150 } || request.Reference.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("reference", "1 to 150 characters").ToResult();
        if (!Optional(request.Amount, out var amount))
            return Problem.Invalid("amount", "a decimal string of more than 0, such as \"500.00\"").ToResult();
        if (!Optional(request.Tds, out var withheld))
            return Problem.Invalid("tds", "a decimal string of more than 0, such as \"50.00\"").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var view = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (await DocumentStore.LockAsync(connection, tenantId, id, ct) is not { } invoice)
                return null;
            if (invoice.Document.Kind is not (DocumentKind.Invoice or DocumentKind.DebitNote) || invoice.IsVoid)
                throw new ProblemException(new(409, "not_payable", "Only invoices and debit notes that are not void are paid."));
            var actor = Actor.Of(context);
            if (await IsRecordedAsync(connection, tenantId, invoice, request.Reference, ct))
                return await DocumentStore.FindAsync(connection, tenantId, invoice.Id, await InvoiceEndpoints.TodayAsync(clock, tenantId, ct), ct);
            // What was given up can be paid still: it is recovered then.
            var open = invoice.OpenMicros + await RecoverDebts.OfAsync(connection, tenantId, invoice.Id, ct);
            if (open == 0)
                throw new ProblemException(new(409, "invoice_paid", "The invoice is paid."));
            if (withheld > open)
                throw new ProblemException(Problem.Invalid("tds", $"at most \"{Money.Format(open)}\", what is open"));
            if (withheld is { } tds)
                await Receivables.ReceiveAsync(connection, tenantId, new(invoice.AccountId, $"tds:{request.Reference}", tds, invoice.Document.Currency, Book.TdsReceivable, request.Reference, invoice.Id), actor, now, ct);
            if ((amount ?? open - (withheld ?? 0)) is > 0 and var paid)
                await Receivables.ReceiveAsync(connection, tenantId, new(invoice.AccountId, $"manual:{request.Reference}", paid, invoice.Document.Currency, Book.GatewayManual, request.Reference, invoice.Id), actor, now, ct);
            return await DocumentStore.FindAsync(connection, tenantId, invoice.Id, await InvoiceEndpoints.TodayAsync(clock, tenantId, ct), ct);
        }, cancellationToken);
        return view is null ? Problem.NotFound("invoice").ToResult() : Results.Ok(view);
    }

    /// <summary>The same payment told twice is one payment: two clicks do not pay twice.</summary>
    static async Task<bool> IsRecordedAsync(Npgsql.NpgsqlConnection connection, int tenantId, StoredDocument invoice, string reference, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, "select exists (select from invoicing.receipts where account_id = $1 and receipt_key in ('manual:' || $2, 'tds:' || $2) and tenant_id = $3)", [invoice.AccountId, reference, tenantId],
        r => r.GetBoolean(0), cancellationToken))[0];

    static bool Optional(string? text, out long? micros)
    {
        micros = Money.TryParse(text, out var parsed) ? parsed : null;
        return text is null || micros > 0;
    }
}
