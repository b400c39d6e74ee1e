using System.Globalization;
using System.Text;

namespace Balatrix.Modules.Printing;

/// <summary>A font in one document: which of its glyphs the document uses, numbered as they come.</summary>
internal sealed class EmbeddedFont(FontFace face, int index)
{
    readonly List<UsedGlyph> more = [];
    readonly Dictionary<ushort, ushort> ids = [];

    /// <summary>Its name on the pages.</summary>
    public string Resource { get; } = string.Create(CultureInfo.InvariantCulture, $"F{index}");

    /// <summary>The number of a glyph in this document. A glyph stands for the text that it first came with.</summary>
    public ushort Id(ushort glyph, string text)
    {
        if (face.CommonIds.TryGetValue(glyph, out var id) || ids.TryGetValue(glyph, out id))
            return id;
        id = (ushort)(face.CommonGlyphs.Count + more.Count);
        ids[glyph] = id;
        more.Add(new(glyph, text));
        return id;
    }

    /// <summary>As <see cref="Id(ushort, string)"/>, for a single character.</summary>
    public ushort Id(ushort glyph, Rune rune) => face.CommonIds.TryGetValue(glyph, out var id) || ids.TryGetValue(glyph, out id) ? id : Id(glyph, rune.ToString());

    /// <summary>Writes the font and answers its object.</summary>
    public int Write(PdfObjects file)
    {
        var program = more.Count == 0 && face.IsMain ? face.CommonProgram : FontProgram.Make(face.Font, [.. face.CommonGlyphs, .. more]);
        var font = face.Font;
        var stream = file.WriteStream(string.Create(CultureInfo.InvariantCulture, $"/Length1 {program.FileLength}"), program.File);
        var descriptor = file.Write(string.Create(CultureInfo.InvariantCulture, $"""
            <</Type /FontDescriptor /FontName /{program.Name} /Flags 4 /FontBBox [{string.Join(' ', font.Box)}] /ItalicAngle 0 /Ascent {font.Ascent} /Descent {font.Descent} /CapHeight {font.Ascent * 2 / 3} /StemV 80 /FontFile2 {stream} 0 R>>
            """));
        var glyphs = file.Write(string.Create(CultureInfo.InvariantCulture, $"""
            <</Type /Font /Subtype /CIDFontType2 /BaseFont /{program.Name} /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>> /FontDescriptor {descriptor} 0 R /CIDToGIDMap /Identity /W {program.Widths}>>
            """));
        var map = file.WriteStream("", program.ToUnicode);
        return file.Write(string.Create(CultureInfo.InvariantCulture, $"""
            <</Type /Font /Subtype /Type0 /BaseFont /{program.Name} /Encoding /Identity-H /DescendantFonts [{glyphs} 0 R] /ToUnicode {map} 0 R>>
            """));
    }
}
