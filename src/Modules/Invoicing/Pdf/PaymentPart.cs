using System.Globalization;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Printing;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>The end of a document: how to pay it, and the tenant's terms.</summary>
internal static class PaymentPart
{
    const double PayCode = 84, Padding = 9;

    static readonly TextStyle Caption = new(6.6, true);
    static readonly TextStyle Plain = new(7.6);

    public static void Draw(InvoiceSheet sheet)
    {
        if (sheet.Extras.Bank is { } bank && sheet.OwedMicros > 0)
            Payment(sheet, bank);
        Notes(sheet);
    }

    /// <summary>The deep link that UPI apps open: to whom, how much, for which document.</summary>
    internal static string? UpiLink(InvoiceDocument document, string payee, string? upiId, long owedMicros) => upiId is { Length: > 0 } && document.Currency == "INR" && owedMicros > 0
        ? string.Create(
            CultureInfo.InvariantCulture,
            $"upi://pay?pa={Uri.EscapeDataString(upiId)}&pn={Uri.EscapeDataString(Short(payee))}&am={Core.Money.Format(owedMicros)}&cu=INR&tr={Uri.EscapeDataString(document.Number)}&tn={Uri.EscapeDataString($"Invoice {document.Number}")}")
        : null;

    static void Payment(InvoiceSheet sheet, BankDetails bank)
    {
        var flow = sheet.Flow;
        var link = UpiLink(sheet.Document, sheet.BrandName, bank.UpiId, sheet.OwedMicros);
        var code = link is null ? null : QrPicture.Make(link);
        var facts = Facts(sheet, bank, link is not null).ToList();
        var height = Math.Max((facts.Count * 12) + 12, code is null ? 0 : PayCode) + (2 * Padding);
        flow.Need(height + 4);
        var top = flow.Y + Padding;
        flow.Page.Frame(flow.Left, flow.Y, flow.Width, height, 0.7, Ink.Line);
        var y = top + 7;
        flow.Text(flow.Left + Padding, y, "HOW TO PAY", Caption, sheet.Accent);
        y += 14;
        foreach (var (label, value) in facts)
        {
            flow.Text(flow.Left + Padding, y, label, Plain, Ink.Grey);
            flow.Page.Text(flow.Left + Padding + 84, y, flow.Document.Type.Fit(value, Plain with { IsBold = true }, 190), Ink.Black);
            y += 12;
        }
        if (code is not null)
        {
            var x = flow.Right - Padding - PayCode;
            flow.Page.Picture(code, x, top, PayCode, PayCode);
            flow.TextTo(x - 10, top + 34, "Scan with any UPI app", Plain with { IsBold = true }, Ink.Black);
            flow.TextTo(x - 10, top + 46, $"to pay {sheet.Money(sheet.OwedMicros)}", Plain, Ink.Grey);
        }
        flow.Y += height + 8;
    }

    static IEnumerable<(string Label, string Value)> Facts(InvoiceSheet sheet, BankDetails bank, bool takesUpi)
    {
        (string, string?)[] facts =
        [
            ("Account name", bank.AccountName), ("Account number", bank.AccountNumber), ("IFSC", bank.Ifsc), ("Bank", bank.BankName), ("UPI", takesUpi ? bank.UpiId : null), ("Reference", sheet.Document.Number),
        ];
        foreach (var (label, value) in facts)
        {
            if (value is { Length: > 0 })
                yield return (label, value);
        }
    }

    static void Notes(InvoiceSheet sheet)
    {
        var flow = sheet.Flow;
        if (sheet.Extras.Notes.IsDefaultOrEmpty)
            return;
        flow.Need(20);
        flow.Text(flow.Left, flow.Y + 6, "NOTES", Caption, sheet.Accent);
        flow.Y += 9;
        foreach (var note in sheet.Extras.Notes)
        {
            flow.Need(flow.Document.Type.Wrap(note, new(7.2), flow.Width).Count * 9.6);
            flow.Y = flow.Paragraph(flow.Left, flow.Y, note, new(7.2), Ink.Grey, flow.Width) + 2;
        }
    }

    static string Short(string name) => name.Length <= 50 ? name : name[..50];
}
