using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>How a refresh token was met.</summary>
public enum RefreshOutcome
{
    /// <summary>Unknown, past its end, of a session that has ended, or from another device; the last of these ends the session.</summary>
    Refused,

    /// <summary>It was used before: somebody has a copy, and the session is ended.</summary>
    Reused,

    /// <summary>Another request is using it at this moment.</summary>
    Busy,

    /// <summary>It was exchanged for the next.</summary>
    Rotated,
}

/// <summary>A session's next refresh token, or why there is none.</summary>
public sealed record Refresh(RefreshOutcome Outcome, int TenantId = 0, Guid UserId = default, Guid SessionId = default, string Token = "", DateTimeOffset ExpiresAt = default);

/// <summary>Sessions and their refresh tokens. A token is good once; only its hash is stored.</summary>
public sealed class Sessions(Database database, SessionCallers callers, TimeProvider time)
{
    /// <summary>How long a session lives without being refreshed.</summary>
    public static readonly TimeSpan LivesFor = TimeSpan.FromDays(7);

    const string Prefix = "bxr_";
    const int LongestToken = 100;

    sealed record Found(DateTimeOffset ExpiresAt, DateTimeOffset? UsedAt, Guid SessionId, Guid UserId, byte[] Fingerprint, DateTimeOffset? EndedAt);

    /// <summary>Opens a session in the caller's transaction.</summary>
    public async Task<Refresh> OpenAsync(NpgsqlConnection connection, int tenantId, Guid userId, Device device, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        await Database.ExecuteAsync(
            connection,
            """
            insert into identity.sessions (tenant_id, session_id, user_id, device, fingerprint, address, created_at, last_used_at, expires_at)
            values ($1, $2, $3, $4, $5, $6, $7, $7, $8)
            """,
            [tenantId, id, userId, device.Name, device.Fingerprint, device.Address, now, now + LivesFor], cancellationToken);
        return await IssueAsync(connection, tenantId, userId, id, now, cancellationToken);
    }

    /// <summary>Exchanges a refresh token for the next one.</summary>
    public async Task<Refresh> RotateAsync(string token, Device device, CancellationToken cancellationToken)
    {
        if (TenantOf(token) is not { } tenantId)
            return new(RefreshOutcome.Refused);
        try
        {
            var refresh = await database.InTenantAsync(tenantId, (connection, ct) => RotateAsync(connection, tenantId, token, device, ct), cancellationToken);
            if (refresh.Outcome != RefreshOutcome.Rotated)
                callers.Forget();
            return refresh;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            // Two requests of one client at once are no theft: one of them wins, and the other is told so and gets nothing.
            return new(RefreshOutcome.Busy);
        }
    }

    /// <summary>Ends sessions of a user in the caller's transaction: one, or all but one, or all.</summary>
    /// <returns>How many were open.</returns>
    public static Task<int> EndAsync(
        NpgsqlConnection connection, int tenantId, Guid userId, Guid? only, Guid? except, string reason, DateTimeOffset now, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        """
        update identity.sessions set ended_at = $5, end_reason = $6
         where user_id = $1 and tenant_id = $2 and ($3::uuid is null or session_id = $3) and ($4::uuid is null or session_id <> $4) and ended_at is null and expires_at > $5
        """,
        [userId, tenantId, only, except, now, reason], cancellationToken);

    static int? TenantOf(string token) =>
        token.Length <= LongestToken && token.StartsWith(Prefix, StringComparison.Ordinal) && token.IndexOf('_', Prefix.Length) is > 0 and var end
            && int.TryParse(token.AsSpan(Prefix.Length, end - Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var tenantId)
            ? tenantId
            : null;

    static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    async Task<Refresh> RotateAsync(NpgsqlConnection connection, int tenantId, string token, Device device, CancellationToken cancellationToken)
    {
        var (hash, now) = (HashOf(token), time.GetUtcNow());
        var found = await Database.QueryAsync(
            connection,
            """
            select t.expires_at, t.used_at, s.session_id, s.user_id, s.fingerprint, s.ended_at
              from identity.refresh_tokens t join identity.sessions s on s.session_id = t.session_id
             where t.token_hash = $1 and t.tenant_id = $2 for update of t nowait
            """,
            [hash, tenantId],
            r => new Found(
                r.GetFieldValue<DateTimeOffset>(0), r.IsDBNull(1) ? null : r.GetFieldValue<DateTimeOffset>(1), r.GetGuid(2), r.GetGuid(3), r.GetFieldValue<byte[]>(4),
                r.IsDBNull(5) ? null : r.GetFieldValue<DateTimeOffset>(5)),
            cancellationToken);
        if (found is not [var known] || known.EndedAt is not null || known.ExpiresAt <= now)
            return new(RefreshOutcome.Refused);
        if (known.UsedAt is not null)
            return await StolenAsync(connection, tenantId, known, device, "refresh_token_reused", RefreshOutcome.Reused, now, cancellationToken);
        if (!known.Fingerprint.AsSpan().SequenceEqual(device.Fingerprint))
            return await StolenAsync(connection, tenantId, known, device, "other_device", RefreshOutcome.Refused, now, cancellationToken);
        var open = await Database.ExecuteAsync(
            connection, "update identity.sessions set last_used_at = $2, expires_at = $3, address = $4 where session_id = $1 and ended_at is null",
            [known.SessionId, now, now + LivesFor, device.Address], cancellationToken);
        if (open == 0)
            return new(RefreshOutcome.Refused);
        await Database.ExecuteAsync(connection, "update identity.refresh_tokens set used_at = $2 where token_hash = $1", [hash, now], cancellationToken);
        return await IssueAsync(connection, tenantId, known.UserId, known.SessionId, now, cancellationToken);
    }

    static async Task<Refresh> StolenAsync(
        NpgsqlConnection connection, int tenantId, Found known, Device device, string reason, RefreshOutcome outcome, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await EndAsync(connection, tenantId, known.UserId, known.SessionId, null, reason, now, cancellationToken);
        await AuditLog.WriteAsync(
            connection, tenantId, new Actor("anonymous", device.Address, null), "session.ended", "session", known.SessionId.ToString(), null, new { reason, user = known.UserId }, now,
            cancellationToken);
        return new(outcome);
    }

    static async Task<Refresh> IssueAsync(NpgsqlConnection connection, int tenantId, Guid userId, Guid sessionId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var token = $"{Prefix}{tenantId.ToString(CultureInfo.InvariantCulture)}_{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32))}";
        await Database.ExecuteAsync(
            connection, "insert into identity.refresh_tokens (tenant_id, token_hash, session_id, issued_at, expires_at) values ($1, $2, $3, $4, $5)",
            [tenantId, HashOf(token), sessionId, now, now + LivesFor], cancellationToken);
        return new(RefreshOutcome.Rotated, tenantId, userId, sessionId, token, now + LivesFor);
    }
}
