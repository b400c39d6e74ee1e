using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Printing;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>Behind the lines: the sums, the total in words, and the taxes by code and rate.</summary>
internal static class TotalsPart
{
    const double Width = 212, Step = 14;

    public static void Draw(InvoiceSheet sheet)
    {
        var flow = sheet.Flow;
        var rows = Rows(sheet).ToList();
        var owes = Owed(sheet).ToList();
        flow.Need(Math.Max(((rows.Count + owes.Count) * Step) + 40, 58 + (sheet.Extras.Registration is null ? 0 : RegistrationPart.Height)));
        var top = flow.Y + 8;
        var words = Words(sheet, top, flow.Width - Width - 20);
        if (sheet.Extras.Registration is { } registration)
            words = RegistrationPart.Draw(sheet, registration, words + 8, flow.Width - Width - 20);
        var (x, y) = (flow.Right - Width, top);
        foreach (var (label, value) in rows)
            y = Row(flow, x, y, label, value, false);
        y = Total(sheet, x, y + 3);
        foreach (var (label, value) in owes)
            y = Row(flow, x, y, label, value, label == "Amount due");
        flow.Y = Math.Max(y, words) + 10;
        Summary(sheet);
    }

    static IEnumerable<(string Label, string Value)> Rows(InvoiceSheet sheet)
    {
        var totals = sheet.Document.Totals;
        yield return (sheet.ValueLabel, sheet.Amount(totals.TaxableMicros));
        foreach (var head in InvoiceWords.Heads(sheet.Document.Treatment.Scheme))
            yield return (head.Label, sheet.Amount(head.Amount(totals.Tax)));
        if (totals.RoundOffMicros != 0)
            yield return ("Round-off", sheet.Amount(totals.RoundOffMicros));
    }

    static IEnumerable<(string Label, string Value)> Owed(InvoiceSheet sheet)
    {
        if (!sheet.IsDemand || sheet.Extras.Mark == DocumentMark.Void)
            yield break;
        var paid = sheet.Document.Totals.TotalMicros - sheet.OwedMicros;
        if (paid > 0)
            yield return ("Paid or adjusted", sheet.Amount(-paid));
        yield return ("Amount due", sheet.Money(sheet.OwedMicros));
    }

    static double Row(PageFlow flow, double x, double y, string label, string value, bool isBold)
    {
        flow.Text(x + 8, y + 10, label, new(8, isBold), isBold ? Ink.Black : Ink.Grey);
        flow.TextTo(flow.Right - 8, y + 10, value, new(8.4, isBold), Ink.Black);
        return y + Step;
    }

    static double Total(InvoiceSheet sheet, double x, double y)
    {
        var flow = sheet.Flow;
        flow.Page.Box(x, y, Width, 21, sheet.Accent);
        flow.Text(x + 8, y + 14, "Total", new(9.5, true), Ink.White);
        flow.TextTo(flow.Right - 8, y + 14.5, sheet.Money(sheet.Document.Totals.TotalMicros), new(11, true), Ink.White);
        return y + 24;
    }

    static double Words(InvoiceSheet sheet, double top, double width)
    {
        var flow = sheet.Flow;
        flow.Text(flow.Left, top + 8, "AMOUNT IN WORDS", new(6.6, true), sheet.Accent);
        return flow.Paragraph(flow.Left, top + 12, AmountInWords.Of(sheet.Document.Totals.TotalMicros, sheet.Document.Currency), new(8.4), Ink.Black, width, 5);
    }

    static void Summary(InvoiceSheet sheet)
    {
        var heads = InvoiceWords.Heads(sheet.Document.Treatment.Scheme);
        if (heads.Length == 0)
            return;
        var flow = sheet.Flow;
        flow.Need(60);
        flow.Text(flow.Left, flow.Y + 6, "TAX SUMMARY", new(6.6, true), sheet.Accent);
        flow.Y += 11;
        var hasSac = sheet.Document.Totals.Lines.Any(l => l.SacCode.Length > 0);
        Column[] tail = [new("Taxable value", 88, true), .. heads.SelectMany(h => (Column[])[new($"{h.Label} rate", 58, true), new($"{h.Label} amount", 78, true)]), new("Total tax", 88, true)];
        var table = new Table(flow, [new(hasSac ? "SAC" : "Rate", flow.Width - tail.Sum(c => c.Width)), .. tail], sheet.Accent, 7.2, isStriped: true);
        foreach (var group in sheet.Document.Totals.Lines.GroupBy(l => (l.SacCode, l.RateBasisPoints)).OrderBy(g => g.Key.SacCode, StringComparer.Ordinal).ThenBy(g => g.Key.RateBasisPoints))
        {
            var tax = group.Aggregate(default(TaxAmounts), (sum, line) => sum + line.Tax);
            table.Row(
            [
                hasSac ? group.Key.SacCode : InvoiceWords.Rate(group.Key.RateBasisPoints, 1), sheet.Amount(group.Sum(l => l.TaxableMicros)),
                .. heads.SelectMany(h => (Cell[])[InvoiceWords.Rate(group.Key.RateBasisPoints, h.RateShare), sheet.Amount(h.Amount(tax))]), sheet.Amount(tax.TotalMicros),
            ]);
        }
        flow.Y += 10;
    }
}
