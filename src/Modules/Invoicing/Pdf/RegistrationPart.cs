using System.Globalization;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Printing;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>An e-invoice's registration: the portal's signed code, as it came, and its numbers.</summary>
internal static class RegistrationPart
{
    /// <summary>How much room it takes at most.</summary>
    public const double Height = CodeSize + 6;

    const double CodeSize = 132;

    static readonly TextStyle Plain = new(7);

    /// <summary>Draws it and answers where it ends.</summary>
    public static double Draw(InvoiceSheet sheet, EInvoiceRegistration registration, double top, double width)
    {
        var flow = sheet.Flow;
        var x = flow.Left;
        var code = QrPicture.Make(registration.SignedQrCode);
        if (code is not null)
        {
            flow.Page.Picture(code, x, top, CodeSize, CodeSize);
            x += CodeSize + 12;
            width -= CodeSize + 12;
        }
        flow.Text(x, top + 6, "E-INVOICE", new(6.6, true), sheet.Accent);
        var y = flow.Paragraph(x, top + 10, "Invoice reference number (IRN)", Plain, Ink.Grey, width);
        y = flow.Paragraph(x, y, registration.Irn, Plain, Ink.Black, width, 4);
        y = flow.Paragraph(x, y + 3, "Acknowledgement", Plain, Ink.Grey, width);
        y = flow.Paragraph(x, y, $"{registration.AckNumber} of {registration.AckAt.ToString("dd MMM yyyy HH:mm", CultureInfo.InvariantCulture)}", Plain, Ink.Black, width, 2);
        return code is null ? y : Math.Max(y, top + CodeSize);
    }
}
