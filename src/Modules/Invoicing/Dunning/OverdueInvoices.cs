using Balatrix.Core.Dunning;
using Balatrix.Modules.Platform;
using Npgsql;
using Pursuit = Balatrix.Core.Dunning.Dunning;

namespace Balatrix.Modules.Invoicing.Dunning;

/// <summary>Goes through a tenant's unpaid invoices, each in a transaction of its own; one that fails does not stop the others.</summary>
sealed class OverdueInvoices(Database database, DunInvoice dun)
{
    const int Page = 500;

    /// <summary>Does all that is due today, and says how many steps that were.</summary>
    /// <exception cref="AggregateException">Some invoices failed; the others are done.</exception>
    public async Task<int> RunAsync(int tenantId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (tenant, policy) = await database.InTenantAsync(tenantId, (connection, ct) => PolicyAsync(connection, tenantId, ct), cancellationToken);
        if (policy is null || FirstDay(policy) is not { } first)
            return 0;
        var today = tenant.Day(now);
        var (taken, after, failures) = (0, (DateOnly.MinValue, 0L), new List<Exception>());
        while (true)
        {
            var page = await database.InTenantAsync(
                tenantId, (connection, ct) => DunningStore.OpenAsync(connection, tenantId, today.AddDays(-first), today, after, Page, ct), cancellationToken);
            foreach (var invoice in page.Where(i => Pursuit.Next(i.Facts, policy, today).Steps.Length > 0))
            {
                try
                {
                    taken += await database.InTenantAsync(tenantId, (connection, ct) => dun.RunAsync(connection, tenantId, tenant, policy, invoice, now, ct), cancellationToken);
                }
                catch (Exception e) when (e is not OperationCanceledException && !Database.IsPassing(e))
                {
                    failures.Add(new InvalidOperationException($"{invoice.Number}: {e.Message}", e));
                }
            }
            if (page.Count < Page)
                break;
            after = (page[^1].Facts.DueOn, page[^1].DocumentId);
        }
        return failures.Count == 0 ? taken : throw new AggregateException($"{failures.Count} invoices could not be pursued.", failures);
    }

    /// <summary>The tenant as it bills, and its policy; null when it pursues nothing.</summary>
    public static async Task<(BillingTenant Tenant, DunningPolicy? Policy)> PolicyAsync(NpgsqlConnection connection, int tenantId, CancellationToken cancellationToken)
    {
        var tenant = await BillingTenant.LoadAsync(connection, tenantId, cancellationToken);
        return (tenant, tenant.Settings.Dunning?.Enabled == false ? null : DunningSettings.Read(tenant.Settings.Dunning).Policy);
    }

    /// <summary>The first day of a policy on which anything is done, counted from the last day to pay.</summary>
    public static int? FirstDay(DunningPolicy policy)
    {
        int?[] days = [policy.Stages.IsEmpty ? null : policy.Stages[0].Day, policy.Fee?.Day, policy.WriteOffDay];
        return days.Min();
    }
}
