using System.Buffers;

namespace Balatrix.Modules.Printing;

/// <summary>The bytes of a page's content: operators and their numbers.</summary>
internal sealed class ContentWriter
{
    readonly ArrayBufferWriter<byte> bytes = new(16 * 1024);

    public ReadOnlySpan<byte> Written => bytes.WrittenSpan;

    public void Clear() => bytes.ResetWrittenCount();

    public ContentWriter Put(ReadOnlySpan<byte> text)
    {
        bytes.Write(text);
        return this;
    }

    public ContentWriter Put(string ascii)
    {
        var span = bytes.GetSpan(ascii.Length);
        for (var i = 0; i < ascii.Length; i++)
            span[i] = (byte)ascii[i];
        bytes.Advance(ascii.Length);
        return this;
    }

    /// <summary>A number of at most two decimals and a blank.</summary>
    public ContentWriter Put(double number)
    {
        var span = bytes.GetSpan(16);
        var hundredths = (long)Math.Round(number * 100, MidpointRounding.AwayFromZero);
        var at = 0;
        if (hundredths < 0)
        {
            span[at++] = (byte)'-';
            hundredths = -hundredths;
        }
        System.Buffers.Text.Utf8Formatter.TryFormat(hundredths / 100, span[at..], out var digits);
        at += digits;
        var rest = (int)(hundredths % 100);
        if (rest > 0)
        {
            span[at++] = (byte)'.';
            span[at++] = (byte)('0' + (rest / 10));
            if (rest % 10 > 0)
                span[at++] = (byte)('0' + (rest % 10));
        }
        span[at++] = (byte)' ';
        bytes.Advance(at);
        return this;
    }

    /// <summary>A glyph's number as four hexadecimal digits.</summary>
    public void PutHex(ushort id)
    {
        var span = bytes.GetSpan(4);
        for (var i = 0; i < 4; i++)
            span[i] = "0123456789ABCDEF"u8[(id >> (12 - (i * 4))) & 15];
        bytes.Advance(4);
    }
}
