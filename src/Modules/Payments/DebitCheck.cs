using System.Globalization;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>
/// What is looked at just before a saved method is charged. A day or more may have passed since the charge was wanted: the customer may have paid
/// otherwise, opted out, or never got the notice.
/// </summary>
/// <param name="Method">What is charged; there when nothing is against it.</param>
/// <param name="Refusal">Why it must not be.</param>
/// <param name="IsUnwanted">What it is for was paid, or is not needed any more.</param>
/// <param name="NotBefore">UPI is not debited in the peak hours.</param>
sealed record DebitCheck(MethodRecord? Method, GatewayFailure? Refusal, bool IsUnwanted, DateTimeOffset NotBefore)
{
    public static async Task<DebitCheck> MakeAsync(
        NpgsqlConnection connection, int tenantId, PaymentRecord payment, AttemptRecord attempt, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await SavedMethods.FindAsync(connection, tenantId, payment.MethodId!.Value, null, cancellationToken) is not { } method)
            return Refused("method_removed", "The saved method was removed.", DeclineKind.Hard);
        if (method.Status != MandateStatus.Active)
            return Refused("method_not_active", "The saved method cannot be charged.", DeclineKind.Hard);
        if (attempt.DebitAfter is null)
            return new(method, null, false, now);
        if (attempt.Notice == "failed")
            return Refused("notice_not_delivered", "The customer could not be told of the debit.", DeclineKind.Soft);
        if (payment.MandateId is { } mandateId && await Mandates.FindAsync(connection, tenantId, mandateId, null, cancellationToken) is { } mandate
            && MandateRules.Refusal(mandate.Terms, payment.AmountMicros, now) is { } refusal)
            return Refused(refusal, $"The mandate {mandate.Number} does not allow this debit.", DeclineKind.Hard);
        return new(
            method, null, !await IsWantedAsync(connection, tenantId, payment, now, cancellationToken), method.Kind == MandateKind.Upi ? MandateRules.UpiOffPeak(now, Mandates.BankZone) : now);
    }

    static DebitCheck Refused(string code, string message, DeclineKind decline) => new(null, new(code, message, decline, WasNotSent: true), false, default);

    /// <summary>Whether the money is still needed; of an invoice that was paid in part the rest is collected by a payment of its own, after a notice of its own.</summary>
    static async Task<bool> IsWantedAsync(NpgsqlConnection connection, int tenantId, PaymentRecord payment, DateTimeOffset now, CancellationToken cancellationToken)
    {
        switch (payment)
        {
            case { DocumentId: { } documentId }:
                var due = await PayingAccount.FindDueAsync(connection, tenantId, documentId.ToString(CultureInfo.InvariantCulture), null, cancellationToken);
                if (due?.DueMicros >= payment.AmountMicros)
                    return true;
                if (due is { DueMicros: > 0 } && payment.IsByJob)
                    await JobQueue.EnqueueAsync(connection, tenantId, CollectInvoicePayment.RestOf(documentId, payment.Number, now), cancellationToken);
                return false;
            case { Purpose: PaymentPurpose.AutoRecharge }:
                return await RechargeNeed.IsThereAsync(connection, tenantId, payment.AccountId, cancellationToken);
            case { Purpose: PaymentPurpose.Subscription }:
                return await CollectRenewal.IsWantedAsync(connection, tenantId, payment, cancellationToken);
            default:
                return true;
        }
    }
}
