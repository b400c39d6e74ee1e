using Balatrix.Modules.Platform;

namespace Balatrix.Web;

/// <summary>The database that a verb works on: the given server, or the embedded one of the data folder.</summary>
sealed class DataSession : IAsyncDisposable
{
    readonly EmbeddedPostgres? server;

    DataSession(EmbeddedPostgres? server, string connectionString)
    {
        this.server = server;
        Database = new Database(connectionString);
    }

    public Database Database { get; }

    public static async Task<DataSession> OpenAsync(string dataDirectory, Action<string> log, CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable("ConnectionStrings__Balatrix") is { Length: > 0 } given)
            return new DataSession(null, given);
        var server = await EmbeddedPostgres.StartAsync(dataDirectory, durable: true, log, cancellationToken);
        return new DataSession(server, server.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        if (server is not null)
            await server.DisposeAsync();
    }
}
