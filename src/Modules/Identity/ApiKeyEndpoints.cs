using Balatrix.Modules.Audit;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Identity;

/// <summary>API keys by HTTP.</summary>
public static class ApiKeyEndpoints
{
    /// <summary>A key to be made.</summary>
    /// <param name="Name">What it is for.</param>
    /// <param name="Scopes">What it may do.</param>
    /// <param name="AllowedIps">Addresses and CIDR ranges that it may come from; none is all.</param>
    /// <param name="ExpiresAt">When it ends, or never.</param>
    /// <param name="RequestsPerSecond">How many requests a second are taken with it; none is any number.</param>
    public sealed record CreateRequest(string? Name, string[]? Scopes, string[]? AllowedIps, DateTimeOffset? ExpiresAt, int? RequestsPerSecond);

    /// <summary>A new key.</summary>
    /// <param name="Id">Names it for revocation.</param>
    /// <param name="Key">The key; it is not shown again.</param>
    /// <param name="Name">What it is for.</param>
    /// <param name="Scopes">What it may do.</param>
    /// <param name="AllowedIps">Where it may come from.</param>
    /// <param name="ExpiresAt">When it ends, or never.</param>
    /// <param name="RequestsPerSecond">How many requests a second are taken with it, or any number.</param>
    public sealed record Created(int Id, string Key, string Name, string[] Scopes, string[] AllowedIps, DateTimeOffset? ExpiresAt, int? RequestsPerSecond);

    /// <summary>Keys by number.</summary>
    public sealed record KeyList(List<Listed> Items);

    /// <summary>A key as it is listed.</summary>
    public sealed record Listed(
        int Id, string Name, string Hint, string[] Scopes, string[] AllowedIps, DateTimeOffset? ExpiresAt, int? RequestsPerSecond,
        DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt, DateTimeOffset? RevokedAt);

    internal static async Task<IResult> Create(CreateRequest request, HttpContext context, ApiKeys keys, TimeProvider time, CancellationToken cancellationToken)
    {
        if (request.Name is not { Length: > 0 and <= 100 } || string.IsNullOrWhiteSpace(request.Name))
            return Problem.Invalid("name", "1 to 100 characters").ToResult();
        if (request.Scopes is not { Length: > 0 } scopes || scopes.Length > 50 || !scopes.All(Scope.Known.Contains))
            return Problem.Invalid("scopes", $"some of {string.Join(", ", Scope.Known)}").ToResult();
        var ips = request.AllowedIps ?? [];
        if (ips.Length > 100 || !ips.All(ip => ip is not null && ApiKeys.IsRange(ip)))
            return Problem.Invalid("allowedIps", "addresses or CIDR ranges").ToResult();
        if (request.ExpiresAt <= time.GetUtcNow())
            return Problem.Invalid("expiresAt", "an instant ahead").ToResult();
        if (request.RequestsPerSecond is < 1 or > 1_000_000)
            return Problem.Invalid("requestsPerSecond", "1 to 1000000").ToResult();
        var wanted = new NewApiKey(request.Name, scopes, ips, request.ExpiresAt, request.RequestsPerSecond);
        var (id, key) = await keys.CreateAsync(Caller.Of(context).TenantId, wanted, Actor.Of(context), cancellationToken);
        return Results.Created($"/api/v1/auth/api-keys/{id}", new Created(id, key, wanted.Name, scopes, ips, wanted.ExpiresAt, wanted.RequestsPerSecond));
    }

    internal static async Task<IResult> List(HttpContext context, Database database, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var keys = await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                "select api_key_id, name, key_hint, scopes, allowed_ips, expires_at, created_at, last_used_at, revoked_at, requests_per_second from identity.api_keys where tenant_id = $1 order by api_key_id",
                [tenantId],
                r => new Listed(
                    r.GetInt32(0), r.GetString(1), r.GetString(2) + "…", r.GetFieldValue<string[]>(3), r.GetFieldValue<string[]>(4),
                    r.IsDBNull(5) ? null : r.GetFieldValue<DateTimeOffset>(5), r.IsDBNull(9) ? null : r.GetInt32(9), r.GetFieldValue<DateTimeOffset>(6),
                    r.IsDBNull(7) ? null : r.GetFieldValue<DateTimeOffset>(7), r.IsDBNull(8) ? null : r.GetFieldValue<DateTimeOffset>(8)),
                ct),
            cancellationToken);
        return Results.Ok(new KeyList(keys));
    }

    internal static async Task<IResult> Revoke(int id, HttpContext context, Database database, ApiKeys keys, TimeProvider time, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var found = await database.InTenantAsync(
            tenantId,
            async (connection, ct) =>
            {
                var now = time.GetUtcNow();
                var known = await Database.QueryAsync(
                    connection, "select revoked_at is null from identity.api_keys where api_key_id = $1 and tenant_id = $2 for update", [id, tenantId], r => r.GetBoolean(0), ct);
                if (known is not [true])
                    return known.Count > 0;
                await Database.ExecuteAsync(connection, "update identity.api_keys set revoked_at = $3 where api_key_id = $1 and tenant_id = $2", [id, tenantId, now], ct);
                await AuditLog.WriteAsync(
                    connection, tenantId, Actor.Of(context), "api_key.revoked", "api_key", id.ToString(System.Globalization.CultureInfo.InvariantCulture), null, null, now, ct);
                return true;
            },
            cancellationToken);
        keys.Forget();
        return found ? Results.NoContent() : Problem.NotFound("API key").ToResult();
    }
}
