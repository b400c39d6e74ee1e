using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Balatrix.Modules.Platform;

/// <summary>
/// A private PostgreSQL under the data folder, on loopback. The first Balatrix on a data folder owns the server: it starts it,
/// takes it over when an earlier owner was killed, restarts it when it dies, and stops it on exit. Later ones attach.
/// </summary>
public sealed class EmbeddedPostgres : IAsyncDisposable
{
    const string User = "balatrix";
    const string Database = "balatrix";

    readonly PostgresBinaries binaries;
    readonly string folder;
    readonly string? runAs;
    readonly bool durable;
    readonly Action<string> log;
    readonly CancellationTokenSource stopping = new();
    FileStream? ownership;
    Task supervisor = Task.CompletedTask;

    EmbeddedPostgres(string dataDirectory, bool durable, Action<string> log)
    {
        binaries = PostgresBinaries.Find();
        folder = Path.GetFullPath(dataDirectory);
        this.durable = durable;
        this.log = log;
        runAs = Environment.UserName == "root" ? ServerAccount() : null;
    }

    string Cluster => Path.Combine(folder, "pg");

    /// <summary>How to connect to it as its owner.</summary>
    public string ConnectionString => string.Create(
        CultureInfo.InvariantCulture,
        $"Host=127.0.0.1;Port={int.Parse(File.ReadAllText(Path.Combine(folder, "pg.port")), CultureInfo.InvariantCulture)};Database={Database};Username={User};Password={File.ReadAllText(Path.Combine(folder, "pg.password"))}");

    /// <summary>Starts the server of a data folder, or attaches to it when it runs.</summary>
    /// <param name="dataDirectory">Made when missing.</param>
    /// <param name="durable">False only for tests: commits then do not wait for the disk.</param>
    /// <param name="log">Receives a line for each thing done.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SetupException">The machine lacks something; the message says what.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(string dataDirectory, bool durable, Action<string> log, CancellationToken cancellationToken)
    {
        var server = new EmbeddedPostgres(dataDirectory, durable, log);
        Directory.CreateDirectory(server.folder);
        server.TryOwn();
        if (server.ownership is null)
        {
            await server.WaitUntilRunningAsync(cancellationToken);
            return server;
        }
        if (!File.Exists(Path.Combine(server.Cluster, "PG_VERSION")))
            await server.InitialiseAsync(cancellationToken);
        if (server.IsRunning())
            log("Taking over the PostgreSQL that is still running.");
        else
            await server.StartServerAsync(cancellationToken);
        server.supervisor = server.SuperviseAsync();
        return server;
    }

    /// <summary>Stops the server if this process owns it.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await supervisor;
        if (ownership is not null)
        {
            await RunAsync("pg_ctl", ["-D", Cluster, "-m", "fast", "-w", "stop"], CancellationToken.None);
            await ownership.DisposeAsync();
        }
        stopping.Dispose();
    }

    void TryOwn()
    {
        try
        {
            ownership = new FileStream(Path.Combine(folder, "owner.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            log("Another Balatrix owns this data folder; using its PostgreSQL.");
        }
    }

    async Task InitialiseAsync(CancellationToken cancellationToken)
    {
        log($"Creating a PostgreSQL cluster in {Cluster}.");
        if (Directory.Exists(Cluster))
            Directory.Delete(Cluster, recursive: true);
        Directory.CreateDirectory(Cluster);
        if (runAs is not null)
        {
            await RunAsync("/bin/chown", [runAs, Cluster], cancellationToken);
            if (await TryRunAsync("/usr/bin/test", ["-w", Cluster], cancellationToken) != 0)
                throw new SetupException(
                    $"PostgreSQL does not run as root, and the account {runAs} cannot enter {folder}. Choose another place: balatrix serve --data /var/lib/balatrix");
        }
        var password = Convert.ToHexString(RandomNumberGenerator.GetBytes(24));
        WritePrivate("pg.password", password);
        WritePrivate("pg.port", FreePort().ToString(CultureInfo.InvariantCulture));
        var passwordFile = Path.Combine(Cluster, "..", "pg.initial");
        WritePrivate("pg.initial", password);
        if (runAs is not null)
            await RunAsync("/bin/chown", [runAs, passwordFile], cancellationToken);
        await RunAsync(
            "initdb", ["-D", Cluster, "-U", User, "--pwfile", passwordFile, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-instructions"], cancellationToken);
        File.Delete(passwordFile);
        await File.AppendAllTextAsync(Path.Combine(Cluster, "postgresql.conf"), "\ninclude_if_exists = 'balatrix.conf'\n", cancellationToken);
    }

    async Task StartServerAsync(CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(Path.Combine(Cluster, "balatrix.conf"), Settings(), cancellationToken);
        await RunAsync("pg_ctl", ["-D", Cluster, "-l", Path.Combine(Cluster, "server.log"), "-w", "-t", "120", "start"], cancellationToken);
        log($"PostgreSQL is up on 127.0.0.1:{await File.ReadAllTextAsync(Path.Combine(folder, "pg.port"), cancellationToken)}.");
        await CreateDatabaseAsync(cancellationToken);
    }

    async Task CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        await using var server = Npgsql.NpgsqlDataSource.Create(ConnectionString.Replace($"Database={Database}", "Database=postgres", StringComparison.Ordinal) + ";Pooling=false");
        await using var exists = server.CreateCommand($"select 1 from pg_database where datname = '{Database}'");
        if (await exists.ExecuteScalarAsync(cancellationToken) is not null)
            return;
        await using var create = server.CreateCommand($"create database {Database}");
        await create.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Fit for durable batches: every commit waits for the disk, checkpoints are rare and spread, and the log is compressed.</summary>
    string Settings()
    {
        var megabytes = Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1024 / 1024 / 8, 128, 4096);
        var sync = durable ? "on" : "off";
        return string.Create(CultureInfo.InvariantCulture, $"""
            listen_addresses = '127.0.0.1'
            port = {File.ReadAllText(Path.Combine(folder, "pg.port"))}
            unix_socket_directories = ''
            max_connections = 100
            fsync = {sync}
            synchronous_commit = {sync}
            full_page_writes = {sync}
            shared_buffers = {megabytes}MB
            wal_buffers = 32MB
            wal_compression = on
            min_wal_size = 1GB
            max_wal_size = 8GB
            checkpoint_timeout = 30min
            checkpoint_completion_target = 0.9
            jit = off
            autovacuum_naptime = 15s
            log_min_messages = warning
            timezone = 'UTC'

            """);
    }

    async Task SuperviseAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(500, stopping.Token);
                if (IsRunning())
                    continue;
                log("PostgreSQL is gone; starting it again.");
                try
                {
                    await StartServerAsync(stopping.Token);
                }
                catch (SetupException e)
                {
                    log(e.Message);
                    await Task.Delay(2000, stopping.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    /// <summary>Whether the process that postmaster.pid names is a live postgres of this cluster.</summary>
    bool IsRunning()
    {
        try
        {
            var lines = File.ReadAllLines(Path.Combine(Cluster, "postmaster.pid"));
            var status = File.ReadAllText($"/proc/{lines[0]}/stat");
            return status.Contains("(postgres)", StringComparison.Ordinal) && !status.Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
        catch (IndexOutOfRangeException)
        {
            return false;
        }
    }

    async Task WaitUntilRunningAsync(CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < 300; tries++, await Task.Delay(200, cancellationToken))
        {
            if (!IsRunning())
                continue;
            await using var source = Npgsql.NpgsqlDataSource.Create(ConnectionString + ";Pooling=false");
            try
            {
                await using var connection = await source.OpenConnectionAsync(cancellationToken);
                return;
            }
            catch (Npgsql.NpgsqlException)
            {
                // Still starting.
            }
        }
        throw new SetupException($"The PostgreSQL of {folder} did not come up within a minute; see {Path.Combine(Cluster, "server.log")}.");
    }

    async Task RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        var output = new List<string>();
        if (await TryRunAsync(program, arguments, cancellationToken, output) != 0)
            throw new SetupException($"{program} failed:{Environment.NewLine}{string.Join(Environment.NewLine, output.TakeLast(15))}");
    }

    async Task<int> TryRunAsync(string program, string[] arguments, CancellationToken cancellationToken, List<string>? output = null)
    {
        var path = program.StartsWith('/') ? program : binaries[program];
        string[] command = runAs is null || program == "/bin/chown" ? [path, .. arguments] : ["runuser", "-u", runAs, "--", path, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = "/" };
        using var process = Process.Start(start)!;
        // A server started by pg_ctl inherits nothing that would keep these pipes open, since it logs to its file.
        process.OutputDataReceived += (_, e) => Add(e.Data);
        process.ErrorDataReceived += (_, e) => Add(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode;

        void Add(string? line)
        {
            if (line is null || output is null)
                return;
            lock (output)
                output.Add(line);
        }
    }

    void WritePrivate(string name, string text)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    static string ServerAccount()
    {
        var accounts = File.ReadLines("/etc/passwd").Select(line => line.Split(':')[0]).ToHashSet(StringComparer.Ordinal);
        return accounts.Contains("postgres") ? "postgres"
            : accounts.Contains("nobody") ? "nobody"
            : throw new SetupException("PostgreSQL does not run as root and there is no account postgres or nobody to run it as.");
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
