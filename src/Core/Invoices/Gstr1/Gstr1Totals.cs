using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices.Gstr1;

/// <summary>What a return comes to, added up from its tables: what the books must have.</summary>
public static class Gstr1Totals
{
    /// <summary>Tax on supplies: what the month raised the books of output tax by. What recipients owe under reverse charge is none of the supplier's.</summary>
    public static TaxAmounts OutputTax(Gstr1Return month) =>
        Sum(Each(month.B2B, r => r.Invoices).Where(i => i.ReverseCharge == "N").SelectMany(i => i.Items), 1)
        + Sum(Each(month.B2CLarge, r => r.Invoices).SelectMany(i => i.Items), 1)
        + Sum(Each(month.Exports, r => r.Invoices).SelectMany(i => i.Items), 1)
        + Sum(Each(month.Notes, r => r.Notes).Where(n => n is { ReverseCharge: "N", Kind: "D" }).SelectMany(n => n.Items), 1)
        + Sum(Each(month.Notes, r => r.Notes).Where(n => n is { ReverseCharge: "N", Kind: "C" }).SelectMany(n => n.Items), -1)
        + Sum((month.UnregisteredNotes ?? []).Where(n => n.Kind == "D").SelectMany(n => n.Items), 1)
        + Sum((month.UnregisteredNotes ?? []).Where(n => n.Kind == "C").SelectMany(n => n.Items), -1)
        + (month.B2CSmall ?? []).Aggregate(default(TaxAmounts), (sum, r) => sum + new TaxAmounts(r.Cgst, r.Sgst, r.Igst, 0));

    /// <summary>The same by table 12.</summary>
    public static TaxAmounts TaxByCode(Gstr1Return month) => new[] { month.Hsn?.All, month.Hsn?.B2B, month.Hsn?.B2C }
        .SelectMany(rows => rows ?? [])
        .Aggregate(default(TaxAmounts), (sum, r) => sum + new TaxAmounts(r.Cgst, r.Sgst, r.Igst, 0));

    /// <summary>Tax on advances: what the month raised the book of advances by; negative when more was used up than came in.</summary>
    public static TaxAmounts AdvanceTax(Gstr1Return month) => Of(month.AdvancesReceived, 1) + Of(month.AdvancesAdjusted, -1);

    static IEnumerable<TRow> Each<TGroup, TRow>(IReadOnlyList<TGroup>? groups, Func<TGroup, IReadOnlyList<TRow>> rows) => (groups ?? []).SelectMany(rows);

    static TaxAmounts Sum(IEnumerable<NumberedItem> items, int sign) => Sum(items.Select(i => i.Detail), sign);

    static TaxAmounts Sum(IEnumerable<TaxedItem> items, int sign) =>
        items.Aggregate(default(TaxAmounts), (sum, i) => sum + new TaxAmounts(sign * (i.Cgst ?? 0), sign * (i.Sgst ?? 0), sign * i.Igst, 0));

    static TaxAmounts Of(IReadOnlyList<Advances>? table, int sign) =>
        Each(table, a => a.Items).Aggregate(default(TaxAmounts), (sum, i) => sum + new TaxAmounts(sign * i.Cgst, sign * i.Sgst, sign * i.Igst, 0));
}
