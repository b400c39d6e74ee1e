using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>
/// Does what time has brought: renewals, months of allowances, ends of trials, reminders, grace, suspensions. A chunk is one transaction of
/// many subscriptions; two nodes take different ones, and a chunk that was cut off has done nothing. One that cannot be gone on with is put off
/// and said, and stops none of the others.
/// </summary>
sealed partial class DueSubscriptions(Database database, SubscriptionStore store, SubscriptionSteps steps, ILogger<DueSubscriptions> logger)
{
    /// <summary>Subscriptions in one transaction at most.</summary>
    public const int Chunk = 500;

    const string Job = "process-subscription-renewal";

    static readonly TimeSpan PutOff = TimeSpan.FromHours(1);

    /// <summary>Takes one step of each of up to a chunk of subscriptions, in the caller's transaction, and says how many that were.</summary>
    public async Task<int> TakeChunkAsync(NpgsqlConnection connection, int tenantId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var due = await SubscriptionStore.LockDueAsync(connection, tenantId, now, Chunk, cancellationToken);
        if (due.Count == 0)
            return 0;
        var taken = await TryAsync(connection, tenantId, due, now, cancellationToken);
        if (taken is null)
        {
            taken = [];
            foreach (var id in due)
                taken.AddRange(await TryAsync(connection, tenantId, [id], now, cancellationToken) ?? []);
        }
        if (taken.Count > 0)
            await AuditLog.WriteAsync(
                connection, tenantId, Actor.System(Job), "subscription.due", "subscription", taken.Count == 1 ? SubscriptionView.Number(taken[0].After.Id) : "many", null,
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
            record = (await TakeAsync(connection, tenantId, [record], now, cancellationToken))[0].After;
        return record;
    }

    /// <summary>The steps that were taken; null when they could not be, and nothing of them was done. One that could not be alone is put off.</summary>
    async Task<List<TakenStep>?> TryAsync(NpgsqlConnection connection, int tenantId, List<long> ids, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await Database.ExecuteAsync(connection, "savepoint due", [], cancellationToken);
        try
        {
            var records = await store.ReadLockedAsync(connection, tenantId, ids, cancellationToken);
            var taken = await TakeAsync(connection, tenantId, records, now, cancellationToken);
            await Database.ExecuteAsync(connection, "release savepoint due", [], cancellationToken);
            return taken;
        }
        catch (Exception e) when (e is not OperationCanceledException && !Database.IsPassing(e))
        {
            await Database.ExecuteAsync(connection, "rollback to savepoint due", [], cancellationToken);
            if (ids is not [var id])
                return null;
            LogPutOff(logger, e, id);
            await SubscriptionStore.PutOffAsync(connection, tenantId, id, now + PutOff, cancellationToken);
            await AuditLog.WriteAsync(
                connection, tenantId, Actor.System(Job), "subscription.put-off", "subscription", SubscriptionView.Number(id), null, new { until = now + PutOff, reason = e.Message }, now, cancellationToken);
            return [];
        }
    }

    /// <summary>Takes the steps that time brings; where the money is not there it is asked for.</summary>
    async Task<List<TakenStep>> TakeAsync(NpgsqlConnection connection, int tenantId, List<SubscriptionRecord> records, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var planned = records.ConvertAll(Plan);
        var taken = await steps.TakeAsync(connection, tenantId, planned, now, cancellationToken);
        await UnpaidRenewals.EnqueueAsync(connection, tenantId, planned, taken, cancellationToken);
        return taken;
    }

    static PlannedStep Plan(SubscriptionRecord record)
    {
        var (ifPaid, ifRefused) = Lifecycle.Due(record.State);
        return new(record, ifPaid, ifRefused);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Subscription SUB-{Id} could not be gone on with and is put off for an hour")]
    static partial void LogPutOff(ILogger logger, Exception exception, long id);
}
