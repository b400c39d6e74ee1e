using System.Text;

namespace Balatrix.Modules.Printing;

/// <summary>Draws on a page. Places are in points from its upper left corner.</summary>
public sealed class PageCanvas
{
    readonly ContentWriter content = new();
    readonly PrintDocument document;
    Ink? fill;

    internal PageCanvas(PrintDocument document, double width, double height) => (this.document, Width, Height) = (document, width, height);

    /// <summary>Width of the page.</summary>
    public double Width { get; }

    /// <summary>Height of the page.</summary>
    public double Height { get; }

    internal ReadOnlySpan<byte> Written => content.Written;

    /// <summary>Draws a line of text from its left end on its baseline.</summary>
    public void Text(double x, double baseline, TextLine line, Ink ink)
    {
        Fill(ink);
        content.Put("BT "u8).Put("1 0 0 1 "u8).Put(x).Put(Height - baseline).Put("Tm "u8);
        Runs(line);
        content.Put("ET\n"u8);
    }

    /// <summary>Draws a line of text upwards across the page around a middle.</summary>
    public void Across(double x, double y, TextLine line, Ink ink)
    {
        Fill(ink);
        var part = Math.Sqrt(0.5);
        content.Put("BT 0.71 0.71 -0.71 0.71 "u8).Put(x - (line.Width * part / 2)).Put(Height - y - (line.Width * part / 2)).Put("Tm "u8);
        Runs(line);
        content.Put("ET\n"u8);
    }

    /// <summary>Fills a rectangle.</summary>
    public void Box(double x, double y, double width, double height, Ink ink)
    {
        Fill(ink);
        content.Put(x).Put(Height - y - height).Put(width).Put(height).Put("re f\n"u8);
    }

    /// <summary>Draws a rectangle's border.</summary>
    public void Frame(double x, double y, double width, double height, double thickness, Ink ink)
    {
        Colour(ink);
        content.Put("RG "u8).Put(thickness).Put("w "u8).Put(x).Put(Height - y - height).Put(width).Put(height).Put("re S\n"u8);
    }

    /// <summary>Draws a level rule.</summary>
    public void Rule(double x, double y, double width, double thickness, Ink ink) => Box(x, y - (thickness / 2), width, thickness, ink);

    /// <summary>Draws a picture into a rectangle.</summary>
    public void Picture(Picture picture, double x, double y, double width, double height) =>
        content.Put("q "u8).Put(width).Put("0 0 "u8).Put(height).Put(x).Put(Height - y - height).Put("cm /"u8).Put(document.Resource(picture)).Put(" Do Q\n"u8);

    internal void Clear()
    {
        content.Clear();
        fill = null;
    }

    void Fill(Ink ink)
    {
        if (fill == ink)
            return;
        fill = ink;
        Colour(ink);
        content.Put("rg "u8);
    }

    void Colour(Ink ink) => content.Put(ink.Red / 255d).Put(ink.Green / 255d).Put(ink.Blue / 255d);

    void Runs(TextLine line)
    {
        foreach (var run in line.Runs)
        {
            var font = document.Embed(run.Face);
            content.Put("/"u8).Put(font.Resource).Put(" "u8).Put(line.Size).Put("Tf "u8);
            if (run.Shaped is { } shaped)
                Shaped(run, shaped, font, line.Size);
            else
                Plain(run, font);
        }
    }

    void Plain(TextRun run, EmbeddedFont font)
    {
        content.Put("<"u8);
        var i = 0;
        foreach (var rune in run.Text.EnumerateRunes())
            content.PutHex(font.Id(run.Glyphs[i++], rune));
        content.Put("> Tj "u8);
    }

    // The text stands beside its glyphs, since they are neither as many as its characters nor in their order.
    void Shaped(TextRun run, ShapedGlyphs shaped, EmbeddedFont font, double size)
    {
        var units = (double)run.Face.Font.UnitsPerEm;
        content.Put("/Span <</ActualText <FEFF"u8).Put(Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(run.Text))).Put(">>> BDC "u8);
        for (var i = 0; i < shaped.Glyphs.Length; i++)
        {
            var glyph = shaped.Glyphs[i];
            var rise = shaped.Up[i] * size / units;
            if (rise != 0)
                content.Put(rise).Put("Ts "u8);
            var across = shaped.Across[i] * 1000 / units;
            var after = ((run.Face.Font.Advance(glyph) - shaped.Advances[i]) * 1000 / units) + across;
            content.Put("["u8);
            if (across != 0)
                content.Put(-across);
            content.Put("<"u8);
            content.PutHex(font.Id(glyph, run.Face.Font.TextOf(glyph)));
            content.Put(">"u8);
            if (after != 0)
                content.Put(after);
            content.Put("] TJ "u8);
            if (rise != 0)
                content.Put("0 Ts "u8);
        }
        content.Put("EMC "u8);
    }
}
