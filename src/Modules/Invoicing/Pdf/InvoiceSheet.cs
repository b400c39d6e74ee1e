using System.Globalization;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Printing;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>The pages of one document: what every page has, and what its parts share.</summary>
internal sealed class InvoiceSheet
{
    static readonly Ink Usual = new(0x1F, 0x4E, 0x8C);

    readonly PrintDocument print;

    public InvoiceSheet(InvoiceDocument document, PdfExtras extras)
    {
        (Document, Extras) = (document, extras);
        Accent = Ink.Parse(extras.Branding?.Color, Usual).Readable();
        Title = InvoiceWords.Title(document);
        var name = $"{Title} {document.Number}";
        print = new(extras.Fonts, new(name, document.Supplier.Name, $"{name} of {InvoiceWords.Day(document.IssuedOn)} to {document.Recipient.Name}", document.IssuedOn));
        Flow = new(print, 36, 785, BeginPage);
    }

    public InvoiceDocument Document { get; }

    public PdfExtras Extras { get; }

    public Ink Accent { get; }

    public string Title { get; }

    public PageFlow Flow { get; }

    /// <summary>The tenant's name as customers know it.</summary>
    public string BrandName => Extras.Branding?.Name is { Length: > 0 } name ? name : Document.Supplier.Name;

    /// <summary>Whether it asks for money.</summary>
    public bool IsDemand => Document.Kind is DocumentKind.Invoice or DocumentKind.DebitNote;

    /// <summary>What is still owed.</summary>
    public long OwedMicros => !IsDemand || Extras.Mark is DocumentMark.Void or DocumentMark.Paid ? 0
        : Extras.OwedMicros ?? (Document.Totals.TotalMicros - Document.PaidBeforeMicros);

    public string Money(long micros) => AmountText.WithCurrency(micros, Document.Currency);

    public string Amount(long micros) => AmountText.Grouped(micros, Document.Currency);

    public byte[] Finish()
    {
        var count = print.PageCount;
        return print.Finish((page, number) => Foot(page, string.Create(CultureInfo.InvariantCulture, $"Page {number} of {count}")));
    }

    void BeginPage(PageFlow flow)
    {
        flow.Page.Box(0, 0, flow.Page.Width, 6, Accent);
        Mark(flow);
        if (print.PageCount == 1)
        {
            flow.Y = 28;
            return;
        }
        flow.Page.Text(flow.Left, 32, print.Type.Fit(BrandName, new(9, true), flow.Width / 2), Accent);
        flow.TextTo(flow.Right, 32, $"{Title} {Document.Number} · {InvoiceWords.Day(Document.IssuedOn)}", new(8), Ink.Grey);
        flow.Page.Rule(flow.Left, 39, flow.Width, 0.7, Ink.Line);
        flow.Y = 50;
    }

    void Mark(PageFlow flow)
    {
        var (words, ink) = Extras.Mark switch
        {
            DocumentMark.Draft => ("DRAFT", new Ink(0xEC, 0xEE, 0xF1)),
            DocumentMark.Paid => ("PAID", new Ink(0xE3, 0xF3, 0xE6)),
            DocumentMark.Void => ("VOID", new Ink(0xF8, 0xE1, 0xE1)),
            _ => ("", Ink.White),
        };
        if (words.Length > 0)
            flow.Page.Across(flow.Page.Width / 2, 480, print.Type.Set(words, new(Extras.Mark == DocumentMark.Paid ? 96 : 130, true)), ink);
    }

    void Foot(PageCanvas page, string pageWords)
    {
        page.Rule(36, 795, page.Width - 72, 0.7, Ink.Line);
        var style = new TextStyle(6.8);
        var supplier = Document.Supplier;
        page.Text(36, 806, print.Type.Fit(supplier.Gstin is null ? supplier.Name : $"{supplier.Name} · {IdLabel} {supplier.Gstin}", style, 400), Ink.Grey);
        page.Text(36, 816, print.Type.Set($"This is a computer-generated {Title.ToLowerInvariant()} and needs no signature.", style), Ink.Grey);
        var line = print.Type.Set(pageWords, style);
        page.Text(page.Width - 36 - line.Width, 806, line, Ink.Grey);
    }

    /// <summary>What a line's amount before tax is called; a financial note is outside GST.</summary>
    public string ValueLabel => FinancialNote.Is(Document) ? "Value" : "Taxable value";

    /// <summary>What a registration is called where the supplier is.</summary>
    public string IdLabel => Document.Supplier.Country == "IN" ? "GSTIN" : "Tax ID";
}
