using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Balatrix.Modules.Tests.Platform.Jobs;

/// <summary>A database with two tenants and a table that jobs write on; nodes are hosts of their own on it.</summary>
public sealed class JobWorld(TestCluster cluster) : IAsyncLifetime
{
    public const string Queue = "cleanup";
    public const string Kind = "scripted";

    public Database Database { get; private set; } = null!;

    public HandClock Clock { get; } = new();

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Database = new Database(await cluster.CloneAsync());
        await OwnerAsync(
            """
            insert into platform.tenants (tenant_id, slug, name) values (1, 'one', 'One'), (2, 'two', 'Two');
            create table platform.effects (tenant_id int not null default platform.current_tenant(), effect_no bigint generated always as identity, job_id bigint not null, note text not null);
            grant select, insert on platform.effects to balatrix_app;
            """);
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();

    /// <summary>A node that does scripted jobs; its worker runs only after it was started.</summary>
    public IHost Node(Func<JobRun, CancellationToken, Task> script, TimeProvider? time = null, string queue = Queue, int mostAttempts = 3, TimeSpan? timeLimit = null, Action<IServiceCollection>? more = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddLogging();
        builder.Services.AddSingleton(Database);
        builder.Services.AddSingleton(time ?? Clock);
        builder.Services.AddSingleton(new Script(script));
        builder.Services.AddJobs();
        builder.Services.AddJob<Scripted>(queue, Kind, mostAttempts, timeLimit);
        more?.Invoke(builder.Services);
        return builder.Build();
    }

    public Task<long?> EnqueueAsync(string payload = "{}", DateTimeOffset? runAt = null, string? key = null, int tenantId = 1, string queue = Queue) =>
        Database.InTenantAsync(tenantId, (connection, ct) => JobQueue.EnqueueAsync(connection, tenantId, new(queue, Kind, payload, runAt, key), ct), Stop);

    /// <summary>Does what is due of tenant 1.</summary>
    public static Task<int> RunDueAsync(IHost node, int tenantId = 1) => node.Services.GetRequiredService<JobRunner>().RunDueAsync(tenantId, Stop);

    public async Task<JobView> FindAsync(long? jobId, int tenantId = 1) => (await new JobStore(Database, Clock).FindAsync(tenantId, jobId!.Value, Stop))!.Value.Job;

    /// <summary>A script's effect on the job's own connection.</summary>
    public static Task<int> EffectAsync(JobRun run, string note) =>
        Database.ExecuteAsync(run.Connection, "insert into platform.effects (job_id, note) values ($1, $2)", [run.JobId, note], Stop);

    public Task<List<(long JobId, string Note)>> EffectsAsync() => OwnerAsync("select job_id, note from platform.effects order by effect_no", r => (r.GetInt64(0), r.GetString(1)));

    public async Task<List<T>> OwnerAsync<T>(string sql, Func<NpgsqlDataReader, T> read)
    {
        await using var connection = await Database.Owner.OpenConnectionAsync(Stop);
        return await Database.QueryAsync(connection, sql, [], read, Stop);
    }

    public async Task OwnerAsync(string sql)
    {
        await using var connection = await Database.Owner.OpenConnectionAsync(Stop);
        await Database.ExecuteAsync(connection, sql, [], Stop);
    }

    public static Task UntilAsync(Func<Task<bool>> holds, string what) => Soon.UntilAsync(holds, what);

    public sealed record Script(Func<JobRun, CancellationToken, Task> Run);

    public sealed class Scripted(Script script) : IJobHandler
    {
        public Task RunAsync(JobRun run, CancellationToken cancellationToken) => script.Run(run, cancellationToken);
    }

    /// <summary>Stands until it is moved; nobody's pause ends by itself.</summary>
    public sealed class HandClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 21, 9, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
