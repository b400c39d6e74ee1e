using System.Text.Json;
using Balatrix.Core;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Invoicing;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Subscriptions;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>
/// The job process-subscription-payment: a renewal found too little in a wallet, and what is missing is charged to a saved method, with the tax that
/// comes out of it on its way into the wallet. One payment a renewal, however often the renewal is tried meanwhile; none while a recharge is under way.
/// </summary>
sealed class CollectRenewal(Database database, GatewayDirectory gateways, DefaultMethodCharge charge) : IJobHandler
{
    public const string Queue = UnpaidRenewals.Queue;
    public const string Kind = UnpaidRenewals.Kind;

    /// <summary>What a renewal needs now.</summary>
    sealed record Need(string Key, PayingAccount What, MethodRecord Method);

    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var wanted = run.Payload.Deserialize<RenewalCharge>(JsonSerializerOptions.Web)!;
        if (await FindAsync(run, wanted, cancellationToken) is not { } need)
            return;
        // What is less than the gateway takes is taken as its least; the rest stays in the wallet.
        var least = (await gateways.FindAsync(run.TenantId, need.Method.Gateway, cancellationToken))?.MinMicros ?? 0;
        var what = need.What with { AmountMicros = Math.Max(need.What.AmountMicros, least) };
        await charge.TryAsync(
            run.TenantId, new(what, PaymentPurpose.Subscription, PaymentRecord.JobKey + need.Key, PayingAccount.HashOf(new { need.Key })) { SubscriptionId = wanted.SubscriptionId }, need.Method, Kind,
            cancellationToken);
    }

    /// <summary>Whether a payment that failed is still wanted: its renewal waits for it, and nothing else has brought the money.</summary>
    public static async Task<bool> IsWantedAsync(NpgsqlConnection connection, int tenantId, PaymentRecord payment, CancellationToken cancellationToken) =>
        payment.SubscriptionId is { } id && await UnpaidRenewals.FindAsync(connection, tenantId, id, cancellationToken) is { } unpaid && payment.IdempotencyKey == PaymentRecord.JobKey + unpaid.Key;

    async Task<Need?> FindAsync(JobRun run, RenewalCharge wanted, CancellationToken cancellationToken)
    {
        if (!Money.TryParse(wanted.Amount, out var needed) || needed <= 0)
            throw new JobImpossibleException($"{wanted.Amount} is no amount.");
        // In a transaction that ends before the gateway is called.
        return await database.InTenantAsync(run.TenantId, async (connection, ct) =>
        {
            if (await UnpaidRenewals.FindAsync(connection, run.TenantId, wanted.SubscriptionId, ct) is not { } unpaid)
                return null;
            var account = (await Database.QueryAsync(
                connection,
                """
                select currency, balance_micros + credit_limit_micros - held_micros from ledger.accounts a
                 where account_id = $1 and tenant_id = $2 and kind = 1 and status <> 3
                   and not exists (select from payments.payments p where p.account_id = $1 and (p.idempotency_key = $3 or (p.purpose = $4 and p.status in (1, 2, 3, 4, 5))))
                """,
                [wanted.AccountId, run.TenantId, PaymentRecord.JobKey + unpaid.Key, (short)PaymentPurpose.AutoRecharge], r => (Currency: r.GetString(0), Available: r.GetInt64(1)), ct)).SingleOrDefault();
            if (account.Currency is null)
                return null;
            if (account.Available >= needed)
            {
                await UnpaidRenewals.ResumeAsync(connection, run.TenantId, wanted.AccountId, $"{unpaid.Key}/{run.JobId}", ct);
                return null;
            }
            if (await MethodAsync(connection, run.TenantId, wanted, unpaid, ct) is not { } method)
                return null;
            var gross = await Receivables.GrossForAsync(connection, run.TenantId, wanted.AccountId, needed - account.Available, run.Now, ct);
            return new Need(unpaid.Key, new(wanted.AccountId, account.Currency, gross, null, $"Subscription of {AccountDirectory.NumberOf(wanted.AccountId)}"), method);
        }, cancellationToken);
    }

    /// <summary>The method that the subscription names, the one of its mandate, or the account's default.</summary>
    static async Task<MethodRecord?> MethodAsync(NpgsqlConnection connection, int tenantId, RenewalCharge wanted, UnpaidRenewal unpaid, CancellationToken cancellationToken)
    {
        if (unpaid.PaymentMethod is { } named && PaymentNumbers.TryParse("PM-", named, out var id) && await SavedMethods.FindAsync(connection, tenantId, id, [wanted.AccountId], cancellationToken) is { } chosen)
            return chosen;
        var agreed = await Database.QueryAsync(
            connection, "select method_id from payments.mandates where subscription_id = $1 and account_id = $2 and tenant_id = $3 and status = 2 and method_id is not null order by mandate_id desc limit 1",
            [wanted.SubscriptionId, wanted.AccountId, tenantId], r => r.GetInt64(0), cancellationToken);
        return agreed is [var methodId] && await SavedMethods.FindAsync(connection, tenantId, methodId, [wanted.AccountId], cancellationToken) is { } own
            ? own
            : await SavedMethods.DefaultAsync(connection, tenantId, wanted.AccountId, cancellationToken);
    }
}
