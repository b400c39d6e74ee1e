using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Balatrix.Modules.Printing;

/// <summary>What a PDF file holds of a font: the subset, its widths, and which text its glyphs stand for.</summary>
/// <param name="Name">The font's name with the six letters that mark a subset.</param>
/// <param name="File">The subset, compressed.</param>
/// <param name="FileLength">Its length before compression.</param>
/// <param name="Widths">The array of widths.</param>
/// <param name="ToUnicode">The map from glyphs to text, compressed.</param>
internal sealed record FontProgram(string Name, byte[] File, int FileLength, string Widths, byte[] ToUnicode)
{
    /// <summary>Makes it of glyphs that are numbered by their place.</summary>
    public static FontProgram Make(TrueTypeFont font, IReadOnlyList<UsedGlyph> glyphs)
    {
        var file = FontSubset.Build(font, [.. glyphs.Select(g => g.Glyph)]);
        return new($"{Letters(file)}+{font.Name}", PdfObjects.Compress(file), file.Length, WidthsOf(font, glyphs), PdfObjects.Compress(Map(glyphs)));
    }

    // The same subset has the same letters, another one has others.
    static string Letters(byte[] file) => string.Concat(SHA256.HashData(file).Take(6).Select(b => (char)('A' + (b % 26))));

    static string WidthsOf(TrueTypeFont font, IReadOnlyList<UsedGlyph> glyphs)
    {
        var text = new StringBuilder("[0 [");
        foreach (var glyph in glyphs)
            text.Append((font.Advance(glyph.Glyph) * 1000m / font.UnitsPerEm).ToString("0.##", CultureInfo.InvariantCulture)).Append(' ');
        text.Length--;
        return text.Append("]]").ToString();
    }

    static byte[] Map(IReadOnlyList<UsedGlyph> glyphs)
    {
        var text = new StringBuilder(
            """
            /CIDInit /ProcSet findresource begin 12 dict begin begincmap
            /CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
            /CMapName /Adobe-Identity-UCS def /CMapType 2 def
            1 begincodespacerange <0000> <FFFF> endcodespacerange

            """);
        foreach (var part in glyphs.Select((g, i) => (g.Text, Id: i)).Chunk(100))
        {
            text.Append(CultureInfo.InvariantCulture, $"{part.Length} beginbfchar\n");
            foreach (var (meaning, id) in part)
                text.Append(CultureInfo.InvariantCulture, $"<{id:X4}> <{Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(meaning))}>\n");
            text.Append("endbfchar\n");
        }
        return Encoding.ASCII.GetBytes(text.Append("endcmap CMapName currentdict /CMap defineresource pop end end\n").ToString());
    }
}
