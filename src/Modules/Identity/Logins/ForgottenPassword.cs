using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>A forgotten password: a token is mailed, and sets a new one.</summary>
public sealed class ForgottenPassword(LoginGuard guard, UserDirectory directory, UserWork work, Passwords passwords, MailTokens mails, SessionCallers callers, TimeProvider time)
{
    /// <summary>No answer comes sooner, so that its time does not tell whether there was anything to do.</summary>
    static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(200);

    /// <summary>Whose password was forgotten.</summary>
    public sealed record ForgotRequest(string? Email);

    /// <summary>The mailed token, and the password to be.</summary>
    public sealed record ResetRequest(string? Token, string? NewPassword);

    /// <summary>What is next.</summary>
    public sealed record Answer(string Status);

    internal static Task<IResult> Forgot(ForgotRequest request, HttpContext context, ForgottenPassword forgotten, CancellationToken cancellationToken) =>
        forgotten.ForgotAsync(request, context, cancellationToken);

    internal static Task<IResult> Reset(ResetRequest request, HttpContext context, ForgottenPassword forgotten, CancellationToken cancellationToken) =>
        forgotten.ResetAsync(request, context, cancellationToken);

    async Task<IResult> ForgotAsync(ForgotRequest request, HttpContext context, CancellationToken cancellationToken)
    {
        if (!UserDirectory.IsEmail(request.Email))
            return Problem.Invalid("email", "an e-mail address").ToResult();
        var account = UserDirectory.Normalize(request.Email!);
        if (await guard.AttemptAsync("forgot-password", account, Device.Of(context).Address, cancellationToken) is { } tooMany)
            return tooMany.ToResult(context);
        var soonest = Task.Delay(Soonest, TimeProvider.System, cancellationToken);
        if (await directory.FindAsync(account, cancellationToken) is { } known)
            await work.InTenantAsync(known.TenantId, (session, ct) => MailAsync(session, known, Actor.Of(context), ct), cancellationToken);
        await soonest;
        return Results.Accepted(value: new Answer("mailed_if_known"));
    }

    async Task<bool> MailAsync(UserSession session, KnownUser known, Actor actor, CancellationToken cancellationToken)
    {
        if (await session.LockAsync(known.UserId, cancellationToken) is not { } user)
            return false;
        var now = time.GetUtcNow();
        if (!user.EmailConfirmed)
        {
            await mails.MailVerificationAsync(session.Connection, user, now, cancellationToken);
            return true;
        }
        await mails.MailResetAsync(session.Connection, user, now, cancellationToken);
        await AuditLog.WriteAsync(session.Connection, session.TenantId, actor, "user.password_reset_asked", "user", user.Id.ToString(), null, null, now, cancellationToken);
        return true;
    }

    async Task<IResult> ResetAsync(ResetRequest request, HttpContext context, CancellationToken cancellationToken)
    {
        if (MailTokens.TenantOf(request.Token) is not { } tenantId)
            return MailTokens.Bad.ToResult();
        var email = await work.InTenantAsync(
            tenantId,
            async (session, ct) => await MailTokens.PeekAsync(session.Connection, request.Token!, MailTokens.ResetPassword, time.GetUtcNow(), ct) is { } userId
                ? (await session.Users.FindByIdAsync(userId.ToString()))?.Email
                : null,
            cancellationToken);
        if (email is null)
            return MailTokens.Bad.ToResult();
        // A password that is refused leaves the token good.
        if (Passwords.Check(request.NewPassword, "newPassword", email) is { } weak)
            return weak.ToResult();
        var hash = await passwords.HashAsync(request.NewPassword!, cancellationToken);
        var done = await work.InTenantAsync(tenantId, (session, ct) => SetAsync(session, request.Token!, hash, Actor.Of(context), ct), cancellationToken);
        if (!done)
            return MailTokens.Bad.ToResult();
        callers.Forget();
        // Who reads the address is its owner, whoever else guessed at the password.
        await guard.ForgiveAsync(UserDirectory.Normalize(email), cancellationToken);
        return Results.NoContent();
    }

    async Task<bool> SetAsync(UserSession session, string token, string hash, Actor actor, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (await MailTokens.TakeAsync(session.Connection, token, MailTokens.ResetPassword, now, cancellationToken) is not { } userId
            || await session.LockAsync(userId, cancellationToken) is not { } user)
            return false;
        await ChangePassword.SetAsync(session, user, hash, null, actor with { Name = $"user:{user.Email}" }, now, cancellationToken);
        return true;
    }
}
