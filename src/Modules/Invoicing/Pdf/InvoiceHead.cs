using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Printing;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>The top of the first page: whose document it is, what it is, from whom, to whom, and what it asks for.</summary>
internal static class InvoiceHead
{
    const double LogoWidth = 170, LogoHeight = 44, Gap = 14, FactsWidth = 176;

    static readonly TextStyle Caption = new(6.6, true);
    static readonly TextStyle Plain = new(7.8);

    public static void Draw(InvoiceSheet sheet)
    {
        Banner(sheet);
        Parties(sheet);
        Sum(sheet);
        Remarks(sheet);
    }

    static void Banner(InvoiceSheet sheet)
    {
        var flow = sheet.Flow;
        if (sheet.Extras.Logo is { } logo && PictureFile.TryRead(logo) is { } picture)
        {
            var scale = Math.Min(LogoWidth / picture.Width, LogoHeight / picture.Height);
            flow.Page.Picture(picture, flow.Left, flow.Y, picture.Width * scale, picture.Height * scale);
        }
        else
        {
            flow.Page.Text(flow.Left, flow.Y + 24, flow.Document.Type.Fit(sheet.BrandName, new(17, true), flow.Width * 0.55), sheet.Accent);
        }
        flow.TextTo(flow.Right, flow.Y + 20, sheet.Title.ToUpperInvariant(), new(17, true), sheet.Accent);
        flow.TextTo(flow.Right, flow.Y + 33, sheet.Extras.CopyLabel, new(7.6), Ink.Grey);
        flow.Y += 52;
        flow.Page.Rule(flow.Left, flow.Y, flow.Width, 0.8, Ink.Line);
        flow.Y += 12;
    }

    static void Parties(InvoiceSheet sheet)
    {
        var flow = sheet.Flow;
        var width = (flow.Width - FactsWidth - (2 * Gap)) / 2;
        var top = flow.Y;
        var supplier = Party(sheet, "FROM", sheet.Document.Supplier, flow.Left, width);
        var recipient = Party(sheet, "BILL TO", sheet.Document.Recipient, flow.Left + width + Gap, width);
        var facts = Facts(sheet, flow.Right - FactsWidth, top);
        flow.Y = Math.Max(facts, Math.Max(supplier, recipient)) + 10;
    }

    static double Party(InvoiceSheet sheet, string caption, DocumentParty party, double x, double width)
    {
        var flow = sheet.Flow;
        flow.Text(x, flow.Y + 6, caption, Caption, sheet.Accent);
        var y = flow.Paragraph(x, flow.Y + 9, party.Name, new(9.2, true), Ink.Black, width);
        foreach (var line in party.AddressLines)
            y = flow.Paragraph(x, y, line, Plain, Ink.Black, width);
        if (party.Country != sheet.Document.Supplier.Country || party.Country != "IN")
            y = flow.Paragraph(x, y, InvoiceWords.Country(party.Country), Plain, Ink.Black, width, 1);
        if (party.StateCode is { } state)
            y = flow.Paragraph(x, y, $"State: {InvoiceWords.State(state)}", Plain, Ink.Grey, width, 2);
        if (party.Gstin is { Length: > 0 } registration)
            y = flow.Paragraph(x, y, $"{sheet.IdLabel}: {registration}", Plain with { IsBold = true }, Ink.Black, width, 2);
        else if (party == sheet.Document.Recipient && sheet.Document.Treatment.Supply == SupplyType.B2C)
            y = flow.Paragraph(x, y, "Unregistered recipient", Plain, Ink.Grey, width, 1);
        foreach (var contact in new[] { party.Email, party.Phone }.OfType<string>().Where(c => c.Length > 0))
            y = flow.Paragraph(x, y, contact, Plain, Ink.Grey, width, 2);
        return y;
    }

    static double Facts(InvoiceSheet sheet, double x, double top)
    {
        var flow = sheet.Flow;
        var facts = FactsOf(sheet).ToList();
        var lines = facts.ConvertAll(f => flow.Document.Type.Wrap(f.Value, Plain with { IsBold = true }, FactsWidth - 84, 3));
        const double Step = 12.2;
        flow.Page.Box(x, top - 2, FactsWidth, (lines.Sum(l => l.Count) * Step) + 9, sheet.Accent.Tint(6));
        var y = top + 10;
        for (var i = 0; i < facts.Count; i++)
        {
            flow.Text(x + 8, y, facts[i].Label, Plain, Ink.Grey);
            foreach (var line in lines[i])
            {
                flow.Page.Text(x + FactsWidth - 8 - line.Width, y, line, Ink.Black);
                y += Step;
            }
        }
        return y;
    }

    static IEnumerable<(string Label, string Value)> FactsOf(InvoiceSheet sheet)
    {
        var document = sheet.Document;
        var noun = InvoiceWords.Noun(document.Kind);
        yield return ($"{noun} number", document.Number);
        yield return ($"{noun} date", InvoiceWords.Day(document.IssuedOn));
        if (document.DueOn is { } due)
            yield return ("Due date", InvoiceWords.Day(due));
        if (document is { PeriodFrom: { } from, PeriodTo: { } to })
            yield return ("Billing period", InvoiceWords.Days(from, to));
        if (document.Recipient.Number is { } account)
            yield return ("Account", account);
        if (document.Treatment.Supply == SupplyType.OutsideGst)
            yield break;
        yield return ("Place of supply", InvoiceWords.State(document.Treatment.PlaceOfSupply));
        yield return ("Reverse charge", document.Treatment.ReverseCharge ? "Yes" : "No");
    }

    static void Sum(InvoiceSheet sheet)
    {
        var flow = sheet.Flow;
        var document = sheet.Document;
        var (label, micros, note) = document.Kind switch
        {
            DocumentKind.CreditNote => ("Amount credited", document.Totals.TotalMicros, ""),
            DocumentKind.ReceiptVoucher => ("Advance received", document.Totals.TotalMicros, ""),
            DocumentKind.RefundVoucher => ("Advance refunded", document.Totals.TotalMicros, ""),
            _ when sheet.Extras.Mark == DocumentMark.Void => ("This document is void", 0L, ""),
            _ when sheet.OwedMicros <= 0 => ("Paid, with thanks", document.Totals.TotalMicros, ""),
            _ => ("Amount due", sheet.OwedMicros, document.DueOn is { } due ? $"Please pay by {InvoiceWords.Day(due)}" : ""),
        };
        flow.Page.Box(flow.Left, flow.Y, flow.Width, 34, sheet.Accent.Tint(12));
        flow.Page.Box(flow.Left, flow.Y, 3, 34, sheet.Accent);
        flow.Text(flow.Left + 12, flow.Y + 21, label, new(10, true), Ink.Black);
        if (note.Length > 0)
            flow.Page.Text(flow.Left + (flow.Width / 2) - 60, flow.Y + 21, flow.Document.Type.Set(note, new(8.6)), Ink.Black);
        if (micros > 0 || sheet.Extras.Mark != DocumentMark.Void)
            flow.TextTo(flow.Right - 10, flow.Y + 23, sheet.Money(micros), new(15, true), sheet.Accent);
        flow.Y += 34 + 10;
    }

    static void Remarks(InvoiceSheet sheet)
    {
        var flow = sheet.Flow;
        var document = sheet.Document;
        if (document.Treatment.Endorsement is { Length: > 0 } endorsement)
        {
            var lines = flow.Document.Type.Wrap(endorsement, new(8, true), flow.Width - 20, 4);
            var height = (lines.Count * 11) + 8;
            flow.Page.Frame(flow.Left, flow.Y, flow.Width, height, 0.8, sheet.Accent);
            flow.Paragraph(flow.Left + 10, flow.Y + 4, endorsement, new(8, true), Ink.Black, flow.Width - 20, 4);
            flow.Y += height + 8;
        }
        if (document.Treatment.ReverseCharge)
            flow.Y = flow.Paragraph(flow.Left, flow.Y, "Tax on this supply is payable by the recipient under reverse charge.", new(8, true), Ink.Black, flow.Width) + 6;
        foreach (var words in References(sheet))
            flow.Y = flow.Paragraph(flow.Left, flow.Y, words, new(8), Ink.Black, flow.Width) + 3;
        if (document.References.Length > 0 || document.Reason is { Length: > 0 })
            flow.Y += 5;
    }

    static IEnumerable<string> References(InvoiceSheet sheet)
    {
        foreach (var group in sheet.Document.References.GroupBy(r => r.Kind))
        {
            var isAdjusted = group.Any(r => r.TaxMicros != 0);
            var named = group.Select(r => $"{r.Number} of {InvoiceWords.Day(r.IssuedOn)}{(r.TaxMicros != 0 ? $" (tax adjusted {sheet.Money(r.TaxMicros)})" : "")}");
            var noun = InvoiceWords.Named(group.Key) + (group.Count() > 1 ? "s" : "");
            yield return $"{(isAdjusted ? "Adjusts" : "Against")} {noun} {string.Join(", ", named)}.";
        }
        if (sheet.Document.Reason is { Length: > 0 } reason)
            yield return $"Reason: {reason}";
    }
}
