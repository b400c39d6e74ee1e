using System.Buffers;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace Balatrix.Modules.Printing;

/// <summary>Writes the objects of a PDF file one after the other, and at the end where each is.</summary>
internal sealed class PdfObjects
{
    readonly ArrayBufferWriter<byte> file = new(64 * 1024);
    readonly List<int> offsets = [0];

    public PdfObjects() => file.Write("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"u8);

    /// <summary>Compresses a stream.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> bytes)
    {
        using var packed = new MemoryStream();
        using (var zip = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            zip.Write(bytes);
        return packed.ToArray();
    }

    /// <summary>A text of the document's properties.</summary>
    public static string Text(string text) => $"<FEFF{Convert.ToHexString(Encoding.BigEndianUnicode.GetBytes(text))}>";

    /// <summary>A number for an object that is written later.</summary>
    public int Reserve()
    {
        offsets.Add(0);
        return offsets.Count - 1;
    }

    /// <summary>Writes an object without a stream.</summary>
    public int Write(string body, int id = 0) => Begin(id, body, "\nendobj\n"u8);

    /// <summary>Writes a stream that is compressed already, or not at all when <paramref name="isPacked"/> is false.</summary>
    public int WriteStream(string entries, ReadOnlySpan<byte> bytes, int id = 0, bool isPacked = true)
    {
        var filter = isPacked ? " /Filter /FlateDecode" : "";
        id = Begin(id, string.Create(CultureInfo.InvariantCulture, $"<<{entries}{filter} /Length {bytes.Length}>>"), "\nstream\n"u8);
        file.Write(bytes);
        file.Write("\nendstream\nendobj\n"u8);
        return id;
    }

    /// <summary>Writes the table of objects and answers the file. Its identity is made of its content.</summary>
    public byte[] Finish(int catalog, int info)
    {
        var identity = Convert.ToHexString(SHA256.HashData(file.WrittenSpan), 0, 16);
        var start = file.WrittenCount;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"xref\n0 {offsets.Count}\n0000000000 65535 f \n");
        foreach (var offset in offsets.Skip(1))
            text.Append(CultureInfo.InvariantCulture, $"{offset:D10} 00000 n \n");
        text.Append(CultureInfo.InvariantCulture, $"trailer\n<</Size {offsets.Count} /Root {catalog} 0 R /Info {info} 0 R /ID [<{identity}> <{identity}>]>>\nstartxref\n{start}\n%%EOF\n");
        file.Write(Encoding.ASCII.GetBytes(text.ToString()));
        return file.WrittenSpan.ToArray();
    }

    int Begin(int id, string body, ReadOnlySpan<byte> end)
    {
        id = id == 0 ? Reserve() : id;
        offsets[id] = file.WrittenCount;
        file.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id} 0 obj\n{body}")));
        file.Write(end);
        return id;
    }
}
