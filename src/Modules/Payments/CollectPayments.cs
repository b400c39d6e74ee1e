using System.Globalization;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>Charges the default method of an account, for jobs: what the method or its mandate does not allow is no failure of the job.</summary>
sealed class DefaultMethodCharge(Database database, PaymentTaker taker)
{
    /// <summary>The payment, or null when the account has no method or the method does not allow it.</summary>
    public async Task<PaymentFile?> TryAsync(int tenantId, WantedPayment wanted, string job, CancellationToken cancellationToken)
    {
        var method = await database.InTenantAsync(tenantId, (connection, ct) => SavedMethods.DefaultAsync(connection, tenantId, wanted.What.AccountId, ct), cancellationToken);
        if (method is null)
            return null;
        var actor = Actor.System(job);
        try
        {
            return (await taker.ChargeAsync(tenantId, wanted, method, actor, cancellationToken)).File;
        }
        catch (ProblemException refused) when (refused.Problem.Status is 409 or 422)
        {
            await database.InTenantAsync(tenantId, async (connection, ct) =>
            {
                await AuditLog.WriteAsync(
                    connection, tenantId, actor, "payment.not_collected", "account", AccountDirectory.NumberOf(wanted.What.AccountId), null,
                    new { refused.Problem.Code, refused.Problem.Title, wanted.What.Description, amount = Money.Format(wanted.What.AmountMicros) }, (await ReadNowAsync(connection, tenantId, ct)), ct);
                return true;
            }, cancellationToken);
            return null;
        }
    }

    static async Task<DateTimeOffset> ReadNowAsync(NpgsqlConnection connection, int tenantId, CancellationToken cancellationToken) => (await Database.QueryAsync(
        connection, "select coalesce(test_now, now()) from platform.tenants where tenant_id = $1", [tenantId], r => r.GetFieldValue<DateTimeOffset>(0), cancellationToken))[0];
}

/// <summary>The job collect-invoice-payment: charges what is due on an invoice to the account's default method, unless a payment of it is under way.</summary>
sealed class CollectInvoicePayment(DefaultMethodCharge charge) : IJobHandler
{
    public const string Queue = "invoice-generation";
    public const string Kind = "collect-invoice-payment";

    sealed record Payload(long DocumentId);

    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var documentId = run.Payload.Deserialize<Payload>(JsonSerializerOptions.Web)!.DocumentId;
        var due = await PayingAccount.FindDueAsync(run.Connection, run.TenantId, documentId.ToString(CultureInfo.InvariantCulture), null, cancellationToken);
        if (due is not { DueMicros: > 0 } || due.DocumentId != documentId)
            return;
        var key = PaymentRecord.JobKey + run.JobId.ToString(CultureInfo.InvariantCulture);
        var isUnderWay = (await Database.QueryAsync(
            run.Connection, "select 1 from payments.payments where document_id = $1 and tenant_id = $2 and method_id is not null and status in (1, 2, 3, 4, 5) and idempotency_key <> $3 limit 1",
            [documentId, run.TenantId, key], r => 1, cancellationToken)).Count > 0;
        if (isUnderWay)
            return;
        var what = new PayingAccount(due.AccountId, due.Currency, due.DueMicros, documentId, $"Invoice {due.Number}");
        // The amount may be another when the job is done again after a crash; the payment of the key is then the one that was begun.
        await charge.TryAsync(run.TenantId, new(what, PaymentPurpose.Invoice, key, PayingAccount.HashOf(new { documentId, run.JobId })), Kind, cancellationToken);
    }
}

/// <summary>
/// The job process-subscription-payment: brings money for a subscription's charge into the account by its default method. The payload names the
/// account, the amount to take, and what it is for; whoever enqueues it gives a key, so that one need is met once.
/// </summary>
sealed class ProcessSubscriptionPayment(DefaultMethodCharge charge) : IJobHandler
{
    public const string Queue = "billing";
    public const string Kind = "process-subscription-payment";

    /// <summary>What is wanted.</summary>
    /// <param name="AccountId">Whose method is charged.</param>
    /// <param name="Amount">Decimal string, with tax.</param>
    /// <param name="SubscriptionId">What it is for.</param>
    /// <param name="Purpose">subscription when left out, or auto_recharge.</param>
    sealed record Payload(long AccountId, string Amount, long? SubscriptionId, string? Purpose);

    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var payload = run.Payload.Deserialize<Payload>(JsonSerializerOptions.Web)!;
        if (!Money.TryParse(payload.Amount, out var micros) || micros <= 0)
            throw new JobImpossibleException($"{payload.Amount} is no amount.");
        var currency = await Database.QueryAsync(
            run.Connection, "select currency from ledger.accounts where account_id = $1 and tenant_id = $2", [payload.AccountId, run.TenantId], r => r.GetString(0), cancellationToken);
        if (currency is not [var code])
            throw new JobImpossibleException($"There is no account {payload.AccountId}.");
        var isRecharge = payload.Purpose == PaymentView.NameOf(PaymentPurpose.AutoRecharge);
        var what = new PayingAccount(payload.AccountId, code, micros, null, isRecharge ? $"Recharge of {AccountDirectory.NumberOf(payload.AccountId)}" : $"Subscription of {AccountDirectory.NumberOf(payload.AccountId)}");
        var wanted = new WantedPayment(
            what, isRecharge ? PaymentPurpose.AutoRecharge : PaymentPurpose.Subscription, PaymentRecord.JobKey + run.JobId.ToString(CultureInfo.InvariantCulture), PayingAccount.HashOf(payload))
        {
            SubscriptionId = payload.SubscriptionId,
        };
        await charge.TryAsync(run.TenantId, wanted, Kind, cancellationToken);
    }
}
