using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Customers;

/// <summary>An account as the API shows it. Amounts are decimal strings of its currency.</summary>
public sealed record AccountView(
    string Id, string Name, long? CustomerId, string Kind, string Status, string Currency, string Balance, string Held, string Available, string CreditLimit,
    string? DailySpendCap, int? ConcurrentCalls, int? RequestsPerSecond, string[] AllowedIps, string? LowBalance, JsonElement? AutoRecharge, string? Plan,
    int? PlanVersionId, string[] Codes, DateTimeOffset CreatedAt, int Version);

/// <summary>What is left of an allowance.</summary>
public sealed record AllowanceView(
    string Name, string Service, string DestinationGroup, string Unit, long Granted, long Used, long Held, long Left, DateTimeOffset ValidFrom, DateTimeOffset ValidTo);

/// <summary>A new account.</summary>
public sealed record NewAccount(
    string Name, long? CustomerId, AccountKind Kind, string Currency, PlanView? Plan, long CreditLimitMicros, string[] Codes, DateTimeOffset PlanFrom, long? AccountId = null);

/// <summary>Accounts in the database. Balances are the charging pipeline's; everything else is written here.</summary>
public sealed class AccountStore(Database database, TenantClock clock)
{
    const string Select = """
        select a.account_id, p.name, p.customer_id, a.kind, a.status, a.currency, a.balance_micros, a.held_micros, a.credit_limit_micros, a.daily_cap_micros,
               a.max_calls, p.requests_per_second, p.allowed_ips, a.low_mark_micros, p.auto_recharge, pl.code, a.plan_version_id,
               array(select c.code from customers.account_codes c where c.account_id = a.account_id and c.tenant_id = a.tenant_id order by c.code), p.created_at, p.version, a.bar
          from ledger.accounts a
          join customers.account_profiles p on p.account_id = a.account_id
          left join catalog.plan_versions v on v.plan_version_id = a.plan_version_id
          left join catalog.plans pl on pl.plan_id = v.plan_id
        """;

    /// <summary>One, or null.</summary>
    public Task<AccountView?> FindAsync(int tenantId, long accountId, CancellationToken cancellationToken) =>
        database.InTenantAsync(tenantId, (connection, ct) => FindAsync(connection, tenantId, accountId, ct), cancellationToken);

    /// <summary>Those of a customer, by number.</summary>
    public Task<List<AccountView>> OfCustomerAsync(int tenantId, long customerId, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        (connection, ct) => Database.QueryAsync(connection, Select + " where p.customer_id = $1 and a.tenant_id = $2 order by a.account_id", [customerId, tenantId], Read, ct),
        cancellationToken);

    /// <summary>Opens an account on a plan and grants the allowances of the month.</summary>
    /// <returns>Its number, or the code that another account has already.</returns>
    public Task<(long AccountId, string? TakenCode)> OpenAsync(int tenantId, NewAccount account, Actor actor, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        async (connection, ct) =>
        {
            var now = await clock.NowAsync(tenantId, ct);
            foreach (var code in account.Codes)
                if ((await Database.QueryAsync(connection, "select 1 from customers.account_codes where tenant_id = $1 and code = $2", [tenantId, code], r => 1, ct)).Count > 0)
                    return (0L, code);
            var id = account.AccountId ?? (await Database.QueryAsync(connection, "select nextval('ledger.account_ids')", [], r => r.GetInt64(0), ct))[0];
            await Database.ExecuteAsync(
                connection,
                """
                insert into ledger.accounts (account_id, tenant_id, kind, currency, credit_limit_micros, plan_version_id, plan_since, max_calls)
                values ($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                [
                    id, tenantId, (short)account.Kind, account.Currency, account.CreditLimitMicros, account.Plan?.PlanVersionId, account.Plan is null ? null : account.PlanFrom,
                    account.Plan?.Terms.Limits.TryGetValue("concurrentCalls", out var calls) == true ? calls : null,
                ], ct);
            await Database.ExecuteAsync(
                connection,
                "insert into customers.account_profiles (tenant_id, account_id, customer_id, name, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)",
                [tenantId, id, account.CustomerId, account.Name, now], ct);
            foreach (var code in account.Codes)
                await Database.ExecuteAsync(connection, "insert into customers.account_codes (tenant_id, code, account_id) values ($1, $2, $3)", [tenantId, code, id], ct);
            if (account.Plan is { } plan)
            {
                await Database.ExecuteAsync(
                    connection, "insert into ledger.account_plans (account_id, tenant_id, valid_from, plan_version_id) values ($1, $2, $3, $4)",
                    [id, tenantId, account.PlanFrom, plan.PlanVersionId], ct);
                await GrantAsync(connection, tenantId, id, plan.Terms, now, await clock.ZoneAsync(tenantId, ct), ct);
            }
            await AuditLog.WriteAsync(connection, tenantId, actor, "account.opened", "account", AccountDirectory.NumberOf(id), null, await FindAsync(connection, tenantId, id, ct), now, ct);
            return (id, (string?)null);
        },
        cancellationToken);

    /// <summary>The allowances that hold now.</summary>
    public Task<List<AllowanceView>> AllowancesAsync(int tenantId, long accountId, CancellationToken cancellationToken) => database.InTenantAsync(
        tenantId,
        async (connection, ct) => await Database.QueryAsync(
            connection,
            """
            select name, service, destination_group, granted, used, held, valid_from, valid_to from ledger.allowances
             where account_id = $1 and tenant_id = $2 and valid_from <= $3 and valid_to > $3 order by valid_to, allowance_id
            """,
            [accountId, tenantId, await clock.NowAsync(tenantId, ct)],
            r => new AllowanceView(
                r.GetString(0), Services.Name((Service)r.GetInt16(1)), r.GetString(2), r.GetInt16(1) <= 2 ? "seconds" : r.GetInt16(1) == 3 ? "segments" : "events",
                r.GetInt64(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(3) - r.GetInt64(4) - r.GetInt64(5),
                r.GetFieldValue<DateTimeOffset>(6), r.GetFieldValue<DateTimeOffset>(7)),
            ct),
        cancellationToken);

    /// <summary>Changes limits; a plain update takes the same row lock as charging, so it stands between two batches.</summary>
    public Task<AccountView?> SetLimitsAsync(
        int tenantId, long accountId, long? creditLimitMicros, long? dailyCapMicros, long? lowMarkMicros, int? calls, int? requests, string[] ips, Actor actor, CancellationToken cancellationToken) =>
        ChangeAsync(tenantId, accountId, "account.limits-set", actor, async (connection, now, ct) =>
        {
            await Database.ExecuteAsync(
                connection,
                "update ledger.accounts set credit_limit_micros = coalesce($3, credit_limit_micros), daily_cap_micros = $4, max_calls = $5, low_mark_micros = $6 where account_id = $1 and tenant_id = $2",
                [accountId, tenantId, creditLimitMicros, dailyCapMicros, calls, lowMarkMicros], ct);
            await Database.ExecuteAsync(
                connection,
                "update customers.account_profiles set requests_per_second = $3, allowed_ips = $4, updated_at = $5, version = version + 1 where account_id = $1 and tenant_id = $2",
                [accountId, tenantId, requests, ips, now], ct);
        }, cancellationToken);

    /// <summary>Locks the account, changes it, and writes down how it was and is.</summary>
    Task<AccountView?> ChangeAsync(
        int tenantId, long accountId, string action, Actor actor, Func<NpgsqlConnection, DateTimeOffset, CancellationToken, Task> change, CancellationToken cancellationToken) =>
        database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var now = await clock.NowAsync(tenantId, ct);
            await LedgerPosting.LockAsync(connection, tenantId, [accountId], ct);
            if (await FindAsync(connection, tenantId, accountId, ct) is not { } before)
                return null;
            await change(connection, now, ct);
            var after = await FindAsync(connection, tenantId, accountId, ct);
            await AuditLog.WriteAsync(connection, tenantId, actor, action, "account", before.Id, before, after, now, ct);
            return after;
        }, cancellationToken);

    static async Task<AccountView?> FindAsync(NpgsqlConnection connection, int tenantId, long accountId, CancellationToken cancellationToken) =>
        (await Database.QueryAsync(connection, Select + " where a.account_id = $1 and a.tenant_id = $2", [accountId, tenantId], Read, cancellationToken)).SingleOrDefault();

    static async Task GrantAsync(
        NpgsqlConnection connection, int tenantId, long accountId, PlanTerms terms, DateTimeOffset now, TimeZoneInfo zone, CancellationToken cancellationToken)
    {
        var (from, to) = PlanTerms.MonthOf(now, zone);
        foreach (var grant in terms.AllowancesFor(from, to))
        {
            await Database.ExecuteAsync(
                connection,
                """
                insert into ledger.allowances (account_id, tenant_id, service, destination_group, name, granted, valid_from, valid_to)
                values ($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                [accountId, tenantId, (short)grant.Service, grant.DestinationGroup, grant.Name, grant.Quantity, grant.ValidFrom, grant.ValidTo], cancellationToken);
        }
    }

    static AccountView Read(NpgsqlDataReader r) => new(
        AccountDirectory.NumberOf(r.GetInt64(0)), r.GetString(1), r.IsDBNull(2) ? null : r.GetInt64(2), r.GetInt16(3) == 1 ? "prepaid" : "postpaid",
        Status((AccountStatus)r.GetInt16(4), (AccountBar)r.GetInt16(20)), r.GetString(5), Money.Format(r.GetInt64(6)), Money.Format(r.GetInt64(7)),
        Money.Format(r.GetInt64(6) + r.GetInt64(8) - r.GetInt64(7)), Money.Format(r.GetInt64(8)), Amount(r, 9), r.IsDBNull(10) ? null : r.GetInt32(10),
        r.IsDBNull(11) ? null : r.GetInt32(11), r.GetFieldValue<string[]>(12), Amount(r, 13), r.IsDBNull(14) ? null : JsonDocument.Parse(r.GetString(14)).RootElement,
        r.IsDBNull(15) ? null : r.GetString(15), r.IsDBNull(16) ? null : r.GetInt32(16), r.GetFieldValue<string[]>(17), r.GetFieldValue<DateTimeOffset>(18), r.GetInt32(19));

    /// <summary>What staff set, or else what dunning has barred.</summary>
    static string Status(AccountStatus status, AccountBar bar) => (status, bar) switch
    {
        (AccountStatus.Closed, _) => "closed",
        (AccountStatus.Suspended, _) or (_, AccountBar.All) => "suspended",
        (_, AccountBar.Outgoing) => "restricted",
        _ => "active",
    };

    static string? Amount(NpgsqlDataReader r, int at) => r.IsDBNull(at) ? null : Money.Format(r.GetInt64(at));
}
