using Balatrix.Core.Invoices;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>Prints documents. The same document and extras make the same bytes.</summary>
public static class InvoicePdf
{
    /// <summary>Raised whenever the pages of a document come to look otherwise; stored files of an older layout are made anew.</summary>
    public const int LayoutVersion = 1;

    /// <summary>Prints a document with the annex that the extras hold.</summary>
    public static byte[] Render(InvoiceDocument document, PdfExtras extras)
    {
        var sheet = Body(document, extras);
        if (extras.Annex is { } rows)
        {
            var annex = new AnnexPages(sheet);
            foreach (var row in rows)
                annex.Add(row);
            annex.End();
        }
        return sheet.Finish();
    }

    /// <summary>Prints a document with an annex whose rows are read while it is printed.</summary>
    public static async Task<byte[]> RenderAsync(InvoiceDocument document, PdfExtras extras, IAsyncEnumerable<AnnexRow> rows, CancellationToken cancellationToken)
    {
        var sheet = Body(document, extras);
        AnnexPages? annex = null;
        await foreach (var row in rows.WithCancellation(cancellationToken))
            (annex ??= new AnnexPages(sheet)).Add(row);
        annex?.End();
        return sheet.Finish();
    }

    static InvoiceSheet Body(InvoiceDocument document, PdfExtras extras)
    {
        var sheet = new InvoiceSheet(document, extras);
        InvoiceHead.Draw(sheet);
        LinesPart.Draw(sheet);
        TotalsPart.Draw(sheet);
        PaymentPart.Draw(sheet);
        return sheet;
    }
}
