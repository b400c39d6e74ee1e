using Balatrix.Core.Proration;
using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Subscriptions;

/// <summary>Makes the subscriptions that a demonstration begins with.</summary>
public sealed class SubscriptionSeeds
{
    readonly SubscriptionTools tools;

    internal SubscriptionSeeds(SubscriptionTools tools) => this.tools = tools;

    /// <summary>Subscribes an account from an instant on, unless it has a plan or had a subscription.</summary>
    /// <returns>Whether it was subscribed.</returns>
    public Task<bool> EnsureAsync(int tenantId, long accountId, PlanView plan, BillingCycle cycle, DateTimeOffset from, CancellationToken cancellationToken) =>
        tools.Database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            await LedgerPosting.LockAsync(connection, tenantId, [accountId], ct);
            var free = await Database.QueryAsync(
                connection,
                """
                select 1 from ledger.accounts a
                 where a.account_id = $1 and a.tenant_id = $2 and a.plan_version_id is null and not exists (select from subscriptions.subscriptions s where s.account_id = a.account_id)
                """,
                [accountId, tenantId], r => r.GetInt32(0), ct);
            if (free.Count == 0)
                return false;
            var sold = PlanOffers.Of(plan).By(cycle) ?? throw new InvalidOperationException($"{plan.Code} is not sold by that cycle.");
            var step = Lifecycle.Begin(sold, [], from, await tools.Clock.ZoneAsync(tenantId, ct), onTrial: false, autoRenew: true);
            var before = new SubscriptionRecord(await SubscriptionStore.NextIdAsync(connection, ct), accountId, plan.Currency, null, 0, from, step.After);
            var now = await tools.Clock.NowAsync(tenantId, ct);
            var taken = (await tools.Steps.TakeAsync(connection, tenantId, [new(before, step, null)], now, ct))[0];
            if (taken.Step is null)
                throw new InvalidOperationException($"The first period of account {accountId} was refused: {taken.Decision!.Refusal}.");
            await AuditLog.WriteAsync(
                connection, tenantId, Actor.System("seed"), "subscription.created", "subscription", SubscriptionView.Number(before.Id), null, StepView.Of(taken.After, step, preview: false), now, ct);
            return true;
        }, cancellationToken);
}
