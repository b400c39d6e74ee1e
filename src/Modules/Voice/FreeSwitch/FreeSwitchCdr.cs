using System.Globalization;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Voice.FreeSwitch;

/// <summary>Turns a posted body into a checked <see cref="CallRecord"/>. Never throws, whatever the bytes.</summary>
public static class FreeSwitchCdr
{
    const long MicrosPerSecond = 1_000_000;
    const long LongestCallSeconds = 86_400 * 7;

    static readonly string[] ShownFacts =
    [
        "hangup_cause", "sip_hangup_disposition", "bridge_uuid", "sip_call_id", "sip_network_ip", "read_codec", "write_codec", "rtp_audio_in_mos",
        "billsec", "duration", "last_bridge_hangup_cause", "sip_term_status", "direction", "last_app",
    ];

    /// <summary>Reads one body.</summary>
    public static (CallRecord? Call, Problem? Problem) Read(ReadOnlySpan<byte> body)
    {
        var (fields, problem) = CdrBody.Read(body);
        return fields is null ? (null, problem) : Check(fields);
    }

    static (CallRecord?, Problem?) Check(CdrFields fields)
    {
        var v = fields.Variables;
        string Of(string name) => v.GetValueOrDefault(name, "");
        // Records of 2009 have no uuid variable; their latest caller profile has it.
        var uuid = v.GetValueOrDefault("uuid") ?? fields.Profile.GetValueOrDefault("uuid") ?? "";
        if (uuid.Length is 0 or > 128)
            return (null, new Problem(400, "missing_field", "The record has no uuid.", "variables.uuid", "1 to 128 characters"));
        if (v.Values.Concat(fields.Profile.Values).Append(fields.CoreUuid).Append(fields.SwitchName).Any(value => value.Contains('\0', StringComparison.Ordinal)))
            return (null, new Problem(400, "invalid_value", "The record holds a NUL character."));
        var times = new CdrTimes(v);
        if (times.Problem is { } problem)
            return (null, problem);
        var talk = times.TalkMicros;
        if (talk < 0 || talk > LongestCallSeconds * MicrosPerSecond)
            return (null, Invalid("variables.billusec", "a duration from 0 to 7 days"));
        if (times.End < times.Start || (times.Answer > 0 && times.End < times.Answer))
            return (null, new Problem(400, "end_before_start", "The call ends before it starts.", "variables.end_uepoch"));
        var facts = ShownFacts.Where(name => Of(name).Length > 0).ToDictionary(Camel, name => Cut(Of(name), 200));
        facts["coreUuid"] = Cut(fields.CoreUuid, 64);
        facts["switchName"] = Cut(fields.SwitchName, 64);
        if (times.Answer > 0 && Math.Abs(times.End - times.Answer - talk) > MicrosPerSecond)
            facts["flag"] = "duration_mismatch";
        if (times.PostDialDelayMs is { } delay)
            facts["pddMs"] = delay.ToString(CultureInfo.InvariantCulture);
        // A leg to a gateway is that gateway's; what the call was given first stands on the leg that the caller made.
        if ((v.GetValueOrDefault("sip_gateway_name") ?? v.GetValueOrDefault("bill_carrier")) is { Length: > 0 } carrier)
            facts["carrier"] = Cut(carrier, 64);
        var aLeg = ALegOf(v);
        return (new CallRecord(
            uuid, aLeg, Cut(Of("accountcode"), 64), Cut(fields.Profile.GetValueOrDefault("caller_id_number", ""), 64),
            Cut(fields.Profile.GetValueOrDefault("destination_number", ""), 64), Of("bill_direction"),
            At(times.Start), times.Answer > 0 ? At(times.Answer) : null, At(times.End), (talk + 999) / 1000, facts)
        {
            ForwardedBy = v.GetValueOrDefault("bill_forwarded_by") is { Length: > 0 and <= 64 } forwarder ? forwarder : null,
        }, null);
    }

    /// <summary>A leg that another leg originated is its B leg; call_uuid is not asked, since it is wrong in about one of a hundred.</summary>
    static string? ALegOf(Dictionary<string, string> v)
    {
        if (v.GetValueOrDefault("originator") is { Length: > 0 } originator)
            return Cut(originator, 128);
        if (v.GetValueOrDefault("originating_leg_uuid") is { Length: > 0 } leg)
            return Cut(leg, 128);
        return v.GetValueOrDefault("loopback_leg") == "B" ? Cut(v.GetValueOrDefault("other_loopback_leg_uuid", ""), 128) : null;
    }

    static Problem Invalid(string field, string expected) => new(400, "invalid_value", $"{field} is not valid.", field, expected);

    /// <summary>Shortens a text; a surrogate pair is never cut in two, since half of one cannot be stored.</summary>
    static string Cut(string text, int longest) =>
        text.Length <= longest ? text : char.IsHighSurrogate(text[longest - 1]) ? text[..(longest - 1)] : text[..longest];

    static DateTimeOffset At(long micros) => DateTimeOffset.UnixEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond);

    static string Camel(string name)
    {
        var words = name.Split('_');
        return words[0] + string.Concat(words.Skip(1).Select(w => char.ToUpperInvariant(w[0]) + w[1..]));
    }

    /// <summary>Instants in microseconds since 1970, 0 for none.</summary>
    sealed class CdrTimes
    {
        const long Earliest = 946_684_800 * MicrosPerSecond;
        const long Latest = 4_102_444_800 * MicrosPerSecond;

        readonly Dictionary<string, string> variables;

        public CdrTimes(Dictionary<string, string> variables)
        {
            this.variables = variables;
            Start = Instant("start");
            Answer = Instant("answer");
            End = Instant("end");
            if (Start == 0)
                Problem ??= new(400, "missing_field", "The record has no start.", "variables.start_uepoch", "microseconds since 1970");
            if (End == 0)
                Problem ??= new(400, "missing_field", "The record has no end.", "variables.end_uepoch", "microseconds since 1970");
            TalkMicros = Answer == 0 ? 0 : Number("billusec", 1) ?? Number("billmsec", 1000) ?? Number("billsec", MicrosPerSecond) ?? End - Answer;
        }

        public Problem? Problem { get; private set; }

        /// <summary>From the start until it rang or early media came, whichever was first; null when neither is known.</summary>
        public long? PostDialDelayMs
        {
            get
            {
                var first = new[] { Told("progress_uepoch"), Told("progress_media_uepoch") }.Where(at => at >= Start).DefaultIfEmpty().Min();
                return first > 0 && first - Start < LongestCallSeconds * MicrosPerSecond ? (first - Start) / 1000 : null;
            }
        }

        public long Start { get; }

        public long Answer { get; }

        public long End { get; }

        public long TalkMicros { get; }

        long Told(string name) => long.TryParse(variables.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out var micros) ? micros : 0;

        long Instant(string name)
        {
            var micros = Number(name + "_uepoch", 1) ?? Number(name + "_epoch", MicrosPerSecond) ?? Stamp(name + "_stamp") ?? 0;
            if (micros != 0 && micros is < Earliest or > Latest)
                Problem ??= Invalid($"variables.{name}_uepoch", "an instant between the years 2000 and 2100");
            return micros;
        }

        long? Number(string name, long unit)
        {
            if (!variables.TryGetValue(name, out var text) || text.Length == 0)
                return null;
            if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value <= long.MaxValue / unit && value >= long.MinValue / unit)
                return value * unit;
            Problem ??= Invalid($"variables.{name}", "a whole number");
            return null;
        }

        long? Stamp(string name) =>
            variables.TryGetValue(name, out var text)
            && DateTimeOffset.TryParseExact(text, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
                ? (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond
                : null;
    }
}
