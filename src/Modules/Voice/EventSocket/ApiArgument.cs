using System.Globalization;
using System.Text.RegularExpressions;

namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>
/// What may stand in a command. Arguments are cut at blanks and commands end with a line, while caller names, SIP headers and dialled numbers are the caller's to choose:
/// each value passes one of these or is refused.
/// </summary>
public static partial class ApiArgument
{
    /// <summary>The longest time that a scheduled command may wait: a week.</summary>
    const int MostSeconds = 7 * 24 * 3600;

    /// <summary>The id of a channel or job.</summary>
    public static string Uuid(string value) => Checked(value, UuidForm(), "a UUID");

    /// <summary>A telephone number, with or without its plus.</summary>
    public static string Number(string value) => Checked(value, NumberForm(), "a telephone number");

    /// <summary>A hang-up cause by its name.</summary>
    public static string Cause(string value) => Checked(value, CauseForm(), "a hang-up cause");

    /// <summary>A channel variable's name.</summary>
    public static string Variable(string value) => Checked(value, VariableForm(), "a variable's name");

    /// <summary>A name of ours or of the configuration: a gateway, a context, a group of scheduled commands, an account's number.</summary>
    public static string Name(string value) => Checked(value, NameForm(), "a name of letters, digits and .:@_-");

    /// <summary>Where to dial, several by fail-over: `sofia/gateway/one/4420…|sofia/gateway/two/4420…`.</summary>
    public static string DialString(string value) => Checked(value, DialForm(), "a dial string");

    /// <summary>What to play: a file or a tone.</summary>
    public static string Playback(string value) => Checked(value, PlaybackForm(), "a file or tone to play");

    /// <summary>Whole seconds from now.</summary>
    public static string Seconds(int value) => value is >= 0 and <= MostSeconds
        ? value.ToString(CultureInfo.InvariantCulture)
        : throw new ArgumentException($"Not a time that a command may wait: {value.ToString(CultureInfo.InvariantCulture)} s.", nameof(value));

    /// <summary>A whole command: one line.</summary>
    internal static string Command(string value) => value.Length is > 0 and <= LongestCommand && value.AsSpan().IndexOfAny('\r', '\n', '\0') < 0
        ? value
        : throw new ArgumentException("A command is one line.", nameof(value));

    const int LongestCommand = 16 * 1024;

    static string Checked(string value, Regex form, string what) =>
        value is not null && form.IsMatch(value) ? value : throw new ArgumentException($"Refused in a command, since it is not {what}.", nameof(value));

    // \z and not $, which lets a line end through.
    [GeneratedRegex(@"\A[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\z", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex UuidForm();

    [GeneratedRegex(@"\A\+?[0-9]{3,20}\z", RegexOptions.NonBacktracking)]
    private static partial Regex NumberForm();

    [GeneratedRegex(@"\A[A-Z][A-Z0-9_]{1,39}\z", RegexOptions.NonBacktracking)]
    private static partial Regex CauseForm();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_-]{0,63}\z", RegexOptions.NonBacktracking)]
    private static partial Regex VariableForm();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_.:@-]{0,127}\z", RegexOptions.NonBacktracking)]
    private static partial Regex NameForm();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_./:@+|-]{0,999}\z", RegexOptions.NonBacktracking)]
    private static partial Regex DialForm();

    [GeneratedRegex(@"\A[A-Za-z0-9/][A-Za-z0-9_./:%(),;=+-]{0,255}\z", RegexOptions.NonBacktracking)]
    private static partial Regex PlaybackForm();
}
