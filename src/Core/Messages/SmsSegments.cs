using System.Buffers;

namespace Balatrix.Core.Messages;

/// <summary>How a text is coded on the air.</summary>
public enum SmsEncoding : byte
{
    /// <summary>GSM 7-bit default alphabet with its extension table (3GPP TS 23.038 §6.2.1).</summary>
    Gsm7,

    /// <summary>UTF-16 code units (3GPP TS 23.038 §6.2.3).</summary>
    Ucs2,
}

/// <summary>How many messages a text is sent and billed as.</summary>
/// <param name="Encoding">GSM-7 when every character is in the alphabet or its extension, else UCS-2 for all of it.</param>
/// <param name="Units">Septets or code units; characters of the extension table count two.</param>
/// <param name="Segments">Parts, at least 1 for a text that is not empty.</param>
public readonly record struct SmsSegments(SmsEncoding Encoding, int Units, int Segments)
{
    const string Basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    const string Extension = "\f^{}\\[~]|€";

    static readonly SearchValues<char> Alphabet = SearchValues.Create(Basic + Extension);
    static readonly SearchValues<char> Escaped = SearchValues.Create(Extension);

    /// <summary>Counts by 3GPP TS 23.040 §9.2.3.24.1: an escape pair or a surrogate pair is never split over two parts.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="longReference">True when parts carry a 16-bit reference number, which takes one unit more of each part.</param>
    public static SmsSegments Count(ReadOnlySpan<char> text, bool longReference = false)
    {
        if (text.IsEmpty)
            return new(SmsEncoding.Gsm7, 0, 0);
        var isGsm = !text.ContainsAnyExcept(Alphabet);
        var units = isGsm ? text.Length + CountEscaped(text) : text.Length;
        var (whole, part) = isGsm ? (160, longReference ? 152 : 153) : (70, longReference ? 66 : 67);
        var encoding = isGsm ? SmsEncoding.Gsm7 : SmsEncoding.Ucs2;
        return units <= whole ? new(encoding, units, 1) : new(encoding, units, Parts(text, isGsm, part));
    }

    static int Parts(ReadOnlySpan<char> text, bool isGsm, int part)
    {
        var (parts, filled) = (1, 0);
        for (var i = 0; i < text.Length; i++)
        {
            var isPair = !isGsm && char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
            var size = isPair || (isGsm && Escaped.Contains(text[i])) ? 2 : 1;
            if (filled + size > part)
                (parts, filled) = (parts + 1, 0);
            filled += size;
            if (isPair)
                i++;
        }
        return parts;
    }

    static int CountEscaped(ReadOnlySpan<char> text)
    {
        var count = 0;
        foreach (var c in text)
            if (Escaped.Contains(c))
                count++;
        return count;
    }
}
