using Balatrix.Core.Usage;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Voice.EventSocket;
using Balatrix.Modules.Voice.Numbers;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>What is asked for channels that are met in different ways.</summary>
static class CallAsks
{
    /// <summary>A channel that waits to be let through, or that is found talking. A leg that was made for another is paid from now on: before, the other was.</summary>
    public static (CallRequest Request, CallAsk Ask, DateTimeOffset? AnsweredAt, DateTimeOffset? MeterFrom) Of(FreeSwitchEvent e, string node, int tenantId, string owner, DateTimeOffset now, int segment, bool isTransferred)
    {
        var answered = e.AnsweredAt();
        var from = answered is not null && (isTransferred || e.IsBLeg()) ? now : (DateTimeOffset?)null;
        var request = new CallRequest(
            tenantId, node, e.Uuid!, e.CoreUuid, e["variable_bill_account"] ?? e["variable_accountcode"], e["variable_sip_auth_username"], e["variable_sip_network_ip"],
            e["Caller-Caller-ID-Number"] ?? "", e["Caller-Destination-Number"] ?? "", e["variable_bill_direction"] == "inbound", segment > 1 || e.IsBLeg() ? now : e.At("Caller-Channel-Created-Time") ?? now)
        { IsTransferred = isTransferred };
        return (request, new CallAsk(null, owner, e.Uuid!, segment, e.Uuid!, answered, from, !e.IsWaiting()), answered, from);
    }

    /// <summary>The way on of a call to a number that is forwarded: its holder makes that call, and pays for it beside this one.</summary>
    public static (CallRequest Request, CallAsk Ask) Forward(CallRow row, NumberTarget target, string owner, DateTimeOffset? answeredAt, DateTimeOffset? meterFrom) => (
        new CallRequest(row.TenantId, row.Node, row.ChannelId, row.CoreId, null, null, null, row.Calling, target.Target, IsInbound: false, row.StartedAt) { ForwardedBy = target.AccountId },
        new CallAsk(null, owner, row.CallId, CallRow.ForwardedSegment, row.ChannelId, answeredAt, meterFrom));

    /// <summary>The leg that a call talked to when it was transferred.</summary>
    public static (CallRequest Request, CallAsk Ask) Follow(CallRow row, string peer, DateTimeOffset from, string owner, DateTimeOffset now) => (
        new CallRequest(
            row.TenantId, row.Node, peer, row.CoreId, AccountDirectory.NumberOf(row.AccountId), null, null, row.Calling, row.Called, row.Service == Service.VoiceInbound, now),
        new CallAsk(null, owner, row.CallId, row.Segment + 1, peer, from, from, IsLetThrough: true));
}
