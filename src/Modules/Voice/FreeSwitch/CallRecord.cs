using System.Text.Json;
using Balatrix.Core.Numbering;
using Balatrix.Core.Usage;

namespace Balatrix.Modules.Voice.FreeSwitch;

/// <summary>One leg of a call as FreeSWITCH reports it.</summary>
/// <param name="Uuid">The leg's own uuid.</param>
/// <param name="ALegUuid">For a B leg, the uuid of its A leg; null for an A leg.</param>
/// <param name="AccountCode">The accountcode variable; empty when not set.</param>
/// <param name="Calling">Caller's number.</param>
/// <param name="Called">Called number as dialled.</param>
/// <param name="BillDirection">What the dial plan says the account pays for ("inbound", "outbound"), or empty.</param>
/// <param name="StartedAt">Start of the leg.</param>
/// <param name="AnsweredAt">Answer, or null: answered is decided by this, never by the cause.</param>
/// <param name="EndedAt">End of the leg.</param>
/// <param name="TalkMs">Milliseconds from answer to end, raised.</param>
/// <param name="Facts">Further facts worth showing, by name.</param>
public sealed record CallRecord(
    string Uuid, string? ALegUuid, string AccountCode, string Calling, string Called, string BillDirection,
    DateTimeOffset StartedAt, DateTimeOffset? AnsweredAt, DateTimeOffset EndedAt, long TalkMs, IReadOnlyDictionary<string, string> Facts)
{
    /// <summary>The account that forwards the call from its number, when one does.</summary>
    public string? ForwardedBy { get; init; }

    /// <summary>Identifies calls by their uuid through every door.</summary>
    public const string Source = "cdr";

    const int LongestDetail = 2000;

    /// <summary>What the account is charged for.</summary>
    public UsageEvent ToUsageEvent()
    {
        var number = E164Number.Normalise(Called);
        var isInbound = BillDirection.Length > 0 ? BillDirection == "inbound" : E164Number.IsIndianTollFree(number);
        return new(
            Source, Uuid, isInbound ? Service.VoiceInbound : Service.VoiceOutbound, AnsweredAt ?? StartedAt,
            number.Length > 0 ? number : "-", AnsweredAt is null ? 0 : TalkMs, Calling, Called, Detail());
    }

    /// <summary>The facts as a JSON object of bounded size.</summary>
    public string Detail()
    {
        var json = JsonSerializer.Serialize(Facts);
        if (json.Length <= LongestDetail)
            return json;
        var kept = Facts.Where(f => f.Value.Length <= 60).Take(20).ToDictionary();
        return JsonSerializer.Serialize(kept);
    }
}
