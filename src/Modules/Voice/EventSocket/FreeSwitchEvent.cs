using System.Text;
using System.Text.Json;

namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>An event, as text/event-json brought it. Its headers are found when it comes and become strings when they are asked for.</summary>
public sealed class FreeSwitchEvent
{
    readonly ReadOnlyMemory<byte> json;
    readonly EventHeader[] headers;

    FreeSwitchEvent(ReadOnlyMemory<byte> json, EventHeader[] headers)
    {
        (this.json, this.headers) = (json, headers);
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
    public string? CoreUuid => field ??= this["Core-UUID"];

    /// <summary>What the event carries beside its headers, as the result of a job in the background.</summary>
    public string? Body => this["_body"];

    /// <summary>The body as it came.</summary>
    public ReadOnlyMemory<byte> Json => json;

    /// <summary>Bytes it holds in memory.</summary>
    public int Size => json.Length + (headers.Length * EventHeader.Size);

    /// <summary>A header, or null. Of a header that came several times the first value counts.</summary>
    public string? this[string header]
    {
        get
        {
            Span<byte> name = stackalloc byte[LongestName];
            if (header.Length > LongestName || !Encoding.UTF8.TryGetBytes(header, name, out var length))
                return null;
            name = name[..length];
            foreach (var candidate in headers)
                if (candidate.Name(json.Span).SequenceEqual(name))
                    return candidate.Text(json.Span);
            return null;
        }
    }

    // No header that FreeSWITCH writes has a longer name; those that do are kept but not found.
    const int LongestName = 256;

    /// <summary>Reads the body of a text/event-json frame.</summary>
    /// <exception cref="EventSocketException">It is not an object of texts.</exception>
    public static FreeSwitchEvent Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            return new(json, EventHeader.Index(json.Span));
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
        return Parse(JsonSerializer.SerializeToUtf8Bytes(headers));
    }

    /// <summary>Its name and channel, for logs.</summary>
    public override string ToString() => Uuid is null ? Name : $"{Name} {Uuid}";
}
