using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using QRCoder;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>The second factor by HTTP: set up, confirm, disable.</summary>
public static class MfaEndpoints
{
    const int RecoveryCodes = 10;

    static readonly Problem Enabled = new(409, "mfa_enabled", "A second factor is in use already; disable it first.");
    static readonly Problem NotEnabled = new(409, "mfa_not_enabled", "No second factor is in use.");
    static readonly Problem NotSetUp = new(409, "mfa_not_set_up", "Ask for a secret first.");

    /// <summary>A secret to be put into an authenticator app.</summary>
    /// <param name="Secret">In Base32, for typing.</param>
    /// <param name="OtpauthUri">What the QR code says.</param>
    /// <param name="QrSvg">The QR code as SVG.</param>
    public sealed record SetupAnswer(string Secret, string OtpauthUri, string QrSvg);

    /// <summary>A code of the authenticator.</summary>
    public sealed record VerifyRequest(string? Code);

    /// <summary>Codes for when the authenticator is lost, each good once; they are shown this once.</summary>
    public sealed record VerifyAnswer(string[] RecoveryCodes);

    /// <summary>The password, and a code of the authenticator or a recovery code.</summary>
    public sealed record DisableRequest(string? Password, string? Code, string? RecoveryCode);

    internal static async Task<IResult> SetUp(HttpContext context, UserWork work, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var secret = await work.InTenantAsync(
            caller.TenantId,
            async (session, ct) =>
            {
                if (await session.LockAsync(caller.UserId!.Value, ct) is not { TwoFactorEnabled: false } user)
                    return null;
                var fresh = Totp.NewSecret();
                UserSession.Expect(await session.Users.SetAuthenticationTokenAsync(user, SealedUserStore.Provider, SealedUserStore.AuthenticatorKey, fresh));
                return fresh;
            },
            cancellationToken);
        if (secret is null)
            return Enabled.ToResult();
        var uri = Totp.UriOf(secret, caller.Name);
        using var qr = QRCodeGenerator.GenerateQrCode(uri, QRCodeGenerator.ECCLevel.M);
        using var svg = new SvgQRCode(qr);
        return Results.Ok(new SetupAnswer(secret, uri, svg.GetGraphic(4)));
    }

    internal static async Task<IResult> Verify(VerifyRequest request, HttpContext context, LoginGuard guard, UserWork work, TimeProvider time, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        if (request.Code is not { Length: >= 6 and <= 10 } code)
            return Problem.Invalid("code", "six digits").ToResult();
        var account = UserDirectory.Normalize(caller.Name);
        if (await guard.GuessAsync(account, cancellationToken) is { } locked)
            return locked.ToResult(context);
        var (problem, codes) = await work.InTenantAsync<(Problem?, string[])>(
            caller.TenantId,
            async (session, ct) =>
            {
                var now = time.GetUtcNow();
                if (await session.LockAsync(caller.UserId!.Value, ct) is not { TwoFactorEnabled: false } user)
                    return (Enabled, []);
                if (await session.Users.GetAuthenticatorKeyAsync(user) is null)
                    return (NotSetUp, []);
                if (!await SecondFactor.TakeCodeAsync(session, user, code, now, ct))
                    return (Problem.Invalid("code", "the code that the authenticator shows now"), []);
                UserSession.Expect(await session.Users.SetTwoFactorEnabledAsync(user, true));
                var fresh = await session.Users.GenerateNewTwoFactorRecoveryCodesAsync(user, RecoveryCodes);
                await AuditLog.WriteAsync(session.Connection, caller.TenantId, Actor.Of(context), "user.mfa_enabled", "user", user.Id.ToString(), null, null, now, ct);
                return (null, [.. fresh!]);
            },
            cancellationToken);
        if (problem is null || problem.Status == 409)
            await guard.ForgiveAsync(account, cancellationToken);
        return problem is null ? Results.Ok(new VerifyAnswer(codes)) : problem.ToResult();
    }

    internal static async Task<IResult> Disable(
        DisableRequest request, HttpContext context, LoginGuard guard, UserDirectory directory, UserWork work, Passwords passwords, TimeProvider time, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        if (string.IsNullOrEmpty(request.Password))
            return Problem.Invalid("password", "the password").ToResult();
        if (request.Code is null && request.RecoveryCode is null)
            return Problem.Invalid("code", "six digits, or recoveryCode").ToResult();
        var account = UserDirectory.Normalize(caller.Name);
        if (await guard.GuessAsync(account, cancellationToken) is { } locked)
            return locked.ToResult(context);
        var known = await directory.FindAsync(account, cancellationToken);
        if (!await passwords.VerifyAsync(known?.PasswordHash, request.Password, cancellationToken))
            return Problem.Invalid("password", "the password").ToResult();
        var problem = await work.InTenantAsync(
            caller.TenantId,
            async (session, ct) =>
            {
                var now = time.GetUtcNow();
                if (await session.LockAsync(caller.UserId!.Value, ct) is not { TwoFactorEnabled: true } user)
                    return NotEnabled;
                if (!await SecondFactor.TakeAsync(session, user, request.Code, request.RecoveryCode, now, ct))
                    return Problem.Invalid(request.Code is null ? "recoveryCode" : "code", "a code that is good now");
                UserSession.Expect(await session.Users.SetTwoFactorEnabledAsync(user, false));
                UserSession.Expect(await session.Users.RemoveAuthenticationTokenAsync(user, SealedUserStore.Provider, SealedUserStore.AuthenticatorKey));
                UserSession.Expect(await session.Users.RemoveAuthenticationTokenAsync(user, SealedUserStore.Provider, SealedUserStore.RecoveryCodes));
                await AuditLog.WriteAsync(session.Connection, caller.TenantId, Actor.Of(context), "user.mfa_disabled", "user", user.Id.ToString(), null, null, now, ct);
                return null;
            },
            cancellationToken);
        if (problem is null || problem.Status == 409)
            await guard.ForgiveAsync(account, cancellationToken);
        return problem?.ToResult() ?? Results.NoContent();
    }
}
