using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>Calls at a time follow the plan and its add-ons, unless they were set by hand.</summary>
sealed class CallLimits(PlanOffers plans)
{
    const string Limit = "concurrentCalls";

    const string Set = """
        update ledger.accounts a set max_calls = v.after
          from unnest($1::bigint[], $3::int[], $4::int[]) as v(account, before, after)
         where a.account_id = any($1) and a.account_id = v.account and a.tenant_id = $2 and a.max_calls is not distinct from v.before
        """;

    /// <summary>Writes the limits of the accounts whose plan or add-ons are others now; the accounts are locked.</summary>
    public async Task SaveAsync(NpgsqlConnection connection, int tenantId, List<TakenStep> taken, CancellationToken cancellationToken)
    {
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        var changed = new List<(long Account, int? Before, int? After)>();
        foreach (var (before, after, _, _) in taken)
        {
            var isNew = before.Version == 0;
            if (!isNew && before.State.Plan.PlanVersionId == after.State.Plan.PlanVersionId && before.State.AddOns.SequenceEqual(after.State.AddOns))
                continue;
            var was = isNew ? await OfAccountAsync(connection, tenantId, before.AccountId, cancellationToken) : await OfAsync(connection, tenantId, before.State, known, cancellationToken);
            var now = await OfAsync(connection, tenantId, after.State, known, cancellationToken);
            if (was != now)
                changed.Add((after.AccountId, was, now));
        }
        if (changed.Count > 0)
            await Database.ExecuteAsync(
                connection, Set,
                [SubscriptionWrites.Column(changed, c => c.Account), tenantId, SubscriptionWrites.Column(changed, c => c.Before), SubscriptionWrites.Column(changed, c => c.After)], cancellationToken);
    }

    /// <summary>What a plan and its add-ons allow; null is without a limit.</summary>
    async ValueTask<int?> OfAsync(NpgsqlConnection connection, int tenantId, Subscription subscription, Dictionary<string, int> known, CancellationToken cancellationToken)
    {
        if ((await plans.VersionAsync(connection, tenantId, subscription.Plan.PlanVersionId, cancellationToken)).MaxCalls is not { } calls)
            return null;
        foreach (var addOn in subscription.AddOns)
        {
            if (!known.TryGetValue(addOn.Code, out var more))
                known.Add(addOn.Code, more = await AddOnOffers.LimitAsync(connection, tenantId, addOn.Code, Limit, cancellationToken));
            calls += addOn.Quantity * more;
        }
        return calls;
    }

    /// <summary>What the account's plan allows before it is subscribed.</summary>
    async Task<int?> OfAccountAsync(NpgsqlConnection connection, int tenantId, long accountId, CancellationToken cancellationToken)
    {
        var found = await Database.QueryAsync(
            connection, "select plan_version_id from ledger.accounts where account_id = $1 and tenant_id = $2", [accountId, tenantId], r => r.IsDBNull(0) ? (int?)null : r.GetInt32(0), cancellationToken);
        return found is [{ } version] ? (await plans.VersionAsync(connection, tenantId, version, cancellationToken)).MaxCalls : null;
    }
}
