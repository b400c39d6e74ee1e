using System.Globalization;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Notifications;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>Tells customers of their documents by mail, in the transaction that issues them.</summary>
static class IssueMails
{
    /// <summary>A mail for each document whose recipient has an address.</summary>
    public static Task EnqueueAsync(NpgsqlConnection connection, int tenantId, IReadOnlyList<IssuedDocument> issued, CancellationToken cancellationToken) => Mail.EnqueueAsync(
        connection, tenantId, [.. issued.Where(d => d.Document.Recipient.Email is not null).Select(d => (d.Document.Recipient.Email!, $"{Title(d.Document.Kind)} {d.Document.Number}", Text(d.Document)))], cancellationToken);

    static string Title(DocumentKind kind) => kind switch
    {
        DocumentKind.CreditNote => "Credit note",
        DocumentKind.DebitNote => "Debit note",
        DocumentKind.ReceiptVoucher => "Receipt voucher",
        DocumentKind.RefundVoucher => "Refund voucher",
        _ => "Invoice",
    };

    static string Text(InvoiceDocument d)
    {
        var total = AmountText.WithCurrency(d.Totals.TotalMicros, d.Currency);
        var lines = string.Concat(d.Totals.Lines.Take(20).Select(l => $"  {l.Description}: {AmountText.Grouped(l.TaxableMicros, d.Currency)}\n"));
        var due = d.DueOn is { } day ? $"Please pay it by {Day(day)}.\n" : d.PaidBeforeMicros > 0 ? "It is paid; nothing is due.\n" : "";
        return $"""
            Dear {d.Recipient.Name},

            {Title(d.Kind).ToLowerInvariant()} {d.Number} of {Day(d.IssuedOn)} for account {d.Recipient.Number} comes to {total}.

            {lines}  Tax: {AmountText.Grouped(d.Totals.Tax.TotalMicros, d.Currency)}

            {due}The document itself is among your invoices in the portal.

            {d.Supplier.Name}
            """;
    }

    static string Day(DateOnly day) => day.ToString("d MMM yyyy", CultureInfo.InvariantCulture);
}
