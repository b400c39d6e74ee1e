using System.Text.Json;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Customers;

/// <summary>
/// When and by how much a wallet is recharged from a saved payment method. The threshold stands with the balance, so that charging sees it crossed;
/// one that is set above the balance is crossed by being set.
/// </summary>
public static class AutoRecharge
{
    /// <summary>When and by how much to recharge.</summary>
    /// <param name="Enabled">Whether at all.</param>
    /// <param name="Threshold">Recharged when the balance falls below it, decimal string.</param>
    /// <param name="Amount">By so much, decimal string.</param>
    /// <param name="PaymentMethod">The saved method; the account's default when left out.</param>
    public sealed record Request(bool Enabled, string? Threshold, string? Amount, string? PaymentMethod);

    /// <summary>What an account is recharged by, or null when it is not.</summary>
    public static async Task<Request?> FindAsync(NpgsqlConnection connection, int tenantId, long accountId, CancellationToken cancellationToken) =>
        await StoredAsync(connection, tenantId, accountId, cancellationToken) is { Enabled: true } enabled ? enabled : null;

    internal static async Task<IResult> Handle(
        string id, Request request, HttpContext context, AccountDirectory directory, AccountStore accounts, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        if (await AccountEndpoints.FindAsync(id, context, directory, accounts, cancellationToken) is not { } account || !AccountDirectory.TryParseNumber(account.Id, out var accountId))
            return Problem.NotFound("account").ToResult();
        long? mark = null;
        if (request.Enabled && (!AccountEndpoints.TryAmount(request.Threshold, out mark) || mark is null))
            return Problem.Invalid("threshold", "a decimal string such as \"100.00\"").ToResult();
        if (request.Enabled && (!AccountEndpoints.TryAmount(request.Amount, out var amount) || amount is null or 0))
            return Problem.Invalid("amount", "a decimal string of more than 0").ToResult();
        if (request.PaymentMethod is { Length: > 128 } || request.PaymentMethod?.Contains('\0', StringComparison.Ordinal) == true)
            return Problem.Invalid("paymentMethod", "at most 128 characters").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            await SetAsync(connection, tenantId, accountId, request, account.Kind == "prepaid" ? mark : null, Actor.Of(context), now, ct);
            return 0;
        }, cancellationToken);
        return Results.Ok(await accounts.FindAsync(tenantId, accountId, cancellationToken));
    }

    /// <summary>Stores what was checked, with its mark, and writes down how it was and is.</summary>
    public static async Task SetAsync(
        NpgsqlConnection connection, int tenantId, long accountId, Request request, long? markMicros, Actor actor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await SetMarkAsync(connection, tenantId, accountId, markMicros, cancellationToken);
        var before = await StoredAsync(connection, tenantId, accountId, cancellationToken);
        await Database.ExecuteAsync(
            connection, "update customers.account_profiles set auto_recharge = $3::jsonb, updated_at = $4, version = version + 1 where account_id = $1 and tenant_id = $2",
            [accountId, tenantId, JsonSerializer.Serialize(request, JsonSerializerOptions.Web), now], cancellationToken);
        await AuditLog.WriteAsync(connection, tenantId, actor, "account.auto_recharge_set", "account", AccountDirectory.NumberOf(accountId), before, request, now, cancellationToken);
    }

    /// <summary>Locks the account, as charging does, so that the mark moves between two batches.</summary>
    static async Task SetMarkAsync(NpgsqlConnection connection, int tenantId, long accountId, long? mark, CancellationToken cancellationToken)
    {
        var (balance, entryNo, old, version) = (await Database.QueryAsync(
            connection,
            """
            select a.balance_micros, a.entry_no, a.recharge_mark_micros, p.version
              from ledger.accounts a join customers.account_profiles p on p.account_id = a.account_id
             where a.account_id = $1 and a.tenant_id = $2 for update of a
            """,
            [accountId, tenantId], r => (r.GetInt64(0), r.GetInt64(1), r.IsDBNull(2) ? (long?)null : r.GetInt64(2), r.GetInt32(3)), cancellationToken))[0];
        await Database.ExecuteAsync(connection, "update ledger.accounts set recharge_mark_micros = $3 where account_id = $1 and tenant_id = $2", [accountId, tenantId, mark], cancellationToken);
        if (balance < mark && !(balance < old))
            await BalanceCrossings.EnqueueRechargeAsync(connection, tenantId, new(accountId, entryNo, balance, mark.Value), $"/v{version}", cancellationToken);
    }

    static async Task<Request?> StoredAsync(NpgsqlConnection connection, int tenantId, long accountId, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, "select auto_recharge from customers.account_profiles where account_id = $1 and tenant_id = $2", [accountId, tenantId],
        r => r.IsDBNull(0) ? null : JsonSerializer.Deserialize<Request>(r.GetString(0), JsonSerializerOptions.Web), cancellationToken)).SingleOrDefault();
}
