using Balatrix.Core.Usage;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Customers;

/// <summary>What a customer spent and used, by month of the tenant's zone, from the records themselves.</summary>
public static class CustomerStatistics
{
    const int MostMonths = 24;

    /// <summary>Use of one service in one month. Quantity is in seconds of voice, segments or events.</summary>
    public sealed record MonthOfUse(string Month, string Service, string Currency, long Count, long Quantity, long CoveredQuantity, string Spend);

    /// <summary>Money that came in in one month.</summary>
    public sealed record MonthOfMoney(string Month, string Currency, string PaidIn, string Adjusted);

    /// <summary>What the customer's accounts of a currency have now.</summary>
    public sealed record CurrencyBalance(string Currency, int Accounts, string Balance, string Held, string CreditLimit);

    /// <summary>The statistics.</summary>
    public sealed record Report(int Months, List<CurrencyBalance> Balances, List<MonthOfUse> Usage, List<MonthOfMoney> Money);

    internal static async Task<IResult> Handle(long id, int? months, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        if (months is < 1 or > MostMonths)
            return Problem.Invalid("months", $"1 to {MostMonths}").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var zone = await clock.ZoneAsync(tenantId, cancellationToken);
        var from = PlanTerms.MonthOf(now.AddMonths(1 - (months ?? 6)), zone).From;
        var report = !CustomerEndpoints.Sees(context, id) ? null : await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (await CustomerStore.FindAsync(connection, tenantId, id, toChange: false, ct) is null)
                return null;
            var balances = await Database.QueryAsync(
                connection,
                """
                select a.currency, count(*)::int, sum(a.balance_micros)::bigint, sum(a.held_micros)::bigint, sum(a.credit_limit_micros)::bigint
                  from customers.account_profiles p join ledger.accounts a on a.account_id = p.account_id and a.tenant_id = p.tenant_id
                 where p.tenant_id = $1 and p.customer_id = $2 group by 1 order by 1
                """,
                [tenantId, id], r => new CurrencyBalance(r.GetString(0), r.GetInt32(1), Format(r.GetInt64(2)), Format(r.GetInt64(3)), Format(r.GetInt64(4))), ct);
            var usage = await Database.QueryAsync(
                connection,
                """
                select to_char(u.occurred_at at time zone $4, 'YYYY-MM'), u.service, a.currency, count(*), sum(u.billed_quantity)::bigint, sum(u.covered_quantity)::bigint, sum(u.amount_micros)::bigint
                  from customers.account_profiles p
                  join ledger.accounts a on a.account_id = p.account_id and a.tenant_id = p.tenant_id
                  join usage.usage_records u on u.account_id = a.account_id and u.tenant_id = a.tenant_id
                 where p.tenant_id = $1 and p.customer_id = $2 and u.occurred_at >= $3 group by 1, 2, 3 order by 1, 2, 3
                """,
                [tenantId, id, from, zone.Id],
                r => new MonthOfUse(r.GetString(0), Services.Name((Service)r.GetInt16(1)), r.GetString(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5), Format(r.GetInt64(6))), ct);
            var money = await Database.QueryAsync(
                connection,
                """
                select to_char(j.recorded_at at time zone $4, 'YYYY-MM'), a.currency,
                       coalesce(sum(j.amount_micros) filter (where j.kind in (1, 7)), 0)::bigint,
                       coalesce(sum(case when j.credit_book in (1, 2) then j.amount_micros else -j.amount_micros end) filter (where j.kind = 2), 0)::bigint
                  from customers.account_profiles p
                  join ledger.accounts a on a.account_id = p.account_id and a.tenant_id = p.tenant_id
                  join ledger.journal_entries j on j.account_id = a.account_id and j.tenant_id = a.tenant_id
                 where p.tenant_id = $1 and p.customer_id = $2 and j.recorded_at >= $3 group by 1, 2 order by 1, 2
                """,
                [tenantId, id, from, zone.Id], r => new MonthOfMoney(r.GetString(0), r.GetString(1), Format(r.GetInt64(2)), Format(r.GetInt64(3))), ct);
            return new Report(months ?? 6, balances, usage, money);
        }, cancellationToken);
        return report is null ? Problem.NotFound("customer").ToResult() : Results.Ok(report);
    }

    static string Format(long micros) => Core.Money.Format(micros);
}
