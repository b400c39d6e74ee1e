using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Audit;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>Suspends and resumes the subscriptions of an account that owes too long, in the caller's transaction.</summary>
public sealed class DunnedSubscriptions
{
    readonly SubscriptionStore store;
    readonly SubscriptionSteps steps;
    readonly DueSubscriptions due;

    internal DunnedSubscriptions(SubscriptionStore store, SubscriptionSteps steps, DueSubscriptions due) => (this.store, this.steps, this.due) = (store, steps, due);

    /// <summary>Locks an account's subscriptions. To be called before the account is locked, as moves by hand do, so that nobody waits in a ring.</summary>
    public static Task LockAsync(NpgsqlConnection connection, int tenantId, long accountId, CancellationToken cancellationToken) => Platform.Database.QueryAsync(
        connection, "select 1 from subscriptions.subscriptions where account_id = $1 and tenant_id = $2 order by subscription_id for update", [accountId, tenantId], r => 0, cancellationToken);

    /// <summary>Suspends those of an account that can be, and says which they are. Time runs on: what was paid for is not given back.</summary>
    public async Task<IReadOnlyList<long>> SuspendAsync(NpgsqlConnection connection, int tenantId, long accountId, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var suspended = new List<long>();
        foreach (var found in await store.ListAsync(connection, tenantId, null, accountId, null, long.MaxValue, int.MaxValue, cancellationToken))
            if (found.State.Status is SubscriptionStatus.Active or SubscriptionStatus.Trial or SubscriptionStatus.PastDue or SubscriptionStatus.Cancelled
                && await MoveAsync(connection, tenantId, found, new Suspend(), "subscription.suspended", actor, now, cancellationToken))
                suspended.Add(found.Id);
        return suspended;
    }

    /// <summary>Resumes one that is still suspended as dunning left it; that of a suspended customer comes back with its customer.</summary>
    /// <returns>False when its money is refused; true also when somebody else has moved it since.</returns>
    public async Task<bool> ResumeAsync(NpgsqlConnection connection, int tenantId, long subscriptionId, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var found = await store.FindAsync(connection, tenantId, subscriptionId, null, forUpdate: true, cancellationToken);
        if (found is not { State: { Status: SubscriptionStatus.Suspended, IsHeldByHand: true, IsHeldWithCustomer: false } })
            return true;
        if (!await IsCustomerSuspendedAsync(connection, tenantId, found.AccountId, cancellationToken))
            return await MoveAsync(connection, tenantId, found, new Activate(), "subscription.activated", actor, now, cancellationToken);
        await steps.TakeAsync(connection, tenantId, [new(found, new(found.State with { IsHeldWithCustomer = true }, [], []), null)], now, cancellationToken);
        return true;
    }

    static async Task<bool> IsCustomerSuspendedAsync(NpgsqlConnection connection, int tenantId, long accountId, CancellationToken cancellationToken) => (await Platform.Database.QueryAsync(
        connection,
        """
        select exists (select from customers.account_profiles p join customers.customers c on c.customer_id = p.customer_id
                        where p.account_id = $1 and p.tenant_id = $2 and c.status = 'suspended')
        """,
        [accountId, tenantId], r => r.GetBoolean(0), cancellationToken))[0];

    async Task<bool> MoveAsync(
        NpgsqlConnection connection, int tenantId, SubscriptionRecord found, SubscriptionCommand command, string action, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var record = await due.CatchUpAsync(connection, tenantId, found, now, cancellationToken);
        if (Lifecycle.Move(record.State, command, now).Step is not { } step)
            return false;
        var taken = (await steps.TakeAsync(connection, tenantId, [new(record, step, null)], now, cancellationToken))[0];
        if (taken.Step is null)
            return false;
        var answer = StepView.Of(taken.After, step, preview: false);
        await AuditLog.WriteAsync(connection, tenantId, actor, action, "subscription", answer.Subscription.Id, SubscriptionView.Of(record), answer, now, cancellationToken);
        return true;
    }
}
