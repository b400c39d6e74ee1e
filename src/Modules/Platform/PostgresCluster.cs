using System.Globalization;

namespace Balatrix.Modules.Platform;

/// <summary>One PostgreSQL cluster on disk: makes it, starts it, stops it, knows whether it runs.</summary>
sealed class PostgresCluster(string path, PostgresAccount account, bool durable)
{
    /// <summary>Linux numbers processes below this.</summary>
    const string NoProcess = "4194304";

    PostgresBinaries? binaries;

    /// <summary>Its superuser.</summary>
    public const string User = "balatrix";

    /// <summary>What the server writes.</summary>
    public string LogFile => Path.Combine(path, "server.log");

    string PidFile => Path.Combine(path, "postmaster.pid");

    string VersionFile => Path.Combine(path, "PG_VERSION");

    PostgresBinaries Binaries => binaries ??= PostgresBinaries.Find(
        File.Exists(VersionFile) ? int.Parse(File.ReadAllText(VersionFile), CultureInfo.InvariantCulture) : null);

    /// <summary>Whether it was made already.</summary>
    public bool Exists => File.Exists(VersionFile);

    /// <summary>Makes it. It appears whole or not at all: initdb writes beside it, and the last step is a rename.</summary>
    public async Task CreateAsync(string password, CancellationToken cancellationToken)
    {
        var unfinished = path + ".new";
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        Directory.CreateDirectory(unfinished, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var passwordFile = path + ".initial";
        EmbeddedPostgres.WritePrivate(passwordFile, password);
        await account.OwnAsync(unfinished, cancellationToken);
        await account.OwnAsync(passwordFile, cancellationToken);
        await RunAsync(
            "initdb",
            ["-D", unfinished, "-U", User, "--pwfile", passwordFile, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-instructions", "--no-sync"],
            cancellationToken);
        File.Delete(passwordFile);
        await File.AppendAllTextAsync(Path.Combine(unfinished, "postgresql.conf"), "\ninclude_if_exists = 'balatrix.conf'\n", cancellationToken);
        if (durable)
            await RunAsync("initdb", ["-D", unfinished, "--sync-only"], cancellationToken);
        Directory.Move(unfinished, path);
    }

    /// <summary>Starts it and waits until it answers. pg_ctl gives it a session of its own, so a Ctrl+C in our terminal does not reach it.</summary>
    public async Task StartAsync(int port, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(Path.Combine(path, "balatrix.conf"), Settings(port), cancellationToken);
        ForgetDeadServer();
        await RunAsync("pg_ctl", ["-D", path, "-l", LogFile, "-w", "-t", "120", "start"], cancellationToken);
    }

    /// <summary>Stops it, ending its connections.</summary>
    public Task StopAsync() => RunAsync("pg_ctl", ["-D", path, "-m", "fast", "-w", "-t", "300", "stop"], CancellationToken.None);

    /// <summary>Whether the process that postmaster.pid names is a live server of this very cluster; the number may by now be another's.</summary>
    public bool IsRunning()
    {
        try
        {
            var process = File.ReadLines(PidFile).FirstOrDefault("0");
            var command = File.ReadAllText($"/proc/{process}/cmdline").Split('\0');
            return command[0].EndsWith("postgres", StringComparison.Ordinal) && command.Contains(path);
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>
    /// The process of a server that is gone may live on as a zombie, or its number be another's by now; PostgreSQL would take
    /// either for a live server. Its number gives way to one that no process has. The note of its shared memory stays, so that
    /// a new server still refuses to start before the last process of the old one has ended.
    /// </summary>
    void ForgetDeadServer()
    {
        if (!File.Exists(PidFile))
            return;
        var lines = File.ReadAllLines(PidFile);
        if (lines.Length > 0)
            File.WriteAllLines(PidFile, [NoProcess, .. lines[1..]]);
    }

    /// <summary>Fit for durable batches: every commit waits for the disk, checkpoints are rare and spread, the log is compressed.</summary>
    string Settings(int port)
    {
        var megabytes = durable ? Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1024 / 1024 / 8, 128, 4096) : 256;
        var walGigabytes = Math.Clamp(new DriveInfo(path).AvailableFreeSpace / 1024 / 1024 / 1024 / 6, 1, 8);
        var sync = durable ? "on" : "off";
        return string.Create(CultureInfo.InvariantCulture, $"""
            listen_addresses = '127.0.0.1'
            port = {port}
            unix_socket_directories = ''
            max_connections = 300
            fsync = {sync}
            synchronous_commit = {sync}
            full_page_writes = {sync}
            recovery_init_sync_method = syncfs
            shared_buffers = {megabytes}MB
            wal_buffers = 32MB
            wal_compression = {Binaries.WalCompression()}
            min_wal_size = {Math.Min(walGigabytes, 2) * 512}MB
            max_wal_size = {walGigabytes}GB
            checkpoint_timeout = 30min
            checkpoint_completion_target = 0.9
            jit = off
            autovacuum_naptime = 15s
            log_min_messages = warning
            log_line_prefix = '%m [%p] %a '
            timezone = 'UTC'

            """);
    }

    async Task RunAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        var output = new List<string>();
        if (await account.RunAsync(Binaries[program], arguments, output, cancellationToken) == 0)
            return;
        var log = program == "pg_ctl" && File.Exists(LogFile) ? File.ReadLines(LogFile).TakeLast(5) : [];
        throw new SetupException($"{program} failed:{Environment.NewLine}{string.Join(Environment.NewLine, output.TakeLast(10).Concat(log))}");
    }
}
