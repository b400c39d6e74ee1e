using System.Globalization;

namespace Balatrix.Modules.Printing;

/// <summary>A picture as PDF files hold it.</summary>
/// <param name="Width">In pixels.</param>
/// <param name="Height">In pixels.</param>
/// <param name="Entries">How its bytes are to be read.</param>
/// <param name="Bytes">Its bytes, compressed.</param>
/// <param name="Opacity">What shines through, or null when nothing does.</param>
public sealed record Picture(int Width, int Height, string Entries, byte[] Bytes, Picture? Opacity = null)
{
    internal int Write(PdfObjects file)
    {
        var mask = Opacity is { } opacity ? string.Create(CultureInfo.InvariantCulture, $" /SMask {opacity.Write(file)} 0 R") : "";
        return file.WriteStream(string.Create(CultureInfo.InvariantCulture, $"/Type /XObject /Subtype /Image /Width {Width} /Height {Height} {Entries}{mask}"), Bytes, isPacked: false);
    }
}
