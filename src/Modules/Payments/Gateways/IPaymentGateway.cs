using Balatrix.Core;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Gateways;

/// <summary>A payment gateway as one tenant uses it; <see cref="PaymentGateways"/> opens one. No method throws for what the network or the gateway does: that is in the answer.
/// Methods throw only for what cannot be sent (<see cref="ArgumentException"/>: an amount that is not in whole minor units, a malformed reference) and when cancelled.</summary>
/// <remarks>
/// <para>The way of a payment that survives a crash at any point, the same at both gateways: store the payment with its reference, then <see cref="CreateOrderAsync"/>; store the order's id, then
/// let the customer pay in the checkout, or mark the attempt as being sent and call <see cref="ChargeAsync"/> once; then webhooks, or <see cref="FindPaymentsAsync"/> of the order, tell
/// what became of it. One order takes one successful payment, so asking by order never misses or doubles anything.</para>
/// <para>Repeating by itself: questions, and what has an idempotency key, are tried up to three times within about half a minute; a Razorpay charge is sent once and never again.</para>
/// </remarks>
public interface IPaymentGateway
{
    /// <summary>Which gateway.</summary>
    GatewayKind Kind { get; }

    /// <summary>Creates an order. Charges nothing. When unknown, call again with <see cref="OrderRequest.IsRepeat"/>.</summary>
    Task<GatewayAnswer<GatewayOrder>> CreateOrderAsync(OrderRequest request, CancellationToken cancellationToken);

    /// <summary>An order by the gateway's id.</summary>
    Task<GatewayAnswer<GatewayOrder>> FindOrderAsync(string orderId, CancellationToken cancellationToken);

    /// <summary>An order by our reference; for a crash between creating it and storing its id.</summary>
    /// <param name="reference">The order's.</param>
    /// <param name="since">It was created at this instant or later.</param>
    /// <param name="customerId">The gateway's customer when the order has one; narrows the search at Stripe.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    Task<GatewayAnswer<GatewayOrder>> FindOrderByReferenceAsync(string reference, DateTimeOffset since, string? customerId, CancellationToken cancellationToken);

    /// <summary>Gives up an order that is not paid, so that it cannot be paid any more. Razorpay cannot: there it succeeds without doing anything, and a late payment is still to be reckoned with.</summary>
    Task<GatewayAnswer<GatewayOrder>> CancelOrderAsync(string orderId, CancellationToken cancellationToken);

    /// <summary>A payment by the gateway's id. Succeeded means found: look at its status.</summary>
    Task<GatewayAnswer<GatewayPayment>> FindPaymentAsync(string paymentId, CancellationToken cancellationToken);

    /// <summary>All payments of an order, oldest first; empty when nobody has tried to pay it, or when a charge that was just sent is not visible yet (wait some minutes before believing it).</summary>
    Task<GatewayAnswer<IReadOnlyList<GatewayPayment>>> FindPaymentsAsync(string orderId, CancellationToken cancellationToken);

    /// <summary>Takes an authorized payment, all of it. Taking it again is answered with the payment.</summary>
    Task<GatewayAnswer<GatewayPayment>> CaptureAsync(string paymentId, Money amount, CancellationToken cancellationToken);

    /// <summary>Charges a saved method for an order, without the customer. The outcome is the payment's: succeeded means captured. Never call it twice for one order; when unknown, ask.</summary>
    Task<GatewayAnswer<GatewayPayment>> ChargeAsync(ChargeRequest request, CancellationToken cancellationToken);

    /// <summary>Makes a customer known, or finds the one that is there (Razorpay: by e-mail and phone; Stripe: by reference, for a day).</summary>
    Task<GatewayAnswer<GatewayCustomer>> CreateCustomerAsync(GatewayCustomerRequest request, CancellationToken cancellationToken);

    /// <summary>Begins saving a method with its mandate; the customer authorises it in the checkout, as with an order.</summary>
    Task<GatewayAnswer<MethodSetup>> SetUpMethodAsync(MethodSetupRequest request, CancellationToken cancellationToken);

    /// <summary>How the saving of a method stands: succeeded with the method's id, pending, waiting for the customer, or failed.</summary>
    Task<GatewayAnswer<MethodSetup>> FindSetupAsync(string setupId, CancellationToken cancellationToken);

    /// <summary>A saved method.</summary>
    Task<GatewayAnswer<SavedMethod>> FindMethodAsync(string customerId, string methodId, CancellationToken cancellationToken);

    /// <summary>All saved methods of a customer.</summary>
    Task<GatewayAnswer<IReadOnlyList<SavedMethod>>> FindMethodsAsync(string customerId, CancellationToken cancellationToken);

    /// <summary>Cancels the mandate, if there is one, and forgets the method. Forgetting what is not there any more succeeds.</summary>
    Task<GatewayAnswer<SavedMethod>> DeleteMethodAsync(string customerId, string methodId, CancellationToken cancellationToken);

    /// <summary>Gives money back. When unknown, call again with the same key and amount.</summary>
    Task<GatewayAnswer<GatewayRefund>> RefundAsync(RefundRequest request, CancellationToken cancellationToken);

    /// <summary>A refund by the gateway's id.</summary>
    Task<GatewayAnswer<GatewayRefund>> FindRefundAsync(string paymentId, string refundId, CancellationToken cancellationToken);

    /// <summary>All refunds of a payment, oldest first.</summary>
    Task<GatewayAnswer<IReadOnlyList<GatewayRefund>>> FindRefundsAsync(string paymentId, CancellationToken cancellationToken);

    /// <summary>Checks what the browser brought back from the checkout.</summary>
    CheckoutVerdict VerifyCheckout(CheckoutProof proof);

    /// <summary>Checks and reads a posted webhook.</summary>
    /// <param name="body">The bytes as they came; the signature covers them.</param>
    /// <param name="header">A header of the request by name, null when it has none.</param>
    /// <param name="now">The real time, for the age of the signature.</param>
    WebhookReading ReadWebhook(ReadOnlySpan<byte> body, Func<string, string?> header, DateTimeOffset now);

    /// <summary>The gateway's own books of one day, for reconciliation: at Razorpay what was settled on it (its days are Indian), at Stripe what moved the balance on it.</summary>
    Task<GatewayAnswer<SettledDay>> ReadSettledAsync(DateOnly day, TimeZoneInfo zone, CancellationToken cancellationToken);
}
