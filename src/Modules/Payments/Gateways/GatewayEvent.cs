using Balatrix.Core;

namespace Balatrix.Modules.Payments.Gateways;

/// <summary>What a webhook tells.</summary>
public enum GatewayEventKind
{
    /// <summary>Nothing that Balatrix acts on: to be acknowledged and forgotten.</summary>
    Other,

    /// <summary>A payment is as <see cref="GatewayEvent.Payment"/> shows it; act on its status, since events come in any order.</summary>
    Payment,

    /// <summary>A refund is as <see cref="GatewayEvent.Refund"/> shows it.</summary>
    Refund,

    /// <summary>A saved method or mandate is as <see cref="GatewayEvent.Method"/> shows it.</summary>
    Method,

    /// <summary>The saving of a method has ended, well or not: <see cref="GatewayEvent.Setup"/>, and why not in <see cref="GatewayEvent.Failure"/>.</summary>
    Setup,

    /// <summary>A customer's bank disputes a payment: <see cref="GatewayEvent.Dispute"/>.</summary>
    Dispute,

    /// <summary>The pre-debit notice of an order was delivered, or not (then there is a failure): <see cref="GatewayEvent.OrderId"/>.</summary>
    PreDebitNotice,
}

/// <summary>Where a dispute is.</summary>
public enum DisputeStatus
{
    /// <summary>Opened, or more is wanted; an answer is due.</summary>
    Open,

    /// <summary>Answered; the bank decides.</summary>
    UnderReview,

    /// <summary>Ended for us.</summary>
    Won,

    /// <summary>Ended against us: the amount is taken from a settlement.</summary>
    Lost,

    /// <summary>Ended without a verdict.</summary>
    Closed,
}

/// <summary>A dispute of a payment.</summary>
/// <param name="Id">The gateway's id.</param>
/// <param name="PaymentId">Of this payment.</param>
/// <param name="Amount">What is disputed.</param>
/// <param name="Status">Where it is.</param>
/// <param name="Reason">The gateway's code.</param>
/// <param name="AnswerBy">Until when an answer counts; null when it does not say.</param>
public sealed record GatewayDispute(string Id, string PaymentId, Money Amount, DisputeStatus Status, string Reason, DateTimeOffset? AnswerBy);

/// <summary>One webhook, read and typed. The signature was right.</summary>
/// <param name="Id">The gateway's id of the event, the same on every delivery. Razorpay's stands in a header that the signature does not cover, so deduplicate by it and still act on
/// the payment's or refund's own id and status, once. Without the header it is "sha256:" and the body's hash.</param>
/// <param name="Kind">What it tells.</param>
/// <param name="Name">The gateway's name for it ("payment.captured", "payment_intent.succeeded").</param>
/// <param name="At">When it happened.</param>
/// <param name="OrderId">The order that it is about.</param>
/// <param name="Payment">The payment, when the event holds one.</param>
/// <param name="Refund">The refund, when the event holds one.</param>
/// <param name="Method">The saved method.</param>
/// <param name="Setup">The saving of a method.</param>
/// <param name="Dispute">The dispute.</param>
/// <param name="Failure">Why something failed, when it is not said in the thing itself.</param>
public sealed record GatewayEvent(
    string Id, GatewayEventKind Kind, string Name, DateTimeOffset At, string? OrderId, GatewayPayment? Payment = null, GatewayRefund? Refund = null, SavedMethod? Method = null,
    MethodSetup? Setup = null, GatewayDispute? Dispute = null, GatewayFailure? Failure = null);

/// <summary>What a posted webhook is worth.</summary>
public enum WebhookVerdict
{
    /// <summary>Signed with one of our secrets, and in time.</summary>
    Genuine,

    /// <summary>No signature, or none that fits: answer 400 and do nothing.</summary>
    Forged,

    /// <summary>Rightly signed, but more than five minutes ago or ahead (Stripe): answer 400.</summary>
    Stale,

    /// <summary>Rightly signed, but not a body that we can read: answer 400 and log.</summary>
    Unreadable,
}

/// <summary>A posted webhook.</summary>
/// <param name="Verdict">What it is worth.</param>
/// <param name="Event">What it tells; only when genuine.</param>
public sealed record WebhookReading(WebhookVerdict Verdict, GatewayEvent? Event = null);
