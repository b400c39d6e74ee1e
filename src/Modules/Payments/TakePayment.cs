using Balatrix.Core.Payments;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Payments;

/// <summary>Taking payments by HTTP: in the gateway's checkout, by a saved method, and again.</summary>
public static class TakePayment
{
    /// <summary>A payment in the gateway's checkout.</summary>
    /// <param name="Account">The account; left out with an invoice, or by a customer with one account.</param>
    /// <param name="Invoice">The invoice's number or id; without it the money is for the account.</param>
    /// <param name="Amount">Decimal string; with an invoice what is due when left out.</param>
    /// <param name="Gateway">razorpay or stripe; the tenant's default when left out.</param>
    /// <param name="SaveMethod">Whether the method is kept for later charges.</param>
    public sealed record PaymentRequest(string? Account, string? Invoice, string? Amount, string? Gateway, bool? SaveMethod);

    /// <summary>A charge of a saved method.</summary>
    /// <param name="Account">The account; left out with an invoice, or by a customer with one account.</param>
    /// <param name="Invoice">The invoice's number or id.</param>
    /// <param name="Amount">Decimal string; with an invoice what is due when left out.</param>
    /// <param name="PaymentMethod">The saved method; the account's default when left out.</param>
    public sealed record ChargeNowRequest(string? Account, string? Invoice, string? Amount, string? PaymentMethod);

    internal static async Task<IResult> Create(
        PaymentRequest request, HttpContext context, PaymentRequests requests, PaymentTaker taker, GatewayDirectory gateways, CancellationToken cancellationToken)
    {
        var (key, hash, tenantId) = (IdempotencyKey.Of(context), PayingAccount.HashOf(request), Caller.Of(context).TenantId);
        var (what, before) = await requests.ReadAsync(context, key, hash, request.Account, request.Invoice, request.Amount, cancellationToken);
        var isNew = false;
        if (what is not null)
        {
            var wanted = new WantedPayment(what, what.DocumentId is null ? PaymentPurpose.TopUp : PaymentPurpose.Invoice, key, hash) { SavesMethod = request.SaveMethod == true };
            (before, isNew) = await taker.BeginCheckoutAsync(tenantId, wanted, request.Gateway, Actor.Of(context), cancellationToken);
        }
        var (file, order) = await taker.GoOnWithCheckoutAsync(tenantId, before!, Actor.Of(context), cancellationToken);
        return await AnswerAsync(tenantId, file, order, isNew ? 201 : 200, gateways, cancellationToken);
    }

    internal static async Task<IResult> ChargeNow(
        ChargeNowRequest request, HttpContext context, PaymentRequests requests, PaymentTaker taker, Database database, GatewayDirectory gateways, CancellationToken cancellationToken)
    {
        var (key, hash, tenantId) = (IdempotencyKey.Of(context), PayingAccount.HashOf(request), Caller.Of(context).TenantId);
        var (what, before) = await requests.ReadAsync(context, key, hash, request.Account, request.Invoice, request.Amount, cancellationToken);
        if (what is null)
            return Results.Json(PaymentView.Of(before!), statusCode: 200);
        var method = await database.InTenantAsync(tenantId, (connection, ct) => request.PaymentMethod is null
            ? SavedMethods.DefaultAsync(connection, tenantId, what.AccountId, ct)
            : PaymentNumbers.TryParse("PM-", request.PaymentMethod, out var id) ? SavedMethods.FindAsync(connection, tenantId, id, [what.AccountId], ct) : Task.FromResult<MethodRecord?>(null), cancellationToken);
        if (method is null)
            return request.PaymentMethod is null
                ? new Problem(409, "no_payment_method", "The account has no saved method.", "paymentMethod").ToResult()
                : Problem.Invalid("paymentMethod", "a saved method of the account").ToResult();
        var wanted = new WantedPayment(what, what.DocumentId is null ? PaymentPurpose.TopUp : PaymentPurpose.Invoice, key, hash);
        var (file, isRepeat) = await taker.ChargeAsync(tenantId, wanted, method, Actor.Of(context), cancellationToken);
        return await AnswerAsync(tenantId, file, null, isRepeat ? 200 : 201, gateways, cancellationToken);
    }

    internal static async Task<IResult> Retry(
        string id, HttpContext context, PaymentRequests requests, PaymentTaker taker, GatewayDirectory gateways, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        if (!PaymentNumbers.TryParse("PAY-", id, out var paymentId))
            return Problem.NotFound("payment").ToResult();
        var (file, order) = await taker.RetryAsync(caller.TenantId, paymentId, await requests.OwnAsync(caller, cancellationToken), Actor.Of(context), cancellationToken);
        return await AnswerAsync(caller.TenantId, file, order, 200, gateways, cancellationToken);
    }

    static async Task<IResult> AnswerAsync(int tenantId, PaymentFile file, GatewayOrder? order, int status, GatewayDirectory gateways, CancellationToken cancellationToken)
    {
        var isOpen = file.Payment.MethodId is null && file.Payment.Status is PaymentStatus.RequiresAction or PaymentStatus.Failed or PaymentStatus.Created;
        var gateway = isOpen ? await gateways.FindAsync(tenantId, file.Payment.Gateway, cancellationToken) : null;
        return Results.Json(PaymentView.Of(file, CheckoutView.Of(gateway, order)), statusCode: status);
    }
}
