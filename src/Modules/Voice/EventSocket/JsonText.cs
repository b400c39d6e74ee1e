using System.Buffers.Text;
using System.Text;

namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>Takes the escapes out of a JSON text. The framework's own refuses bytes that are not UTF-8; a caller's name may hold them.</summary>
static class JsonText
{
    /// <summary>
    /// Takes them out of what a reader of JSON has found to be a text, in its place, since none is shorter than what it stands for; tells how long it is then. Half a surrogate pair
    /// and NUL are no text, no database would take them: they become the replacement character.
    /// </summary>
    public static int Unescape(Span<byte> text)
    {
        var (length, at) = (0, 0);
        while (text[at..].IndexOf((byte)'\\') is var plain and >= 0)
        {
            text.Slice(at, plain).CopyTo(text[length..]);
            (length, at) = (length + plain, at + plain);
            if (TryUnit(text[at..], out var unit))
            {
                var isPair = TryUnit(text[(at + 6)..], out var low) & Rune.TryCreate(unit, low, out var rune);
                if (!isPair && (!Rune.TryCreate(unit, out rune) || rune.Value == 0))
                    rune = Rune.ReplacementChar;
                at += isPair ? 12 : 6;
                length += rune.EncodeToUtf8(text[length..]);
                continue;
            }
            text[length++] = Meaning(text[at + 1]);
            at += 2;
        }
        text[at..].CopyTo(text[length..]);
        return length + text.Length - at;
    }

    /// <summary>What an escape of four digits at the beginning stands for.</summary>
    static bool TryUnit(ReadOnlySpan<byte> raw, out char unit)
    {
        unit = default;
        if (!raw.StartsWith("\\u"u8) || raw.Length < 6 || !Utf8Parser.TryParse(raw.Slice(2, 4), out ushort value, out var used, 'x') || used < 4)
            return false;
        unit = (char)value;
        return true;
    }

    static byte Meaning(byte letter) => letter switch
    {
        (byte)'n' => (byte)'\n',
        (byte)'r' => (byte)'\r',
        (byte)'t' => (byte)'\t',
        (byte)'b' => (byte)'\b',
        (byte)'f' => (byte)'\f',
        _ => letter,
    };
}
