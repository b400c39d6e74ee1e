using System.Diagnostics;
using System.Globalization;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Npgsql;

namespace Balatrix.Modules.Tests.Platform;

/// <summary>The private PostgreSQL in good and bad times, each in a data folder of its own.</summary>
public sealed class EmbeddedPostgresTests : IDisposable
{
    readonly string folder = Path.Combine(Path.GetTempPath(), "balatrix-pg-" + Guid.NewGuid().ToString("n")[..8]);
    readonly List<string> log = [];

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    string PidFile => Path.Combine(folder, "pg", "postmaster.pid");

    [Fact]
    public async Task Keeps_its_data_and_its_port_over_a_restart()
    {
        var before = await StartAsync();
        await ScalarAsync(before, "create table kept (n int)");
        var (connection, pid) = (before.ConnectionString, Postmaster.LiveId(folder)!.Value);
        await before.DisposeAsync();
        Assert.False(IsAlive(pid));

        await using var after = await StartAsync();
        Assert.Equal(connection, after.ConnectionString);
        Assert.Equal(0L, await ScalarAsync(after, "select count(*) from kept"));
    }

    [Fact]
    public async Task Starts_again_by_itself_when_the_server_is_killed()
    {
        await using var server = await StartAsync(durable: true);
        await ScalarAsync(server, "create table kept (n int)");
        var killed = await Postmaster.KillAsync(folder);
        await EventuallyAsync(server, "select count(*) from kept");
        Assert.NotEqual(killed, Postmaster.LiveId(folder));
    }

    [Fact]
    public async Task Two_share_one_server_and_the_last_to_leave_stops_it()
    {
        var first = await StartAsync();
        var pid = Postmaster.LiveId(folder)!.Value;
        var second = await StartAsync();
        Assert.Equal(first.ConnectionString, second.ConnectionString);
        await first.DisposeAsync();
        Assert.Equal(1, await ScalarAsync(second, "select 1"));
        Assert.Equal(pid, Postmaster.LiveId(folder));
        await second.DisposeAsync();
        Assert.False(IsAlive(pid));
    }

    [Fact]
    public async Task The_one_that_stays_looks_after_the_server()
    {
        var first = await StartAsync();
        await using var second = await StartAsync();
        await first.DisposeAsync();
        await Postmaster.KillAsync(folder);
        await EventuallyAsync(second, "select 1");
    }

    [Fact]
    public async Task Starts_over_a_note_of_a_server_whose_number_is_another_process_now()
    {
        await (await StartAsync()).DisposeAsync();
        await File.WriteAllLinesAsync(PidFile, [Environment.ProcessId.ToString(CultureInfo.InvariantCulture), Path.Combine(folder, "pg"), "1", "5432", "", "127.0.0.1", "  0 0", "ready"], Stop);
        await using var server = await StartAsync();
        Assert.Equal(1, await ScalarAsync(server, "select 1"));
    }

    [Fact]
    public async Task Starts_over_a_cluster_whose_making_was_cut_short()
    {
        Directory.CreateDirectory(Path.Combine(folder, "pg.new", "base"));
        await File.WriteAllTextAsync(Path.Combine(folder, "pg.new", "PG_VERSION"), "15", Stop);
        await using var server = await StartAsync();
        Assert.Equal(1, await ScalarAsync(server, "select 1"));
    }

    [Fact]
    public async Task Moves_to_a_free_port_when_its_own_is_taken()
    {
        var before = await StartAsync();
        var port = new NpgsqlConnectionStringBuilder(before.ConnectionString).Port;
        await before.DisposeAsync();
        using var thief = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, port);
        thief.Start();
        await using var after = await StartAsync();
        Assert.NotEqual(port, new NpgsqlConnectionStringBuilder(after.ConnectionString).Port);
        Assert.Equal(1, await ScalarAsync(after, "select 1"));
    }

    [Fact]
    public async Task Says_what_to_install_for_a_cluster_of_a_version_that_is_not_here()
    {
        Directory.CreateDirectory(Path.Combine(folder, "pg"));
        await File.WriteAllTextAsync(Path.Combine(folder, "pg", "PG_VERSION"), "12\n", Stop);
        var refusal = await Assert.ThrowsAsync<SetupException>(() => StartAsync());
        Assert.Contains("apt-get install postgresql-12", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_its_own_account_can_read_the_password()
    {
        await using var server = await StartAsync();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "pg.password")));
        Assert.DoesNotContain(log, line => line.Contains(File.ReadAllText(Path.Combine(folder, "pg.password")), StringComparison.Ordinal));
        var stranger = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Password = "wrong", Pooling = false };
        await using var source = NpgsqlDataSource.Create(stranger);
        await Assert.ThrowsAsync<PostgresException>(async () => await source.OpenConnectionAsync(Stop));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    Task<EmbeddedPostgres> StartAsync(bool durable = false) => EmbeddedPostgres.StartAsync(folder, durable, log.Add, Stop);

    static bool IsAlive(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline").Length > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    static async Task<object?> ScalarAsync(EmbeddedPostgres server, string sql)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { Pooling = false });
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Stop);
    }

    static async Task EventuallyAsync(EmbeddedPostgres server, string sql)
    {
        for (var waited = Stopwatch.StartNew(); ; await Task.Delay(100, Stop))
        {
            try
            {
                await ScalarAsync(server, sql);
                return;
            }
            catch (NpgsqlException e) when (waited.Elapsed > Soon.Limit)
            {
                Assert.Fail($"The server did not come back: {e.Message}");
            }
            catch (NpgsqlException)
            {
                // Still starting.
            }
        }
    }
}
