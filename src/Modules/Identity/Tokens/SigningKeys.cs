using System.Collections.Immutable;
using System.Security.Cryptography;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Identity.Tokens;

/// <summary>Signs with one key, as IEEE P1363 r and s.</summary>
public sealed record Signer(string KeyId, Func<byte[], byte[]> Sign);

/// <summary>
/// The keys that sign access tokens (ECDSA P-256). Each signs for a month, its successor is published a day before it signs, and a key is published
/// for an hour after its last signature, which is longer than any token lives. Private keys are sealed; a node signs with those that it can open.
/// </summary>
public sealed class SigningKeys(Database database, MasterKey master, TimeProvider time) : IDisposable
{
    /// <summary>How long a key signs.</summary>
    public static readonly TimeSpan SignsFor = TimeSpan.FromDays(30);

    /// <summary>How long before its first signature a key is published.</summary>
    public static readonly TimeSpan PublishedAhead = TimeSpan.FromDays(1);

    /// <summary>How long after its last signature a key is published.</summary>
    public static readonly TimeSpan PublishedAfter = TimeSpan.FromHours(1);

    const string Purpose = "signing-key";

    const string Insert = """
        insert into identity.signing_keys (key_id, public_key, sealed_key, sealed_by, signs_from, signs_until, verifies_until)
        values ($1, $2, $3, $4, $5, $6, $7)
        """;

    /// <summary>A key: its private half only when this node can open it.</summary>
    sealed record SigningKey(string Id, ECDsa Pair, ECParameters Public, bool CanSign, DateTimeOffset SignsFrom, DateTimeOffset SignsUntil, DateTimeOffset VerifiesUntil);

    static readonly TimeSpan ReadEvery = TimeSpan.FromMinutes(1);

    readonly SemaphoreSlim loading = new(1);
    DateTimeOffset readAt;
    ImmutableArray<SigningKey> keys = [];

    /// <summary>The key of this moment; it is made, and its successor, when it is time.</summary>
    public async ValueTask<Signer> SignerAsync(CancellationToken cancellationToken)
    {
        var key = await CurrentAsync(cancellationToken);
        return new(key.Id, content =>
        {
            // A key's object is not made for two at once.
            lock (key.Pair)
                return key.Pair.SignData(content, HashAlgorithmName.SHA256);
        });
    }

    /// <summary>Whether a signature is that of a key that is still published.</summary>
    public async ValueTask<bool> VerifyAsync(string keyId, byte[] content, byte[] signature, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var key = Find(keyId);
        if (key is null)
        {
            // Another node may have made it a moment ago.
            await ReadAsync(cancellationToken);
            key = Find(keyId);
        }
        if (key is null || key.VerifiesUntil <= now)
            return false;
        lock (key.Pair)
            return key.Pair.VerifyData(content, signature, HashAlgorithmName.SHA256);
    }

    /// <summary>The public keys that tokens may be signed with, now or soon.</summary>
    public async Task<IReadOnlyList<(string Id, ECParameters Key)>> PublishedAsync(CancellationToken cancellationToken)
    {
        await CurrentAsync(cancellationToken);
        await ReadAsync(cancellationToken);
        var now = time.GetUtcNow();
        return [.. keys.Where(k => k.VerifiesUntil > now).Select(k => (k.Id, k.Public))];
    }

    /// <summary>Makes a key that signs at once in place of those before it, such as after a leak; tokens of the old ones end with their time.</summary>
    public Task RotateAsync(CancellationToken cancellationToken) => ChangeAsync(
        async (connection, now, ct) =>
        {
            await Database.ExecuteAsync(
                connection, "update identity.signing_keys set signs_until = $1, verifies_until = $2 where sealed_by = $3 and signs_until > $1",
                [now, now + PublishedAfter, master.Id], ct);
            await InsertAsync(connection, now, ct);
        },
        cancellationToken);

    /// <summary>Lets the keys go.</summary>
    public void Dispose()
    {
        foreach (var key in keys)
            key.Pair.Dispose();
        loading.Dispose();
    }

    SigningKey? Find(string keyId) => keys.FirstOrDefault(k => k.Id == keyId);

    SigningKey? Signing(DateTimeOffset now) => keys.LastOrDefault(k => k.CanSign && k.SignsFrom <= now && now < k.SignsUntil);

    async ValueTask<SigningKey> CurrentAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        // The keys may have been rotated elsewhere.
        if (now - readAt >= ReadEvery)
            await ReadAsync(cancellationToken);
        if (Signing(now) is { } current && (current.SignsUntil - now > PublishedAhead || HasSuccessor(current)))
            return current;
        await ChangeAsync(EnsureAsync, cancellationToken);
        return Signing(time.GetUtcNow()) ?? throw new InvalidOperationException("A signing key was made and is not there.");

        bool HasSuccessor(SigningKey key) => keys.Any(k => k.CanSign && k.SignsFrom >= key.SignsUntil);
    }

    /// <summary>Makes the key of this moment and its successor, unless another node did.</summary>
    async Task EnsureAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var rows = await Database.QueryAsync(
            connection, "select max(signs_until) from identity.signing_keys where sealed_by = $1", [master.Id],
            r => r.IsDBNull(0) ? (DateTimeOffset?)null : r.GetFieldValue<DateTimeOffset>(0), cancellationToken);
        var covered = rows[0] is { } until && until > now ? until : now;
        if (covered - now <= PublishedAhead)
            await InsertAsync(connection, covered, cancellationToken);
    }

    async Task InsertAsync(NpgsqlConnection connection, DateTimeOffset from, CancellationToken cancellationToken)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        await Database.ExecuteAsync(
            connection, Insert,
            [id, pair.ExportSubjectPublicKeyInfo(), master.Seal(Purpose, pair.ExportPkcs8PrivateKey()), master.Id, from, from + SignsFor, from + SignsFor + PublishedAfter], cancellationToken);
    }

    async Task ChangeAsync(Func<NpgsqlConnection, DateTimeOffset, CancellationToken, Task> change, CancellationToken cancellationToken)
    {
        await using (var connection = await database.App.OpenConnectionAsync(cancellationToken))
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        {
            await Database.ExecuteAsync(connection, "select pg_advisory_xact_lock(hashtext('balatrix.signing_keys'))", [], cancellationToken);
            await change(connection, time.GetUtcNow(), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        await ReadAsync(cancellationToken);
    }

    async Task ReadAsync(CancellationToken cancellationToken)
    {
        await loading.WaitAsync(cancellationToken);
        try
        {
            await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
            var known = keys.ToDictionary(k => k.Id, StringComparer.Ordinal);
            var read = await Database.QueryAsync(
                connection,
                "select key_id, public_key, sealed_key, sealed_by, signs_from, signs_until, verifies_until from identity.signing_keys where verifies_until > $1 order by signs_from, key_id",
                [time.GetUtcNow()], r => Read(r, known), cancellationToken);
            keys = [.. read];
            readAt = time.GetUtcNow();
        }
        finally
        {
            loading.Release();
        }
    }

    SigningKey Read(NpgsqlDataReader row, Dictionary<string, SigningKey> known)
    {
        var (from, until, verifies) = (row.GetFieldValue<DateTimeOffset>(4), row.GetFieldValue<DateTimeOffset>(5), row.GetFieldValue<DateTimeOffset>(6));
        if (known.TryGetValue(row.GetString(0), out var same))
            return same with { SignsFrom = from, SignsUntil = until, VerifiesUntil = verifies };
        var pair = ECDsa.Create();
        var secret = row.GetString(3) == master.Id ? master.Open(Purpose, row.GetFieldValue<byte[]>(2)) : null;
        if (secret is not null)
            pair.ImportPkcs8PrivateKey(secret, out _);
        else
            pair.ImportSubjectPublicKeyInfo(row.GetFieldValue<byte[]>(1), out _);
        return new(row.GetString(0), pair, pair.ExportParameters(includePrivateParameters: false), secret is not null, from, until, verifies);
    }
}
