using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>
/// An event, as text/event-json brought it. Its headers are found when it comes and become strings when they are asked for. It lies in borrowed memory, thousands come a second:
/// whoever takes it gives it back by <see cref="Dispose"/>, after which it has no headers but those that were asked for.
/// </summary>
public sealed class FreeSwitchEvent : IDisposable
{
    // Of sizes that events have: what is longer, as the result of a job, would be kept for nothing.
    static readonly ArrayPool<byte> Bodies = ArrayPool<byte>.Create(64 * 1024, MostKept);
    static readonly ArrayPool<EventHeader> Indexes = ArrayPool<EventHeader>.Create(1024, MostKept);

    const int MostKept = 32;

    byte[] json;
    EventHeader[] headers;
    int length, count;

    FreeSwitchEvent(byte[] json, int length)
    {
        var found = EventHeader.Find(json.AsSpan(0, length));
        (this.json, this.length, count) = (json, length, found.Length);
        headers = Indexes.Rent(count);
        found.CopyTo(headers);
        Name = this["Event-Name"] ?? "";
    }

    /// <summary>The synthetic event when a link has come up; its header Core-UUID tells which run of FreeSWITCH it is.</summary>
    public const string LinkUp = "LINK_UP";

    /// <summary>The synthetic event when a link was lost; what happened since may never be told.</summary>
    public const string LinkDown = "LINK_DOWN";

    /// <summary>Event-Name, as CHANNEL_PARK.</summary>
    public string Name { get; }

    /// <summary>Unique-ID: the channel it is about.</summary>
    public string? Uuid => field ??= this["Unique-ID"];

    /// <summary>Core-UUID: the run of FreeSWITCH that sent it.</summary>
    public string? CoreUuid => field ??= this["Core-UUID"] is { } core ? string.Intern(core) : null;

    /// <summary>The body as it came.</summary>
    public ReadOnlyMemory<byte> Json => json.AsMemory(0, length);

    /// <summary>Bytes it holds in memory.</summary>
    public int Size => json.Length + (headers.Length * EventHeader.Size);

    /// <summary>A header, or null. Of a header that came several times the first value counts.</summary>
    public string? this[string header]
    {
        get
        {
            var at = IndexOf(header);
            return at < 0 ? null : headers[at].Text(json);
        }
    }

    /// <summary>A header that is a whole number from 0 on; null when there is none, or it is something else.</summary>
    public long? Number(string header)
    {
        var at = IndexOf(header);
        return at >= 0 && long.TryParse(headers[at].Raw(json), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>Takes out what the event carries beside its headers, as the result of a job in the background; empty without it. The event has no headers once it is taken.</summary>
    public ReadOnlyMemory<byte> TakeBody()
    {
        var at = IndexOf("_body");
        if (at < 0)
            return default;
        var body = headers[at].Unescaped(json);
        Forget();
        return body;
    }

    int IndexOf(string header)
    {
        Span<byte> name = stackalloc byte[LongestName];
        if (header.Length > LongestName || !Encoding.UTF8.TryGetBytes(header, name, out var used))
            return -1;
        name = name[..used];
        for (var at = 0; at < count; at++)
            if (headers[at].Name(json).SequenceEqual(name))
                return at;
        return -1;
    }

    // No header that FreeSWITCH writes has a longer name; those that do are kept but not found.
    const int LongestName = 256;

    /// <summary>Reads the body of a text/event-json frame.</summary>
    /// <exception cref="EventSocketException">It is not an object of texts.</exception>
    public static FreeSwitchEvent Parse(ReadOnlySequence<byte> body)
    {
        var length = (int)body.Length;
        var json = Bodies.Rent(length);
        body.CopyTo(json);
        try
        {
            return new(json, length);
        }
        catch (JsonException e)
        {
            throw new EventSocketException($"An event is not JSON: {e.Message}");
        }
    }

    /// <summary>An event that FreeSWITCH did not send.</summary>
    public static FreeSwitchEvent Synthetic(string name, params ReadOnlySpan<KeyValuePair<string, string>> others)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Event-Name"] = name };
        foreach (var (header, value) in others)
            headers[header] = value;
        return Parse(new(JsonSerializer.SerializeToUtf8Bytes(headers)));
    }

    /// <summary>Gives its memory back.</summary>
    public void Dispose()
    {
        if (length == 0)
            return;
        Bodies.Return(json);
        Forget();
    }

    void Forget()
    {
        Indexes.Return(headers);
        (json, headers, length, count) = ([], [], 0, 0);
    }

    /// <summary>Its name and channel, for logs.</summary>
    public override string ToString() => Uuid is null ? Name : $"{Name} {Uuid}";
}
