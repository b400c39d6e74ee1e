using Balatrix.Core.Payments;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Subscriptions;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>What is to be done because of what was learnt, enqueued in the transaction that learnt it.</summary>
static class PaymentFollowUps
{
    public static async Task AfterAsync(NpgsqlConnection connection, int tenantId, PaymentFile file, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // What a bank has promised lapses when it is not taken.
        if (file.Payment.Status == PaymentStatus.Authorized && file.Attempts.FindLast(a => a.Stage == AttemptStage.Authorized) is { } promised)
            await JobQueue.EnqueueAsync(connection, tenantId, ResolvePayment.Request(file.Payment.Id, promised.No, 0, now, "authorized"), cancellationToken);
        if (file.Captures.Count > 0 && file.Payment is { MandateId: { } mandateId, MethodId: not null })
            await Database.ExecuteAsync(
                connection, "update payments.mandates set last_debit_at = greatest(last_debit_at, $3) where mandate_id = $1 and tenant_id = $2", [mandateId, tenantId, file.Captures[^1].CapturedAt],
                cancellationToken);
        if (file.Payment is { Status: PaymentStatus.Failed, MethodId: not null })
        {
            var next = await RetryFailedPayment.EnqueueAsync(connection, tenantId, file, cancellationToken);
            if (file.Payment.Purpose == PaymentPurpose.AutoRecharge)
                await RechargeLetters.DeclinedAsync(connection, tenantId, file, next?.At, cancellationToken);
        }
        if (file.Captures.Count > 0 && file.Payment.Purpose is PaymentPurpose.Subscription or PaymentPurpose.AutoRecharge)
            await UnpaidRenewals.ResumeAsync(connection, tenantId, file.Payment.AccountId, $"{file.Payment.Number}/{file.Captures.Count}", cancellationToken);
        if (file.Captures.Count > 0 && file.Payment is { SavesMethod: true, MethodId: null })
            await JobQueue.EnqueueAsync(connection, tenantId, KeepMethods.Request(file.Payment.AccountId, file.Payment.Gateway, file.Payment.Number), cancellationToken);
    }
}
