namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>What FreeSWITCH answered to a command.</summary>
/// <param name="IsOk">False for `-ERR…` and `-USAGE…`; true for `+OK…` and for bare data.</param>
/// <param name="Text">The whole answer, without the line end.</param>
public readonly record struct ApiReply(bool IsOk, string Text)
{
    /// <summary>Reads an answer.</summary>
    public static ApiReply Of(string text)
    {
        var line = text.TrimEnd('\r', '\n');
        return new(!line.StartsWith("-ERR", StringComparison.Ordinal) && !line.StartsWith("-USAGE", StringComparison.Ordinal), line);
    }
}
