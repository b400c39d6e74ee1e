using System.Text.Json;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Usage;

/// <summary>
/// The members that a usage event may have, at whatever door: read straight from UTF-8 without a document in between.
/// Used again from event to event. Unknown members are passed over; a member that is given twice is refused.
/// </summary>
public sealed class UsageFields
{
    static readonly string[] TextNames =
    [
        "specversion", "id", "source", "type", "subject", "account", "called", "calling", "to", "from", "text", "mcc", "mnc", "channel", "recipient",
        "direction", "hangupCause", "outcome", "datacontenttype",
    ];

    static readonly string[] TimeNames = ["time", "startTime", "answerTime", "endTime"];

    static readonly string[] NumberNames = ["durationSeconds", "durationMilliseconds", "segments", "quantity"];

    static readonly byte[][] TextKeys = [.. TextNames.Select(System.Text.Encoding.UTF8.GetBytes)];
    static readonly byte[][] TimeKeys = [.. TimeNames.Select(System.Text.Encoding.UTF8.GetBytes)];
    static readonly byte[][] NumberKeys = [.. NumberNames.Select(System.Text.Encoding.UTF8.GetBytes)];

    readonly string?[] texts = new string?[TextNames.Length];
    readonly DateTimeOffset?[] times = new DateTimeOffset?[TimeNames.Length];
    readonly decimal?[] numbers = new decimal?[NumberNames.Length];

    /// <summary>Whether there was a <c>data</c> object.</summary>
    public bool HasData { get; private set; }

    /// <summary>A text member, or null.</summary>
    public string? Text(string name) => texts[Array.IndexOf(TextNames, name)];

    /// <summary>An instant, or null.</summary>
    public DateTimeOffset? Time(string name) => times[Array.IndexOf(TimeNames, name)];

    /// <summary>A number, or null.</summary>
    public decimal? Number(string name) => numbers[Array.IndexOf(NumberNames, name)];

    /// <summary>Sets a text that came by another way, such as a header.</summary>
    public void Set(string name, string value) => texts[Array.IndexOf(TextNames, name)] = value;

    /// <summary>Sets an instant that came by another way.</summary>
    public void Set(string name, DateTimeOffset value) => times[Array.IndexOf(TimeNames, name)] = value;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        Array.Clear(texts);
        Array.Clear(times);
        Array.Clear(numbers);
        HasData = false;
    }

    /// <summary>Reads one JSON object, with the members of its <c>data</c> object among its own; the data may be encoded in <c>data_base64</c>.</summary>
    public Problem? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 16 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return new Problem(400, "malformed_json", "The event is not a JSON object.", Expected: "a JSON object");
            if (ReadMembers(ref reader, "") is { } problem)
                return problem;
            return reader.Read() ? new Problem(400, "malformed_json", "There is more behind the JSON object.") : null;
        }
        catch (JsonException e)
        {
            return new Problem(400, "malformed_json", "The event is not well-formed JSON.", e.Path);
        }
        catch (InvalidOperationException)
        {
            return new Problem(400, "malformed_json", "A text is not valid Unicode.");
        }
    }

    Problem? ReadMembers(ref Utf8JsonReader reader, string path)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("data"u8) && path.Length == 0)
            {
                reader.Read();
                if (reader.TokenType != JsonTokenType.StartObject || HasData)
                    return Problem.Invalid("data", "one object, in data or data_base64");
                HasData = true;
                if (ReadMembers(ref reader, "data.") is { } inner)
                    return inner;
            }
            else if (path.Length == 0 && reader.ValueTextEquals("data_base64"u8))
            {
                reader.Read();
                if (reader.TokenType != JsonTokenType.Null && ReadEncoded(ref reader) is { } inner)
                    return inner;
            }
            else if (Find(ref reader, TextKeys) is >= 0 and var text)
            {
                if (ReadText(ref reader, text, path) is { } wrong)
                    return wrong;
            }
            else if (Find(ref reader, TimeKeys) is >= 0 and var time)
            {
                if (ReadTime(ref reader, time, path) is { } wrong)
                    return wrong;
            }
            else if (Find(ref reader, NumberKeys) is >= 0 and var number)
            {
                reader.Read();
                if (numbers[number] is not null || reader.TokenType != JsonTokenType.Number || !reader.TryGetDecimal(out var value))
                    return Problem.Invalid(path + NumberNames[number], "one JSON number");
                numbers[number] = value;
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }
        return null;
    }

    /// <summary>Data as CloudEvents carries what is not JSON to it; the meters take JSON all the same.</summary>
    Problem? ReadEncoded(ref Utf8JsonReader reader)
    {
        if (HasData || reader.TokenType != JsonTokenType.String || !reader.TryGetBytesFromBase64(out var bytes))
            return Problem.Invalid("data_base64", "one object, in data or data_base64, there as the Base64 of JSON");
        HasData = true;
        try
        {
            var data = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 16 });
            if (!data.Read() || data.TokenType != JsonTokenType.StartObject)
                return Problem.Invalid("data_base64", "the Base64 of a JSON object");
            return ReadMembers(ref data, "data.") ?? (data.Read() ? Problem.Invalid("data_base64", "the Base64 of one JSON object") : null);
        }
        catch (JsonException)
        {
            return Problem.Invalid("data_base64", "the Base64 of a JSON object");
        }
    }

    Problem? ReadText(ref Utf8JsonReader reader, int index, string path)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        if (texts[index] is not null || reader.TokenType != JsonTokenType.String)
            return Problem.Invalid(path + TextNames[index], "one string");
        var value = reader.GetString()!;
        var longest = TextNames[index] == "text" ? 20_000 : 128;
        if (value.Length > longest || value.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid(path + TextNames[index], $"at most {longest} characters and no NUL");
        texts[index] = value;
        return null;
    }

    Problem? ReadTime(ref Utf8JsonReader reader, int index, string path)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
            return null;
        if (times[index] is not null || reader.TokenType != JsonTokenType.String || !HasOffset(reader.ValueSpan) || !reader.TryGetDateTimeOffset(out var value))
            return Problem.Invalid(path + TimeNames[index], "one RFC 3339 instant such as 2026-11-21T09:30:00Z");
        times[index] = value;
        return null;
    }

    static bool HasOffset(ReadOnlySpan<byte> text) =>
        text.Length > 19 && (text[^1] is (byte)'Z' or (byte)'z' || text[19..].ContainsAny((byte)'+', (byte)'-'));

    static int Find(ref Utf8JsonReader reader, byte[][] names)
    {
        for (var i = 0; i < names.Length; i++)
            if (reader.ValueTextEquals(names[i]))
                return i;
        return -1;
    }
}
