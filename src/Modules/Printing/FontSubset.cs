using System.Buffers.Binary;
using System.Text;

namespace Balatrix.Modules.Printing;

/// <summary>Makes a small font of a few glyphs of a large one, numbered anew in the order given, without hinting.</summary>
public static class FontSubset
{
    const int Words = 0x1, Scale = 0x8, More = 0x20, TwoScales = 0x40, Matrix = 0x80, Instructions = 0x100;

    /// <summary>The font file. The first glyph should be 0, which stands for what is missing.</summary>
    public static byte[] Build(TrueTypeFont font, IReadOnlyList<ushort> glyphs)
    {
        var ids = new Dictionary<ushort, ushort>();
        var order = new List<ushort>();
        foreach (var glyph in glyphs)
            Number(glyph, ids, order);
        using var outlines = new MemoryStream();
        var loca = new List<int>();
        // Parts of composed glyphs are appended while the list is walked.
        for (var i = 0; i < order.Count; i++)
        {
            loca.Add((int)outlines.Length);
            outlines.Write(Copy(font.Outline(order[i]), ids, order));
            while (outlines.Length % 4 != 0)
                outlines.WriteByte(0);
        }
        loca.Add((int)outlines.Length);
        return Assemble(
            ("cmap", [0, 0, 0, 0]), ("glyf", outlines.ToArray()), ("head", Head(font)), ("hhea", Hhea(font, order.Count)), ("hmtx", Metrics(font, order)),
            ("loca", Loca(loca)), ("maxp", Maxp(font, order.Count)));
    }

    static ushort Number(ushort glyph, Dictionary<ushort, ushort> ids, List<ushort> order)
    {
        if (ids.TryGetValue(glyph, out var id))
            return id;
        id = (ushort)order.Count;
        ids[glyph] = id;
        order.Add(glyph);
        return id;
    }

    static byte[] Copy(ReadOnlySpan<byte> outline, Dictionary<ushort, ushort> ids, List<ushort> order)
    {
        if (outline.Length < 10)
            return [];
        var contours = BinaryPrimitives.ReadInt16BigEndian(outline);
        return contours < 0 ? CopyComposed(outline, ids, order) : CopySimple(outline, contours);
    }

    // Instructions are left out: viewers smooth without them, and they need tables that are left out too.
    static byte[] CopySimple(ReadOnlySpan<byte> outline, int contours)
    {
        var at = 10 + (contours * 2);
        var instructions = BinaryPrimitives.ReadUInt16BigEndian(outline[at..]);
        return [.. outline[..at], 0, 0, .. outline[(at + 2 + instructions)..]];
    }

    static byte[] CopyComposed(ReadOnlySpan<byte> outline, Dictionary<ushort, ushort> ids, List<ushort> order)
    {
        var copy = outline.ToArray();
        var at = 10;
        while (true)
        {
            var flags = BinaryPrimitives.ReadUInt16BigEndian(outline[at..]);
            var part = BinaryPrimitives.ReadUInt16BigEndian(outline[(at + 2)..]);
            BinaryPrimitives.WriteUInt16BigEndian(copy.AsSpan(at), (ushort)(flags & ~Instructions));
            BinaryPrimitives.WriteUInt16BigEndian(copy.AsSpan(at + 2), Number(part, ids, order));
            at += 4 + ((flags & Words) != 0 ? 4 : 2);
            at += (flags & Scale) != 0 ? 2 : (flags & TwoScales) != 0 ? 4 : (flags & Matrix) != 0 ? 8 : 0;
            if ((flags & More) == 0)
                return copy[..at];
        }
    }

    static byte[] Head(TrueTypeFont font)
    {
        var head = font.Table("head").ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(head.AsSpan(8), 0);
        BinaryPrimitives.WriteInt16BigEndian(head.AsSpan(50), 1);
        return head;
    }

    static byte[] Hhea(TrueTypeFont font, int count)
    {
        var hhea = font.Table("hhea").ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(hhea.AsSpan(34), (ushort)count);
        return hhea;
    }

    static byte[] Maxp(TrueTypeFont font, int count)
    {
        var maxp = font.Table("maxp").ToArray();
        BinaryPrimitives.WriteUInt16BigEndian(maxp.AsSpan(4), (ushort)count);
        return maxp;
    }

    static byte[] Metrics(TrueTypeFont font, List<ushort> order)
    {
        var metrics = new byte[order.Count * 4];
        for (var i = 0; i < order.Count; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(metrics.AsSpan(i * 4), (ushort)font.Advance(order[i]));
            BinaryPrimitives.WriteInt16BigEndian(metrics.AsSpan((i * 4) + 2), (short)font.SideBearing(order[i]));
        }
        return metrics;
    }

    static byte[] Loca(List<int> offsets)
    {
        var loca = new byte[offsets.Count * 4];
        for (var i = 0; i < offsets.Count; i++)
            BinaryPrimitives.WriteInt32BigEndian(loca.AsSpan(i * 4), offsets[i]);
        return loca;
    }

    static byte[] Assemble(params (string Tag, byte[] Bytes)[] tables)
    {
        var offset = 12 + (tables.Length * 16);
        var file = new byte[offset + tables.Sum(t => (t.Bytes.Length + 3) & ~3)];
        var span = file.AsSpan();
        BinaryPrimitives.WriteUInt32BigEndian(span, 0x00010000);
        BinaryPrimitives.WriteUInt16BigEndian(span[4..], (ushort)tables.Length);
        var power = 1 << (int)Math.Log2(tables.Length);
        BinaryPrimitives.WriteUInt16BigEndian(span[6..], (ushort)(power * 16));
        BinaryPrimitives.WriteUInt16BigEndian(span[8..], (ushort)Math.Log2(power));
        BinaryPrimitives.WriteUInt16BigEndian(span[10..], (ushort)((tables.Length - power) * 16));
        for (var i = 0; i < tables.Length; i++)
        {
            var entry = span[(12 + (i * 16))..];
            var bytes = tables[i].Bytes;
            Encoding.ASCII.GetBytes(tables[i].Tag, entry);
            bytes.CopyTo(span[offset..]);
            BinaryPrimitives.WriteUInt32BigEndian(entry[4..], Sum(span.Slice(offset, (bytes.Length + 3) & ~3)));
            BinaryPrimitives.WriteInt32BigEndian(entry[8..], offset);
            BinaryPrimitives.WriteInt32BigEndian(entry[12..], bytes.Length);
            offset += (bytes.Length + 3) & ~3;
        }
        return file;
    }

    static uint Sum(ReadOnlySpan<byte> bytes)
    {
        uint sum = 0;
        for (var i = 0; i < bytes.Length; i += 4)
            sum = unchecked(sum + BinaryPrimitives.ReadUInt32BigEndian(bytes[i..]));
        return sum;
    }
}
