using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Customers;

/// <summary>Suspending, activating and closing customers. Their accounts and subscriptions follow in the same transaction, so the next call is refused or taken at once.</summary>
public static class CustomerStatus
{
    /// <summary>Why a customer is suspended.</summary>
    public sealed record SuspendRequest(string? Reason);

    internal static async Task<IResult> Suspend(long id, SuspendRequest request, HttpContext context, Database database, TenantClock clock, CustomerMoved moved, CancellationToken cancellationToken)
    {
        if (request.Reason is not { Length: > 0 and <= 500 } || request.Reason.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("reason", "1 to 500 characters").ToResult();
        return await MoveAsync(id, "customer.suspended", ["active", "suspended"], c => c with { Status = "suspended", SuspendReason = request.Reason }, StopAccountsAsync, context, database, clock, moved, cancellationToken);
    }

    internal static Task<IResult> Activate(long id, HttpContext context, Database database, TenantClock clock, CustomerMoved moved, CancellationToken cancellationToken) =>
        MoveAsync(id, "customer.activated", ["active", "suspended"], c => c with { Status = "active", SuspendReason = null }, StartAccountsAsync, context, database, clock, moved, cancellationToken);

    internal static Task<IResult> Close(long id, HttpContext context, Database database, TenantClock clock, CustomerMoved moved, CancellationToken cancellationToken) =>
        MoveAsync(id, "customer.closed", ["active", "suspended", "closed"], c => c with { Status = "closed" }, CloseAccountsAsync, context, database, clock, moved, cancellationToken);

    static async Task<IResult> MoveAsync(
        long id, string action, string[] from, Func<CustomerView, CustomerView> move, Func<NpgsqlConnection, int, long, CancellationToken, Task> effect,
        HttpContext context, Database database, TenantClock clock, CustomerMoved moved, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var after = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            if (await CustomerStore.FindAsync(connection, tenantId, id, toChange: true, ct) is not { } before)
                return null;
            Preconditions.Check(context.Request, before.Version);
            if (!from.Contains(before.Status))
                throw new ProblemException(new(409, $"customer_{before.Status}", $"The customer is {before.Status}.", "status", string.Join(" or ", from)));
            var changed = move(before);
            if (changed == before)
                return before;
            // Subscriptions before accounts, as everywhere.
            await moved(connection, tenantId, id, changed.Status, Actor.Of(context), now, ct);
            await effect(connection, tenantId, id, ct);
            await CustomerStore.UpdateAsync(connection, tenantId, changed, now, ct);
            var view = (await CustomerStore.FindAsync(connection, tenantId, id, toChange: false, ct))!;
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), action, "customer", CustomerEndpoints.Name(id), before, view, now, ct);
            return view;
        }, cancellationToken);
        return after is null ? Problem.NotFound("customer").ToResult() : Results.Ok(after);
    }

    /// <summary>Locks the accounts in their order, as charging does, and stops those that run.</summary>
    static async Task StopAccountsAsync(NpgsqlConnection connection, int tenantId, long customerId, CancellationToken cancellationToken)
    {
        var running = await LockAccountsAsync(connection, tenantId, customerId, AccountStatus.Active, cancellationToken);
        await Database.ExecuteAsync(connection, "update ledger.accounts set status = 2 where account_id = any($1) and tenant_id = $2", [running, tenantId], cancellationToken);
        await Database.ExecuteAsync(
            connection, "update customers.account_profiles set stopped_with_customer = true where account_id = any($1) and tenant_id = $2", [running, tenantId], cancellationToken);
    }

    static async Task StartAccountsAsync(NpgsqlConnection connection, int tenantId, long customerId, CancellationToken cancellationToken)
    {
        var stopped = await LockAccountsAsync(connection, tenantId, customerId, AccountStatus.Suspended, cancellationToken);
        var restarted = await Database.QueryAsync(
            connection, "update customers.account_profiles set stopped_with_customer = false where account_id = any($1) and tenant_id = $2 and stopped_with_customer returning account_id",
            [stopped, tenantId], r => r.GetInt64(0), cancellationToken);
        await Database.ExecuteAsync(connection, "update ledger.accounts set status = 1 where account_id = any($1) and tenant_id = $2", [restarted.ToArray(), tenantId], cancellationToken);
    }

    static async Task CloseAccountsAsync(NpgsqlConnection connection, int tenantId, long customerId, CancellationToken cancellationToken)
    {
        var left = await Database.QueryAsync(
            connection,
            """
            select a.account_id, a.currency, a.balance_micros, a.held_micros
              from customers.account_profiles p join ledger.accounts a on a.account_id = p.account_id and a.tenant_id = p.tenant_id
             where p.tenant_id = $1 and p.customer_id = $2 order by a.account_id for update of a
            """,
            [tenantId, customerId], r => (Id: r.GetInt64(0), Currency: r.GetString(1), Balance: r.GetInt64(2), Held: r.GetInt64(3)), cancellationToken);
        if (left.FirstOrDefault(a => a.Balance != 0 || a.Held != 0) is { Id: > 0 } account)
            throw new ProblemException(new(
                409, "money_remains", $"{AccountDirectory.NumberOf(account.Id)} has a balance of {Money.Format(account.Balance)} {account.Currency} and holds {Money.Format(account.Held)}.",
                "balance", "0.00: pay out, adjust or collect first"));
        // Also an account without a balance may have an unpaid invoice, beside a payment that was not allocated to it.
        var open = await Database.QueryAsync(
            connection,
            """
            select number, total_micros - settled_micros - credited_micros, currency from invoicing.documents
             where account_id = any($1) and tenant_id = $2 and kind in (1, 3) and status = 1 and total_micros > settled_micros + credited_micros order by document_id limit 1
            """,
            [left.Select(a => a.Id).ToArray(), tenantId], r => (Number: r.GetString(0), Due: r.GetInt64(1), Currency: r.GetString(2)), cancellationToken);
        if (open is [var invoice])
            throw new ProblemException(new(409, "invoice_open", $"{invoice.Number} is open with {Money.Format(invoice.Due)} {invoice.Currency}.", "invoice", "paid, credited or void"));
        await Database.ExecuteAsync(
            connection, "update ledger.accounts set status = 3 where account_id = any($1) and tenant_id = $2", [left.Select(a => a.Id).ToArray(), tenantId], cancellationToken);
    }

    static async Task<long[]> LockAccountsAsync(NpgsqlConnection connection, int tenantId, long customerId, AccountStatus status, CancellationToken cancellationToken) =>
        [.. await Database.QueryAsync(
            connection,
            """
            select a.account_id from customers.account_profiles p join ledger.accounts a on a.account_id = p.account_id and a.tenant_id = p.tenant_id
             where p.tenant_id = $1 and p.customer_id = $2 and a.status = $3 order by a.account_id for update of a
            """,
            [tenantId, customerId, (short)status], r => r.GetInt64(0), cancellationToken)];
}
