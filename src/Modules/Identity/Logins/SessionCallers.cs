using System.Security.Cryptography;
using System.Text;
using Balatrix.Modules.Identity.Tokens;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Caching.Memory;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>
/// Finds the user of an access token: the token proves itself, and its session says that it is still open and what the user may do now. What was found is
/// remembered for seconds, so an ended session ends at once on this node and within those seconds on others.
/// </summary>
public sealed class SessionCallers(Database database, AccessTokens tokens, TimeProvider time) : IDisposable
{
    static readonly TimeSpan Remembered = TimeSpan.FromSeconds(10);

    const string Select = """
        select u.email, u.role, u.customer_id, u.must_change_password
          from identity.sessions s join identity.users u on u.user_id = s.user_id
         where s.session_id = $1 and s.user_id = $2 and s.tenant_id = $3 and s.ended_at is null and s.expires_at > $4
        """;

    readonly MemoryCache cache = new(new MemoryCacheOptions { SizeLimit = 50_000 });

    /// <summary>The caller, or null when the token is not good or its session is over.</summary>
    public async ValueTask<Caller?> FindAsync(string token, CancellationToken cancellationToken)
    {
        var name = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        if (!cache.TryGetValue(name, out Caller? caller))
        {
            if (await tokens.VerifyAsync(token, cancellationToken) is not { } claims)
                return null;
            caller = await LoadAsync(claims, cancellationToken);
            cache.Set(name, caller, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = Remembered, Size = 1 });
        }
        return caller?.ExpiresAt > time.GetUtcNow() ? caller : null;
    }

    /// <summary>Forgets what is remembered, after a session was ended or a user changed here.</summary>
    public void Forget() => cache.Clear();

    /// <summary>Lets the memory go.</summary>
    public void Dispose() => cache.Dispose();

    Task<Caller?> LoadAsync(AccessClaims claims, CancellationToken cancellationToken) => database.InTenantAsync(
        claims.TenantId,
        async (connection, ct) =>
        {
            var now = time.GetUtcNow();
            var found = await Database.QueryAsync(
                connection, Select, [claims.SessionId, claims.UserId, claims.TenantId, now],
                r => new Caller(claims.TenantId, r.GetString(0), UserRole.Parse(r.GetString(1)))
                {
                    UserId = claims.UserId,
                    SessionId = claims.SessionId,
                    CustomerId = r.IsDBNull(2) ? null : r.GetInt64(2),
                    MustChangePassword = r.GetBoolean(3),
                    ExpiresAt = claims.ExpiresAt,
                },
                ct);
            // Use is noted to the minute, so that a busy session does not write on every request.
            if (found.Count > 0)
                await Database.ExecuteAsync(
                    connection, "update identity.sessions set last_used_at = $2 where session_id = $1 and last_used_at < $2::timestamptz - interval '1 minute'", [claims.SessionId, now], ct);
            return found.SingleOrDefault();
        },
        cancellationToken);
}
