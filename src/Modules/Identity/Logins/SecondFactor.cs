using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>The second factor: a code of an authenticator app, or one of the codes that were written down for its loss. Each is good once.</summary>
public static class SecondFactor
{
    const string TakeStep = """
        insert into identity.totp_steps as s (tenant_id, user_id, last_step) values ($1, $2, $3)
        on conflict (user_id) do update set last_step = excluded.last_step where s.last_step < excluded.last_step
        returning 1
        """;

    /// <summary>Whether the code, or else the recovery code, is good; it is not any more afterwards. The user's row is locked.</summary>
    public static async Task<bool> TakeAsync(UserSession session, User user, string? code, string? recoveryCode, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (code is not null)
            return await TakeCodeAsync(session, user, code, now, cancellationToken);
        return recoveryCode is { Length: > 0 and <= 50 } && (await session.Users.RedeemTwoFactorRecoveryCodeAsync(user, recoveryCode.Trim().ToUpperInvariant())).Succeeded;
    }

    /// <summary>Whether a code of the user's authenticator is good; it, and those before it, are not any more afterwards.</summary>
    public static async Task<bool> TakeCodeAsync(UserSession session, User user, string code, DateTimeOffset now, CancellationToken cancellationToken) =>
        await session.Users.GetAuthenticatorKeyAsync(user) is { } secret
            && Totp.Match(secret, code.Replace(" ", "", StringComparison.Ordinal), now) is { } step
            && (await Database.QueryAsync(session.Connection, TakeStep, [session.TenantId, user.Id, step], r => 1, cancellationToken)).Count > 0;
}
