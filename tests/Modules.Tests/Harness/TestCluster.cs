using Balatrix.Modules.Platform;
using Npgsql;

[assembly: AssemblyFixture(typeof(Balatrix.Modules.Tests.Harness.TestCluster))]

namespace Balatrix.Modules.Tests.Harness;

/// <summary>One PostgreSQL cluster a run, with a migrated template that every test class gets a copy of.</summary>
public sealed class TestCluster : IAsyncLifetime
{
    const string Template = "balatrix_template";

    readonly string folder = Path.Combine(Path.GetTempPath(), "balatrix-tests-" + Environment.ProcessId);
    readonly SemaphoreSlim cloning = new(1);
    EmbeddedPostgres? server;
    int copies;

    /// <summary>A busy machine may take its time to connect and to answer.</summary>
    public string ConnectionString => server!.ConnectionString + ";Include Error Detail=true;Timeout=120;Command Timeout=300";

    public async ValueTask InitializeAsync()
    {
        server = await EmbeddedPostgres.StartAsync(folder, durable: false, _ => { }, CancellationToken.None);
        await ExecuteAsync($"create database {Template}");
        await using var database = new Database(For(Template));
        await new Migrations(database).UpAsync(null, CancellationToken.None);
        NpgsqlConnection.ClearAllPools();
    }

    /// <summary>A fresh migrated database.</summary>
    public async Task<string> CloneAsync()
    {
        await cloning.WaitAsync();
        try
        {
            var name = $"test_{Interlocked.Increment(ref copies)}";
            await ExecuteAsync($"create database {name} template {Template}");
            return For(name);
        }
        finally
        {
            cloning.Release();
        }
    }

    /// <summary>A path for an application's own files; it goes with the cluster.</summary>
    public string NewFolder() => Path.Combine(folder, $"app_{Interlocked.Increment(ref copies)}");

    /// <summary>A fresh empty database.</summary>
    public async Task<string> CreateEmptyAsync()
    {
        var name = $"empty_{Interlocked.Increment(ref copies)}";
        await ExecuteAsync($"create database {name}");
        return For(name);
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (server is not null)
            await server.DisposeAsync();
        cloning.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    string For(string database) => new NpgsqlConnectionStringBuilder(ConnectionString) { Database = database }.ConnectionString;

    async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(For("postgres") + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
