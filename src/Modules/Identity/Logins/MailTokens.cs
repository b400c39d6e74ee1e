using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Balatrix.Modules.Identity.Tokens;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Notifications;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>Tokens that prove who reads an address: mailed, good once, for a while. Only their hashes are stored.</summary>
public sealed class MailTokens(MasterKey master, IConfiguration configuration)
{
    /// <summary>Confirms an address.</summary>
    public const string VerifyEmail = "verify-email";

    /// <summary>Sets a new password.</summary>
    public const string ResetPassword = "reset-password";

    /// <summary>How long an address can be confirmed.</summary>
    public static readonly TimeSpan VerifyWithin = TimeSpan.FromDays(2);

    /// <summary>How long a forgotten password can be set anew.</summary>
    public static readonly TimeSpan ResetWithin = TimeSpan.FromHours(1);

    const int LongestToken = 100;

    /// <summary>A refused token.</summary>
    public static Problem Bad { get; } = new(422, "invalid_token", "The token is unknown, used or past its end.", "token", "the token of the last mail");

    /// <summary>The tenant that a token says it is of, or null when it is none.</summary>
    public static int? TenantOf(string? token) =>
        token is { Length: <= LongestToken } && token.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot
            && int.TryParse(token.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var tenantId)
            ? tenantId
            : null;

    /// <summary>Mails a token to confirm the user's address; those before it are void.</summary>
    public async Task MailVerificationAsync(NpgsqlConnection connection, User user, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var token = await IssueAsync(connection, user, VerifyEmail, now, now + VerifyWithin, cancellationToken);
        await Mail.EnqueueAsync(
            connection, user.TenantId, user.Email!, "Confirm your address",
            $"""
            Hello {OneLine(user.Name)},

            open this link to confirm your address:

            {Home}/api/v1/auth/verify-email/{Mail.SecretPlace}

            It is good once, for two days. If you did not register, do nothing.
            """,
            cancellationToken, Seal(token));
    }

    /// <summary>Mails a token to set a new password; those before it are void.</summary>
    public async Task MailResetAsync(NpgsqlConnection connection, User user, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var token = await IssueAsync(connection, user, ResetPassword, now, now + ResetWithin, cancellationToken);
        await Mail.EnqueueAsync(
            connection, user.TenantId, user.Email!, "Set a new password",
            $"""
            Hello {OneLine(user.Name)},

            this token sets a new password (POST {Home}/api/v1/auth/reset-password):

            {Mail.SecretPlace}

            It is good once, for one hour. If you did not ask for it, do nothing: your password has not changed.
            """,
            cancellationToken, Seal(token));
    }

    /// <summary>Tells somebody who registers again that there is an account already; whoever else asks learns nothing.</summary>
    public static Task<long?> MailKnownAsync(NpgsqlConnection connection, int tenantId, string email, CancellationToken cancellationToken) => Mail.EnqueueAsync(
        connection, tenantId, email, "You have an account already",
        """
        Hello,

        somebody, probably you, tried to register with this address, which has an account already.
        Log in with it, or ask for a new password if you forgot yours.
        """,
        cancellationToken);

    /// <summary>The user of a token that is good, without using it up, or null.</summary>
    public static async Task<Guid?> PeekAsync(NpgsqlConnection connection, string token, string purpose, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(
            connection, "select user_id from identity.mail_tokens where token_hash = $1 and purpose = $2 and used_at is null and expires_at > $3", [HashOf(token), purpose, now],
            r => (Guid?)r.GetGuid(0), cancellationToken)).SingleOrDefault();

    /// <summary>Uses a token up; its user, or null when it is not good.</summary>
    public static async Task<Guid?> TakeAsync(NpgsqlConnection connection, string token, string purpose, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(
            connection, "update identity.mail_tokens set used_at = $3 where token_hash = $1 and purpose = $2 and used_at is null and expires_at > $3 returning user_id",
            [HashOf(token), purpose, now], r => (Guid?)r.GetGuid(0), cancellationToken)).SingleOrDefault();

    string Home => (configuration["Balatrix:PublicUrl"] is { Length: > 0 } url ? url : "http://127.0.0.1:8080").TrimEnd('/');

    byte[] Seal(string token) => master.Seal(Mail.SealedFor, Encoding.UTF8.GetBytes(token));

    static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    static string OneLine(string name) => new([.. name.Where(c => !char.IsControl(c))]);

    static async Task<string> IssueAsync(NpgsqlConnection connection, User user, string purpose, DateTimeOffset now, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var token = $"{user.TenantId.ToString(CultureInfo.InvariantCulture)}.{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}";
        await Database.ExecuteAsync(
            connection, "update identity.mail_tokens set used_at = $3 where user_id = $1 and purpose = $2 and used_at is null", [user.Id, purpose, now], cancellationToken);
        await Database.ExecuteAsync(
            connection, "insert into identity.mail_tokens (tenant_id, token_hash, user_id, purpose, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)",
            [user.TenantId, HashOf(token), user.Id, purpose, now, until], cancellationToken);
        return token;
    }
}
