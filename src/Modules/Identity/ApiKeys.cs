using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Caching.Memory;
using Npgsql;

namespace Balatrix.Modules.Identity;

/// <summary>A key to be made.</summary>
/// <param name="Name">What it is for.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="AllowedIps">Addresses and CIDR ranges that it may come from; none is all.</param>
/// <param name="ExpiresAt">When it ends, or never.</param>
/// <param name="RequestsPerSecond">How many requests a second each node takes with it, or null for any number.</param>
public sealed record NewApiKey(string Name, string[] Scopes, string[] AllowedIps, DateTimeOffset? ExpiresAt, int? RequestsPerSecond);

/// <summary>Makes and finds API keys. Only the SHA-256 of a key is stored: a key is 190 random bits, so no slow hash is needed.</summary>
public sealed class ApiKeys(Database database, TimeProvider time) : IDisposable
{
    /// <summary>What keys begin with.</summary>
    public const string Prefix = "bx_";

    const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz";
    static readonly TimeSpan Remembered = TimeSpan.FromSeconds(10);

    const string InsertKey = """
        insert into identity.api_keys (tenant_id, name, key_hash, key_hint, scopes, allowed_ips, expires_at, created_at, requests_per_second)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning api_key_id
        """;

    readonly MemoryCache cache = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    /// <summary>The caller that a key names, or null when it is unknown, revoked or expired, or may not be used from there.</summary>
    public async ValueTask<Caller?> FindAsync(string key, IPAddress? from, CancellationToken cancellationToken)
    {
        if (key.Length is < 20 or > 100 || !key.StartsWith(Prefix, StringComparison.Ordinal))
            return null;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(key));
        var name = Convert.ToHexString(hash);
        if (!cache.TryGetValue(name, out Caller? caller))
        {
            caller = await LoadAsync(hash, cancellationToken);
            cache.Set(name, caller, new MemoryCacheEntryOptions { AbsoluteExpirationRelativeToNow = Remembered, Size = 1 });
        }
        if (caller is null || caller.ExpiresAt <= time.GetUtcNow())
            return null;
        return caller.AllowedIps.Count == 0 || (from is not null && caller.AllowedIps.Any(range => Contains(range, from))) ? caller : null;
    }

    /// <summary>Makes a key; it is returned this once.</summary>
    public Task<(int Id, string Key)> CreateAsync(
        int tenantId, string name, string[] scopes, string[] allowedIps, DateTimeOffset? expiresAt, CancellationToken cancellationToken) =>
        CreateAsync(tenantId, new(name, scopes, allowedIps, expiresAt, null), Actor.System("balatrix"), cancellationToken);

    /// <summary>Makes a key for somebody; it is returned this once.</summary>
    public Task<(int Id, string Key)> CreateAsync(int tenantId, NewApiKey wanted, Actor actor, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        async (connection, ct) =>
        {
            var key = NewKey();
            var id = await InsertAsync(connection, tenantId, key, wanted, ct);
            await AuditLog.WriteAsync(connection, tenantId, actor, "api_key.created", "api_key", id.ToString(CultureInfo.InvariantCulture), null, wanted, time.GetUtcNow(), ct);
            return (id, key);
        },
        cancellationToken);

    /// <summary>Makes a tenant's first key, with every scope, and keeps it in a file that only this account may read.</summary>
    /// <returns>The key and its file, or null when the tenant has a key already.</returns>
    public Task<(string Key, string File)?> EnsureBootstrapKeyAsync(int tenantId, string folder, CancellationToken cancellationToken) =>
        database.InTenantAsync<(string Key, string File)?>(tenantId, async (connection, ct) =>
        {
            // Nodes that start together make one key, not one each.
            await Database.ExecuteAsync(connection, "select pg_advisory_xact_lock(hashtext('balatrix.bootstrap_key'))", [], ct);
            var exists = await Database.QueryAsync(
                connection, "select exists (select from identity.api_keys where tenant_id = $1 and revoked_at is null)", [tenantId], r => r.GetBoolean(0), ct);
            if (exists[0])
                return null;
            var key = NewKey();
            await InsertAsync(connection, tenantId, key, new("bootstrap", [Scope.All], [], null, null), ct);
            // Written before the commit: a key without a file would be lost, a file without a key is written anew at the next start.
            return (key, await new DataFolder(folder).WritePrivateAsync("admin.key", key, ct));
        }, cancellationToken);

    /// <summary>Whether a text is an address or a range in CIDR notation.</summary>
    public static bool IsRange(string range) => IPNetwork.TryParse(range, out _) || IPAddress.TryParse(range, out _);

    /// <summary>Forgets what is remembered of keys, after one was revoked here.</summary>
    public void Forget() => cache.Clear();

    /// <summary>Lets the memory go.</summary>
    public void Dispose() => cache.Dispose();

    /// <summary>Whether an address is in a range.</summary>
    public static bool Contains(string range, IPAddress address)
    {
        var from = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return IPNetwork.TryParse(range, out var network) ? network.Contains(from) : IPAddress.TryParse(range, out var one) && one.Equals(from);
    }

    static string NewKey() => Prefix + RandomNumberGenerator.GetString(Alphabet, 34);

    async Task<int> InsertAsync(NpgsqlConnection connection, int tenantId, string key, NewApiKey wanted, CancellationToken cancellationToken)
    {
        var ids = await Database.QueryAsync(
            connection, InsertKey,
            [
                tenantId, wanted.Name, SHA256.HashData(Encoding.UTF8.GetBytes(key)), key[..7], wanted.Scopes, wanted.AllowedIps, wanted.ExpiresAt, time.GetUtcNow(),
                wanted.RequestsPerSecond,
            ],
            r => r.GetInt32(0), cancellationToken);
        return ids[0];
    }

    async Task<Caller?> LoadAsync(byte[] hash, CancellationToken cancellationToken)
    {
        var caller = await ReadAsync(hash, cancellationToken);
        if (caller is not null)
            await NoteUseAsync(caller, cancellationToken);
        return caller;
    }

    async Task<Caller?> ReadAsync(byte[] hash, CancellationToken cancellationToken)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        return (await Database.QueryAsync(
            connection, "select tenant_id, api_key_id, name, scopes, allowed_ips, expires_at, requests_per_second from identity.find_api_key($1)", [hash],
            r => new Caller(r.GetInt32(0), r.GetString(2), Roles.None)
            {
                ApiKeyId = r.GetInt32(1),
                Scopes = r.GetFieldValue<string[]>(3),
                AllowedIps = r.GetFieldValue<string[]>(4),
                ExpiresAt = r.IsDBNull(5) ? null : r.GetFieldValue<DateTimeOffset>(5),
                RequestsPerSecond = r.IsDBNull(6) ? null : r.GetInt32(6),
            },
            cancellationToken)).SingleOrDefault();
    }

    /// <summary>Use is noted to the minute, so that a busy key does not write on every request.</summary>
    Task<int> NoteUseAsync(Caller caller, CancellationToken cancellationToken) => database.InTenantAsync(
        caller.TenantId,
        (connection, ct) => Database.ExecuteAsync(
            connection,
            "update identity.api_keys set last_used_at = $3 where api_key_id = $1 and tenant_id = $2 and (last_used_at is null or last_used_at < $3::timestamptz - interval '1 minute')",
            [caller.ApiKeyId, caller.TenantId, time.GetUtcNow()], ct),
        cancellationToken);
}
