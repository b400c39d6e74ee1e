namespace Balatrix.Core.Voice.Routing;

/// <summary>How a carrier wants numbers of a prefix to be dialled.</summary>
/// <param name="Prefix">Digits that the called E.164 number begins with; empty for all.</param>
/// <param name="Strip">So many of its first digits are left out.</param>
/// <param name="Prepend">What is put before the rest: digits, with or without + before them.</param>
public sealed record DialRule(string Prefix, int Strip, string Prepend)
{
    const int LongestPrepend = 16;

    /// <summary>What a rule must be.</summary>
    public const string Expected = "a prefix of at most 15 digits, at most 15 digits to strip, and at most 16 digits, with or without + before them, to prepend";

    /// <summary>Whether a rule can be followed: what it makes is whitelisted, since it becomes part of a dial string.</summary>
    public bool IsValid => Prefix.Length <= 15 && Prefix.All(char.IsAsciiDigit) && Strip is >= 0 and <= 15 && Prepend.Length <= LongestPrepend
        && (Prepend.StartsWith('+') ? Prepend[1..] : Prepend).All(char.IsAsciiDigit);

    /// <summary>The number as a carrier with these rules wants it: by the rule of the longest prefix, or as it is when there is none.</summary>
    public static string Dialled(IReadOnlyList<DialRule> rules, string digits)
    {
        DialRule? best = null;
        foreach (var rule in rules)
            if (digits.StartsWith(rule.Prefix, StringComparison.Ordinal) && (best is null || rule.Prefix.Length > best.Prefix.Length))
                best = rule;
        return best is null ? digits : best.Prepend + digits[Math.Min(best.Strip, digits.Length)..];
    }
}
