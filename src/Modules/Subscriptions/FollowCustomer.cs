using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>
/// Subscriptions stop and come back with their customer, in its transaction. They are locked first, then all accounts of the customer in their
/// order; what was due before is done before.
/// </summary>
sealed class FollowCustomer(SubscriptionTools tools)
{
    /// <summary>Follows a customer into a status.</summary>
    public async Task MoveAsync(NpgsqlConnection connection, int tenantId, long customerId, string status, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var living = await tools.Store.LockOfCustomerAsync(connection, tenantId, customerId, cancellationToken);
        if (status == "closed" && living.Count > 0)
            throw new ProblemException(new(
                409, "subscription_lives", $"{SubscriptionView.Number(living[0].Id)} is {SubscriptionMoves.Name(living[0].State.Status)}.", "subscription", "ended: cancel it first"));
        if (living.Count == 0)
            return;
        await LockAccountsAsync(connection, tenantId, customerId, cancellationToken);
        var planned = new List<PlannedStep>();
        foreach (var found in living)
        {
            var record = await tools.Due.CatchUpAsync(connection, tenantId, found, now, cancellationToken);
            if (status == "suspended" && Lifecycle.StopWithCustomer(record.State, now) is { } stop)
                planned.Add(new(record, stop, null));
            else if (status == "active" && Lifecycle.ResumeWithCustomer(record.State, now) is { } resume)
                planned.Add(new(record, resume.IfPaid, resume.IfRefused));
        }
        foreach (var taken in await tools.Steps.TakeAsync(connection, tenantId, planned, now, cancellationToken))
            await AuditLog.WriteAsync(
                connection, tenantId, actor, status == "suspended" ? "subscription.suspended" : "subscription.activated", "subscription", SubscriptionView.Number(taken.After.Id),
                SubscriptionView.Of(taken.Before), SubscriptionView.Of(taken.After), now, cancellationToken);
    }

    static async Task LockAccountsAsync(NpgsqlConnection connection, int tenantId, long customerId, CancellationToken cancellationToken) => await LedgerPosting.LockAsync(
        connection, tenantId,
        [.. await Database.QueryAsync(
            connection, "select account_id from customers.account_profiles where tenant_id = $1 and customer_id = $2", [tenantId, customerId], r => r.GetInt64(0), cancellationToken)],
        cancellationToken);
}
