using System.Text.RegularExpressions;
using Balatrix.Core.Numbering;
using Balatrix.Modules.Voice.Calls;
using Balatrix.Modules.Voice.EventSocket;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Voice.Doors;

/// <summary>The channel that FreeSWITCH describes in a form, by the names of its events.</summary>
sealed partial class SwitchRequest(IFormCollection form)
{
    /// <summary>A value, or null.</summary>
    public string? this[string name] => form.TryGetValue(name, out var value) && value is [{ Length: > 0 and <= 200 } text, ..] && !text.Contains('\0', StringComparison.Ordinal) ? text : null;

    /// <summary>The channel; null when it is named by no UUID.</summary>
    public string? Uuid => (this["Unique-ID"] ?? this["session_id"]) is { } uuid && Guid.TryParseExact(uuid, "D", out _) ? uuid : null;

    /// <summary>The context that the dialplan is asked for.</summary>
    public string Context => (this["Hunt-Context"] ?? this["Caller-Context"]) is { } name && ContextForm().IsMatch(name) ? name : "public";

    /// <summary>The number called, if it is one.</summary>
    public string? Number => this["Hunt-Destination-Number"] ?? this["Caller-Destination-Number"];

    /// <summary>Whether the call was let go on before; a caller cannot set such a variable, since what SIP carries is named sip_h_….</summary>
    public bool IsAuthorized => this["variable_bill_session"] is not null;

    /// <summary>What is asked of the rules.</summary>
    public CallRequest ToCall(int tenantId, string uuid, string number, DateTimeOffset at) => new(
        tenantId, this["FreeSWITCH-Switchname"] ?? this["hostname"] ?? "http", uuid, this["Core-UUID"], this["variable_bill_account"] ?? this["variable_accountcode"],
        this["variable_sip_auth_username"], this["variable_sip_network_ip"] ?? this["Caller-Network-Addr"], this["Caller-Caller-ID-Number"] ?? "", number,
        this["variable_bill_direction"] == "inbound", at);

    /// <summary>What FreeSWITCH is to do, in order: the guard stands before the call goes on.</summary>
    public static List<(string Application, string Data)> Allow(CallRequest call, CallPermit permit)
    {
        var account = ApiArgument.Name(permit.AccountNumber);
        var steps = new List<(string, string)>
        {
            ("set", $"bill_session={(permit.ReservationId == Guid.Empty ? "none" : permit.ReservationId.ToString("N"))}"),
            ("set", $"bill_account={account}"),
            ("set", $"accountcode={account}"),
            ("set", $"bill_direction={(permit.Inbound is null ? "outbound" : "inbound")}"),
            ("set", "hangup_after_bridge=true"),
            ("set", $"api_on_answer={CallCommands.FirstGuard(call.Uuid, call.Uuid, segment: 1, permit.GrantedSeconds * 1000L)}"),
        };
        if (permit.Forward is { } way)
        {
            steps.Add(("set", $"{CallCommands.ForwardedBy}={ApiArgument.Name(way.AccountNumber)}"));
            steps.Add(("set", $"{CallCommands.SecondOnAnswer}={CallCommands.FirstGuard(call.Uuid, call.Uuid, CallRow.ForwardedSegment, permit.GrantedSeconds * 1000L)}"));
        }
        if (CallCommands.DialOf(permit) is { } dial)
            steps.Add(("bridge", "{originate_timeout=40}" + dial));
        else
            steps.Add(("transfer", $"{(permit.Inbound is { TargetKind: "dialplan" } named ? ApiArgument.Name(named.Target) : ApiArgument.Number(permit.ForwardedTo?.Target ?? E164Number.Normalise(call.To)))} XML billed"));
        return steps;
    }

    /// <summary>SIP says the status; FreeSWITCH and its records the cause.</summary>
    public static List<(string Application, string Data)> Refuse(CallRefusal refusal)
    {
        var steps = new List<(string, string)> { ("set", $"last_bridge_proto_specific_hangup_cause=sip:{ApiArgument.Seconds(refusal.SipStatus)}") };
        if (refusal.Announcement is { } file)
            steps.AddRange([("pre_answer", ""), ("playback", ApiArgument.Playback(file))]);
        steps.Add(("hangup", ApiArgument.Cause(refusal.Cause)));
        return steps;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,63}\z", RegexOptions.NonBacktracking)]
    private static partial Regex ContextForm();
}
