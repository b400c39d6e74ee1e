using Balatrix.Core;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Invoicing.Dunning;

/// <summary>What time brings to unpaid invoices of a tenant with a test clock: at nine in the morning, as the schedule does.</summary>
sealed class DunningClock(Database database, OverdueInvoices invoices) : ITenantTime
{
    static readonly TimeOnly Morning = new(9, 0);

    /// <summary>The next morning on which something is due.</summary>
    public async Task<DateTimeOffset?> NextAsync(int tenantId, DateTimeOffset after, CancellationToken cancellationToken)
    {
        var (tenant, due) = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var (tenant, policy) = await OverdueInvoices.PolicyAsync(connection, tenantId, ct);
            return (tenant, policy is not null && OverdueInvoices.FirstDay(policy) is { } first ? await DunningStore.NextOnAsync(connection, tenantId, first, ct) : null);
        }, cancellationToken);
        if (due is not { } day)
            return null;
        var today = tenant.Day(after);
        var earliest = MorningOf(tenant, today) > after ? today : today.AddDays(1);
        return MorningOf(tenant, day > earliest ? day : earliest);
    }

    /// <summary>Does what is due, but not before nine.</summary>
    public async Task<int> RunAsync(int tenantId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (tenant, _) = await database.InTenantAsync(tenantId, (connection, ct) => OverdueInvoices.PolicyAsync(connection, tenantId, ct), cancellationToken);
        return now < MorningOf(tenant, tenant.Day(now)) ? 0 : await invoices.RunAsync(tenantId, now, cancellationToken);
    }

    static DateTimeOffset MorningOf(BillingTenant tenant, DateOnly day) => tenant.Zone.InstantOf(day.ToDateTime(Morning));
}
