using System.Globalization;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Printing;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>The lines of a document, over as many pages as they take.</summary>
internal static class LinesPart
{
    public static void Draw(InvoiceSheet sheet)
    {
        var totals = sheet.Document.Totals;
        var shape = new Shape(InvoiceWords.Heads(sheet.Document.Treatment.Scheme), totals.Lines.Any(l => l.SacCode.Length > 0), totals.Lines.Any(l => l.Quantity is not null));
        var (taxable, tax) = (0L, default(TaxAmounts));
        var table = new Table(sheet.Flow, shape.Columns(sheet), sheet.Accent) { Carried = () => shape.Sums(sheet, "", taxable, tax) };
        for (var i = 0; i < totals.Lines.Length; i++)
        {
            table.Row(shape.Cells(sheet, i + 1, totals.Lines[i]));
            (taxable, tax) = (taxable + totals.Lines[i].TaxableMicros, tax + totals.Lines[i].Tax);
        }
        table.Sum(shape.Sums(sheet, "Total", totals.TaxableMicros, totals.Tax));
    }

    /// <summary>Which columns a document needs.</summary>
    sealed record Shape(InvoiceWords.Head[] Heads, bool HasSac, bool HasQuantity)
    {
        public Column[] Columns(InvoiceSheet sheet)
        {
            var isWide = sheet.Document.Totals.TotalMicros >= 1_000_000L * 10_000_000;
            Column[] tail =
            [
                .. HasSac ? (Column[])[new("SAC", 37)] : [],
                .. HasQuantity ? (Column[])[new("Quantity", 50, true), new("Rate", 44, true)] : [],
                new(sheet.ValueLabel.Replace(' ', '\n'), isWide ? 72 : 56, true),
                .. Heads.Select(h => new Column(h.Label, isWide ? 64 : 48, true)),
                new($"Amount\n({sheet.Document.Currency})", isWide ? 76 : 58, true),
            ];
            return [new("#", 20), new("Description", sheet.Flow.Width - 20 - tail.Sum(c => c.Width)), .. tail];
        }

        public Cell[] Cells(InvoiceSheet sheet, int number, InvoiceLine line) =>
        [
            number.ToString(CultureInfo.InvariantCulture),
            new(line.Description, Below(sheet, line)),
            .. HasSac ? (Cell[])[line.SacCode] : [],
            .. HasQuantity ? (Cell[])[new(line.Quantity is { } q ? InvoiceWords.Quantity(q) : "", line.Quantity is null ? null : line.Unit), RateOf(sheet, line)] : [],
            sheet.Amount(line.TaxableMicros),
            .. Heads.Select(h => new Cell(sheet.Amount(h.Amount(line.Tax)), InvoiceWords.Rate(line.RateBasisPoints, h.RateShare))),
            sheet.Amount(line.TotalMicros),
        ];

        public Cell[] Sums(InvoiceSheet sheet, string label, long taxable, TaxAmounts tax) =>
        [
            "", label, .. HasSac ? (Cell[])[""] : [], .. HasQuantity ? (Cell[])["", ""] : [],
            sheet.Amount(taxable), .. Heads.Select(h => new Cell(sheet.Amount(h.Amount(tax)))), sheet.Amount(taxable + tax.TotalMicros),
        ];

        static string RateOf(InvoiceSheet sheet, InvoiceLine line) => line.RateMicros is { } rate ? sheet.Amount(rate) : "";

        static string? Below(InvoiceSheet sheet, InvoiceLine line)
        {
            var parts = new List<string>();
            var isOfPeriod = line.From == sheet.Document.PeriodFrom && line.To == sheet.Document.PeriodTo;
            if (!isOfPeriod && line is { From: { } from, To: { } to })
                parts.Add(InvoiceWords.Days(from, to));
            if (line.Count > 0 && line.Count != line.Quantity)
                parts.Add($"{InvoiceWords.Quantity(line.Count)} {(line.Service == "voice" ? "call" : line.Service == "sms" ? "message" : "use")}{(line.Count == 1 ? "" : "s")}");
            if (line.Covered is > 0)
                parts.Add($"{InvoiceWords.Quantity(line.Covered.Value)} {line.Unit} from allowance".Replace("  ", " ", StringComparison.Ordinal));
            if (line.DiscountMicros != 0)
                parts.Add($"after {sheet.Money(line.DiscountMicros)} of credits and discounts");
            return parts.Count == 0 ? null : string.Join(" · ", parts);
        }
    }
}
