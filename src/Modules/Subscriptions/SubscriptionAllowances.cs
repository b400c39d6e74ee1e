using Balatrix.Core.Proration;
using Balatrix.Core.Subscriptions;
using Balatrix.Core.Usage;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>Grants and ends included use as subscriptions go; what is used of it is counted by charging alone.</summary>
sealed class SubscriptionAllowances(PlanOffers plans)
{
    // An allowance holds for some time, however short: it was there when it was used.
    const string End = """
        update ledger.allowances a set valid_to = greatest(v.at, a.valid_from + interval '1 microsecond')
          from unnest($1::bigint[], $3::timestamptz[], $4::smallint[], $5::text[], $6::text[]) as v(account, at, service, destination, name)
         where a.account_id = any($1) and a.account_id = v.account and a.tenant_id = $2 and a.service = v.service and a.destination_group = v.destination and a.name = v.name
           and a.valid_from <= v.at and a.valid_to > v.at
        """;

    // All allowances of an add-on, whatever they were when it was taken: their names begin with its code.
    const string EndAddOn = """
        update ledger.allowances a set valid_to = greatest(v.at, a.valid_from + interval '1 microsecond')
          from unnest($1::bigint[], $3::timestamptz[], $4::text[]) as v(account, at, prefix)
         where a.account_id = any($1) and a.account_id = v.account and a.tenant_id = $2 and starts_with(a.name, v.prefix) and a.valid_from <= v.at and a.valid_to > v.at
        """;

    const string EndAll = """
        update ledger.allowances a set valid_to = greatest(v.at, a.valid_from + interval '1 microsecond')
          from unnest($1::bigint[], $3::timestamptz[]) as v(account, at)
         where a.account_id = any($1) and a.account_id = v.account and a.tenant_id = $2 and a.valid_from <= v.at and a.valid_to > v.at
        """;

    // What begins at the instant that another of the name began at takes its place: it was changed within the same second.
    const string Grant = """
        insert into ledger.allowances as a (account_id, tenant_id, service, destination_group, name, granted, valid_from, valid_to)
        select v.account, $2, v.service, v.destination, v.name, v.quantity + coalesce(last.unused, 0), v.valid_from, v.valid_to
          from unnest($1::bigint[], $3::timestamptz[], $4::timestamptz[], $5::smallint[], $6::text[], $7::text[], $8::bigint[], $9::boolean[])
               as v(account, valid_from, valid_to, service, destination, name, quantity, rollover)
          left join lateral (
            select sum(l.granted - l.used - l.held)::bigint as unused from ledger.allowances l
             where v.rollover and l.account_id = v.account and l.service = v.service and l.destination_group = v.destination and l.name = v.name and l.valid_to = v.valid_from) last on true
        on conflict (account_id, service, destination_group, name, valid_from) do update
           set granted = greatest(excluded.granted, a.used + a.held), valid_to = excluded.valid_to
        """;

    /// <summary>One allowance of a plan or add-on, as often as it was taken.</summary>
    readonly record struct Included(short Service, string DestinationGroup, string Name, bool Rollover);

    /// <summary>Ends and grants what the steps say. An account that begins a subscription keeps no allowance from before it.</summary>
    public async Task SaveAsync(NpgsqlConnection connection, int tenantId, List<TakenStep> taken, CancellationToken cancellationToken)
    {
        var begun = taken.FindAll(t => t.Before.Version == 0);
        if (begun.Count > 0)
            await Database.ExecuteAsync(
                connection, EndAll,
                [SubscriptionWrites.Column(begun, t => t.After.AccountId), tenantId, SubscriptionWrites.Column(begun, t => t.After.State.AllowanceMonth.From)], cancellationToken);
        await EndAsync(connection, tenantId, SubscriptionWrites.Effects<AllowancesEnded>(taken), cancellationToken);
        await GrantAsync(connection, tenantId, SubscriptionWrites.Effects<AllowancesGranted>(taken), cancellationToken);
    }

    async Task EndAsync(NpgsqlConnection connection, int tenantId, List<(TakenStep Taken, AllowancesEnded Effect)> ended, CancellationToken cancellationToken)
    {
        var rows = new List<(long Account, DateTimeOffset At, Included What)>();
        foreach (var (taken, effect) in ended.Where(e => e.Effect.AddOn is null))
            foreach (var allowance in await PlanAsync(connection, tenantId, taken.Before.State, cancellationToken))
                rows.Add((taken.After.AccountId, effect.At, Of(allowance)));
        var addOns = ended.FindAll(e => e.Effect.AddOn is not null);
        if (addOns.Count > 0)
            await Database.ExecuteAsync(
                connection, EndAddOn,
                [
                    SubscriptionWrites.Column(addOns, e => e.Taken.After.AccountId), tenantId, SubscriptionWrites.Column(addOns, e => e.Effect.At),
                    SubscriptionWrites.Column(addOns, e => AddOnOffers.NamePrefix(e.Effect.AddOn!)),
                ],
                cancellationToken);
        if (rows.Count == 0)
            return;
        rows = [.. rows.Distinct()];
        await Database.ExecuteAsync(
            connection, End,
            [
                SubscriptionWrites.Column(rows, r => r.Account), tenantId, SubscriptionWrites.Column(rows, r => r.At), SubscriptionWrites.Column(rows, r => r.What.Service),
                SubscriptionWrites.Column(rows, r => r.What.DestinationGroup), SubscriptionWrites.Column(rows, r => r.What.Name),
            ],
            cancellationToken);
    }

    async Task GrantAsync(NpgsqlConnection connection, int tenantId, List<(TakenStep Taken, AllowancesGranted Effect)> granted, CancellationToken cancellationToken)
    {
        var grants = new Dictionary<(long Account, Included What, BillingPeriod Span), long>();
        var addOns = await AddOnOffers.AllowancesAsync(connection, tenantId, granted.Where(g => g.Effect.AddOn is not null).Select(g => g.Effect.AddOn!), cancellationToken);
        foreach (var (taken, effect) in granted)
        {
            if (effect.Span.Seconds == 0)
                continue;
            foreach (var allowance in effect.AddOn is { } code ? addOns[code] : await PlanAsync(connection, tenantId, taken.After.State, cancellationToken))
            {
                var key = (taken.After.AccountId, Of(allowance), effect.Span);
                grants[key] = grants.GetValueOrDefault(key) + ProratedPrice.QuantityOf(checked(allowance.Quantity * effect.Quantity), effect.Span, effect.Month);
            }
        }
        if (grants.Count == 0)
            return;
        var rows = grants.ToList();
        await Database.ExecuteAsync(
            connection, Grant,
            [
                SubscriptionWrites.Column(rows, r => r.Key.Account), tenantId, SubscriptionWrites.Column(rows, r => r.Key.Span.From),
                SubscriptionWrites.Column(rows, r => r.Key.Span.To), SubscriptionWrites.Column(rows, r => r.Key.What.Service),
                SubscriptionWrites.Column(rows, r => r.Key.What.DestinationGroup), SubscriptionWrites.Column(rows, r => r.Key.What.Name),
                SubscriptionWrites.Column(rows, r => r.Value), SubscriptionWrites.Column(rows, r => r.Key.What.Rollover),
            ],
            cancellationToken);
    }

    /// <summary>What the plan includes each month.</summary>
    async ValueTask<PlanAllowance[]> PlanAsync(NpgsqlConnection connection, int tenantId, Subscription subscription, CancellationToken cancellationToken) =>
        (await plans.VersionAsync(connection, tenantId, subscription.Plan.PlanVersionId, cancellationToken)).Terms.Allowances;

    static Included Of(PlanAllowance allowance) => new(
        (short)(Services.TryParse(allowance.Service, out var service) ? service : default(Service)), allowance.DestinationGroup ?? "", allowance.Name, allowance.Rollover);
}
