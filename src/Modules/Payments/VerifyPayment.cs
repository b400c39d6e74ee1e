using Balatrix.Core.Payments;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Payments;

/// <summary>What the browser brings back from the checkout, checked against the order that is stored here, never one that the browser names.</summary>
public static class VerifyPayment
{
    /// <summary>A checkout's proof.</summary>
    /// <param name="GatewayPaymentId">Razorpay's razorpay_payment_id; left out with Stripe.</param>
    /// <param name="Signature">Razorpay's razorpay_signature; left out with Stripe.</param>
    public sealed record VerifyRequest(string? GatewayPaymentId, string? Signature);

    internal static async Task<IResult> Handle(
        string id, VerifyRequest request, HttpContext context, PaymentRequests requests, Database database, GatewayDirectory gateways, PaymentRunner runner, KeepMethods methods, TenantClock clock,
        CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var own = await requests.OwnAsync(caller, cancellationToken);
        if (PaymentNumbers.TryParse("MAN-", id, out var mandateId) && id.StartsWith("MAN-", StringComparison.OrdinalIgnoreCase))
            return await MandateAsync(caller.TenantId, mandateId, own, database, methods, clock, cancellationToken);
        if (!PaymentNumbers.TryParse("PAY-", id, out var paymentId)
            || await database.InTenantAsync(caller.TenantId, (connection, ct) => PaymentStore.FindAsync(connection, caller.TenantId, paymentId, own, forUpdate: false, ct), cancellationToken) is not { } file)
            return Problem.NotFound("payment").ToResult();
        if (await gateways.FindAsync(caller.TenantId, file.Payment.Gateway, cancellationToken) is not { } gateway)
            return new Problem(409, "no_gateway", "The payment's gateway is not set up any more.").ToResult();
        if (gateway.Kind == GatewayKind.Razorpay && (IsBad(request.GatewayPaymentId) || IsBad(request.Signature)))
            return Problem.Invalid(IsBad(request.GatewayPaymentId) ? "gatewayPaymentId" : "signature", "what the checkout gave").ToResult();
        foreach (var attempt in file.Attempts.Where(a => a.OrderId is not null).Reverse())
        {
            var proof = new CheckoutProof(attempt.OrderId!, gateway.Kind == GatewayKind.Stripe ? attempt.OrderId! : request.GatewayPaymentId!, request.Signature ?? "");
            if (gateway.Client.VerifyCheckout(proof) == CheckoutVerdict.Forged)
                continue;
            var answer = await gateway.Client.FindPaymentAsync(proof.PaymentId, cancellationToken);
            if (answer is not { Value: { } payment } || (payment.OrderId is { } order && order != attempt.OrderId))
                return GatewayProblems.Of(answer.IsNotFound ? new("order_mismatch", "The payment is of another order.", DeclineKind.Unknown) : answer.Failure).ToResult();
            return Results.Ok(PaymentView.Of(await runner.SawCheckoutAsync(caller.TenantId, file, attempt.No, gateway.Client, payment, Actor.Of(context), cancellationToken)));
        }
        return new Problem(400, "signature_invalid", "The signature is not the gateway's for this payment's order.", "signature").ToResult();
    }

    static async Task<IResult> MandateAsync(int tenantId, long mandateId, long[]? own, Database database, KeepMethods methods, TenantClock clock, CancellationToken cancellationToken)
    {
        var mandate = await FindAsync(cancellationToken);
        if (mandate is null)
            return Problem.NotFound("mandate").ToResult();
        if (mandate.Status == MandateStatus.Created)
            await methods.SyncAsync(tenantId, mandate.AccountId, mandate.Gateway, await clock.NowAsync(tenantId, cancellationToken), cancellationToken);
        return Results.Ok(MandateView.Of((await FindAsync(cancellationToken))!));

        Task<MandateRecord?> FindAsync(CancellationToken stop) =>
            database.InTenantAsync(tenantId, (connection, ct) => Mandates.FindAsync(connection, tenantId, mandateId, own, ct), stop);
    }

    static bool IsBad(string? text) => text is not { Length: > 0 and <= 200 } || text.Contains('\0', StringComparison.Ordinal);
}
