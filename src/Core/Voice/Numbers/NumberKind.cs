using Balatrix.Core.Numbering;

namespace Balatrix.Core.Voice.Numbers;

/// <summary>What kind of number it is. Numbers are stored.</summary>
public enum NumberKind : short
{
    /// <summary>Of a town or an area.</summary>
    Local = 1,

    /// <summary>Of a mobile network.</summary>
    Mobile = 2,

    /// <summary>Of no area, paid for by the caller.</summary>
    National = 3,

    /// <summary>Paid for by its holder.</summary>
    TollFree = 4,
}

/// <summary>Kinds of numbers by name.</summary>
public static class NumberKinds
{
    /// <summary>The names.</summary>
    public const string Expected = "local, mobile, national or toll_free";

    /// <summary>The limit of a plan that a number of the kind counts against.</summary>
    public static string LimitOf(NumberKind kind) => kind == NumberKind.TollFree ? "tollFreeNumbers" : "dids";

    /// <summary>The name.</summary>
    public static string Name(NumberKind kind) => kind == NumberKind.TollFree ? "toll_free" : kind.ToString().ToLowerInvariant();

    /// <summary>The kind of a name, or null.</summary>
    public static NumberKind? Parse(string? name) => name switch
    {
        "local" => NumberKind.Local,
        "mobile" => NumberKind.Mobile,
        "national" => NumberKind.National,
        "toll_free" => NumberKind.TollFree,
        _ => null,
    };

    /// <summary>The kind that the digits tell in India (National Numbering Plan); local elsewhere.</summary>
    public static NumberKind Of(string digits)
    {
        if (E164Number.IsIndianTollFree(digits))
            return NumberKind.TollFree;
        if (digits.StartsWith("911860", StringComparison.Ordinal) || digits.StartsWith("911861", StringComparison.Ordinal))
            return NumberKind.National;
        return digits.Length == 12 && digits.StartsWith("91", StringComparison.Ordinal) && digits[2] is >= '6' and <= '9' ? NumberKind.Mobile : NumberKind.Local;
    }

    /// <summary>The E.164 digits of an inventory number as it was written, or null when it is none.</summary>
    public static string? Digits(string? written)
    {
        if (written is null || written.Length > 32)
            return null;
        var digits = E164Number.Normalise(written.AsSpan().Trim());
        return digits.Length is >= 7 and <= E164Number.LongestDigits && digits[0] != '0' ? digits : null;
    }
}
