using System.Globalization;
using Balatrix.Core.Usage;
using Balatrix.Modules.Voice.EventSocket;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>What FreeSWITCH is told of a call. Every value passes a check, since callers choose names and numbers.</summary>
static class CallCommands
{
    /// <summary>The dialplan's context that only our transfer reaches.</summary>
    const string Context = "billed";

    /// <summary>FreeSWITCH does all whose names begin with api_on_answer.</summary>
    public const string SecondOnAnswer = "api_on_answer_2";

    /// <summary>Names on the channel, and so in its record, the account that forwards the call.</summary>
    public const string ForwardedBy = "bill_forwarded_by";

    const int LongestAnnouncementSeconds = 30;

    const string Tone = "tone_stream://%(300,200,800);loops=2";

    /// <summary>The guard stands before the call goes on.</summary>
    public static List<string> LetThrough(CallRow row, CallPermit permit, long guardMs, bool isAnswered)
    {
        var uuid = ApiArgument.Uuid(row.ChannelId);
        var account = ApiArgument.Name(permit.AccountNumber);
        var direction = row.Service == Service.VoiceInbound ? "inbound" : "outbound";
        // The call itself is the caller's, or its receiver's; who forwards it stands beside.
        var variables = row.IsForward ? $"{ForwardedBy}={account}"
            : $"bill_session={ApiArgument.Name(row.ReservationId?.ToString("N") ?? "none")};bill_account={account};accountcode={account};bill_direction={direction};heartbeat_use_scheduler=true";
        // What a call that is sent elsewhere had for its way before is taken from it: an empty value unsets.
        var none = isAnswered ? "" : null;
        if ((DialOf(permit) ?? none) is { } dial)
            variables += $";bill_dial={dial}";
        if ((CarrierOf(permit) ?? none) is { } carrier)
            variables += $";bill_carrier={carrier}";
        var commands = new List<string>(3) { $"uuid_setvar_multi {uuid} {variables}" };
        if (!isAnswered)
            commands.Add($"uuid_setvar {uuid} {(row.IsForward ? SecondOnAnswer : "api_on_answer")} {FirstGuard(row.CallId, row.ChannelId, row.Segment, guardMs)}");
        if (row.IsForward || permit.ForwardedTo is null)
            commands.Add($"uuid_transfer {uuid} {Destination(row, permit)} XML {Context}");
        return commands;
    }

    /// <summary>To where it went before.</summary>
    public static string SendOn(CallRow row, CallPermit? permit) => $"uuid_transfer {ApiArgument.Uuid(row.ChannelId)} {Destination(row, permit)} XML {Context}";

    /// <summary>SIP says the status; FreeSWITCH and its records the cause.</summary>
    public static List<string> Reject(string channelId, int sipStatus, string cause) =>
    [
        $"uuid_setvar {ApiArgument.Uuid(channelId)} last_bridge_proto_specific_hangup_cause sip:{ApiArgument.Seconds(sipStatus)}",
        Kill(channelId, cause),
    ];

    /// <summary>The caller hears something first, unanswered, in a context that can do nothing else; a task in FreeSWITCH ends what does not end by itself.</summary>
    public static List<string> Announce(string channelId, int sipStatus, string cause, string file)
    {
        var uuid = ApiArgument.Uuid(channelId);
        return
        [
            $"uuid_setvar {uuid} last_bridge_proto_specific_hangup_cause sip:{ApiArgument.Seconds(sipStatus)}",
            $"uuid_setvar {uuid} bill_announcement {ApiArgument.Playback(file)}",
            $"uuid_setvar {uuid} bill_refusal {ApiArgument.Cause(cause)}",
            $"sched_api +{LongestAnnouncementSeconds} r-{uuid} {Kill(channelId, cause)}",
            $"uuid_transfer {uuid} announcement XML refused",
        ];
    }

    public static string Kill(string channelId, string cause) => $"uuid_kill {ApiArgument.Uuid(channelId)} {ApiArgument.Cause(cause)}";

    public static string Arm(CallRow row, int guard, long ms) => Guard(row.CallId, row.ChannelId, row.Segment, guard, ms);

    public static string Drop(CallRow row, int guard) => $"sched_del {Group(row.CallId, row.Segment, guard)}";

    public static string Warn(string channelId, string? file) => $"uuid_broadcast {ApiArgument.Uuid(channelId)} {ApiArgument.Playback(file ?? Tone)} aleg";

    /// <summary>What is bridged to, by fail-over; null when the dialplan has it to say.</summary>
    public static string? DialOf(CallPermit permit) =>
        permit.Routes.Count > 0 ? ApiArgument.DialString(string.Join('|', permit.Routes.Select(r => r.DialString)))
        : permit.Inbound is { TargetKind: "sip" } target ? ApiArgument.DialString("user/" + target.Target)
        : null;

    static string? CarrierOf(CallPermit permit) => permit.Routes is [var first, ..] ? ApiArgument.Name(Safe(first.Carrier)) : null;

    /// <summary>The guard that a call is let through with: armed at the answer, it ends the call when what is reserved is used.</summary>
    public static string FirstGuard(string callId, string channelId, int segment, long ms) => Guard(callId, channelId, segment, 0, ms);

    // FreeSWITCH's scheduler counts whole seconds. The last ones are rounded down: what is cut off early is not charged, what ran longer could not be paid.
    static string Guard(string callId, string channelId, int segment, int guard, long ms) =>
        $"sched_api +{ApiArgument.Seconds((int)Math.Clamp(ms / 1000, 1, 86_400))} {Group(callId, segment, guard)} uuid_kill {ApiArgument.Uuid(channelId)} ALLOTTED_TIMEOUT";

    static string Group(string callId, int segment, int guard) => string.Create(CultureInfo.InvariantCulture, $"b-{ApiArgument.Uuid(callId)}-{segment}-{guard}");

    static string Destination(CallRow row, CallPermit? permit) => permit?.Inbound is { TargetKind: "dialplan" } target
        ? ApiArgument.Name(target.Target)
        : ApiArgument.Number(row.Called is { Length: >= 3 and <= 20 } dialled && dialled.TrimStart('+').All(char.IsAsciiDigit) ? dialled : row.RatingKey);

    static string Safe(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
}
