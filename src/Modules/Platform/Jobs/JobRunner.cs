using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using Balatrix.Core.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Platform.Jobs;

/// <summary>
/// Claims due jobs and does them. A claim is a row lock, so a killed worker gives its job back by dying; what the handler wrote on
/// the job's connection and the job's end are one commit, so a job that was given back had done nothing.
/// </summary>
public sealed partial class JobRunner(Database database, IServiceScopeFactory scopes, IEnumerable<JobKind> kinds, TimeProvider time, ILogger<JobRunner> logger)
{
    const int LongestError = 2000;
    const string BeforeHandler = "before_handler";

    static readonly string Node = $"{Environment.MachineName}/{Environment.ProcessId}";

    readonly Dictionary<string, JobKind> kinds = kinds.ToDictionary(k => k.Name, StringComparer.Ordinal);

    /// <summary>The queues that this program has handlers for.</summary>
    public IReadOnlyList<string> Queues { get; } = [.. kinds.Select(k => k.Queue).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Whether this program has a handler for a kind.</summary>
    public bool Knows(string kind) => kinds.ContainsKey(kind);

    /// <summary>Does all due jobs of one tenant and what becomes due by them, queue by queue; jobs that another worker is doing are left to it.</summary>
    /// <returns>How many attempts that were.</returns>
    public async Task<int> RunDueAsync(int tenantId, CancellationToken cancellationToken)
    {
        var (all, before) = (0, -1);
        while (before != all)
        {
            before = all;
            foreach (var queue in Queues)
            {
                while (await ClaimAsync(queue, tenantId, cancellationToken) is { } job)
                {
                    await RunAsync(job, cancellationToken);
                    all++;
                }
            }
        }
        return all;
    }

    /// <summary>Locks the first due job of a queue, or gives null.</summary>
    internal async Task<ClaimedJob?> ClaimAsync(string queue, int? tenantId, CancellationToken cancellationToken)
    {
        var names = kinds.Values.Where(k => k.Queue == queue).Select(k => k.Name).ToArray();
        var connection = await database.Jobs.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var found = await Database.QueryAsync(
                connection, "select tenant_id, job_id, kind, payload, tenant_now from platform.claim_job($1, $2, $3::int, $4)", [queue, names, tenantId, time.GetUtcNow()],
                r => new ClaimedJob(connection, transaction, kinds[r.GetString(2)], r.GetInt64(1), r.GetInt32(0), r.GetString(3), r.GetFieldValue<DateTimeOffset>(4)), cancellationToken);
            if (found is [var job])
            {
                await using (var batch = new NpgsqlBatch(connection) { BatchCommands = { Database.NameTenant(job.TenantId), new($"savepoint {BeforeHandler}") } })
                    await batch.ExecuteNonQueryAsync(cancellationToken);
                return job;
            }
            await transaction.DisposeAsync();
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
        await connection.DisposeAsync();
        return null;
    }

    /// <summary>Does a claimed job once and writes down how it went.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever a handler throws is a failed attempt, which is recorded and shown.")]
    internal async Task RunAsync(ClaimedJob job, CancellationToken cancellationToken)
    {
        await using var _ = job;
        var attempt = await BeginAsync(job, cancellationToken);
        if (attempt > job.Kind.MostAttempts)
        {
            await FailAsync(job, attempt - 1, new JobImpossibleException($"Its worker died or lost the database at the last of {job.Kind.MostAttempts} attempts."), cancellationToken);
            return;
        }
        try
        {
            await HandleAsync(job, attempt, cancellationToken);
            await FinishAsync(job, attempt, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopping is nobody's failure. The lock goes first, or the next attempt would wait for this one's end.
            await job.DisposeAsync();
            await TakeBackAsync(job);
            throw;
        }
        catch (Exception e)
        {
            LogFailed(logger, job.Kind.Name, job.JobId, job.TenantId, attempt, e);
            if (e is PostgresException)
                database.Jobs.Clear();
            await FailAsync(job, attempt, e, cancellationToken);
        }
    }

    async Task HandleAsync(ClaimedJob job, int attempt, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(job.Kind.TimeLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await using var scope = scopes.CreateAsyncScope();
        try
        {
            var handler = (IJobHandler)scope.ServiceProvider.GetRequiredService(job.Kind.Handler);
            await handler.RunAsync(new JobRun(job.JobId, job.TenantId, job.Kind.Name, JsonElement.Parse(job.Payload), attempt, job.Connection, job.Now), either.Token);
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"It took longer than {job.Kind.TimeLimit}.", e);
        }
    }

    /// <summary>
    /// Counts the attempt in a commit of its own: one that kills this process counts too. The commit does not wait for the disk: a power failure
    /// makes the count one too small, and no work is done twice by that.
    /// </summary>
    async Task<int> BeginAsync(ClaimedJob job, CancellationToken cancellationToken)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                Database.NameTenant(job.TenantId),
                new("select set_config('synchronous_commit', 'off', true)"),
                new(
                    """
                    insert into platform.job_starts (tenant_id, job_id, starts, node, started_at) values ($1, $2, 1, $3, $4)
                    on conflict (job_id) do update set starts = job_starts.starts + 1, node = excluded.node, started_at = excluded.started_at
                    returning starts
                    """)
                {
                    Parameters = { new() { Value = job.TenantId }, new() { Value = job.JobId }, new() { Value = Node }, new() { Value = time.GetUtcNow().UtcDateTime } },
                },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return reader.GetInt32(0);
    }

    async Task FinishAsync(ClaimedJob job, int attempt, CancellationToken cancellationToken)
    {
        await Database.ExecuteAsync(
            job.Connection,
            """
            with begun as (delete from platform.job_starts where job_id = $1)
            update platform.jobs set status = 'done', attempts = $2, finished_at = $3, last_error = null, payload = case when queue = $4 then '{}' else payload end
             where job_id = $1
            """,
            [job.JobId, attempt, time.GetUtcNow(), JobQueues.Notifications], cancellationToken);
        await job.Transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Records a failure: with the lock still held where that can be, or on another connection when this one is lost.</summary>
    async Task FailAsync(ClaimedJob job, int attempt, Exception failure, CancellationToken cancellationToken)
    {
        var isDead = attempt >= job.Kind.MostAttempts || failure is JobImpossibleException or JsonException;
        object?[] values =
        [
            job.JobId, attempt, Text(failure), isDead ? "dead" : "queued", isDead ? time.GetUtcNow() : null,
            isDead ? null : time.GetUtcNow() + Backoff.After(attempt, RandomNumberGenerator.GetInt32(Backoff.Whole + 1)),
        ];
        const string Record = """
            update platform.jobs set attempts = $2, last_error = $3, status = $4, finished_at = $5, retry_at = $6 where job_id = $1 and status = 'queued' and attempts <= $2
            """;
        try
        {
            await job.Transaction.RollbackAsync(BeforeHandler, cancellationToken);
            await Database.ExecuteAsync(job.Connection, Record, values, cancellationToken);
            await job.Transaction.CommitAsync(cancellationToken);
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or IOException)
        {
            await job.DisposeAsync();
            await database.InTenantAsync(job.TenantId, (connection, ct) => Database.ExecuteAsync(connection, Record, values, ct), cancellationToken);
        }
    }

    async Task TakeBackAsync(ClaimedJob job)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await database.InTenantAsync(
                job.TenantId,
                (connection, ct) => Database.ExecuteAsync(connection, "update platform.job_starts set starts = starts - 1 where job_id = $1 and node = $2", [job.JobId, Node], ct),
                patience.Token);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or OperationCanceledException)
        {
            // Then it has one attempt less.
        }
    }

    static string Text(Exception failure)
    {
        var text = failure is JobImpossibleException or TimeoutException ? failure.Message : $"{failure.GetType().Name}: {failure.Message}";
        return (text.Length > LongestError ? text[..LongestError] : text).Replace("\0", "", StringComparison.Ordinal);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {Kind} {JobId} of tenant {TenantId} failed at attempt {Attempt}")]
    static partial void LogFailed(ILogger logger, string kind, long jobId, int tenantId, int attempt, Exception exception);
}
