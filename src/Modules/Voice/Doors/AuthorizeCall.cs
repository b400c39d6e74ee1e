using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Voice.Calls;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Voice.Doors;

/// <summary>May a call go ahead? For dialplans and softswitches that ask by HTTP; by the same rules as a call that FreeSWITCH parks.</summary>
public static class AuthorizeCall
{
    /// <summary>A call that is to begin.</summary>
    /// <param name="Uuid">The call's UUID; its record settles what is reserved under it. Asking again for the same call reserves nothing more.</param>
    /// <param name="To">The number called.</param>
    /// <param name="From">The caller's number; shown, never believed.</param>
    /// <param name="Account">The account's number or code.</param>
    /// <param name="SipUser">Or the SIP user that the caller was authenticated as.</param>
    /// <param name="NetworkIp">Or the address that the call came from.</param>
    /// <param name="Node">The switch that has it; when its Event Socket is controlled a slice is reserved, else all that may be used.</param>
    /// <param name="CoreUuid">The run of that switch.</param>
    /// <param name="Direction">inbound for a call to one of our numbers; outbound when left out.</param>
    public sealed record AuthorizeRequest(
        string? Uuid, string? To, string? From, string? Account, string? SipUser, string? NetworkIp, string? Node, string? CoreUuid, string? Direction);

    /// <summary>A carrier to try.</summary>
    /// <param name="Carrier">Its name.</param>
    /// <param name="Gateway">Its gateway in FreeSWITCH.</param>
    /// <param name="DialString">What FreeSWITCH bridges to.</param>
    public sealed record RouteView(string Carrier, string Gateway, string DialString);

    /// <summary>Where a call to one of our numbers goes.</summary>
    /// <param name="Kind">sip, number or dialplan.</param>
    /// <param name="Target">Which.</param>
    public sealed record TargetView(string Kind, string Target);

    /// <summary>It may.</summary>
    /// <param name="Account">Who pays.</param>
    /// <param name="ReservationId">What holds the money; null when the call costs nothing. It is let go by itself when no call follows.</param>
    /// <param name="GrantedSeconds">Paid for by now: end the call after so long.</param>
    /// <param name="LongestSeconds">What the balance would buy in all.</param>
    /// <param name="Destination">Name of the destination.</param>
    /// <param name="PricePerMinute">Decimal string.</param>
    /// <param name="Currency">ISO 4217 code.</param>
    /// <param name="Routes">Carriers, first preference first; none when the dialplan's own is to be taken.</param>
    /// <param name="DialString">All of them for one bridge, by fail-over; null when there are none.</param>
    /// <param name="Target">Where a call to one of our numbers goes; null for other calls.</param>
    /// <param name="Forward">What the holder of a number that is forwarded pays beside, for the way on; null for other calls.</param>
    public sealed record AuthorizedView(
        string Account, Guid? ReservationId, int GrantedSeconds, int LongestSeconds, string? Destination, string PricePerMinute, string Currency, List<RouteView> Routes, string? DialString,
        TargetView? Target, ForwardView? Forward);

    /// <summary>The way on of a call to a number that is forwarded.</summary>
    /// <param name="Account">Who pays for it.</param>
    /// <param name="ReservationId">What holds the money.</param>
    /// <param name="Destination">Name of the destination.</param>
    /// <param name="PricePerMinute">Decimal string.</param>
    /// <param name="Currency">ISO 4217 code.</param>
    public sealed record ForwardView(string Account, Guid? ReservationId, string? Destination, string PricePerMinute, string Currency);

    internal static async Task<IResult> Handle(AuthorizeRequest request, HttpContext context, CallAuthorizer authorizer, TenantClock clock, CancellationToken cancellationToken)
    {
        if (request.Uuid is null || !Guid.TryParseExact(request.Uuid, "D", out _))
            return Problem.Invalid("uuid", "the call's UUID, such as 6066ab8e-bff8-4f45-9e7f-2bad4aac639d").ToResult();
        if (request.To is not { Length: > 0 and <= 64 } || request.To.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("to", "the called number").ToResult();
        if (request.Direction is not (null or "inbound" or "outbound"))
            return Problem.Invalid("direction", "inbound or outbound").ToResult();
        foreach (var (name, value) in new[]
            {
                ("from", request.From), ("account", request.Account), ("sipUser", request.SipUser), ("networkIp", request.NetworkIp), ("node", request.Node), ("coreUuid", request.CoreUuid),
            })
            if (value is { Length: > 64 } || value?.Contains('\0', StringComparison.Ordinal) == true)
                return Problem.Invalid(name, "at most 64 characters").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var (permit, refusal) = await authorizer.AuthorizeAsync(
            new CallRequest(
                tenantId, request.Node ?? "http", request.Uuid, request.CoreUuid, request.Account, request.SipUser, request.NetworkIp, request.From ?? "", request.To,
                request.Direction == "inbound", await clock.NowAsync(tenantId, cancellationToken)),
            cancellationToken);
        return permit is not null ? Results.Ok(View(permit)) : Refused(refusal!);
    }

    static AuthorizedView View(CallPermit permit) => new(
        permit.AccountNumber, permit.ReservationId == Guid.Empty ? null : permit.ReservationId, permit.GrantedSeconds, permit.MaxSeconds, permit.Destination, permit.PricePerMinute, permit.Currency,
        [.. permit.Routes.Select(r => new RouteView(r.Carrier, r.Gateway, r.DialString))], permit.Routes.Count == 0 ? null : string.Join('|', permit.Routes.Select(r => r.DialString)),
        permit.Inbound is { } target ? new(target.TargetKind, target.Target) : null,
        permit.Forward is { } way ? new(way.AccountNumber, way.ReservationId == Guid.Empty ? null : way.ReservationId, way.Destination, way.PricePerMinute, way.Currency) : null);

    /// <summary>The HTTP status is the one that SIP has for it; what FreeSWITCH calls it stands beside.</summary>
    static IResult Refused(CallRefusal refusal)
    {
        var details = new Problem(refusal.SipStatus, refusal.Code, refusal.Reason).Details();
        details.Extensions["sipStatus"] = refusal.SipStatus;
        details.Extensions["cause"] = refusal.Cause;
        if (refusal.Announcement is { } file)
            details.Extensions["announcement"] = file;
        return Results.Problem(details);
    }
}
