using Balatrix.Modules.Catalog;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Customers;

/// <summary>Grants every account that has no subscription its plan's allowances at the start of each calendar month in its tenant's zone, with what is left of the last one where the plan lets it roll over.</summary>
public sealed class AllowanceRenewal(Database database, TenantClock clock, TimeProvider time, ILogger<AllowanceRenewal> logger)
    : RepeatedWork(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(5), time, logger), ITenantTime
{
    // The unique key of an allowance and its period makes a second node's grant, or a second run's, nothing.
    const string Grant = """
        insert into ledger.allowances (account_id, tenant_id, service, destination_group, name, granted, valid_from, valid_to)
        select a.account_id, a.tenant_id, s.service, coalesce(w.allowance ->> 'destinationGroup', ''), w.allowance ->> 'name',
               (w.allowance ->> 'quantity')::bigint
                 + case when (w.allowance ->> 'rollover')::boolean then coalesce(last.unused, 0) else 0 end,
               $2, $3
          from ledger.accounts a
          join catalog.plan_versions v on v.plan_version_id = a.plan_version_id and v.tenant_id = a.tenant_id
         cross join lateral jsonb_array_elements(coalesce(v.terms -> 'allowances', '[]')) as w(allowance)
          join (values ('voice.outbound', 1::smallint), ('voice.inbound', 2::smallint), ('sms', 3::smallint), ('event', 4::smallint)) as s(name, service)
            on s.name = w.allowance ->> 'service'
          left join lateral (
            select sum(l.granted - l.used - l.held) as unused from ledger.allowances l
             where l.account_id = a.account_id and l.name = w.allowance ->> 'name' and l.valid_to = $2) last on true
         where a.tenant_id = $1 and a.status <> 3
           and not exists (select from subscriptions.subscriptions s where s.account_id = a.account_id and s.status <> 7)
        on conflict do nothing
        """;

    /// <summary>Grants what is due in all tenants and says how many allowances that were.</summary>
    public async Task<int> RenewAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        var tenants = await Database.QueryAsync(
            connection, "select tenant_id, coalesce(test_now, $1) from platform.tenants order by tenant_id", [Time.GetUtcNow()],
            r => (Id: r.GetInt32(0), Now: r.GetFieldValue<DateTimeOffset>(1)), cancellationToken);
        var granted = 0;
        foreach (var tenant in tenants)
            granted += await RunAsync(tenant.Id, tenant.Now, cancellationToken);
        return granted;
    }

    /// <summary>The end of the tenant's month.</summary>
    public async Task<DateTimeOffset?> NextAsync(int tenantId, DateTimeOffset after, CancellationToken cancellationToken) =>
        PlanTerms.MonthOf(after, await clock.ZoneAsync(tenantId, cancellationToken)).To;

    /// <summary>Grants what is due in a tenant.</summary>
    public async Task<int> RunAsync(int tenantId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (from, to) = PlanTerms.MonthOf(now, await clock.ZoneAsync(tenantId, cancellationToken));
        return await database.InTenantAsync(tenantId, (c, ct) => Database.ExecuteAsync(c, Grant, [tenantId, from, to], ct), cancellationToken);
    }

    /// <summary>Grants what is due.</summary>
    protected override Task RunAsync(CancellationToken cancellationToken) => RenewAsync(cancellationToken);
}
