using System.Collections.Concurrent;
using System.Text.Json;
using Balatrix.Core.Proration;
using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>Plan versions as subscriptions need them. A version never changes, so each is read once.</summary>
sealed class PlanOffers
{
    /// <summary>A version and what follows from its terms.</summary>
    public sealed record Offer(int PlanVersionId, string Code, string Name, PlanTerms Terms)
    {
        /// <summary>How subscriptions to it renew.</summary>
        public RenewalRules Rules { get; } = Terms.RenewalRules();

        /// <summary>Calls at a time that the plan allows, or null.</summary>
        public int? MaxCalls { get; } = Terms.Limits.TryGetValue("concurrentCalls", out var calls) ? calls : null;

        /// <summary>As it is subscribed to by a cycle; null when it is not sold by it.</summary>
        public SubscriptionPlan? By(BillingCycle cycle) => Terms.PriceMicros(cycle) is { } price ? new(PlanVersionId, Code, cycle, price, Rules) : null;
    }

    readonly ConcurrentDictionary<int, Offer> versions = new();

    /// <summary>The latest version of a plan.</summary>
    public static Offer Of(PlanView plan) => new(plan.PlanVersionId, plan.Code, plan.Name, plan.Terms);

    /// <summary>A version that the tenant has subscriptions to.</summary>
    public async ValueTask<Offer> VersionAsync(NpgsqlConnection connection, int tenantId, int planVersionId, CancellationToken cancellationToken)
    {
        if (versions.TryGetValue(planVersionId, out var known))
            return known;
        var rows = await Database.QueryAsync(
            connection,
            """
            select v.plan_version_id, p.code, p.name, v.terms from catalog.plan_versions v join catalog.plans p on p.plan_id = v.plan_id
             where v.plan_version_id = $1 and v.tenant_id = $2
            """,
            [planVersionId, tenantId],
            r => new Offer(r.GetInt32(0), r.GetString(1), r.GetString(2), JsonSerializer.Deserialize<PlanTerms>(r.GetString(3), PlanTerms.Json)!), cancellationToken);
        return versions[planVersionId] = rows[0];
    }
}
