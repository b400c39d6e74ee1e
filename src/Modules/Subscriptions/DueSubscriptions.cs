using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>
/// Does what time has brought: renewals, months of allowances, ends of trials, reminders, grace, suspensions. A chunk is one transaction of
/// many subscriptions; two nodes take different ones, and a chunk that was cut off has done nothing.
/// </summary>
sealed class DueSubscriptions(Database database, SubscriptionStore store, SubscriptionSteps steps)
{
    /// <summary>Subscriptions in one transaction at most.</summary>
    public const int Chunk = 500;

    /// <summary>Takes one step of each of up to a chunk of subscriptions, in the caller's transaction, and says how many that were.</summary>
    public async Task<int> TakeChunkAsync(NpgsqlConnection connection, int tenantId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var due = await store.LockDueAsync(connection, tenantId, now, Chunk, cancellationToken);
        if (due.Count == 0)
            return 0;
        var taken = await steps.TakeAsync(connection, tenantId, [.. due.Select(Plan)], now, cancellationToken);
        await AuditLog.WriteAsync(
            connection, tenantId, Actor.System("process-subscription-renewal"), "subscription.due", "subscription", taken.Count == 1 ? SubscriptionView.Number(due[0].Id) : "many", null,
            taken.Select(t => $"{SubscriptionView.Number(t.After.Id)} v{t.After.Version} {SubscriptionMoves.Name(t.After.State.Status)}"), now, cancellationToken);
        return due.Count;
    }

    /// <summary>Does everything that is due in a tenant by now, chunk by chunk; what other nodes work on is left to them.</summary>
    /// <returns>How many steps that were.</returns>
    public async Task<int> RunAsync(int tenantId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var all = 0;
        while (await database.InTenantAsync(tenantId, (connection, ct) => TakeChunkAsync(connection, tenantId, now, ct), cancellationToken) is > 0 and var some)
            all += some;
        return all;
    }

    /// <summary>Brings one subscription, which is locked, up to now, before anything else is done to it.</summary>
    public async Task<SubscriptionRecord> CatchUpAsync(NpgsqlConnection connection, int tenantId, SubscriptionRecord record, DateTimeOffset now, CancellationToken cancellationToken)
    {
        while (Lifecycle.NextAt(record.State) <= now)
            record = (await steps.TakeAsync(connection, tenantId, [Plan(record)], now, cancellationToken))[0].After;
        return record;
    }

    static PlannedStep Plan(SubscriptionRecord record)
    {
        var (ifPaid, ifRefused) = Lifecycle.Due(record.State);
        return new(record, ifPaid, ifRefused);
    }
}
