using System.Globalization;
using System.Text.Json;
using Balatrix.Core.Dunning;
using Balatrix.Core.Payments;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>
/// The job retry-failed-payment: tries a charge again that a job had made and that was declined, when <see cref="RetrySchedule"/> says, unless it was paid
/// meanwhile. It runs early enough for the mandate's notice to go out before the debit.
/// </summary>
sealed class RetryFailedPayment(Database database, PaymentTaker taker) : IJobHandler
{
    public const string Queue = "payment-retry";
    public const string Kind = "retry-failed-payment";

    sealed record Payload(long PaymentId);

    /// <summary>Enqueues the next attempt of a payment that has failed, once, and says when it will be; null when nothing is tried again by itself.</summary>
    public static async Task<NextRetry?> EnqueueAsync(NpgsqlConnection connection, int tenantId, PaymentFile file, CancellationToken cancellationToken)
    {
        if (!file.Payment.IsByJob || !file.State().MayRetry || await SavedMethods.FindAsync(connection, tenantId, file.Payment.MethodId!.Value, null, cancellationToken) is not { } method)
            return null;
        var charges = await Database.QueryAsync(
            connection,
            """
            select a.charged_at from payments.attempts a join payments.payments p on p.payment_id = a.payment_id
             where p.account_id = $1 and p.method_id = $2 and p.tenant_id = $3 and a.charged_at is not null order by a.charged_at desc limit 30
            """,
            [file.Payment.AccountId, method.Id, tenantId], r => r.GetFieldValue<DateTimeOffset>(0), cancellationToken);
        var (first, last) = (file.Attempts[0], file.Last);
        var next = RetrySchedule.Next(
            new(
                MethodOf(method), file.Attempts.Count, first.DeclinedAt ?? first.UpdatedAt, last.DeclinedAt ?? last.UpdatedAt, last.DeclineKind ?? DeclineKind.Unknown,
                charges.FindAll(at => at > (last.DeclinedAt ?? last.UpdatedAt) - RetrySchedule.NetworkWindow)),
            Mandates.BankZone, new HashSet<DateOnly>());
        if (next.At is not { } at)
            return next;
        await JobQueue.EnqueueAsync(
            connection, tenantId,
            new(
                Queue, Kind, JsonSerializer.Serialize(new Payload(file.Payment.Id), JsonSerializerOptions.Web), next.NoticeBy ?? at,
                string.Create(CultureInfo.InvariantCulture, $"{file.Payment.Number}/{file.Attempts.Count}")), cancellationToken);
        return next;
    }

    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var paymentId = run.Payload.Deserialize<Payload>(JsonSerializerOptions.Web)!.PaymentId;
        if (await PaymentStore.FindAsync(run.Connection, run.TenantId, paymentId, null, forUpdate: false, cancellationToken) is not { } file || !file.State().MayRetry)
            return;
        if (file.Payment.Purpose == PaymentPurpose.AutoRecharge
            && await RechargeNeed.FindAsync(run.Connection, run.TenantId, file.Payment.AccountId, paymentId, run.Now, cancellationToken) is not { IsCapped: false })
            return;
        if (file.Payment.Purpose == PaymentPurpose.Subscription && !await CollectRenewal.IsWantedAsync(run.Connection, run.TenantId, file.Payment, cancellationToken))
            return;
        if (file.Payment.DocumentId is { } documentId)
        {
            var due = await PayingAccount.FindDueAsync(run.Connection, run.TenantId, documentId.ToString(CultureInfo.InvariantCulture), null, cancellationToken);
            // What was paid in part is collected anew, by its rest.
            if (due is null || due.DueMicros < file.Payment.AmountMicros)
                return;
        }
        try
        {
            await taker.RetryAsync(run.TenantId, paymentId, null, Actor.System(Kind), cancellationToken);
        }
        catch (ProblemException refused) when (refused.Problem.Status is 404 or 409)
        {
            await database.InTenantAsync(run.TenantId, async (connection, ct) =>
            {
                await AuditLog.WriteAsync(connection, run.TenantId, Actor.System(Kind), "payment.not_retried", "payment", file.Payment.Number, null, new { refused.Problem.Code }, run.Now, ct);
                return true;
            }, cancellationToken);
        }
    }

    static RetryMethod MethodOf(MethodRecord method) => (method.Kind, method.Gateway) switch
    {
        (MandateKind.Upi, _) => RetryMethod.Upi,
        (MandateKind.Bank, _) => RetryMethod.Bank,
        (_, GatewayKind.Razorpay) => RetryMethod.CardMandate,
        _ => RetryMethod.Card,
    };
}
