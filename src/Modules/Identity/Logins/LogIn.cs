using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>A login: what came in, and what it is answered.</summary>
public sealed class LogIn(LoginGuard guard, UserDirectory directory, UserWork work, Passwords passwords, Sessions sessions, TokenAnswers answers, TimeProvider time)
{
    static readonly Problem Wrong = new(401, "invalid_credentials", "The address, the password or the code is wrong.");
    static readonly Problem CodeNeeded = new(401, "mfa_required", "A code of the authenticator, or a recovery code, is needed too.", "code", "six digits");
    static readonly Problem Unconfirmed = new(403, "email_not_verified", "The address has not been confirmed yet; the link is in the mail that was sent to it.");

    /// <summary>What a user logs in with.</summary>
    /// <param name="Email">The address.</param>
    /// <param name="Password">The password.</param>
    /// <param name="Code">Six digits of the authenticator, when there is one.</param>
    /// <param name="RecoveryCode">One of the recovery codes in its place.</param>
    public sealed record Request(string? Email, string? Password, string? Code, string? RecoveryCode);

    internal static Task<IResult> Handle(Request request, HttpContext context, LogIn login, CancellationToken cancellationToken) => login.RunAsync(request, context, cancellationToken);

    async Task<IResult> RunAsync(Request request, HttpContext context, CancellationToken cancellationToken)
    {
        if (!UserDirectory.IsEmail(request.Email))
            return Problem.Invalid("email", "an e-mail address").ToResult();
        if (string.IsNullOrEmpty(request.Password))
            return Problem.Invalid("password", "the password").ToResult();
        var (account, device) = (UserDirectory.Normalize(request.Email!), Device.Of(context));
        if (await guard.AttemptAsync("login", account, device.Address, cancellationToken) is { } tooMany)
            return tooMany.ToResult(context);
        if (await guard.GuessAsync(account, cancellationToken) is { } locked)
            return locked.ToResult(context);
        // An unknown address takes the same steps and the same time as a known one with a wrong password.
        var known = await directory.FindAsync(account, cancellationToken);
        if (!await passwords.VerifyAsync(known?.PasswordHash, request.Password, cancellationToken) || known is null)
            return Wrong.ToResult();
        if (!known.EmailConfirmed)
        {
            await guard.ForgiveAsync(account, cancellationToken);
            return Unconfirmed.ToResult();
        }
        if (known.TwoFactorEnabled && request.Code is null && request.RecoveryCode is null)
        {
            await guard.TakeBackAsync(account, cancellationToken);
            return CodeNeeded.ToResult();
        }
        if (await OpenAsync(known, request, device, Actor.Of(context), cancellationToken) is not { } opened)
            return Wrong.ToResult();
        await guard.ForgiveAsync(account, cancellationToken);
        return await answers.AnswerAsync(opened, cancellationToken);
    }

    Task<Refresh?> OpenAsync(KnownUser known, Request request, Device device, Actor actor, CancellationToken cancellationToken) => work.InTenantAsync(
        known.TenantId,
        async (session, ct) =>
        {
            // The password may have been changed, or the second factor set up, since it was checked.
            if (await session.LockAsync(known.UserId, ct) is not { } user || user.PasswordHash != known.PasswordHash)
                return null;
            var now = time.GetUtcNow();
            if (user.TwoFactorEnabled && !await SecondFactor.TakeAsync(session, user, request.Code, request.RecoveryCode, now, ct))
                return null;
            var opened = await sessions.OpenAsync(session.Connection, known.TenantId, user.Id, device, ct);
            await AuditLog.WriteAsync(
                session.Connection, known.TenantId, actor with { Name = $"user:{user.Email}" }, "user.logged_in", "user", user.Id.ToString(), null,
                new { session = opened.SessionId, device = device.Name }, now, ct);
            return opened;
        },
        cancellationToken);
}
