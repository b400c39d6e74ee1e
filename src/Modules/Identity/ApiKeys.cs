using System.Net;
using System.Security.Cryptography;
using System.Text;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Caching.Memory;
using Npgsql;

namespace Balatrix.Modules.Identity;

/// <summary>Makes and finds API keys. Only the SHA-256 of a key is stored: a key is 190 random bits, so no slow hash is needed.</summary>
public sealed class ApiKeys(Database database, TimeProvider time) : IDisposable
{
    const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz";
    static readonly TimeSpan Remembered = TimeSpan.FromSeconds(10);

    const string InsertKey = """
        insert into identity.api_keys (tenant_id, name, key_hash, key_hint, scopes, allowed_ips, expires_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8) returning api_key_id
        """;

    readonly MemoryCache cache = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    /// <summary>The caller that a key names, or null when it is unknown, revoked or expired, or may not be used from there.</summary>
    public async ValueTask<Caller?> FindAsync(string key, IPAddress? from, CancellationToken cancellationToken)
    {
        if (key.Length is < 20 or > 100 || !key.StartsWith("bx_", StringComparison.Ordinal))
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
    public async Task<(int Id, string Key)> CreateAsync(
        int tenantId, string name, string[] scopes, string[] allowedIps, DateTimeOffset? expiresAt, CancellationToken cancellationToken)
    {
        var key = NewKey();
        var id = await database.InTenantAsync(
            tenantId, (connection, ct) => InsertAsync(connection, tenantId, key, name, scopes, allowedIps, expiresAt, ct), cancellationToken);
        return (id, key);
    }

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
            await InsertAsync(connection, tenantId, key, "bootstrap", [Scope.All], [], null, ct);
            // Written before the commit: a key without a file would be lost, a file without a key is written anew at the next start.
            var file = Path.GetFullPath(Path.Combine(folder, "admin.key"));
            await WritePrivateAsync(file, key, ct);
            return (key, file);
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

    static string NewKey() => "bx_" + RandomNumberGenerator.GetString(Alphabet, 34);

    async Task<int> InsertAsync(
        NpgsqlConnection connection, int tenantId, string key, string name, string[] scopes, string[] allowedIps, DateTimeOffset? expiresAt, CancellationToken cancellationToken)
    {
        var ids = await Database.QueryAsync(
            connection, InsertKey,
            [tenantId, name, SHA256.HashData(Encoding.UTF8.GetBytes(key)), key[..7], scopes, allowedIps, expiresAt, time.GetUtcNow()],
            r => r.GetInt32(0), cancellationToken);
        return ids[0];
    }

    static async Task WritePrivateAsync(string file, string text, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.Delete(file);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var stream = new FileStream(file, options);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellationToken);
    }

    async Task<Caller?> LoadAsync(byte[] hash, CancellationToken cancellationToken)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        var found = await Database.QueryAsync(
            connection, "select tenant_id, api_key_id, name, scopes, allowed_ips, expires_at from identity.find_api_key($1)", [hash],
            r => new Caller(r.GetInt32(0), r.GetString(2), Roles.None)
            {
                ApiKeyId = r.GetInt32(1),
                Scopes = r.GetFieldValue<string[]>(3),
                AllowedIps = r.GetFieldValue<string[]>(4),
                ExpiresAt = r.IsDBNull(5) ? null : r.GetFieldValue<DateTimeOffset>(5),
            },
            cancellationToken);
        var caller = found.SingleOrDefault();
        if (caller is not null)
            await NoteUseAsync(caller, cancellationToken);
        return caller;
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
