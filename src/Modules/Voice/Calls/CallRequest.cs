using Balatrix.Core.Voice.Numbers;
using Balatrix.Modules.Voice.Numbers;
using Balatrix.Modules.Voice.Routing;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>A call that asks whether it may go on.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="Node">The FreeSWITCH that has it.</param>
/// <param name="Uuid">Its channel.</param>
/// <param name="CoreUuid">The run of that FreeSWITCH.</param>
/// <param name="AccountCode">The accountcode, which the directory or the dialplan sets.</param>
/// <param name="SipUser">The user that it was authenticated as.</param>
/// <param name="NetworkIp">The address that it came from.</param>
/// <param name="From">The caller's number: shown, never believed.</param>
/// <param name="To">The number called.</param>
/// <param name="IsInbound">Whether it is for one of our numbers.</param>
/// <param name="At">When.</param>
public sealed record CallRequest(
    int TenantId, string Node, string Uuid, string? CoreUuid, string? AccountCode, string? SipUser, string? NetworkIp, string From, string To, bool IsInbound, DateTimeOffset At)
{
    /// <summary>Whether the call went elsewhere before: one that was received may now go out, and its receiver then makes that call.</summary>
    public bool IsTransferred { get; init; }

    /// <summary>The holder of a number that forwards its calls to this one, and pays for that as for any call of his; null for a call that a caller makes.</summary>
    public long? ForwardedBy { get; init; }
}

/// <summary>A call may go on.</summary>
/// <param name="AccountId">Who pays.</param>
/// <param name="AccountNumber">The same, as customers see it.</param>
/// <param name="ReservationId">What holds its money; empty when nothing is held.</param>
/// <param name="GrantedSeconds">Paid for by now: without more being reserved the call must end after so long.</param>
/// <param name="MaxSeconds">What the balance would buy in all.</param>
/// <param name="Destination">Name of the destination.</param>
/// <param name="PricePerMinute">Decimal string.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Routes">Carriers to try, first preference first; none when the dialplan's own is to be taken.</param>
/// <param name="Inbound">Where a call to one of our numbers goes.</param>
public sealed record CallPermit(
    long AccountId, string AccountNumber, Guid ReservationId, int GrantedSeconds, int MaxSeconds, string? Destination, string PricePerMinute, string Currency,
    IReadOnlyList<CallRoute> Routes, NumberTarget? Inbound)
{
    /// <summary>Of a call to a number that is forwarded: what its holder pays beside, for the call to where it goes.</summary>
    public CallPermit? Forward { get; init; }

    /// <summary>The outside number that the call is forwarded to, or null.</summary>
    internal NumberTarget? ForwardedTo => Inbound is { TargetKind: InboundTarget.Number } target ? target : null;
}

/// <summary>A call may not go on.</summary>
/// <param name="Code">Stable, in snake_case.</param>
/// <param name="Reason">For people.</param>
/// <param name="SipStatus">How SIP says so.</param>
/// <param name="Cause">How FreeSWITCH says so.</param>
public sealed record CallRefusal(string Code, string Reason, int SipStatus, string Cause)
{
    /// <summary>What the caller hears first, a file or stream of FreeSWITCH; null for nothing.</summary>
    public string? Announcement { get; init; }
}
