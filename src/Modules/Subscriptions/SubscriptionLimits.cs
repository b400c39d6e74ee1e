using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>What a subscription allows of one thing that plans limit by name.</summary>
/// <param name="SubscriptionId">The subscription.</param>
/// <param name="AccountId">Its account.</param>
/// <param name="Plan">Code of its plan.</param>
/// <param name="Status">Where it stands, as the API shows it.</param>
/// <param name="IsInService">Whether use is possible now.</param>
/// <param name="Most">How many its plan and its add-ons allow; null is without a limit.</param>
public sealed record SubscriptionLimit(long SubscriptionId, long AccountId, string Plan, string Status, bool IsInService, int? Most);

/// <summary>Tells other modules what subscriptions allow, with the subscription locked: who counts what it has by then counts it alone.</summary>
public sealed class SubscriptionLimits
{
    readonly SubscriptionStore store;
    readonly PlanOffers plans;

    internal SubscriptionLimits(SubscriptionStore store, PlanOffers plans) => (this.store, this.plans) = (store, plans);

    /// <summary>Locks a subscription and tells what it allows; null when there is none of that number.</summary>
    public async Task<SubscriptionLimit?> LockAsync(NpgsqlConnection connection, int tenantId, long subscriptionId, string limit, CancellationToken cancellationToken) =>
        await store.FindAsync(connection, tenantId, subscriptionId, null, forUpdate: true, cancellationToken) is { } found
            ? await OfAsync(connection, tenantId, found, limit, cancellationToken)
            : null;

    /// <summary>Locks the subscription of an account that lives and tells what it allows; null when there is none.</summary>
    public async Task<SubscriptionLimit?> LockOfAccountAsync(NpgsqlConnection connection, int tenantId, long accountId, string limit, CancellationToken cancellationToken)
    {
        var living = await Database.QueryAsync(
            connection, "select subscription_id from subscriptions.subscriptions where tenant_id = $1 and account_id = $2 and status <> 7", [tenantId, accountId], r => r.GetInt64(0), cancellationToken);
        return living is [var id] ? await LockAsync(connection, tenantId, id, limit, cancellationToken) : null;
    }

    async Task<SubscriptionLimit> OfAsync(NpgsqlConnection connection, int tenantId, SubscriptionRecord record, string limit, CancellationToken cancellationToken)
    {
        var state = record.State;
        var terms = (await plans.VersionAsync(connection, tenantId, state.Plan.PlanVersionId, cancellationToken)).Terms;
        int? most = terms.Limits.TryGetValue(limit, out var included) ? included : null;
        if (most is not null)
            foreach (var addOn in state.AddOns)
                most += addOn.Quantity * await AddOnOffers.LimitAsync(connection, tenantId, addOn.Code, limit, cancellationToken);
        return new(record.Id, record.AccountId, state.Plan.Code, SubscriptionMoves.Name(state.Status), state.IsInService, most);
    }
}
