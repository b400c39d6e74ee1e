namespace Balatrix.Modules.Platform;

/// <summary>How a tenant's calls are controlled; what is left out is as usual.</summary>
/// <param name="SliceSeconds">Reserved at a time: what one call can cost at most while nobody is there to see; 60 when left out.</param>
/// <param name="WarnSeconds">The caller hears that the money runs out so long before; 15 when left out, 0 for never.</param>
/// <param name="LongestSeconds">The longest call; 14400 when left out.</param>
/// <param name="FailOpen">Whether calls go on while charging is not there; false when left out: they are refused then.</param>
/// <param name="FailOpenLimit">With it: the most that all such calls of one outage may cost together on one node, a decimal string.</param>
/// <param name="FailOpenSeconds">With it: the longest such call; 300 when left out.</param>
/// <param name="Announcements">
/// What callers hear, a file or stream of FreeSWITCH by the code of a refusal (insufficient_balance, account_suspended, …; any for all others), before the call ends, unanswered and
/// unpaid; and by low_balance in place of the tone before the money runs out. None when left out.
/// </param>
public sealed record CallSettings(
    int? SliceSeconds, int? WarnSeconds, int? LongestSeconds, bool? FailOpen, string? FailOpenLimit, int? FailOpenSeconds, IReadOnlyDictionary<string, string>? Announcements)
{
    /// <summary>Instead of the tone before the money runs out.</summary>
    public const string LowBalance = "low_balance";

    /// <summary>For refusals that have no announcement of their own.</summary>
    public const string AnyRefusal = "any";

    const int MostAnnouncements = 50;
    const int LongestFile = 256;

    static readonly System.Buffers.SearchValues<char> Codes = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_");
    static readonly System.Buffers.SearchValues<char> Files = System.Buffers.SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:%(),;=+-");

    /// <summary>What they must be.</summary>
    public const string Expected = "sliceSeconds from 2 to 3600, warnSeconds from 0 to 300, longestSeconds from 60 to 86400, and with failOpen a failOpenLimit such as \"1000.00\" and failOpenSeconds from 10 to 3600; announcements by the code of a refusal, each a file without blanks such as ivr/no-money.wav";

    /// <summary>Whether they are.</summary>
    public bool AreValid() =>
        SliceSeconds is null or (>= 2 and <= 3600) && WarnSeconds is null or (>= 0 and <= 300) && LongestSeconds is null or (>= 60 and <= 86_400)
        && FailOpenSeconds is null or (>= 10 and <= 3600) && (FailOpenLimit is null ? FailOpen != true : Core.Money.TryParse(FailOpenLimit, out var micros) && micros >= 0)
        && Announcements is null or { Count: <= MostAnnouncements } && Announcements?.All(a => IsAnnouncement(a.Key, a.Value)) != false;

    static bool IsAnnouncement(string code, string? file) =>
        code.Length is > 0 and <= 64 && code.AsSpan().IndexOfAnyExcept(Codes) < 0
        && file is { Length: > 0 and <= LongestFile } && file.AsSpan().IndexOfAnyExcept(Files) < 0 && (char.IsAsciiLetterOrDigit(file[0]) || file[0] == '/');
}
