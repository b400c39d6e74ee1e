namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>The headers and variables of a channel, as events, dumps and lists show them.</summary>
public sealed partial class StandInChannel
{
    internal string Name => Originator is null ? $"sofia/internal/{Call.From}@{Call.NetworkIp}:5060" : $"sofia/external/{Destination}";

    internal string CallState => EndedAt is not null && Cdr is not null ? "HANGUP" : IsHeld ? "HELD" : AnsweredAt is not null ? "ACTIVE" : Originator is not null && RingingAt is null ? "DOWN" : "RINGING";

    internal string State => EndedAt is not null && Cdr is not null ? "CS_REPORTING" : Originator is null || IsParked ? "CS_EXECUTE" : AnsweredAt is null ? "CS_CONSUME_MEDIA" : "CS_EXCHANGE_MEDIA";

    internal static string Micros(DateTimeOffset at) => ((at.UtcDateTime - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond).ToString();

    internal static string Micros(DateTime at) => ((at - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond).ToString();

    static string MicrosOr0(DateTimeOffset? at) => at is { } time ? Micros(time) : "0";

    internal IEnumerable<(string Name, string Value)> Headers()
    {
        yield return ("Channel-State", State);
        yield return ("Channel-Call-State", CallState);
        yield return ("Channel-State-Number", EndedAt is null ? "4" : Cdr is null ? "10" : "11");
        yield return ("Channel-Name", Name);
        yield return ("Unique-ID", Uuid);
        yield return ("Call-Direction", Direction);
        yield return ("Presence-Call-Direction", Direction);
        yield return ("Channel-HIT-Dialplan", Originator is null ? "true" : "false");
        yield return ("Channel-Call-UUID", Originator?.Uuid ?? Uuid);
        yield return ("Answer-State", EndedAt is not null ? "hangup" : AnsweredAt is not null ? "answered" : "ringing");
        if (HangupCause is not null)
            yield return ("Hangup-Cause", HangupCause);
        foreach (var side in (string[])["Read", "Write"])
        {
            yield return ($"Channel-{side}-Codec-Name", "PCMU");
            yield return ($"Channel-{side}-Codec-Rate", "8000");
            yield return ($"Channel-{side}-Codec-Bit-Rate", "64000");
        }
        foreach (var header in Profile("Caller"))
            yield return header;
    }

    internal IEnumerable<(string Name, string Value)> OtherLeg(StandInChannel peer)
    {
        yield return ("Other-Type", peer.Originator is null ? "originator" : "originatee");
        foreach (var header in peer.Profile("Other-Leg"))
            yield return header;
    }

    IEnumerable<(string Name, string Value)> Profile(string prefix)
    {
        yield return ($"{prefix}-Direction", Direction);
        yield return ($"{prefix}-Logical-Direction", "inbound");
        yield return ($"{prefix}-Username", Call.SipUser ?? Call.From);
        yield return ($"{prefix}-Dialplan", "XML");
        yield return ($"{prefix}-Caller-ID-Name", Call.FromName);
        yield return ($"{prefix}-Caller-ID-Number", Call.From);
        yield return ($"{prefix}-Orig-Caller-ID-Name", Call.FromName);
        yield return ($"{prefix}-Orig-Caller-ID-Number", Call.From);
        if (RingingAt is not null)
        {
            yield return ($"{prefix}-Callee-ID-Name", Destination);
            yield return ($"{prefix}-Callee-ID-Number", Destination);
        }
        yield return ($"{prefix}-Network-Addr", Call.NetworkIp);
        yield return ($"{prefix}-ANI", Call.From);
        yield return ($"{prefix}-Destination-Number", Destination);
        yield return ($"{prefix}-Unique-ID", Uuid);
        yield return ($"{prefix}-Source", "mod_sofia");
        yield return ($"{prefix}-Context", Context);
        yield return ($"{prefix}-Channel-Name", Name);
        if (prefix == "Caller")
            yield return ("Caller-Profile-Index", Context == "public" ? "1" : "2");
        yield return ($"{prefix}-Profile-Created-Time", Micros(CreatedAt));
        yield return ($"{prefix}-Channel-Created-Time", Micros(CreatedAt));
        yield return ($"{prefix}-Channel-Answered-Time", MicrosOr0(AnsweredAt));
        yield return ($"{prefix}-Channel-Progress-Time", MicrosOr0(RingingAt));
        yield return ($"{prefix}-Channel-Progress-Media-Time", "0");
        yield return ($"{prefix}-Channel-Hangup-Time", Cdr is null ? "0" : MicrosOr0(EndedAt));
        yield return ($"{prefix}-Channel-Transfer-Time", "0");
        yield return ($"{prefix}-Channel-Resurrect-Time", "0");
        yield return ($"{prefix}-Channel-Bridged-Time", MicrosOr0(BridgedAt));
        yield return ($"{prefix}-Channel-Last-Hold", MicrosOr0(heldSince));
        yield return ($"{prefix}-Channel-Hold-Accum", (held.Ticks / TimeSpan.TicksPerMicrosecond).ToString());
        yield return ($"{prefix}-Screen-Bit", "true");
        yield return ($"{prefix}-Privacy-Hide-Name", "false");
        yield return ($"{prefix}-Privacy-Hide-Number", "false");
    }

    IEnumerable<(string Name, string Value)> SipVariables()
    {
        yield return ("direction", Direction);
        yield return ("uuid", Uuid);
        yield return ("session_id", SessionNumber.ToString());
        yield return ("call_uuid", Originator?.Uuid ?? Uuid);
        yield return ("channel_name", Originator is null ? $"sofia/internal/{Call.From}@{Call.NetworkIp}:5060" : $"sofia/external/{Call.To}");
        if (Originator is not null)
        {
            yield return ("originator", Originator.Uuid);
            yield return ("originating_leg_uuid", Originator.Uuid);
            if (Originator["enable_heartbeat_events"] is { } seconds)
                yield return ("enable_heartbeat_events", seconds);
            yield break;
        }
        foreach (var part in (string[])["from", "to", "req"])
        {
            var number = part == "from" ? Call.From : Call.To;
            yield return ($"sip_{part}_user", number);
            yield return ($"sip_{part}_uri", $"{number}@{Call.NetworkIp}:5060");
            yield return ($"sip_{part}_host", Call.NetworkIp);
        }
        yield return ("sip_from_display", Call.FromName);
        yield return ("sip_call_id", $"{SessionNumber}-24628@{Call.NetworkIp}");
        yield return ("sip_network_ip", Call.NetworkIp);
        yield return ("sip_network_port", "5060");
        yield return ("sip_received_ip", Call.NetworkIp);
        yield return ("sip_via_protocol", "udp");
        yield return ("sofia_profile_name", "internal");
        yield return ("max_forwards", "70");
        yield return ("read_codec", "PCMU");
        yield return ("write_codec", "PCMU");
        yield return ("endpoint_disposition", "RECEIVED");
        if (Call.SipUser is { } user)
        {
            yield return ("sip_authorized", "true");
            yield return ("sip_auth_username", user);
            yield return ("user_name", user);
        }
        if (Call.AccountCode is { } account)
            yield return ("accountcode", account);
    }

    internal IEnumerable<(string Name, string Value)> AllVariables(bool isFinal)
    {
        foreach (var (name, value) in variables)
            yield return (name, value);
        if (!isFinal || EndedAt is not { } end)
            yield break;
        yield return ("hangup_cause", HangupCause ?? "NORMAL_CLEARING");
        yield return ("hangup_cause_q850", StandInCauses.Q850(HangupCause ?? "NORMAL_CLEARING").ToString());
        foreach (var (name, at) in ((string, DateTimeOffset?)[])[("start", CreatedAt), ("profile_start", CreatedAt), ("answer", AnsweredAt), ("bridge", BridgedAt), ("progress", RingingAt), ("end", end)])
        {
            if (at is { } time)
                yield return ($"{name}_stamp", time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss"));
            yield return ($"{name}_epoch", at?.ToUnixTimeSeconds().ToString() ?? "0");
            yield return ($"{name}_uepoch", MicrosOr0(at));
        }
        var holding = held + (heldSince is { } since ? end - since : TimeSpan.Zero);
        yield return ("hold_accum_seconds", ((long)holding.TotalSeconds).ToString());
        yield return ("hold_accum_usec", (holding.Ticks / TimeSpan.TicksPerMicrosecond).ToString());
        yield return ("hold_accum_ms", ((long)holding.TotalMilliseconds).ToString());
        yield return ("last_app", Application);
        yield return ("caller_id", $"\"{Call.FromName}\" <{Call.From}>");
        // Whole seconds are taken off each end before they are subtracted, as FreeSWITCH does.
        yield return ("duration", (end.ToUnixTimeSeconds() - CreatedAt.ToUnixTimeSeconds()).ToString());
        yield return ("billsec", AnsweredAt is { } answer ? (end.ToUnixTimeSeconds() - answer.ToUnixTimeSeconds()).ToString() : "0");
        var whole = (end - CreatedAt).Ticks / TimeSpan.TicksPerMicrosecond;
        yield return ("mduration", ((whole + 500) / 1000).ToString());
        yield return ("billmsec", ((BillUsec + 500) / 1000).ToString());
        yield return ("uduration", whole.ToString());
        yield return ("billusec", BillUsec.ToString());
        if (AnsweredAt is not null && Peer is { } other)
            yield return ("bridge_uuid", other.Uuid);
    }
}
