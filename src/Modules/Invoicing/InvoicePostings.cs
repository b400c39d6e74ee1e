using Balatrix.Core.Charging;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;

namespace Balatrix.Modules.Invoicing;

/// <summary>What documents post to the ledger. The charges of an invoice are there already; the invoice adds its taxes and what rounding makes of them.</summary>
static class InvoicePostings
{
    /// <summary>The tax books of a document's heads, with their amounts.</summary>
    public static IEnumerable<(Book Book, string Head, long Micros)> Heads(TaxAmounts tax, TaxScheme scheme)
    {
        if (tax.CgstMicros != 0)
            yield return (Book.GstOutputCgst, "cgst", tax.CgstMicros);
        if (tax.SgstMicros != 0)
            yield return scheme == TaxScheme.CgstUtgst ? (Book.GstOutputUtgst, "utgst", tax.SgstMicros) : (Book.GstOutputSgst, "sgst", tax.SgstMicros);
        if (tax.IgstMicros != 0)
            yield return (Book.GstOutputIgst, "igst", tax.IgstMicros);
        if (tax.VatMicros != 0)
            yield return (Book.VatOutput, "vat", tax.VatMicros);
    }

    /// <summary>Postings that bring an account from its charges to a document's total.</summary>
    /// <param name="documentId">The document.</param>
    /// <param name="document">What was issued.</param>
    /// <param name="chargedMicros">What the charges of its lines took from the account.</param>
    /// <param name="kind">Of the entries.</param>
    /// <param name="isInclusive">Whether the charges bore the tax already, so that it comes out of what was earned.</param>
    /// <param name="sign">1 for what is owed, -1 for what is given back.</param>
    public static IEnumerable<Post> Of(long documentId, InvoiceDocument document, long chargedMicros, EntryKind kind, bool isInclusive, int sign = 1)
    {
        Post Entry(string part, Book book, long micros) =>
            new(EventKey.Of("document", $"{documentId}/{part}"), kind, book, micros, document.Currency, document.Number, null, IsOwed: true);
        var (tax, borne) = (document.Totals.Tax.TotalMicros, FinancialNote.TaxBorneMicros(document.Totals));
        if (isInclusive)
            foreach (var (book, part) in document.Totals.Lines.GroupBy(l => UninvoicedCharges.BookOf(l.Service)).Select(g => (g.Key, g.Sum(l => l.Tax.TotalMicros))))
                if (part != 0)
                    yield return Entry($"included/{Books.Name(book)}", book, sign * part);
        if (isInclusive && borne != 0)
            yield return Entry("included", UninvoicedCharges.BookOf(document.Totals.Lines[0].Service), sign * borne);
        if (borne != 0)
            yield return Entry("unrecovered", Book.TaxUnrecovered, -sign * borne);
        foreach (var (book, head, micros) in Heads(document.Totals.Tax, document.Treatment.Scheme))
            yield return Entry(head, book, -sign * micros);
        var rounding = document.Totals.TotalMicros - chargedMicros - (isInclusive ? 0 : tax + borne);
        if (rounding != 0)
            yield return Entry("rounding", Book.RoundOff, -sign * rounding);
    }
}
