using System.Diagnostics.CodeAnalysis;
using Npgsql;

namespace Balatrix.Modules.Platform.Jobs;

/// <summary>The way into the jobs table.</summary>
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "It is a queue.")]
public static class JobQueue
{
    /// <summary>The channel on which workers hear of jobs that are due; its payload is the queue.</summary>
    internal const string Channel = "balatrix_jobs";

    const string InsertQuietly =
        "insert into platform.jobs (tenant_id, queue, kind, key, payload, run_at) values ($1, $2, $3, $4, $5::jsonb, $6) on conflict (tenant_id, kind, key) do nothing";

    const string Insert = $"with made as ({InsertQuietly} returning job_id, queue) select job_id, pg_notify('{Channel}', queue) from made";

    /// <summary>Enqueues a job in the caller's transaction: there is no job when that is rolled back, and nobody sees it before the commit.</summary>
    /// <returns>The job's number, or null when there is one of that kind and key already.</returns>
    public static async Task<long?> EnqueueAsync(NpgsqlConnection connection, int tenantId, JobRequest request, CancellationToken cancellationToken)
    {
        var made = await Database.QueryAsync(
            connection, Insert, [tenantId, request.Queue, request.Kind, request.Key, request.PayloadJson, request.RunAt], r => r.GetInt64(0), cancellationToken);
        return made is [var jobId] ? jobId : null;
    }

    /// <summary>Enqueues many jobs of a kind that are due at once, in the caller's transaction and one statement.</summary>
    public static async Task EnqueueManyAsync(NpgsqlConnection connection, int tenantId, string queue, string kind, string[] payloads, CancellationToken cancellationToken)
    {
        if (payloads.Length > 0)
            await Database.ExecuteAsync(
                connection,
                $"""
                with made as (insert into platform.jobs (tenant_id, queue, kind, payload) select $1, $2, $3, p::jsonb from unnest($4::text[]) p)
                select pg_notify('{Channel}', $2)
                """,
                [tenantId, queue, kind, payloads], cancellationToken);
    }

    /// <summary>The statement that enqueues a job that is due at once, for a batch of statements in the caller's transaction.</summary>
    public static NpgsqlBatchCommand EnqueueCommand(int tenantId, JobRequest request) => Command(Insert, tenantId, request);

    /// <summary>
    /// The same without a word to the workers: transactions that notify commit one after the other, each with its own flush. Whoever has many a second
    /// wakes this node by <see cref="JobSignals"/> after the commit; other nodes find the job when they look next.
    /// </summary>
    public static NpgsqlBatchCommand EnqueueQuietlyCommand(int tenantId, JobRequest request) => Command(InsertQuietly, tenantId, request);

    static NpgsqlBatchCommand Command(string sql, int tenantId, JobRequest request) => new(sql)
    {
        Parameters =
        {
            new() { Value = tenantId }, new() { Value = request.Queue }, new() { Value = request.Kind }, new() { Value = (object?)request.Key ?? DBNull.Value },
            new() { Value = request.PayloadJson }, new() { Value = DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz },
        },
    };
}
