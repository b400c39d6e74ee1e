using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>Sessions by HTTP: refresh, logout, list, end.</summary>
public static class SessionEndpoints
{
    static readonly Problem Refused = new(401, "invalid_refresh_token", "The refresh token is not good any more: log in again.");
    static readonly Problem Reused = new(401, "refresh_token_reused", "The refresh token was used before, so its session has been ended: log in again.");
    static readonly Problem Busy = new(409, "refresh_in_progress", "The refresh token is being used by another request at this moment.");

    /// <summary>A refresh token to be exchanged.</summary>
    public sealed record RefreshRequest(string? RefreshToken);

    /// <summary>A session.</summary>
    /// <param name="Id">Names it.</param>
    /// <param name="Device">The User-Agent that it began with.</param>
    /// <param name="Fingerprint">The beginning of the device's fingerprint.</param>
    /// <param name="Address">The network address of the login, or of the last refresh.</param>
    /// <param name="CreatedAt">When it began.</param>
    /// <param name="LastUsedAt">To the minute.</param>
    /// <param name="ExpiresAt">When it ends unless it is refreshed.</param>
    /// <param name="Current">Whether it is the one that asks.</param>
    public sealed record SessionView(
        Guid Id, string Device, string Fingerprint, string Address, DateTimeOffset CreatedAt, DateTimeOffset LastUsedAt, DateTimeOffset ExpiresAt, bool Current);

    /// <summary>The user's open sessions, the last begun first.</summary>
    public sealed record SessionList(List<SessionView> Items);

    internal static async Task<IResult> Refresh(RefreshRequest request, HttpContext context, Sessions sessions, TokenAnswers answers, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(request.RefreshToken))
            return Problem.Invalid("refreshToken", "the refresh token of the last login or refresh").ToResult();
        var refresh = await sessions.RotateAsync(request.RefreshToken, Device.Of(context), cancellationToken);
        switch (refresh.Outcome)
        {
            case RefreshOutcome.Rotated:
                return await answers.AnswerAsync(refresh, cancellationToken);
            case RefreshOutcome.Busy:
                context.Response.Headers.RetryAfter = "1";
                return Busy.ToResult();
            case RefreshOutcome.Reused:
                return Reused.ToResult();
            default:
                return Refused.ToResult();
        }
    }

    internal static async Task<IResult> LogOut(HttpContext context, UserWork work, SessionCallers callers, TimeProvider time, CancellationToken cancellationToken)
    {
        await EndAsync(context, Caller.Of(context).SessionId!.Value, "logged_out", work, callers, time, cancellationToken);
        return Results.NoContent();
    }

    internal static async Task<IResult> End(string id, HttpContext context, UserWork work, SessionCallers callers, TimeProvider time, CancellationToken cancellationToken) =>
        Guid.TryParse(id, out var session) && await EndAsync(context, session, "ended_by_user", work, callers, time, cancellationToken) ? Results.NoContent() : Problem.NotFound("session").ToResult();

    internal static async Task<IResult> List(HttpContext context, Database database, TimeProvider time, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var items = await database.InTenantAsync(
            caller.TenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                """
                select session_id, device, fingerprint, address, created_at, last_used_at, expires_at from identity.sessions
                 where user_id = $1 and tenant_id = $2 and ended_at is null and expires_at > $3 order by created_at desc, session_id desc limit 200
                """,
                [caller.UserId, caller.TenantId, time.GetUtcNow()],
                r => new SessionView(
                    r.GetGuid(0), r.GetString(1), Convert.ToHexStringLower(r.GetFieldValue<byte[]>(2).AsSpan(0, 8)), r.GetString(3), r.GetFieldValue<DateTimeOffset>(4),
                    r.GetFieldValue<DateTimeOffset>(5), r.GetFieldValue<DateTimeOffset>(6), r.GetGuid(0) == caller.SessionId),
                ct),
            cancellationToken);
        return Results.Ok(new SessionList(items));
    }

    static async Task<bool> EndAsync(
        HttpContext context, Guid sessionId, string reason, UserWork work, SessionCallers callers, TimeProvider time, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var ended = await work.InTenantAsync(
            caller.TenantId,
            async (session, ct) =>
            {
                var now = time.GetUtcNow();
                if (await Sessions.EndAsync(session.Connection, caller.TenantId, caller.UserId!.Value, sessionId, null, reason, now, ct) == 0)
                    return false;
                await AuditLog.WriteAsync(session.Connection, caller.TenantId, Actor.Of(context), "session.ended", "session", sessionId.ToString(), null, new { reason }, now, ct);
                return true;
            },
            cancellationToken);
        callers.Forget();
        return ended;
    }
}
