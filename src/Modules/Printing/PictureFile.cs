using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;

namespace Balatrix.Modules.Printing;

/// <summary>Reads logos: JPEG, and PNG of eight bits without interlacing.</summary>
public static class PictureFile
{
    const int LargestSide = 4000, LargestArea = 4_000_000, MostKept = 64;

    static readonly ConcurrentDictionary<string, Picture?> Read = new(StringComparer.Ordinal);

    /// <summary>Reads a picture; null when it is none, too large or of a kind that is not read. The same bytes are read once.</summary>
    public static Picture? TryRead(byte[] bytes)
    {
        var key = Convert.ToHexString(SHA256.HashData(bytes));
        if (Read.TryGetValue(key, out var known))
            return known;
        if (Read.Count >= MostKept)
            Read.Clear();
        return Read[key] = Parse(bytes);
    }

    static Picture? Parse(byte[] bytes)
    {
        try
        {
            return bytes switch
            {
                [0xFF, 0xD8, ..] => Jpeg(bytes),
                [0x89, (byte)'P', (byte)'N', (byte)'G', ..] => Png(bytes),
                _ => null,
            };
        }
        catch (Exception e) when (e is ArgumentException or IndexOutOfRangeException or InvalidDataException or EndOfStreamException or OverflowException)
        {
            // A broken picture is none: the name is printed in its place.
            return null;
        }
    }

    static Picture? Jpeg(byte[] bytes)
    {
        for (var at = 2; at + 9 < bytes.Length && bytes[at] == 0xFF;)
        {
            var marker = bytes[at + 1];
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                var (height, width) = (BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at + 5)), BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at + 7)));
                var space = bytes[at + 9] switch { 1 => "/DeviceGray", 3 => "/DeviceRGB", _ => null };
                return space is null || !IsFit(width, height) ? null : new(width, height, $"/ColorSpace {space} /BitsPerComponent 8 /Filter /DCTDecode", bytes);
            }
            at += 2 + BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(at + 2));
        }
        return null;
    }

    static Picture? Png(byte[] bytes)
    {
        using var data = new MemoryStream();
        byte[] palette = [], alphas = [];
        for (var at = 8; at + 12 <= bytes.Length;)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at));
            var chunk = bytes.AsSpan(at + 8, length);
            if (bytes.AsSpan(at + 4, 4).SequenceEqual("PLTE"u8))
                palette = chunk.ToArray();
            else if (bytes.AsSpan(at + 4, 4).SequenceEqual("tRNS"u8))
                alphas = chunk.ToArray();
            else if (bytes.AsSpan(at + 4, 4).SequenceEqual("IDAT"u8))
                data.Write(chunk);
            at += 12 + length;
        }
        var (width, height) = (BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(20)));
        var (depth, kind, interlace) = (bytes[24], bytes[25], bytes[28]);
        if (depth != 8 || interlace != 0 || !IsFit(width, height))
            return null;
        var parts = kind switch { 0 => 1, 2 => 3, 3 => 1, 4 => 2, 6 => 4, _ => 0 };
        if (parts == 0)
            return null;
        data.Position = 0;
        var pixels = Unfilter(data, width, height, parts);
        return Split(pixels, width, height, kind, (palette, alphas));
    }

    static bool IsFit(int width, int height) => width is > 0 and <= LargestSide && height is > 0 and <= LargestSide && width * height <= LargestArea;

    static byte[] Unfilter(Stream data, int width, int height, int parts)
    {
        using var zip = new ZLibStream(data, CompressionMode.Decompress);
        var stride = width * parts;
        var (pixels, before, row) = (new byte[stride * height], new byte[stride], new byte[stride + 1]);
        for (var y = 0; y < height; y++)
        {
            zip.ReadExactly(row);
            var line = pixels.AsSpan(y * stride, stride);
            for (var x = 0; x < stride; x++)
            {
                var (left, up, corner) = (x >= parts ? line[x - parts] : 0, before[x], x >= parts ? before[x - parts] : 0);
                var guess = row[0] switch { 1 => left, 2 => up, 3 => (left + up) / 2, 4 => Paeth(left, up, corner), _ => 0 };
                line[x] = (byte)(row[x + 1] + guess);
            }
            line.CopyTo(before);
        }
        return pixels;
    }

    static int Paeth(int left, int up, int corner)
    {
        var guess = left + up - corner;
        var (a, b, c) = (Math.Abs(guess - left), Math.Abs(guess - up), Math.Abs(guess - corner));
        return a <= b && a <= c ? left : b <= c ? up : corner;
    }

    static Picture Split(byte[] pixels, int width, int height, int kind, (byte[] Colours, byte[] Alphas) palette)
    {
        var isColour = kind is 2 or 3 or 6;
        var count = width * height;
        var (colours, alpha) = (new byte[count * (isColour ? 3 : 1)], new byte[count]);
        var parts = pixels.Length / count;
        for (var i = 0; i < count; i++)
        {
            var from = i * parts;
            if (kind == 3)
            {
                palette.Colours.AsSpan(pixels[i] * 3, 3).CopyTo(colours.AsSpan(i * 3));
                alpha[i] = pixels[i] < palette.Alphas.Length ? palette.Alphas[pixels[i]] : (byte)255;
                continue;
            }
            pixels.AsSpan(from, isColour ? 3 : 1).CopyTo(colours.AsSpan(i * (isColour ? 3 : 1)));
            alpha[i] = kind is 4 or 6 ? pixels[from + parts - 1] : (byte)255;
        }
        var opacity = alpha.AsSpan().ContainsAnyExcept((byte)255) ? new Picture(width, height, Entries("/DeviceGray"), PdfObjects.Compress(alpha)) : null;
        return new(width, height, Entries(isColour ? "/DeviceRGB" : "/DeviceGray"), PdfObjects.Compress(colours), opacity);
    }

    static string Entries(string space) => string.Create(CultureInfo.InvariantCulture, $"/ColorSpace {space} /BitsPerComponent 8 /Filter /FlateDecode");
}
