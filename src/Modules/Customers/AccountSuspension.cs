using Balatrix.Core.Charging;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Customers;

/// <summary>Stops single accounts, and starts them again. A stopped account takes no new use; what is going on ends with what is paid for.</summary>
public static class AccountSuspension
{
    /// <summary>Stops an account that runs, in the caller's transaction; false when it does not run.</summary>
    public static Task<bool> StopAsync(
        NpgsqlConnection connection, int tenantId, long accountId, Actor actor, string reason, DateTimeOffset now, CancellationToken cancellationToken) =>
        MoveAsync(connection, tenantId, accountId, AccountStatus.Active, AccountStatus.Suspended, actor, reason, now, cancellationToken);

    /// <summary>Starts an account that was stopped; it stays stopped with its customer when that is suspended. False when it was not stopped.</summary>
    public static Task<bool> StartAsync(
        NpgsqlConnection connection, int tenantId, long accountId, Actor actor, string reason, DateTimeOffset now, CancellationToken cancellationToken) =>
        MoveAsync(connection, tenantId, accountId, AccountStatus.Suspended, AccountStatus.Active, actor, reason, now, cancellationToken);

    static async Task<bool> MoveAsync(
        NpgsqlConnection connection, int tenantId, long accountId, AccountStatus from, AccountStatus to, Actor actor, string reason, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (to == AccountStatus.Active && await StopsWithCustomerAsync(connection, tenantId, accountId, cancellationToken))
            return false;
        await LedgerPosting.LockAsync(connection, tenantId, [accountId], cancellationToken);
        if (await Database.ExecuteAsync(
            connection, "update ledger.accounts set status = $4 where account_id = $1 and tenant_id = $2 and status = $3", [accountId, tenantId, (short)from, (short)to], cancellationToken) == 0)
            return false;
        await AuditLog.WriteAsync(
            connection, tenantId, actor, to == AccountStatus.Active ? "account.activated" : "account.suspended", "account", AccountDirectory.NumberOf(accountId),
            new { status = Name(from) }, new { status = Name(to), reason }, now, cancellationToken);
        return true;
    }

    /// <summary>An account of a suspended customer is left to start with it. The customer is locked, as its own suspending does.</summary>
    static async Task<bool> StopsWithCustomerAsync(NpgsqlConnection connection, int tenantId, long accountId, CancellationToken cancellationToken)
    {
        var status = await Database.QueryAsync(
            connection,
            """
            select c.status from customers.customers c join customers.account_profiles p on p.customer_id = c.customer_id
             where p.account_id = $1 and p.tenant_id = $2 for update of c
            """,
            [accountId, tenantId], r => r.GetString(0), cancellationToken);
        if (status is not ["suspended"])
            return false;
        await Database.ExecuteAsync(
            connection, "update customers.account_profiles set stopped_with_customer = true where account_id = $1 and tenant_id = $2", [accountId, tenantId], cancellationToken);
        return true;
    }

    static string Name(AccountStatus status) => status.ToString().ToLowerInvariant();
}
