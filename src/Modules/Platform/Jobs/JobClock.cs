namespace Balatrix.Modules.Platform.Jobs;

/// <summary>Jobs of a tenant that wait for an instant of its time.</summary>
public sealed class JobClock(Database database, JobRunner runner) : ITenantTime
{
    /// <summary>When the next one is to be done.</summary>
    public async Task<DateTimeOffset?> NextAsync(int tenantId, DateTimeOffset after, CancellationToken cancellationToken) => (await database.InTenantAsync(
        tenantId,
        (connection, ct) => Database.QueryAsync(
            connection, "select min(run_at) from platform.jobs where tenant_id = $1 and status = 'queued' and run_at > $2", [tenantId, after],
            r => r.IsDBNull(0) ? (DateTimeOffset?)null : r.GetFieldValue<DateTimeOffset>(0), ct),
        cancellationToken))[0];

    /// <summary>Does those that are due.</summary>
    public Task<int> RunAsync(int tenantId, DateTimeOffset now, CancellationToken cancellationToken) => runner.RunDueAsync(tenantId, cancellationToken);
}
