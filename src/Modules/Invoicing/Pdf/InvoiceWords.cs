using System.Globalization;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>The words of documents: titles, labels, dates, tax heads.</summary>
internal static class InvoiceWords
{
    const string AbroadCode = "96";

    /// <summary>A head of tax: its label, how much of the rate it is, and its amount.</summary>
    public sealed record Head(string Label, int RateShare, Func<TaxAmounts, long> Amount);

    public static string Title(InvoiceDocument document) => document.Kind switch
    {
        _ when FinancialNote.Is(document) => "Financial credit note",
        DocumentKind.CreditNote => "Credit note",
        DocumentKind.DebitNote => "Debit note",
        DocumentKind.ReceiptVoucher => "Receipt voucher",
        DocumentKind.RefundVoucher => "Refund voucher",
        _ when document.Supplier.Gstin is null => "Invoice",
        _ when IsBillOfSupply(document.Treatment) => "Bill of supply",
        _ => "Tax invoice",
    };

    /// <summary>What its number is called.</summary>
    public static string Noun(DocumentKind kind) => kind switch
    {
        DocumentKind.CreditNote or DocumentKind.DebitNote => "Note",
        DocumentKind.ReceiptVoucher or DocumentKind.RefundVoucher => "Voucher",
        _ => "Invoice",
    };

    /// <summary>How another document is named.</summary>
    public static string Named(DocumentKind kind) => kind switch
    {
        DocumentKind.CreditNote => "credit note",
        DocumentKind.DebitNote => "debit note",
        DocumentKind.ReceiptVoucher => "receipt voucher",
        DocumentKind.RefundVoucher => "refund voucher",
        _ => "invoice",
    };

    public static Head[] Heads(TaxScheme scheme) => scheme switch
    {
        TaxScheme.CgstSgst => [new("CGST", 2, t => t.CgstMicros), new("SGST", 2, t => t.SgstMicros)],
        TaxScheme.CgstUtgst => [new("CGST", 2, t => t.CgstMicros), new("UTGST", 2, t => t.SgstMicros)],
        TaxScheme.Igst => [new("IGST", 1, t => t.IgstMicros)],
        TaxScheme.Vat => [new("VAT", 1, t => t.VatMicros)],
        _ => [],
    };

    public static string Rate(int basisPoints, int share) =>
        (basisPoints / 100m / share).ToString("0.###", CultureInfo.InvariantCulture) + "%";

    public static string Day(DateOnly day) => day.ToString("dd MMM yyyy", CultureInfo.InvariantCulture);

    public static string Days(DateOnly from, DateOnly to) =>
        from == to ? Day(from)
        : from.Year != to.Year ? $"{Day(from)} – {Day(to)}"
        : from.ToString(from.Month == to.Month ? "dd" : "dd MMM", CultureInfo.InvariantCulture) + $" – {Day(to)}";

    public static string Quantity(decimal quantity) => quantity.ToString("#,0.####", CultureInfo.InvariantCulture);

    public static string State(string code) => code == AbroadCode ? "Outside India (96)" : GstState.Find(code) is { } state ? $"{state.Name} ({state.Code})" : code;

    public static string Country(string code) => code switch
    {
        "IN" => "India",
        "UZ" => "Uzbekistan",
        "KZ" => "Kazakhstan",
        "NP" => "Nepal",
        "BD" => "Bangladesh",
        "LK" => "Sri Lanka",
        "AE" => "United Arab Emirates",
        "SG" => "Singapore",
        "GB" => "United Kingdom",
        "US" => "United States of America",
        "DE" => "Germany",
        _ => code,
    };

    /// <summary>Supplies of a registered supplier that bear no tax and are neither exports nor under reverse charge (CGST rule 49).</summary>
    static bool IsBillOfSupply(TaxTreatment treatment) =>
        treatment is { Scheme: TaxScheme.None, ReverseCharge: false, Supply: SupplyType.B2B or SupplyType.B2C };
}
