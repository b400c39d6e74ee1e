using System.Globalization;
using System.Text.Json;
using Balatrix.Core.Voice;
using Balatrix.Modules.Voice.EventSocket;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>Reads what FreeSWITCH says of a channel. Instants are microseconds since 1970; 0 is none.</summary>
static class CallEvents
{
    static readonly (string Name, string Header)[] Facts =
    [
        ("hangupCause", "variable_hangup_cause"), ("sipHangupDisposition", "variable_sip_hangup_disposition"), ("bridgeUuid", "variable_bridge_uuid"), ("sipCallId", "variable_sip_call_id"),
        ("sipNetworkIp", "variable_sip_network_ip"), ("readCodec", "variable_read_codec"), ("billsec", "variable_billsec"), ("duration", "variable_duration"),
        ("lastBridgeHangupCause", "variable_last_bridge_hangup_cause"), ("sipTermStatus", "variable_sip_term_status"), ("direction", "variable_direction"), ("carrier", "variable_bill_carrier"),
        ("coreUuid", "Core-UUID"), ("switchName", "FreeSWITCH-Switchname"),
    ];

    public static DateTimeOffset? At(this FreeSwitchEvent e, string header) => InstantOf(e.Number(header));

    public static DateTimeOffset? InstantOf(long? micros) =>
        micros is > 946_684_800_000_000 and < 4_102_444_800_000_000 ? DateTimeOffset.UnixEpoch.AddTicks(micros.Value * TimeSpan.TicksPerMicrosecond) : null;

    /// <summary>When FreeSWITCH sent it.</summary>
    public static DateTimeOffset? SentAt(this FreeSwitchEvent e) => e.At("Event-Date-Timestamp");

    /// <summary>Its number among all that this run of FreeSWITCH has said.</summary>
    public static long? Sequence(this FreeSwitchEvent e) => e.Number("Event-Sequence");

    public static DateTimeOffset? AnsweredAt(this FreeSwitchEvent e) => e.At("Caller-Channel-Answered-Time") ?? e.At("variable_answer_uepoch");

    public static DateTimeOffset? HungUpAt(this FreeSwitchEvent e) => e.At("Caller-Channel-Hangup-Time") ?? e.At("variable_end_uepoch") ?? e.SentAt();

    /// <summary>Whether the leg was made for another.</summary>
    public static bool IsBLeg(this FreeSwitchEvent e) => e["variable_originator"] is { Length: > 0 } || e["variable_originating_leg_uuid"] is { Length: > 0 };

    /// <summary>Whether the dialplan left the call to us: it came in over SIP, which leads to context public only, or it says so.</summary>
    public static bool IsOurs(this FreeSwitchEvent e) =>
        e["Caller-Context"] == "public" || e["variable_bill_notify"] is { Length: > 0 } || e["variable_bill_account"] is { Length: > 0 };

    public static bool IsParked(this FreeSwitchEvent e) => e["variable_current_application"] == "park" && e["Channel-State"] != "CS_HANGUP";

    /// <summary>Whether it waits to be told where to go; one that does not talks to where it went.</summary>
    public static bool IsWaiting(this FreeSwitchEvent e) => e.Name == "CHANNEL_PARK" || e.IsParked();

    public static bool IsTransfer(this FreeSwitchEvent e) =>
        (e["variable_hangup_cause"] ?? e["Hangup-Cause"]) is "ATTENDED_TRANSFER" or "BLIND_TRANSFER" || e["variable_sip_refer_to"] is { Length: > 0 };

    /// <summary>The end of a channel: its answered time as its record will have it.</summary>
    public static CallFacts? FactsOf(FreeSwitchEvent e)
    {
        if (e.HungUpAt() is not { } ended)
            return null;
        var started = e.At("variable_start_uepoch") ?? e.At("Caller-Channel-Created-Time") ?? ended;
        var answered = e.At("variable_answer_uepoch") ?? e.At("Caller-Channel-Answered-Time");
        var micros = e.Number("variable_billusec") ?? (answered is { } at ? Math.Max(0, (ended - at).Ticks / TimeSpan.TicksPerMicrosecond) : 0);
        return new(started, answered, e.At("variable_end_uepoch") ?? ended, answered is null ? 0 : (micros + 999) / 1000);
    }

    public static string DetailOf(FreeSwitchEvent e)
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, header) in Facts)
            if (e[header] is { Length: > 0 and <= 100 } value && !value.Contains('\0', StringComparison.Ordinal))
                facts[name] = value;
        // Post-dial delay, as records have it: from the start to the first ringing or early media.
        if (e.At("variable_start_uepoch") is { } started && (e.At("variable_progress_uepoch") ?? e.At("variable_progress_media_uepoch")) is { } ringing && ringing >= started)
            facts["pddMs"] = ((ringing - started).Ticks / TimeSpan.TicksPerMillisecond).ToString(CultureInfo.InvariantCulture);
        return JsonSerializer.Serialize(facts);
    }
}
