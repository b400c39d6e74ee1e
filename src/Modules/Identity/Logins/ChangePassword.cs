using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>A user changes the password; the user's other sessions end.</summary>
public static class ChangePassword
{
    /// <summary>The old password and the new.</summary>
    public sealed record Request(string? CurrentPassword, string? NewPassword);

    internal static async Task<IResult> Handle(
        Request request, HttpContext context, LoginGuard guard, UserDirectory directory, UserWork work, Passwords passwords, SessionCallers callers, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        if (string.IsNullOrEmpty(request.CurrentPassword))
            return Problem.Invalid("currentPassword", "the password until now").ToResult();
        if (Passwords.Check(request.NewPassword, "newPassword", caller.Name) is { } weak)
            return weak.ToResult();
        if (request.NewPassword == request.CurrentPassword)
            return Problem.Invalid("newPassword", "another password than until now").ToResult();
        var account = UserDirectory.Normalize(caller.Name);
        if (await guard.GuessAsync(account, cancellationToken) is { } locked)
            return locked.ToResult(context);
        var known = await directory.FindAsync(account, cancellationToken);
        if (!await passwords.VerifyAsync(known?.PasswordHash, request.CurrentPassword, cancellationToken))
            return Problem.Invalid("currentPassword", "the password until now").ToResult();
        await guard.ForgiveAsync(account, cancellationToken);
        var hash = await passwords.HashAsync(request.NewPassword!, cancellationToken);
        var changed = await work.InTenantAsync(
            caller.TenantId,
            async (session, ct) =>
            {
                if (await session.LockAsync(caller.UserId!.Value, ct) is not { } user || user.PasswordHash != known!.PasswordHash)
                    return false;
                await SetAsync(session, user, hash, caller.SessionId, Actor.Of(context), time.GetUtcNow(), ct);
                return true;
            },
            cancellationToken);
        callers.Forget();
        return changed ? Results.NoContent() : new Problem(409, "conflict", "The password was changed by another request at the same time.").ToResult();
    }

    /// <summary>Sets a locked user's password, ends all sessions but one, and voids the tokens that were mailed for another.</summary>
    internal static async Task SetAsync(UserSession session, User user, string hash, Guid? kept, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        user.PasswordHash = hash;
        user.MustChangePassword = false;
        UserSession.Expect(await session.Users.UpdateSecurityStampAsync(user));
        var ended = await Sessions.EndAsync(session.Connection, session.TenantId, user.Id, null, kept, "password_changed", now, cancellationToken);
        await Database.ExecuteAsync(
            session.Connection, "update identity.mail_tokens set used_at = $2 where user_id = $1 and purpose = 'reset-password' and used_at is null", [user.Id, now], cancellationToken);
        await AuditLog.WriteAsync(
            session.Connection, session.TenantId, actor, "user.password_changed", "user", user.Id.ToString(), null, new { sessionsEnded = ended }, now, cancellationToken);
    }
}
