using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Subscriptions;

/// <summary>What time brings to a tenant's subscriptions: renewals, ends of trials, scheduled changes, reminders, suspensions.</summary>
sealed class SubscriptionClock(Database database, DueSubscriptions due) : ITenantTime
{
    /// <summary>When something is due next.</summary>
    public async Task<DateTimeOffset?> NextAsync(int tenantId, DateTimeOffset after, CancellationToken cancellationToken) => (await database.InTenantAsync(
        tenantId,
        (connection, ct) => Database.QueryAsync(
            connection, "select min(next_at) from subscriptions.subscriptions where tenant_id = $1 and next_at > $2", [tenantId, after],
            r => r.IsDBNull(0) ? (DateTimeOffset?)null : r.GetFieldValue<DateTimeOffset>(0), ct),
        cancellationToken))[0];

    /// <summary>Does what is due.</summary>
    public Task<int> RunAsync(int tenantId, DateTimeOffset now, CancellationToken cancellationToken) => due.RunAsync(tenantId, now, cancellationToken);
}
