using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace Balatrix.Modules.Platform;

/// <summary>
/// A private PostgreSQL under the data folder, on loopback. The first Balatrix on a data folder owns the server: it starts it,
/// takes it over when an earlier owner was killed, and restarts it when it dies. Later ones attach, and one of them becomes the
/// owner when the first leaves. The last to leave stops the server.
/// </summary>
public sealed class EmbeddedPostgres : IAsyncDisposable
{
    const string DatabaseName = "balatrix";
    const string ElsewhereRoot = "/var/lib/balatrix";
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    static readonly TimeSpan Watch = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(4);

    readonly string folder;
    readonly Action<string> log;
    readonly CancellationTokenSource stopping = new();
    PostgresCluster? cluster;
    FileStream? attachment;
    FileStream? ownership;
    Task supervisor = Task.CompletedTask;

    EmbeddedPostgres(string folder, Action<string> log)
    {
        this.folder = folder;
        this.log = log;
    }

    /// <summary>How to connect to it as its owner.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Database = DatabaseName,
        Username = PostgresCluster.User,
        Password = File.ReadAllText(PasswordFile),
    }.ConnectionString;

    string PasswordFile => Path.Combine(folder, "pg.password");

    string PortFile => Path.Combine(folder, "pg.port");

    string DefaultPlace => Path.Combine(folder, "pg");

    string PlaceFile => Path.Combine(folder, "pg.place");

    int Port => int.Parse(File.ReadAllText(PortFile), CultureInfo.InvariantCulture);

    /// <summary>Starts the server of a data folder, or attaches to it when it runs.</summary>
    /// <param name="dataDirectory">Made when missing.</param>
    /// <param name="durable">False only for tests: commits then do not wait for the disk.</param>
    /// <param name="log">Receives a line for each thing done.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SetupException">The machine lacks something; the message says what.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(string dataDirectory, bool durable, Action<string> log, CancellationToken cancellationToken)
    {
        var folder = Path.GetFullPath(dataDirectory);
        var server = new EmbeddedPostgres(folder, log);
        try
        {
            Directory.CreateDirectory(folder);
            await server.AttachAsync(cancellationToken);
            await server.StartOrJoinAsync(durable, cancellationToken);
            server.supervisor = server.SuperviseAsync();
            return server;
        }
        catch (UnauthorizedAccessException e)
        {
            await server.DisposeAsync();
            throw new SetupException($"The data folder {folder} belongs to another account ({e.Message}). Start Balatrix as that account, or choose another folder with --data.");
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Leaves the server; stops it when nobody else uses it.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await supervisor;
        if (attachment is not null)
        {
            await attachment.DisposeAsync();
            await StopIfLastAsync();
        }
        if (ownership is not null)
            await ownership.DisposeAsync();
        stopping.Dispose();
    }

    /// <summary>Writes a file that only our account can read; whoever reads it meanwhile sees the old or the new text.</summary>
    internal static void WritePrivate(string path, string text)
    {
        var unfinished = path + ".tmp";
        File.Delete(unfinished);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using (var file = new FileStream(unfinished, options))
            file.Write(Encoding.UTF8.GetBytes(text));
        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>Holds a shared lock for as long as we use the server; whoever gets it exclusively is the last.</summary>
    async Task AttachAsync(CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; ; waited += TimeSpan.FromMilliseconds(200))
        {
            attachment = TryLock("users.lock", FileAccess.Read, FileShare.Read);
            if (attachment is not null)
                return;
            if (waited > Patience)
                throw new SetupException($"Another Balatrix has been stopping the PostgreSQL of {folder} for {Patience.TotalMinutes} minutes.");
            await Task.Delay(200, cancellationToken);
        }
    }

    FileStream? TryLock(string name, FileAccess access, FileShare share)
    {
        try
        {
            return new FileStream(Path.Combine(folder, name), FileMode.OpenOrCreate, access, share);
        }
        catch (IOException)
        {
            return null;
        }
    }

    async Task StartOrJoinAsync(bool durable, CancellationToken cancellationToken)
    {
        ownership = TryLock("owner.lock", FileAccess.ReadWrite, FileShare.None);
        if (ownership is null)
        {
            log($"Another Balatrix runs the PostgreSQL of {folder}; using it too.");
            await WaitForOwnerAsync(cancellationToken);
            var shared = KnownPlace()!;
            cluster = new PostgresCluster(shared, await PostgresAccount.FindAsync(shared, cancellationToken), durable);
            await WaitUntilReadyAsync(cluster, cancellationToken);
            return;
        }
        var account = await PostgresAccount.FindAsync(KnownPlace() ?? DefaultPlace, cancellationToken);
        var place = await PlaceAsync(account, cancellationToken);
        cluster = new PostgresCluster(place, account, durable);
        if (!cluster.Exists)
        {
            log($"Creating a PostgreSQL cluster in {place}.");
            WritePrivate(PasswordFile, Convert.ToHexString(RandomNumberGenerator.GetBytes(24)));
            await cluster.CreateAsync(await File.ReadAllTextAsync(PasswordFile, cancellationToken), cancellationToken);
        }
        if (cluster.IsRunning())
        {
            log($"Taking over the PostgreSQL that still runs on 127.0.0.1:{Port}.");
        }
        else
        {
            if (!File.Exists(PortFile) || !IsFree(Port))
                WritePrivate(PortFile, FreePort().ToString(CultureInfo.InvariantCulture));
            await cluster.StartAsync(Port, cancellationToken);
            log($"PostgreSQL runs on 127.0.0.1:{Port}, data in {place}.");
        }
        await WaitUntilReadyAsync(cluster, cancellationToken);
        await CreateDatabaseAsync(cancellationToken);
        WritePrivate(PlaceFile, Path.GetRelativePath(folder, place) == "pg" ? "pg" : place);
    }

    /// <summary>Where the cluster is: in the data folder, unless the server's account cannot get there, as when root works in /root.</summary>
    async Task<string> PlaceAsync(PostgresAccount account, CancellationToken cancellationToken)
    {
        if (KnownPlace() is { } known && Directory.Exists(known))
            return known;
        if (Directory.Exists(DefaultPlace) || account.Name is null)
            return DefaultPlace;
        var probe = Path.Combine(folder, "probe");
        Directory.CreateDirectory(probe);
        await account.OwnAsync(probe, cancellationToken);
        var reachable = await account.CanWriteAsync(probe, cancellationToken);
        Directory.Delete(probe);
        if (reachable)
            return DefaultPlace;
        var elsewhere = Path.Combine(ElsewhereRoot, RandomNumberGenerator.GetHexString(12, lowercase: true));
        log($"The account {account.Name}, which PostgreSQL must run as, cannot enter {folder}: keeping the database in {elsewhere} instead.");
        Directory.CreateDirectory(elsewhere);
        return Path.Combine(elsewhere, "pg");
    }

    /// <summary>A cluster in the data folder is noted relative to it, so that a copy of the folder does not use the original's.</summary>
    string? KnownPlace() => File.Exists(PlaceFile) ? Path.Combine(folder, File.ReadAllText(PlaceFile)) : null;

    async Task WaitForOwnerAsync(CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; !File.Exists(PlaceFile); waited += TimeSpan.FromMilliseconds(200))
        {
            if (waited > Patience)
                throw new SetupException($"The other Balatrix did not start the PostgreSQL of {folder} within {Patience.TotalMinutes} minutes.");
            await Task.Delay(200, cancellationToken);
        }
    }

    /// <summary>A server that was taken over or is another's may still be starting or recovering.</summary>
    async Task WaitUntilReadyAsync(PostgresCluster server, CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; ; waited += TimeSpan.FromMilliseconds(200))
        {
            try
            {
                await using var source = OpenMaintenance();
                await using var connection = await source.OpenConnectionAsync(cancellationToken);
                return;
            }
            catch (NpgsqlException e) when (e.IsTransient || e.InnerException is SocketException)
            {
                if (waited > Patience)
                    throw new SetupException($"The PostgreSQL of {folder} does not answer ({e.Message}); see {server.LogFile}.");
            }
            await Task.Delay(200, cancellationToken);
        }
    }

    async Task CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        await using var server = OpenMaintenance();
        await using var exists = server.CreateCommand($"select 1 from pg_database where datname = '{DatabaseName}'");
        if (await exists.ExecuteScalarAsync(cancellationToken) is not null)
            return;
        await using var create = server.CreateCommand($"create database {DatabaseName}");
        await create.ExecuteNonQueryAsync(cancellationToken);
    }

    NpgsqlDataSource OpenMaintenance() =>
        NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(ConnectionString) { Database = "postgres", Pooling = false });

    async Task SuperviseAsync()
    {
        var pause = Watch;
        while (true)
        {
            await Task.Delay(pause, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.IsCancellationRequested)
                return;
            ownership ??= TryLock("owner.lock", FileAccess.ReadWrite, FileShare.None);
            if (ownership is null || cluster is null || cluster.IsRunning())
            {
                pause = Watch;
                continue;
            }
            if (pause == Watch)
                log("PostgreSQL is gone; starting it again.");
            try
            {
                await cluster.StartAsync(Port, stopping.Token);
                log("PostgreSQL is back.");
            }
            catch (Exception e) when (e is SetupException or IOException)
            {
                // Processes of the dead server may need a moment to end before a new one can have their memory.
                log(e.Message);
                pause = pause < LongestPause ? pause * 2 : pause;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    async Task StopIfLastAsync()
    {
        if (cluster is null)
            return;
        await using var last = TryLock("users.lock", FileAccess.ReadWrite, FileShare.None);
        if (last is null || !cluster.IsRunning())
            return;
        try
        {
            await cluster.StopAsync();
            log("PostgreSQL is stopped.");
        }
        catch (SetupException e)
        {
            log(e.Message);
        }
    }

    static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Below the range that outgoing connections take theirs from, so that it stays free while the server is down.</summary>
    static int FreePort()
    {
        int port;
        do
            port = RandomNumberGenerator.GetInt32(15_432, 30_000);
        while (!IsFree(port));
        return port;
    }
}
