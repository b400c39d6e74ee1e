using Balatrix.Core;

namespace Balatrix.Modules.Payments.Gateways;

/// <summary>An order to create: a Razorpay order, a Stripe PaymentIntent.</summary>
/// <param name="Reference">Ours, unique for the tenant, 1 to 40 of A-Z a-z 0-9 _ and -: the idempotency key (Razorpay's receipt, Stripe's Idempotency-Key and metadata).</param>
/// <param name="Amount">In whole minor units of the currency.</param>
/// <param name="Description">What is paid ("Invoice INV/26-27/000123").</param>
/// <param name="CustomerId">The gateway's customer; needed to charge or save a method.</param>
/// <param name="SavesMethod">Whether the method that pays it is kept for charges without the customer (Stripe; at Razorpay a mandate does that).</param>
/// <param name="Notice">The pre-debit notice of a mandate that the gateway is to send; null when none is due.</param>
/// <param name="IsRepeat">Whether it may have been sent before: then the gateway is asked for the reference first, and what is there is the answer.</param>
public sealed record OrderRequest(
    string Reference, Money Amount, string Description, string? CustomerId = null, bool SavesMethod = false, PreDebitNotice? Notice = null, bool IsRepeat = false);

/// <summary>Notice of a debit to the payer at least 24 hours before it (RBI e-mandate framework). Stripe sends its own; Razorpay sends it with the order.</summary>
/// <param name="MethodId">The mandate's token.</param>
/// <param name="DebitAfter">The debit is not tried before this instant.</param>
public sealed record PreDebitNotice(string MethodId, DateTimeOffset DebitAfter);

/// <summary>An order at the gateway.</summary>
/// <param name="Id">Razorpay's order_…, Stripe's pi_….</param>
/// <param name="Reference">Ours.</param>
/// <param name="Amount">What is to be paid.</param>
/// <param name="IsPaid">Whether it is paid; it stays so after a refund.</param>
/// <param name="ClientSecret">What Stripe's script in the browser needs; null at Razorpay. Not to be stored or logged.</param>
/// <param name="CheckoutUrl">A page to pay it by hand; only in a sandbox.</param>
public sealed record GatewayOrder(string Id, string? Reference, Money Amount, bool IsPaid, string? ClientSecret, Uri? CheckoutUrl);

/// <summary>Where a payment is at the gateway.</summary>
public enum GatewayPaymentStatus
{
    /// <summary>Begun, and nothing decided.</summary>
    Created,

    /// <summary>The customer has something to do.</summary>
    RequiresAction,

    /// <summary>The bank decides; may take days. Not a failure.</summary>
    Pending,

    /// <summary>Promised by the bank; to be captured, or it goes back by itself.</summary>
    Authorized,

    /// <summary>Ours. Stays so after refunds, which <see cref="GatewayPayment.Refunded"/> counts.</summary>
    Captured,

    /// <summary>Refused. At Razorpay a failed payment can still become authorized (late authorisation).</summary>
    Failed,

    /// <summary>Given up before it was paid.</summary>
    Cancelled,
}

/// <summary>A payment at the gateway. At Stripe it has the id of its order, the PaymentIntent.</summary>
/// <param name="Id">Razorpay's pay_…, Stripe's pi_….</param>
/// <param name="OrderId">The order that it pays; null for what was made without one.</param>
/// <param name="Reference">Our reference, when the gateway shows it here.</param>
/// <param name="Amount">What it is about.</param>
/// <param name="Status">Where it is.</param>
/// <param name="Refunded">Given back so far.</param>
/// <param name="Method">card, upi, netbanking, wallet, emandate …; null when not chosen yet.</param>
/// <param name="MethodId">The saved method that paid, or that this payment saved (Razorpay's token_…, Stripe's pm_…).</param>
/// <param name="CustomerId">The gateway's customer.</param>
/// <param name="Instrument">What to show people: "Visa 4242", "name@bank"; never more of a card.</param>
/// <param name="Fee">What the gateway keeps, tax included; null while unknown.</param>
/// <param name="Failure">Why it failed.</param>
/// <param name="ActionUrl">Where the customer goes on; null when the browser's script does it.</param>
/// <param name="CreatedAt">When it began.</param>
public sealed record GatewayPayment(
    string Id, string? OrderId, string? Reference, Money Amount, GatewayPaymentStatus Status, Money Refunded, string? Method, string? MethodId, string? CustomerId, string? Instrument, Money? Fee,
    GatewayFailure? Failure, Uri? ActionUrl, DateTimeOffset CreatedAt);

/// <summary>A charge of a saved method without the customer, for an order that is there.</summary>
/// <param name="OrderId">The order; at Razorpay with its notice, long enough ago, where the mandate needs one.</param>
/// <param name="Reference">Ours, of this attempt: Stripe's Idempotency-Key.</param>
/// <param name="Amount">The order's amount.</param>
/// <param name="CustomerId">The gateway's customer.</param>
/// <param name="MethodId">The saved method.</param>
/// <param name="Description">What the customer reads.</param>
/// <param name="Email">The customer's; Razorpay wants it.</param>
/// <param name="Phone">The customer's, E.164; Razorpay wants it.</param>
public sealed record ChargeRequest(string OrderId, string Reference, Money Amount, string CustomerId, string MethodId, string Description, string Email, string Phone);

/// <summary>What the browser brings back from the gateway's checkout.</summary>
/// <param name="OrderId">From our own database, never from the browser.</param>
/// <param name="PaymentId">Which payment.</param>
/// <param name="Signature">Razorpay's; empty at Stripe.</param>
public sealed record CheckoutProof(string OrderId, string PaymentId, string Signature);

/// <summary>What a checkout's proof is worth.</summary>
public enum CheckoutVerdict
{
    /// <summary>Not from the gateway.</summary>
    Forged,

    /// <summary>From the gateway. Ask for the payment to see amount and status.</summary>
    Genuine,

    /// <summary>The gateway signs none (Stripe): only asking for the payment tells.</summary>
    AskGateway,
}
