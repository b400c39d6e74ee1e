using System.Globalization;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Platform.Schedules;

/// <summary>What schedules enqueue, and when they last did.</summary>
public sealed class ScheduleStore(Database database)
{
    /// <summary>Enqueues a schedule's job for every tenant of a zone, in one statement: for all of them or for none, and once however often it is said.</summary>
    /// <returns>For how many tenants; those whose last job of that schedule still waits get none.</returns>
    public async Task<int> EnqueueAsync(Schedule schedule, string zone, DateTimeOffset firedAt, CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        var enqueued = await Database.QueryAsync(
            connection,
            $"""
            with made as (
                insert into platform.jobs (tenant_id, queue, kind, key, payload)
                select t.tenant_id, $1, $2, $3, '{"{}"}' from platform.tenants t
                 where t.zone = $4 and not exists (
                    select from platform.jobs j where j.tenant_id = t.tenant_id and j.kind = $2 and j.status = 'queued' and j.key like 'schedule:%')
                on conflict (tenant_id, kind, key) do nothing
                returning tenant_id, job_id),
            noted as (
                insert into platform.schedule_runs (tenant_id, schedule, fired_at, job_id) select tenant_id, $5, $6, job_id from made
                on conflict (tenant_id, schedule) do update set fired_at = excluded.fired_at, job_id = excluded.job_id)
            select count(*), pg_notify('{JobQueue.Channel}', $1) from made
            """,
            [schedule.Queue, schedule.Kind, Key(schedule, firedAt), zone, schedule.Name, firedAt], r => r.GetInt64(0), cancellationToken);
        return (int)enqueued[0];
    }

    /// <summary>Enqueues a schedule's job for one tenant now, by hand, in the caller's transaction.</summary>
    public static async Task<long> EnqueueNowAsync(NpgsqlConnection connection, int tenantId, Schedule schedule, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var jobId = await JobQueue.EnqueueAsync(connection, tenantId, new JobRequest(schedule.Queue, schedule.Kind, "{}"), cancellationToken)
            ?? throw new InvalidOperationException("A job without a key is never refused.");
        await Database.ExecuteAsync(
            connection,
            """
            insert into platform.schedule_runs (tenant_id, schedule, fired_at, job_id) values ($1, $2, $3, $4)
            on conflict (tenant_id, schedule) do update set fired_at = excluded.fired_at, job_id = excluded.job_id
            """,
            [tenantId, schedule.Name, now, jobId], cancellationToken);
        return jobId;
    }

    /// <summary>When each schedule last enqueued for a tenant, and which job.</summary>
    public async Task<Dictionary<string, (DateTimeOffset FiredAt, long JobId)>> LastRunsAsync(int tenantId, CancellationToken cancellationToken)
    {
        var runs = await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection, "select schedule, fired_at, job_id from platform.schedule_runs where tenant_id = $1", [tenantId],
                r => (Schedule: r.GetString(0), FiredAt: r.GetFieldValue<DateTimeOffset>(1), JobId: r.GetInt64(2)), ct),
            cancellationToken);
        return runs.ToDictionary(r => r.Schedule, r => (r.FiredAt, r.JobId), StringComparer.Ordinal);
    }

    /// <summary>The zones that tenants live in.</summary>
    public async Task<List<string>> ZonesAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        return await Database.QueryAsync(connection, "select distinct zone from platform.tenants order by zone", [], r => r.GetString(0), cancellationToken);
    }

    static string Key(Schedule schedule, DateTimeOffset firedAt) =>
        string.Create(CultureInfo.InvariantCulture, $"schedule:{schedule.Name}@{firedAt.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}");
}
