using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices.Gstr1;

/// <summary>Taxable value and tax that are added up.</summary>
readonly record struct Sums(long Taxable, TaxAmounts Tax)
{
    public Sums Plus(long taxable, TaxAmounts tax, int sign) => new(
        Taxable + (sign * taxable),
        Tax + new TaxAmounts(sign * tax.CgstMicros, sign * tax.SgstMicros, sign * tax.IgstMicros, 0));

    public bool IsNothing => Taxable == 0 && Tax == default;

    /// <summary>A document's lines by rate; under reverse charge with the tax that the recipient owes.</summary>
    public static IEnumerable<(int Rate, Sums Sums)> ByRate(InvoiceDocument document) => document.Totals.Lines
        .GroupBy(line => line.RateBasisPoints)
        .OrderBy(group => group.Key)
        .Select(group => (group.Key, group.Aggregate(default(Sums), (sum, line) => sum.Plus(line.TaxableMicros, document.Treatment.ReverseCharge ? ReverseCharge.TaxOf(document, line) : line.Tax, 1))));

    /// <summary>Items of tables for all supplies.</summary>
    public static List<NumberedItem> Items(InvoiceDocument document) => [.. ByRate(document).Select((r, i) => new NumberedItem(
        i + 1, new(r.Rate, r.Sums.Taxable, r.Sums.Tax.IgstMicros, r.Sums.Tax.CgstMicros, r.Sums.Tax.SgstMicros)))];

    /// <summary>Items of tables that only supplies between states belong to.</summary>
    public static List<NumberedItem> ItemsBetweenStates(InvoiceDocument document) => [.. Items(document).Select(item => item with { Detail = item.Detail with { Cgst = null, Sgst = null } })];
}
