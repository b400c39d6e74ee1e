namespace Balatrix.Core.Voice.Numbers;

/// <summary>Where calls to a number go. Its value becomes part of a FreeSWITCH dial string or dialplan, so only what can do no harm there is taken.</summary>
/// <param name="Kind">sip: a SIP user; number: another telephone number; dialplan: an extension of the dialplan.</param>
/// <param name="Value">Which one; a number in E.164 digits without the plus.</param>
public sealed record InboundTarget(string Kind, string Value)
{
    /// <summary>A SIP user rings.</summary>
    public const string Sip = "sip";

    /// <summary>Another number is called.</summary>
    public const string Number = "number";

    /// <summary>An extension of the dialplan does the rest.</summary>
    public const string Dialplan = "dialplan";

    const int LongestName = 64;

    /// <summary>What a kind of target takes, or null when there is no such kind.</summary>
    public static string? Expected(string? kind) => kind switch
    {
        Sip => "a SIP user: 1 to 64 of A-Z, a-z, 0-9, _ - . +",
        Number => "an E.164 number of 7 to 15 digits",
        Dialplan => "an extension: 1 to 64 of A-Z, a-z, 0-9, _ - . + * #",
        _ => null,
    };

    /// <summary>The target as it is kept, or null when it is none.</summary>
    public static InboundTarget? Parse(string? kind, string? value) => kind switch
    {
        Sip when IsName(value, "_-.+") => new(Sip, value!),
        Number when NumberKinds.Digits(value) is { } digits => new(Number, digits),
        Dialplan when IsName(value, "_-.+*#") => new(Dialplan, value!),
        _ => null,
    };

    /// <summary>Whether a text may be the name of a SIP user.</summary>
    public static bool IsSipUser(string? text) => IsName(text, "_-.+");

    static bool IsName(string? text, string marks) =>
        text is { Length: > 0 and <= LongestName } && text.All(c => char.IsAsciiLetterOrDigit(c) || marks.Contains(c, StringComparison.Ordinal));
}
