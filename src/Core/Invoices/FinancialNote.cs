using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices;

/// <summary>
/// A credit note that comes too late to lower tax (CGST Act s.34(2)): a matter between the parties, outside GST and its returns. What it gives back of the invoice's tax is a
/// line of its own, which the supplier bears.
/// </summary>
public static class FinancialNote
{
    /// <summary>The service of the line that gives tax back.</summary>
    public const string TaxService = "tax";

    /// <summary>Whether a document is one.</summary>
    public static bool Is(InvoiceDocument document) =>
        document is { Kind: DocumentKind.CreditNote, Supplier: { Country: "IN", Gstin: not null }, Treatment.Supply: SupplyType.OutsideGst };

    /// <summary>The totals of a note on a document as those of a financial note: the same total, and no tax.</summary>
    public static InvoiceTotals Of(InvoiceDocument original, InvoiceTotals note)
    {
        var tax = note.Tax.TotalMicros;
        var lines = note.Lines.Select(l => l with { RateBasisPoints = 0, Tax = default });
        if (tax != 0)
            lines = lines.Append(new(TaxService, "", $"Tax of {original.Number}, given back by the supplier", null, "", null, 0, null, tax, 0, default, null, null));
        return new([.. lines], note.TaxableMicros + tax, default, note.RoundOffMicros, note.TotalMicros);
    }

    /// <summary>Outside GST, as the note is; the place stays.</summary>
    public static TaxTreatment Treatment(TaxTreatment original) => original with { Supply = SupplyType.OutsideGst, Scheme = TaxScheme.None, ReverseCharge = false, Endorsement = null };

    /// <summary>Of a document's total, tax of its original that the supplier gives back and bears.</summary>
    public static long TaxBorneMicros(InvoiceTotals totals) => totals.Lines.Where(l => l.Service == TaxService).Sum(l => l.TaxableMicros);
}
