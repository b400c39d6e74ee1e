namespace Balatrix.Core.Tax;

/// <summary>
/// A GSTIN: state code, PAN, entity, Z and a check character over the first fourteen
/// (characters valued 0–35, weighted 1, 2, 1, 2 …, quotient and remainder by 36 added; the check makes the sum divisible by 36).
/// </summary>
public static class Gstin
{
    const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /// <summary>What is wrong with a GSTIN of an ordinary taxpayer, or null.</summary>
    public static string? Fault(string gstin)
    {
        if (gstin.Length != 15)
            return "15 characters";
        if (gstin.Any(c => !Alphabet.Contains(c, StringComparison.Ordinal)))
            return "digits and capital letters";
        if (GstState.Find(gstin[..2]) is null)
            return "a state code at the beginning";
        if (Pan.Fault(gstin[2..12]) is not null)
            return "a PAN behind the state code";
        if (gstin[12] == '0' || gstin[13] != 'Z')
            return "an entity of 1-9 or A-Z and a Z behind the PAN";
        return CheckCharacter(gstin) == gstin[14] ? null : "a right check character";
    }

    /// <summary>The check character of the first fourteen.</summary>
    public static char CheckCharacter(ReadOnlySpan<char> gstin)
    {
        var sum = 0;
        for (var i = 0; i < 14; i++)
        {
            var product = Alphabet.IndexOf(gstin[i], StringComparison.Ordinal) * (1 + (i % 2));
            sum += (product / 36) + (product % 36);
        }
        return Alphabet[(36 - (sum % 36)) % 36];
    }
}

/// <summary>A PAN: five letters (the fourth says who holds it), four digits that are not all 0, a letter whose rule is not public.</summary>
public static class Pan
{
    const string Holders = "ABCFGHJLPTK";

    /// <summary>What is wrong with a PAN, or null.</summary>
    public static string? Fault(string pan)
    {
        if (pan.Length != 10 || !pan.AsSpan(0, 5).ContainsOnly('A', 'Z') || !pan.AsSpan(5, 4).ContainsOnly('0', '9') || !char.IsAsciiLetterUpper(pan[9]))
            return "five letters, four digits and a letter";
        if (!Holders.Contains(pan[3], StringComparison.Ordinal))
            return $"a fourth letter of {Holders}";
        return pan.AsSpan(5, 4).ContainsOnly('0', '0') ? "a number that is not 0000" : null;
    }

    static bool ContainsOnly(this ReadOnlySpan<char> text, char from, char to) => !text.ContainsAnyExceptInRange(from, to);
}
