using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Balatrix.Modules.Platform;

/// <summary>One migration and whether the database has it.</summary>
/// <param name="Version">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="AppliedAt">When it was applied, or null.</param>
public sealed record MigrationStatus(int Version, string Name, DateTimeOffset? AppliedAt);

/// <summary>Brings a database to the program's schema and back. Nodes that start together wait for each other.</summary>
public sealed class Migrations(Database database)
{
    sealed record Migration(int Version, string Name, string Up, string Down)
    {
        public string Checksum => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Up)));
    }

    /// <summary>Applies what is missing, up to a version or all.</summary>
    /// <returns>The migrations applied.</returns>
    public Task<List<MigrationStatus>> UpAsync(int? to, CancellationToken cancellationToken) => WithLockAsync(
        async (connection, applied) =>
        {
            var done = new List<MigrationStatus>();
            foreach (var migration in All().Where(m => m.Version <= (to ?? int.MaxValue) && !applied.ContainsKey(m.Version)))
            {
                await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
                await Database.ExecuteAsync(connection, migration.Up, [], cancellationToken);
                await Database.ExecuteAsync(
                    connection, "insert into platform.migrations (version, name, checksum) values ($1, $2, $3)",
                    [migration.Version, migration.Name, migration.Checksum], cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                done.Add(new(migration.Version, migration.Name, null));
            }
            return done;
        },
        cancellationToken);

    /// <summary>Takes migrations back, newest first, down to a version, which stays.</summary>
    public Task<List<MigrationStatus>> DownAsync(int to, CancellationToken cancellationToken) => WithLockAsync(
        async (connection, applied) =>
        {
            var done = new List<MigrationStatus>();
            foreach (var migration in All().Where(m => m.Version > to && applied.ContainsKey(m.Version)).Reverse())
            {
                await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
                await Database.ExecuteAsync(connection, migration.Down, [], cancellationToken);
                await Database.ExecuteAsync(connection, "delete from platform.migrations where version = $1", [migration.Version], cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                done.Add(new(migration.Version, migration.Name, null));
            }
            return done;
        },
        cancellationToken);

    /// <summary>All migrations of the program, and when each was applied.</summary>
    public Task<List<MigrationStatus>> StatusAsync(CancellationToken cancellationToken) => WithLockAsync(
        (_, applied) => Task.FromResult(All().Select(m => new MigrationStatus(m.Version, m.Name, applied.TryGetValue(m.Version, out var a) ? a.At : null)).ToList()),
        cancellationToken);

    async Task<List<MigrationStatus>> WithLockAsync(
        Func<NpgsqlConnection, Dictionary<int, (string Checksum, DateTimeOffset At)>, Task<List<MigrationStatus>>> work, CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        if (connection.PostgreSqlVersion.Major is < 15)
            throw new SetupException($"PostgreSQL 15 or later is needed; this server is {connection.PostgreSqlVersion}.");
        await Database.ExecuteAsync(connection, "select pg_advisory_lock(hashtext('balatrix.migrations'))", [], cancellationToken);
        try
        {
            await Database.ExecuteAsync(
                connection,
                """
                create schema if not exists platform;
                create table if not exists platform.migrations (
                    version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now());
                """,
                [], cancellationToken);
            var rows = await Database.QueryAsync(
                connection, "select version, checksum, applied_at from platform.migrations", [],
                r => (r.GetInt32(0), r.GetString(1), r.GetFieldValue<DateTimeOffset>(2)), cancellationToken);
            var applied = rows.ToDictionary(r => r.Item1, r => (r.Item2, r.Item3));
            var newest = All()[^1].Version;
            if (applied.Keys.Where(version => version > newest).Order().FirstOrDefault() is > 0 and var unknown)
                throw new SetupException($"The database has migration {unknown}, which this program does not know: it is older than the database. Run the newer Balatrix.");
            foreach (var migration in All())
                if (applied.TryGetValue(migration.Version, out var known) && known.Item1 != migration.Checksum)
                    throw new SetupException($"Migration {migration.Version} ({migration.Name}) was changed after it was applied to this database.");
            return await work(connection, applied);
        }
        finally
        {
            await Database.ExecuteAsync(connection, "select pg_advisory_unlock(hashtext('balatrix.migrations'))", [], CancellationToken.None);
        }
    }

    static List<Migration> All()
    {
        var assembly = typeof(Migrations).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith("migrations/", StringComparison.Ordinal) && n.EndsWith(".up.sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(n => new Migration(
                int.Parse(n["migrations/".Length..][..4], System.Globalization.CultureInfo.InvariantCulture),
                n["migrations/0000_".Length..^".up.sql".Length],
                Read(assembly, n),
                Read(assembly, n.Replace(".up.sql", ".down.sql", StringComparison.Ordinal))))];
    }

    static string Read(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is missing."));
        return reader.ReadToEnd();
    }
}
