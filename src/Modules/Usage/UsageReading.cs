using System.Text.Json;
using Balatrix.Core.Messages;
using Balatrix.Core.Numbering;
using Balatrix.Core.Usage;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Usage;

/// <summary>What one element of a request came to: a use of an account, or a problem.</summary>
/// <param name="Account">As the client named it.</param>
/// <param name="Event">The use, when there is no problem.</param>
/// <param name="Problem">Why there is none.</param>
public readonly record struct ParsedUsage(string Account, UsageEvent? Event, Problem? Problem)
{
    /// <summary>A refusal.</summary>
    public static ParsedUsage Refused(Problem problem) => new("", null, problem);
}

/// <summary>Checks the members of an event and makes it a use. One instance a request: it keeps its buffers.</summary>
public sealed class UsageReading(DateTimeOffset now)
{
    const decimal LongestCallMs = 86_400_000m * 7;

    static readonly TimeSpan FarFuture = TimeSpan.FromHours(24);
    static readonly TimeSpan FarPast = TimeSpan.FromDays(731);

    readonly UsageFields fields = new();

    /// <summary>The members, for doors that fill them themselves.</summary>
    public UsageFields Fields => fields;

    /// <summary>A structured CloudEvent 1.0.</summary>
    public ParsedUsage ReadCloudEvent(ReadOnlySpan<byte> json)
    {
        fields.Clear();
        return fields.Read(json) is { } problem ? ParsedUsage.Refused(problem) : CloudEvent();
    }

    /// <summary>A CloudEvent whose members are in <see cref="Fields"/>.</summary>
    public ParsedUsage CloudEvent()
    {
        if (fields.Text("specversion") != "1.0")
            return ParsedUsage.Refused(Problem.Invalid("specversion", "1.0"));
        if (fields.Text("source") is null or "")
            return ParsedUsage.Refused(Problem.Invalid("source", "a URI reference"));
        var account = fields.Text("subject") ?? fields.Text("account");
        return fields.Text("type") switch
        {
            "balatrix.voice.call" => Call(account),
            "balatrix.sms.message" => Message(account, fields.Text("source")!),
            "balatrix.event" => Counted(account, fields.Text("channel")),
            { } type when type.StartsWith("balatrix.auth.", StringComparison.Ordinal) => Counted(account, fields.Text("channel") ?? type["balatrix.auth.".Length..]),
            null or "" => ParsedUsage.Refused(Problem.Invalid("type", "an event type")),
            _ => ParsedUsage.Refused(new Problem(422, "unknown_event_type", "No meter takes events of this type.", "type", "balatrix.voice.call, balatrix.sms.message, balatrix.auth.<channel> or balatrix.event")),
        };
    }

    /// <summary>One call record as <c>/cdrs</c> takes it.</summary>
    public ParsedUsage ReadCdr(ReadOnlySpan<byte> json)
    {
        fields.Clear();
        return fields.Read(json) is { } problem ? ParsedUsage.Refused(problem) : Call(fields.Text("account"));
    }

    /// <summary>One message as <c>/charges</c> takes it.</summary>
    public ParsedUsage ReadMessage(ReadOnlySpan<byte> json)
    {
        fields.Clear();
        return fields.Read(json) is { } problem ? ParsedUsage.Refused(problem) : Message(fields.Text("account"), fields.Text("source") ?? "sms");
    }

    ParsedUsage Call(string? account)
    {
        if (fields.Text("called") is not { Length: > 0 } called)
            return ParsedUsage.Refused(Problem.Invalid("called", "the called number"));
        if (E164Number.Normalise(called) is not { Length: > 0 } number)
            return ParsedUsage.Refused(Problem.Invalid("called", "a telephone number of at most 15 digits"));
        var service = fields.Text("direction") switch
        {
            null => E164Number.IsIndianTollFree(number) ? Service.VoiceInbound : Service.VoiceOutbound,
            "outbound" => Service.VoiceOutbound,
            "inbound" => Service.VoiceInbound,
            _ => default,
        };
        if (service == default)
            return ParsedUsage.Refused(Problem.Invalid("direction", "inbound or outbound"));
        var (start, answer, end) = (fields.Time("startTime") ?? fields.Time("time"), fields.Time("answerTime"), fields.Time("endTime"));
        if (end is not null && ((start is not null && end < start) || (answer is not null && end < answer)))
            return ParsedUsage.Refused(new Problem(422, "end_before_start", "The call ends before it starts.", "endTime", "an instant after startTime"));
        if (fields.Number("durationSeconds") is < 0 or > LongestCallMs / 1000)
            return ParsedUsage.Refused(Problem.Invalid("durationSeconds", "0 to 7 days"));
        var milliseconds = fields.Number("durationMilliseconds") ?? fields.Number("durationSeconds") * 1000
            ?? (end is not null && answer is not null ? (decimal)(end - answer).Value.Ticks / TimeSpan.TicksPerMillisecond : null);
        if (milliseconds is null)
            return ParsedUsage.Refused(Problem.Invalid("durationSeconds", "seconds from answer to end"));
        if (milliseconds is < 0 or > LongestCallMs)
            return ParsedUsage.Refused(Problem.Invalid("durationSeconds", "0 to 7 days"));
        var cause = fields.Text("hangupCause");
        return Use(account, fields.Text("source") ?? "cdr", service, answer ?? start, number, (long)decimal.Ceiling(milliseconds.Value),
            fields.Text("calling") ?? "", called, cause is null ? null : Json("hangupCause", cause));
    }

    ParsedUsage Message(string? account, string source)
    {
        if (fields.Text("to") is not { Length: > 0 } to || E164Number.Normalise(to).Length == 0)
            return ParsedUsage.Refused(Problem.Invalid("to", "a telephone number of at most 15 digits"));
        if (fields.Text("mcc") is not { Length: 3 } mcc || !mcc.All(char.IsAsciiDigit))
            return ParsedUsage.Refused(Problem.Invalid("mcc", "3 digits"));
        var mnc = fields.Text("mnc") ?? "";
        if (mnc.Length is not (0 or 2 or 3) || !mnc.All(char.IsAsciiDigit))
            return ParsedUsage.Refused(Problem.Invalid("mnc", "2 or 3 digits"));
        long segments;
        string detail;
        if (fields.Text("text") is { Length: > 0 } text)
        {
            var counted = SmsSegments.Count(text);
            segments = counted.Segments;
            detail = $$"""{"encoding":"{{(counted.Encoding == SmsEncoding.Gsm7 ? "GSM-7" : "UCS-2")}}","units":{{counted.Units}},"segments":{{counted.Segments}}}""";
        }
        else if (fields.Number("segments") is >= 1 and <= 255 and var given && given == decimal.Truncate(given))
        {
            segments = (long)given;
            detail = $$"""{"segments":{{segments}}}""";
        }
        else
        {
            return ParsedUsage.Refused(Problem.Invalid("text", "a text, or segments from 1 to 255"));
        }
        return Use(account, source, Service.Sms, fields.Time("time"), mnc.Length == 0 ? $"{mcc}-*" : $"{mcc}-{mnc}", segments, fields.Text("from") ?? "", to, detail);
    }

    ParsedUsage Counted(string? account, string? channel)
    {
        if (channel is not { Length: > 0 and <= 64 } || !channel.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-' or '.'))
            return ParsedUsage.Refused(Problem.Invalid("channel", "a channel such as sms_otp"));
        var quantity = fields.Number("quantity") ?? 1;
        if (quantity is < 1 or > 1_000_000 || quantity != decimal.Truncate(quantity))
            return ParsedUsage.Refused(Problem.Invalid("quantity", "a whole number from 1 to 1000000"));
        var outcome = fields.Text("outcome");
        return Use(account, fields.Text("source") ?? "event", Service.Event, fields.Time("time"), channel, (long)quantity, "", fields.Text("recipient") ?? "",
            outcome is null ? null : Json("outcome", outcome));
    }

    ParsedUsage Use(
        string? account, string source, Service service, DateTimeOffset? at, string key, long quantity, string calling, string called, string? detail)
    {
        if (account is not { Length: > 0 and <= 64 })
            return ParsedUsage.Refused(Problem.Invalid("account", "an account number such as ACC-10001"));
        if (fields.Text("id") is not { Length: > 0 } id)
            return ParsedUsage.Refused(Problem.Invalid("id", "an id, unique for the source"));
        if (source.Length == 0)
            return ParsedUsage.Refused(Problem.Invalid("source", "a name"));
        var when = at ?? now;
        return CheckTime(when, now) is { } problem
            ? ParsedUsage.Refused(problem)
            : new(account, new UsageEvent(source, id, service, when, key, quantity, calling, called, detail) { TimeIsArrival = at is null }, null);
    }

    /// <summary>Use may be late, but not so much that its month is no longer kept open; and clocks may be off, but not by a day.</summary>
    public static Problem? CheckTime(DateTimeOffset at, DateTimeOffset now)
    {
        if (at > now + FarFuture)
            return new Problem(422, "event_in_far_future", "The event lies more than 24 hours ahead.", "time", "an instant not later than 24 hours from now");
        return at < now - FarPast
            ? new Problem(422, "event_in_far_past", "The event is older than two years.", "time", "an instant of the last two years")
            : null;
    }

    static string Json(string name, string value) => $$"""{"{{name}}":{{JsonSerializer.Serialize(value)}}}""";

    /// <summary>Cuts a JSON array into its elements without reading into them.</summary>
    /// <exception cref="ProblemException">The array as a whole is at fault: malformed, empty, too long.</exception>
    public static List<Range> Split(ReadOnlySpan<byte> json, int most)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 32 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
                throw new ProblemException(new(400, "malformed_json", "The body is not a JSON array.", Expected: "a JSON array"));
            var elements = new List<Range>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                elements.Add(start..(int)reader.BytesConsumed);
                CheckCount(elements.Count, most);
            }
            if (reader.Read())
                throw new ProblemException(new(400, "malformed_json", "There is more behind the JSON array."));
            return NotEmpty(elements);
        }
        catch (JsonException e)
        {
            throw new ProblemException(new(400, "malformed_json", "The body is not well-formed JSON.", e.Path));
        }
    }

    /// <summary>Cuts NDJSON into its lines; blank ones are passed over.</summary>
    /// <exception cref="ProblemException">There are none, or too many.</exception>
    public static List<Range> SplitLines(ReadOnlySpan<byte> body, int most)
    {
        var lines = new List<Range>();
        for (var start = 0; start < body.Length;)
        {
            var length = body[start..].IndexOf((byte)'\n');
            var end = length < 0 ? body.Length : start + length;
            if (!body[start..end].Trim(" \t\r"u8).IsEmpty)
                lines.Add(start..end);
            CheckCount(lines.Count, most);
            start = end + 1;
        }
        return NotEmpty(lines);
    }

    static List<Range> NotEmpty(List<Range> elements) =>
        elements.Count > 0 ? elements : throw new ProblemException(new(422, "empty_batch", "The batch is empty.", Expected: "at least one element"));

    static void CheckCount(int count, int most)
    {
        if (count > most)
            throw new ProblemException(new(413, "batch_too_large", $"A batch holds at most {most} elements.", Expected: $"1 to {most} elements"));
    }
}
