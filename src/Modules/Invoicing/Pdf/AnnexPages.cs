using System.Globalization;
using Balatrix.Modules.Printing;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>The annex: every use that a document charges, on pages of their own.</summary>
internal sealed class AnnexPages
{
    readonly InvoiceSheet sheet;
    readonly Table table;
    long sumMicros;
    int count;

    public AnnexPages(InvoiceSheet sheet)
    {
        this.sheet = sheet;
        var flow = sheet.Flow;
        flow.Next();
        flow.Text(flow.Left, flow.Y + 10, $"Usage annex to {sheet.Document.Number}", new(12, true), sheet.Accent);
        flow.Text(flow.Left, flow.Y + 22, "Amounts are before tax.", new(7.6), Ink.Grey);
        flow.Y += 30;
        Column[] columns =
        [
            new("#", 32, true), new("Date and time", 82), new("Service", 36), new("From", 68), new("To", 68), new("Destination", flow.Width - 396), new("Quantity", 54, true),
            new($"Amount ({sheet.Document.Currency})", 56, true),
        ];
        table = new(flow, columns, sheet.Accent, 6.9, isStriped: true) { Carried = () => ["", "", "", "", "", "", "", sheet.Amount(sumMicros)] };
    }

    public void Add(AnnexRow row)
    {
        table.Row(
            (count + 1).ToString(CultureInfo.InvariantCulture), row.At.ToString("dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture), row.Service, row.From, row.To, row.Destination, row.Quantity,
            sheet.Amount(row.AmountMicros));
        (sumMicros, count) = (sumMicros + row.AmountMicros, count + 1);
    }

    public void End() => table.Sum("", "Total", "", "", "", $"{InvoiceWords.Quantity(count)} records", "", sheet.Amount(sumMicros));
}
