using System.Buffers.Binary;
using System.Text;

namespace Balatrix.Modules.Printing;

/// <summary>A font file with TrueType outlines: its metrics, characters and glyphs. It never changes, so one serves all documents.</summary>
public sealed class TrueTypeFont
{
    readonly byte[] file;
    readonly Dictionary<string, (int Offset, int Length)> tables = [];
    readonly Dictionary<int, ushort> characters = [];
    readonly Lazy<Dictionary<ushort, int>> texts;
    readonly ushort[] common = new ushort[0x180];
    readonly int[] advances;
    readonly int wideMetrics;
    readonly bool isLongLoca;

    TrueTypeFont(string path, byte[] file)
    {
        this.file = file;
        Path = path;
        var start = Tag(0) == "ttcf" ? (int)U32(12) : 0;
        for (var i = 0; i < U16(start + 4); i++)
        {
            var entry = start + 12 + (i * 16);
            tables[Tag(entry)] = ((int)U32(entry + 8), (int)U32(entry + 12));
        }
        var head = tables["head"].Offset;
        UnitsPerEm = U16(head + 18);
        Box = [Em(S16(head + 36)), Em(S16(head + 38)), Em(S16(head + 40)), Em(S16(head + 42))];
        isLongLoca = U16(head + 50) != 0;
        GlyphCount = U16(tables["maxp"].Offset + 4);
        var hhea = tables["hhea"].Offset;
        (Ascent, Descent, wideMetrics) = (Em(S16(hhea + 4)), Em(S16(hhea + 6)), U16(hhea + 34));
        _ = tables["glyf"];
        var hmtx = tables["hmtx"].Offset;
        advances = new int[GlyphCount];
        for (var i = 0; i < GlyphCount; i++)
            advances[i] = U16(hmtx + (Math.Min(i, wideMetrics - 1) * 4));
        ReadCharacters();
        texts = new(() => characters.Where(c => c.Key is < 0xD800 or > 0xDFFF).GroupBy(c => c.Value).ToDictionary(g => g.Key, g => g.Min(c => c.Key)));
        for (var c = 0; c < common.Length; c++)
            common[c] = characters.GetValueOrDefault(c);
    }

    /// <summary>Where it was read.</summary>
    public string Path { get; }

    /// <summary>The file's name without what a PDF name may not have.</summary>
    public string Name => string.Concat(System.IO.Path.GetFileNameWithoutExtension(Path).Where(c => char.IsAsciiLetterOrDigit(c) || c == '-'));

    /// <summary>Units of the outlines in one em.</summary>
    public int UnitsPerEm { get; }

    /// <summary>Number of glyphs.</summary>
    public int GlyphCount { get; }

    /// <summary>Highest above the baseline, in thousandths of an em.</summary>
    public int Ascent { get; }

    /// <summary>Lowest below the baseline, in thousandths of an em; negative.</summary>
    public int Descent { get; }

    /// <summary>What all glyphs fit in: left, bottom, right, top in thousandths of an em.</summary>
    public IReadOnlyList<int> Box { get; }

    internal byte[] File => file;

    /// <summary>Reads a font; null when it is none, or one without TrueType outlines.</summary>
    public static TrueTypeFont? TryRead(string path)
    {
        try
        {
            return new TrueTypeFont(path, System.IO.File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or KeyNotFoundException or ArgumentException or IndexOutOfRangeException)
        {
            // A file that cannot be used is passed over: the next candidate serves.
            return null;
        }
    }

    /// <summary>The glyph of a character, or 0.</summary>
    public ushort Glyph(int codePoint) => codePoint < common.Length ? common[codePoint] : characters.GetValueOrDefault(codePoint);

    /// <summary>The character that a glyph stands for by itself, or the mark of what cannot be told.</summary>
    public string TextOf(ushort glyph) => texts.Value.TryGetValue(glyph, out var character) ? char.ConvertFromUtf32(character) : "\uFFFD";

    /// <summary>A glyph's advance in font units.</summary>
    public int Advance(ushort glyph) => advances[glyph < advances.Length ? glyph : 0];

    internal int SideBearing(ushort glyph) =>
        S16(tables["hmtx"].Offset + (glyph < wideMetrics ? (glyph * 4) + 2 : (wideMetrics * 4) + ((glyph - wideMetrics) * 2)));

    internal ReadOnlySpan<byte> Outline(ushort glyph)
    {
        if (glyph >= GlyphCount)
            return [];
        var loca = tables["loca"].Offset;
        var (from, to) = isLongLoca ? ((int)U32(loca + (glyph * 4)), (int)U32(loca + (glyph * 4) + 4)) : (U16(loca + (glyph * 2)) * 2, U16(loca + (glyph * 2) + 2) * 2);
        return file.AsSpan(tables["glyf"].Offset + from, to - from);
    }

    internal ReadOnlySpan<byte> Table(string tag) => file.AsSpan(tables[tag].Offset, tables[tag].Length);

    int Em(int units) => units * 1000 / UnitsPerEm;

    void ReadCharacters()
    {
        var cmap = tables["cmap"].Offset;
        var best = (Rank: 0, Offset: 0);
        for (var i = 0; i < U16(cmap + 2); i++)
        {
            var entry = cmap + 4 + (i * 8);
            var offset = cmap + (int)U32(entry + 4);
            var rank = (U16(entry), U16(entry + 2), U16(offset)) switch
            {
                (3, 10, 12) => 4,
                (0, _, 12) => 3,
                (3, 1, 4) => 2,
                (0, _, 4) => 1,
                _ => 0,
            };
            if (rank > best.Rank)
                best = (rank, offset);
        }
        if (best.Rank >= 3)
            ReadGroups(best.Offset);
        else if (best.Rank > 0)
            ReadSegments(best.Offset);
    }

    void ReadGroups(int table)
    {
        for (var i = 0; i < U32(table + 12); i++)
        {
            var group = table + 16 + (i * 12);
            var (first, last, glyph) = ((int)U32(group), (int)U32(group + 4), (int)U32(group + 8));
            for (var c = first; c <= last; c++)
                characters[c] = (ushort)(glyph + c - first);
        }
    }

    void ReadSegments(int table)
    {
        var count = U16(table + 6) / 2;
        var (ends, starts) = (table + 14, table + 16 + (count * 2));
        for (var i = 0; i < count; i++)
        {
            var (start, end) = (U16(starts + (i * 2)), U16(ends + (i * 2)));
            var delta = U16(starts + (count * 2) + (i * 2));
            var rangeAt = starts + (count * 4) + (i * 2);
            var range = U16(rangeAt);
            for (int c = start; c <= end && c != 0xFFFF; c++)
            {
                var glyph = range == 0 ? c : U16(rangeAt + range + ((c - start) * 2));
                if (glyph != 0)
                    characters[c] = (ushort)(glyph + delta);
            }
        }
    }

    string Tag(int at) => Encoding.ASCII.GetString(file, at, 4);

    ushort U16(int at) => BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at));

    short S16(int at) => BinaryPrimitives.ReadInt16BigEndian(file.AsSpan(at));

    uint U32(int at) => BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at));
}
