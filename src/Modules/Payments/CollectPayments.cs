using System.Globalization;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>Charges a saved method of an account, for jobs: what the method or its mandate does not allow is no failure of the job.</summary>
sealed class DefaultMethodCharge(Database database, PaymentTaker taker)
{
    /// <summary>The payment by the account's default, or null when the account has no method or the method does not allow it.</summary>
    public async Task<PaymentFile?> TryAsync(int tenantId, WantedPayment wanted, string job, CancellationToken cancellationToken) =>
        await database.InTenantAsync(tenantId, (connection, ct) => SavedMethods.DefaultAsync(connection, tenantId, wanted.What.AccountId, ct), cancellationToken) is { } method
            ? await TryAsync(tenantId, wanted, method, job, cancellationToken)
            : null;

    /// <summary>The payment by a method, or null when it is not allowed.</summary>
    public async Task<PaymentFile?> TryAsync(int tenantId, WantedPayment wanted, MethodRecord method, string job, CancellationToken cancellationToken)
    {
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

/// <summary>The job collect-invoice-payment: charges what is due on an invoice to the account's default method, unless a payment of it is under way, or was declined and is tried again by its schedule or not at all.</summary>
sealed class CollectInvoicePayment(DefaultMethodCharge charge) : IJobHandler
{
    public const string Queue = "invoice-generation";
    public const string Kind = "collect-invoice-payment";

    sealed record Payload(long DocumentId);

    /// <summary>Collects what is left when a debit was let go; a little later, when that debit is out of the way.</summary>
    public static JobRequest RestOf(long documentId, string payment, DateTimeOffset now) =>
        new(Queue, Kind, JsonSerializer.Serialize(new Payload(documentId), JsonSerializerOptions.Web), now.AddMinutes(1), $"{documentId.ToString(CultureInfo.InvariantCulture)}/{payment}");

    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var documentId = run.Payload.Deserialize<Payload>(JsonSerializerOptions.Web)!.DocumentId;
        var due = await PayingAccount.FindDueAsync(run.Connection, run.TenantId, documentId.ToString(CultureInfo.InvariantCulture), null, cancellationToken);
        if (due is not { DueMicros: > 0 } || due.DocumentId != documentId)
            return;
        var key = PaymentRecord.JobKey + run.JobId.ToString(CultureInfo.InvariantCulture);
        var isUnderWay = (await Database.QueryAsync(
            run.Connection,
            """
            select 1 from payments.payments
             where document_id = $1 and tenant_id = $2 and method_id is not null and idempotency_key <> $3 and (status in (1, 2, 3, 4, 5) or (status = 7 and starts_with(idempotency_key, $4))) limit 1
            """,
            [documentId, run.TenantId, key, PaymentRecord.JobKey], r => 1, cancellationToken)).Count > 0;
        if (isUnderWay)
            return;
        var what = new PayingAccount(due.AccountId, due.Currency, due.DueMicros, documentId, $"Invoice {due.Number}");
        // The amount may be another when the job is done again after a crash; the payment of the key is then the one that was begun.
        await charge.TryAsync(run.TenantId, new(what, PaymentPurpose.Invoice, key, PayingAccount.HashOf(new { documentId, run.JobId })), Kind, cancellationToken);
    }
}
