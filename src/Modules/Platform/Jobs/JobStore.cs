using System.Text.Json;
using Npgsql;

namespace Balatrix.Modules.Platform.Jobs;

/// <summary>A job as it is shown.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Queue">Where it waits.</param>
/// <param name="Kind">What is to be done.</param>
/// <param name="Status">waiting, running, done or dead.</param>
/// <param name="Attempts">How often it failed or, when done, was begun.</param>
/// <param name="RunAt">Not before, or null for at once.</param>
/// <param name="RetryAt">When it is tried again after a failure.</param>
/// <param name="CreatedAt">When it was enqueued.</param>
/// <param name="StartedAt">Since when it is running.</param>
/// <param name="FinishedAt">When it was done or given up.</param>
/// <param name="LastError">Why the last attempt failed.</param>
/// <param name="Key">What it is the only one for, if anything.</param>
public sealed record JobView(
    long Id, string Queue, string Kind, string Status, int Attempts, DateTimeOffset? RunAt, DateTimeOffset? RetryAt, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt, string? LastError, string? Key);

/// <summary>One queue of a tenant.</summary>
/// <param name="Queue">Its name.</param>
/// <param name="Waiting">Not begun, or to be tried again.</param>
/// <param name="Running">Being done.</param>
/// <param name="Failing">Of those that wait, those whose last attempt failed.</param>
/// <param name="Dead">Dead letters.</param>
/// <param name="Done">Done within the last day.</param>
/// <param name="OldestWaitingAt">When the oldest that is due and waits was to run.</param>
public sealed record QueueView(string Queue, long Waiting, long Running, long Failing, long Dead, long Done, DateTimeOffset? OldestWaitingAt);

/// <summary>Which jobs are asked for; null is all.</summary>
public sealed record JobFilter(string? Queue, string? Kind, string? Status, long Before, int Limit);

/// <summary>Reads a tenant's jobs, and brings dead letters back.</summary>
public sealed class JobStore(Database database, TimeProvider time)
{
    /// <summary>What a job may be.</summary>
    public static readonly IReadOnlyList<string> Statuses = ["waiting", "running", "done", "dead"];

    // A start that no attempt answers for is one that is under way.
    const string Shown = """
        select j.job_id, j.queue, j.kind, case when j.status <> 'queued' then j.status when s.starts > j.attempts then 'running' else 'waiting' end as shown_status,
               j.attempts, j.run_at, j.retry_at, j.created_at, case when j.status = 'queued' and s.starts > j.attempts then s.started_at end as started_at,
               j.finished_at, j.last_error, j.key, case when j.queue = 'notifications' then null else j.payload::text end as payload
          from platform.jobs j left join platform.job_starts s on s.job_id = j.job_id
         where j.tenant_id = $1
        """;

    /// <summary>All queues with their depth and failures.</summary>
    public async Task<List<QueueView>> QueuesAsync(int tenantId, CancellationToken cancellationToken)
    {
        var found = await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                """
                select j.queue,
                       count(*) filter (where j.status = 'queued' and coalesce(s.starts, 0) <= j.attempts),
                       count(*) filter (where j.status = 'queued' and s.starts > j.attempts),
                       count(*) filter (where j.status = 'queued' and j.attempts > 0 and coalesce(s.starts, 0) <= j.attempts),
                       count(*) filter (where j.status = 'dead'),
                       count(*) filter (where j.status = 'done'),
                       min(coalesce(j.retry_at, j.run_at, j.created_at)) filter (where j.status = 'queued' and coalesce(s.starts, 0) <= j.attempts and coalesce(j.retry_at, j.run_at, $2) <= $2)
                  from platform.jobs j left join platform.job_starts s on s.job_id = j.job_id
                 where j.tenant_id = $1 and (j.status <> 'done' or j.finished_at > $2::timestamptz - interval '1 day')
                 group by j.queue
                """,
                [tenantId, time.GetUtcNow()],
                r => new QueueView(r.GetString(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5), Instant(r, 6)), ct),
            cancellationToken);
        return [.. JobQueues.Lanes.Keys.Select(queue => found.Find(q => q.Queue == queue) ?? new(queue, 0, 0, 0, 0, 0, null))];
    }

    /// <summary>Jobs, latest first, before a number.</summary>
    public Task<List<JobView>> ListAsync(int tenantId, JobFilter filter, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        (connection, ct) => Database.QueryAsync(
            connection,
            $"""
            select * from ({Shown} and j.job_id < $2 and ($3::text is null or j.queue = $3) and ($4::text is null or j.kind = $4)) as shown
             where $5::text is null or shown_status = $5 order by job_id desc limit $6
            """,
            [tenantId, filter.Before, filter.Queue, filter.Kind, filter.Status, filter.Limit], Read, ct),
        cancellationToken);

    /// <summary>One job with what it was enqueued with, or null. What notifications say is for their recipients only.</summary>
    public async Task<(JobView Job, JsonElement? Payload)?> FindAsync(int tenantId, long jobId, CancellationToken cancellationToken)
    {
        var found = await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection, $"{Shown} and j.job_id = $2", [tenantId, jobId], r => (Job: Read(r), Payload: r.IsDBNull(12) ? (JsonElement?)null : JsonElement.Parse(r.GetString(12))), ct),
            cancellationToken);
        return found is [var one] ? one : null;
    }

    /// <summary>Makes a dead letter wait again as if it were new; false when the job is not dead. Works in the caller's transaction.</summary>
    public static async Task<bool> RetryAsync(NpgsqlConnection connection, int tenantId, long jobId, CancellationToken cancellationToken)
    {
        var retried = await Database.QueryAsync(
            connection,
            $"""
            with retried as (
                update platform.jobs set status = 'queued', attempts = 0, run_at = null, retry_at = null, finished_at = null
                 where job_id = $1 and tenant_id = $2 and status = 'dead' returning queue)
            select pg_notify('{JobQueue.Channel}', queue) from retried
            """,
            [jobId, tenantId], _ => true, cancellationToken);
        if (retried.Count == 0)
            return false;
        await Database.ExecuteAsync(connection, "delete from platform.job_starts where job_id = $1", [jobId], cancellationToken);
        return true;
    }

    static JobView Read(NpgsqlDataReader r) => new(
        r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetInt32(4), Instant(r, 5), Instant(r, 6), r.GetFieldValue<DateTimeOffset>(7), Instant(r, 8), Instant(r, 9),
        r.IsDBNull(10) ? null : r.GetString(10), r.IsDBNull(11) ? null : r.GetString(11));

    static DateTimeOffset? Instant(NpgsqlDataReader r, int column) => r.IsDBNull(column) ? null : r.GetFieldValue<DateTimeOffset>(column);
}
