using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Web;

/// <summary>The database that a verb works on: the given server, or the embedded one of the data folder.</summary>
sealed class DataSession : IAsyncDisposable
{
    const string Variable = "ConnectionStrings__Balatrix";
    const int OldestVersion = 15;
    const int NewestVersion = 18;

    readonly EmbeddedPostgres? server;

    DataSession(EmbeddedPostgres? server, Database database)
    {
        this.server = server;
        Database = database;
    }

    public Database Database { get; }

    public static async Task<DataSession> OpenAsync(string dataDirectory, Action<string> log, CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
            return new DataSession(null, await OpenGivenAsync(given, cancellationToken));
        var server = await EmbeddedPostgres.StartAsync(dataDirectory, durable: true, log, cancellationToken);
        return new DataSession(server, new Database(server.ConnectionString));
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        if (server is not null)
            await server.DisposeAsync();
    }

    static async Task<Database> OpenGivenAsync(string connectionString, CancellationToken cancellationToken)
    {
        Database database;
        try
        {
            database = new Database(connectionString);
        }
        catch (ArgumentException)
        {
            // The reason may repeat a part of the text, and the text holds a password.
            throw new SetupException($"{Variable} is not a connection string. Expected Host=…;Port=5432;Database=balatrix;Username=…;Password=…");
        }
        try
        {
            await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
            var version = connection.PostgreSqlVersion;
            return version.Major is >= OldestVersion and <= NewestVersion
                ? database
                : throw new SetupException($"Balatrix works on PostgreSQL {OldestVersion} to {NewestVersion}; the server of {Variable} is {version}.");
        }
        catch (Exception e)
        {
            await database.DisposeAsync();
            if (e is NpgsqlException)
                throw new SetupException($"The server of {Variable} cannot be used: {e.Message}");
            throw;
        }
    }
}
