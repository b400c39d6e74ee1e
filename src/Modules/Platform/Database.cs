using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Balatrix.Modules.Platform;

/// <summary>Connections to the one database: as owner for migrations, and as the role that row-level security holds for.</summary>
public sealed class Database : IAsyncDisposable
{
    /// <summary>The connections of the pool of look-ups.</summary>
    internal const int LookUpsAtOnce = 8;

    readonly string aside;
    readonly NpgsqlDataSource lookups;

    /// <summary>Makes the pools; connects nowhere yet.</summary>
    /// <param name="connectionString">Of the login that owns the schemas.</param>
    public Database(string connectionString)
    {
        aside = new NpgsqlConnectionStringBuilder(connectionString) { Options = null, Pooling = false }.ConnectionString;
        Owner = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { Options = null, MaxPoolSize = 4, ApplicationName = "balatrix-owner" });
        var app = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Options = "-c role=balatrix_app",
            ApplicationName = "balatrix",
            MaxPoolSize = 40,
        };
        App = NpgsqlDataSource.Create(app);
        app.ApplicationName = "balatrix-lookups";
        app.MaxPoolSize = LookUpsAtOnce;
        lookups = NpgsqlDataSource.Create(app);
        app.ApplicationName = "balatrix-jobs";
        app.MaxPoolSize = 24;
        app.MaxAutoPrepare = 200;
        app.AutoPrepareMinUsages = 2;
        Jobs = NpgsqlDataSource.Create(app);
        // The hot statements take arrays to tables by their keys, and statistics are missing or old just where rows come fastest. All that
        // is left to the planner is to walk B-trees in their order, and to hash-join what it finds with an array.
        app.Options = "-c role=balatrix_app -c enable_seqscan=off -c enable_bitmapscan=off -c enable_mergejoin=off -c enable_nestloop=off -c enable_sort=off -c plan_cache_mode=force_generic_plan";
        app.ApplicationName = "balatrix-charging";
        // Only here: a statement whose parameters the server cannot read (a NUL in a text) is left half prepared and fails its next
        // use on that connection, and these statements get nothing that was not checked before.
        app.MaxAutoPrepare = 50;
        app.AutoPrepareMinUsages = 3;
        app.MaxPoolSize = 14;
        app.NoResetOnClose = true;
        Charging = NpgsqlDataSource.Create(app);
    }

    /// <summary>The owner's connections: migrations and proofs over all tenants.</summary>
    public NpgsqlDataSource Owner { get; }

    /// <summary>The application's connections; they see the rows of the tenant that the transaction names.</summary>
    public NpgsqlDataSource App { get; }

    /// <summary>
    /// The workers' connections, as <see cref="App"/>'s, with statements prepared: jobs do the same over and over, and what they are given was read once before.
    /// One that failed is not to be used again: a statement whose parameters the server cannot read (a NUL in a text) is left half prepared.
    /// </summary>
    public NpgsqlDataSource Jobs { get; }

    /// <summary>The charging pipeline's connections.</summary>
    public NpgsqlDataSource Charging { get; }

    /// <summary>A connection of the owner that is in no pool: what its session holds goes with it.</summary>
    public async Task<NpgsqlConnection> OpenAsideAsync(string name, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(aside) { ApplicationName = name }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Works in one transaction on one tenant's rows. The work opens no other connection: a burst of such requests would wait for each other.</summary>
    public Task<T> InTenantAsync<T>(int tenantId, Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        TransactAsync(App, tenantId, work, cancellationToken);

    /// <summary>Reads what is remembered for long and may be asked for in the midst of <see cref="InTenantAsync"/>: on a connection of its own pool, whose holders wait for no other.</summary>
    public Task<T> LookUpAsync<T>(int tenantId, Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken) =>
        TransactAsync(lookups, tenantId, read, cancellationToken);

    static async Task<T> TransactAsync<T>(NpgsqlDataSource source, int tenantId, Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var batch = new NpgsqlBatch(connection) { BatchCommands = { NameTenant(tenantId) } })
            await batch.ExecuteNonQueryAsync(cancellationToken);
        var result = await work(connection, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    /// <summary>The statement that names the tenant whose rows a transaction sees.</summary>
    public static NpgsqlBatchCommand NameTenant(int tenantId) => new("select set_config('balatrix.tenant_id', $1, true)")
    {
        Parameters = { new() { Value = tenantId.ToString(CultureInfo.InvariantCulture) } },
    };

    /// <summary>Runs statements that find one tenant's rows by their keys, prepared, in one round trip that is also their transaction.</summary>
    /// <returns>How many rows all of them changed.</returns>
    public async Task<int> ExecuteInTenantAsync(int tenantId, IReadOnlyList<NpgsqlBatchCommand> commands, CancellationToken cancellationToken)
    {
        await using var connection = await App.OpenConnectionAsync(cancellationToken);
        await using var batch = await PrepareAsync(connection, tenantId, commands, cancellationToken);
        await batch.ExecuteNonQueryAsync(cancellationToken);
        return commands.Sum(c => c.RecordsAffected);
    }

    /// <summary>Reads one tenant's rows by prepared statements in one round trip: what is asked often, and has to be quick.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="commands">Queries, whose plan does not hang on their values.</param>
    /// <param name="read">Reads the first result; the others are behind <see cref="NpgsqlDataReader.NextResultAsync(CancellationToken)"/>.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<T> ReadInTenantAsync<T>(
        int tenantId, IReadOnlyList<NpgsqlBatchCommand> commands, Func<NpgsqlDataReader, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        await using var connection = await App.OpenConnectionAsync(cancellationToken);
        await using var batch = await PrepareAsync(connection, tenantId, commands, cancellationToken);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        return await read(reader, cancellationToken);
    }

    // An array of one would be planned anew each time, since it looks cheaper than any other; what is looked for is found by its key whatever the values.
    const string NameTenantByKey =
        "select set_config('balatrix.tenant_id', $1, true), set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)";

    // Prepared by their own round trip, once a connection: one whose parameters the server cannot read does not spoil the statement.
    static async Task<NpgsqlBatch> PrepareAsync(NpgsqlConnection connection, int tenantId, IReadOnlyList<NpgsqlBatchCommand> commands, CancellationToken cancellationToken)
    {
        var batch = new NpgsqlBatch(connection) { BatchCommands = { Statement(NameTenantByKey, tenantId.ToString(CultureInfo.InvariantCulture)) } };
        foreach (var command in commands)
            batch.BatchCommands.Add(command);
        await batch.PrepareAsync(cancellationToken);
        return batch;
    }

    /// <summary>A statement of a batch with positional parameters; a null value is a null of the parameter's place.</summary>
    public static NpgsqlBatchCommand Statement(string sql, params ReadOnlySpan<object?> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(Parameter(value));
        return command;
    }

    /// <summary>Whether a failure will pass by itself: connection lost, server restarting, deadlock, lock not granted.</summary>
    public static bool IsPassing(Exception exception) => exception switch
    {
        PostgresException e => e.IsTransient || e.SqlState[..2] is "57" or "08" or "40" or "53",
        NpgsqlException => true,
        IOException or TimeoutException or System.Net.Sockets.SocketException => true,
        _ => false,
    };

    /// <summary>A statement with positional parameters; a null value is a null of the parameter's place.</summary>
    public static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params ReadOnlySpan<object?> values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
            command.Parameters.Add(Parameter(value));
        return command;
    }

    static NpgsqlParameter Parameter(object? value) => value is DateTime?[] instants
        // An array that begins with a null would be taken for one of times without a zone.
        ? new() { Value = instants, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz }
        : new() { Value = value is DateTimeOffset at ? at.UtcDateTime : value ?? DBNull.Value };

    /// <summary>Runs a query and reads every row.</summary>
    public static async Task<List<T>> QueryAsync<T>(
        NpgsqlConnection connection, string sql, object?[] values, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, sql, values);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }

    /// <summary>Runs a statement and says how many rows it changed.</summary>
    public static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, object?[] values, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, sql, values);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Closes the pools.</summary>
    public async ValueTask DisposeAsync()
    {
        await Charging.DisposeAsync();
        await lookups.DisposeAsync();
        await Jobs.DisposeAsync();
        await App.DisposeAsync();
        await Owner.DisposeAsync();
    }
}
