using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>What a client of the stand-in listens to: names, format, filters (those that match let through, those with a minus take away).</summary>
sealed class StandInSubscription
{
    static readonly HashSet<string> Known = [.. ("ALL CUSTOM CHANNEL_CREATE CHANNEL_DESTROY CHANNEL_STATE CHANNEL_CALLSTATE CHANNEL_ANSWER CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE CHANNEL_EXECUTE CHANNEL_EXECUTE_COMPLETE "
        + "CHANNEL_HOLD CHANNEL_UNHOLD CHANNEL_BRIDGE CHANNEL_UNBRIDGE CHANNEL_PROGRESS CHANNEL_PROGRESS_MEDIA CHANNEL_OUTGOING CHANNEL_PARK CHANNEL_UNPARK CHANNEL_ORIGINATE CHANNEL_UUID CALL_UPDATE "
        + "SHUTDOWN MODULE_LOAD MODULE_UNLOAD HEARTBEAT SESSION_HEARTBEAT BACKGROUND_JOB ADD_SCHEDULE DEL_SCHEDULE EXE_SCHEDULE API DTMF").Split(' ')];

    readonly Lock gate = new();
    readonly HashSet<string> names = new(StringComparer.Ordinal);
    readonly List<(string Header, string Value)> filters = [];
    bool isPlain;

    public bool Hears(string name)
    {
        lock (gate)
            return names.Contains("ALL") || names.Contains(name);
    }

    public bool Wants(string name, byte[] json)
    {
        lock (gate)
        {
            if (!names.Contains("ALL") && !names.Contains(name))
                return false;
            if (name == "CUSTOM" && !names.Contains("ALL") && !names.Contains(Text(json, "Event-Subclass") ?? ""))
                return false;
            return filters.Count == 0 || (filters.Any(f => f.Value[0] != '-' && Matches(json, f.Header, f.Value)) && !filters.Any(f => f.Value[0] == '-' && Text(json, f.Header) == f.Value[1..]));
        }
    }

    public byte[] Frame(byte[] json)
    {
        var body = isPlain ? Plain(json) : json;
        return [.. Encoding.ASCII.GetBytes($"Content-Length: {body.Length}\nContent-Type: text/event-{(isPlain ? "plain" : "json")}\n\n"), .. body];
    }

    /// <summary>The reply to a command about events, null when it is none.</summary>
    public string? Change(string verb, string rest)
    {
        lock (gate)
            return verb switch
            {
                "event" => Listen(rest.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
                "nixevent" => Forget(rest.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
                "noevents" => Forget([.. names], "+OK no longer listening for events"),
                "filter" => Filter(rest.Split(' ', 2)),
                "log" or "nolog" or "divert_events" => "+OK",
                _ => null,
            };
    }

    string Listen(string[] words)
    {
        var format = words is ["plain" or "json" or "xml", ..] ? words[0] : "plain";
        var isCustom = false;
        var before = names.Count;
        var valid = false;
        foreach (var word in words.Skip(words is ["plain" or "json" or "xml", ..] ? 1 : 0))
        {
            if (!isCustom && !Known.Contains(word))
                continue;
            names.Add(word);
            isCustom |= word == "CUSTOM";
            valid = true;
        }
        if (!valid && before == names.Count)
            return "-ERR no keywords supplied";
        isPlain = format == "plain";
        return $"+OK event listener enabled {format}";
    }

    string Forget(string[] words, string reply = "+OK events nixed")
    {
        names.ExceptWith(words);
        return reply;
    }

    string Filter(string[] words)
    {
        if (words is ["delete", var what])
        {
            filters.RemoveAll(f => what == "all" || what.Split(' ')[0] == f.Header);
            return $"+OK filter deleted. [{what}][]";
        }
        if (words.Length < 2)
            return "-ERR invalid syntax";
        filters.Add((words[0], words[1]));
        return $"+OK filter added. [{words[0]}]=[{words[1]}]";
    }

    static bool Matches(byte[] json, string header, string value) => Text(json, header) is { } found
        && (value is ['/', .. var pattern, '/'] ? Regex.IsMatch(found, pattern, RegexOptions.None, TimeSpan.FromMinutes(1)) : found == value);

    static string? Text(byte[] json, string header)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.TryGetProperty(header, out var value) ? value.ToString() : null;
    }

    static byte[] Plain(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        var text = new StringBuilder();
        var body = "";
        foreach (var header in document.RootElement.EnumerateObject())
            if (header.Name == "_body")
                body = header.Value.ToString();
            else
                text.Append(header.Name).Append(": ").Append(Encode(header.Value.ToString())).Append('\n');
        return Encoding.UTF8.GetBytes($"{text}\n{body}");
    }

    static string Encode(string value)
    {
        var text = new StringBuilder();
        foreach (var one in Encoding.UTF8.GetBytes(value))
            if (one is > 0x20 and < 0x7F && !"\"#%&+:;<=>?@[\\]^`{|}".Contains((char)one))
                text.Append((char)one);
            else
                text.Append('%').Append(one.ToString("X2"));
        return text.Length == 0 ? "_undef_" : text.ToString();
    }
}
