namespace Balatrix.Core.Numbering;

/// <summary>Called and calling numbers as they are dialled, brought to E.164 digits without the plus sign (ITU-T E.164: at most 15 digits).</summary>
public static class E164Number
{
    /// <summary>The longest number, country code included.</summary>
    public const int LongestDigits = 15;

    /// <summary>Normalises a number dialled in India; empty when it holds no digits or is too long to be a number.</summary>
    /// <param name="dialled">With or without +, 00, a trunk 0, blanks, hyphens, dots and brackets.</param>
    public static string Normalise(ReadOnlySpan<char> dialled)
    {
        Span<char> digits = stackalloc char[24];
        var length = 0;
        var isInternational = false;
        foreach (var c in dialled)
        {
            if (char.IsAsciiDigit(c))
            {
                if (length == digits.Length)
                    return "";
                digits[length++] = c;
            }
            else if (c == '+' && length == 0)
            {
                isInternational = true;
            }
            else if (c is not (' ' or '-' or '.' or '(' or ')'))
            {
                return "";
            }
        }
        var number = digits[..length];
        if (!isInternational && number.StartsWith("00"))
        {
            number = number[2..];
            isInternational = true;
        }
        if (number.Length > LongestDigits)
            return "";
        if (isInternational)
            return number.ToString();
        // India: ten digits, with or without the trunk 0; mobile numbers begin with 6 to 9 (National Numbering Plan).
        if (number.Length == 11 && number[0] == '0')
            return "91" + number[1..].ToString();
        if (number.Length == 10 && number[0] is >= '6' and <= '9')
            return "91" + number.ToString();
        return IsIndianServiceNumber(number) ? "91" + number.ToString() : number.ToString();
    }

    /// <summary>Whether a number is an Indian toll-free number (1800 series), which its owner pays for.</summary>
    public static bool IsIndianTollFree(ReadOnlySpan<char> number) => number.StartsWith("911800");

    static bool IsIndianServiceNumber(ReadOnlySpan<char> number) =>
        number.Length is >= 10 and <= 13 && (number.StartsWith("1800") || number.StartsWith("1860") || number.StartsWith("1861"));
}
