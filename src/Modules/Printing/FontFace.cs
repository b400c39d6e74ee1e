using System.Collections.Frozen;

namespace Balatrix.Modules.Printing;

/// <summary>A font as documents use it: with its shaper and, for a main font, a subset of the common characters that is made once for all documents.</summary>
public sealed class FontFace
{
    readonly Lazy<nint> shaper;
    readonly Lazy<FontProgram> common;

    internal FontFace(TrueTypeFont font, bool isMain)
    {
        Font = font;
        IsMain = isMain;
        shaper = new(() => HarfBuzz.IsHere ? HarfBuzz.Open(font) : 0);
        CommonGlyphs = isMain ? Common(font) : [new(0, "\uFFFD")];
        CommonIds = CommonGlyphs.Select((g, i) => (g.Glyph, Id: (ushort)i)).ToFrozenDictionary(g => g.Glyph, g => g.Id);
        common = new(() => FontProgram.Make(font, CommonGlyphs));
    }

    /// <summary>The font.</summary>
    public TrueTypeFont Font { get; }

    /// <summary>Whether it sets the running text.</summary>
    public bool IsMain { get; }

    internal IReadOnlyList<UsedGlyph> CommonGlyphs { get; }

    internal FrozenDictionary<ushort, ushort> CommonIds { get; }

    internal FontProgram CommonProgram => common.Value;

    /// <summary>Shapes a run, or answers null without a shaping library.</summary>
    public ShapedGlyphs? Shape(string text) => shaper.Value == 0 ? null : HarfBuzz.Shape(shaper.Value, text);

    static List<UsedGlyph> Common(TrueTypeFont font)
    {
        IEnumerable<int> characters = [.. Enumerable.Range(0x20, 0x5F), .. Enumerable.Range(0xA0, 0x60), 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2026, 0x20AC, 0x20B9, 0x2212];
        var glyphs = new List<UsedGlyph> { new(0, "\uFFFD") };
        foreach (var character in characters)
        {
            var glyph = font.Glyph(character);
            if (glyph != 0 && glyphs.TrueForAll(g => g.Glyph != glyph))
                glyphs.Add(new(glyph, char.ConvertFromUtf32(character)));
        }
        return glyphs;
    }
}

/// <summary>A glyph of a document and the text that it stands for.</summary>
internal readonly record struct UsedGlyph(ushort Glyph, string Text);
