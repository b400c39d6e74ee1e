using Balatrix.Core;

namespace Balatrix.Modules.Payments.Gateways;

/// <summary>Money to give back, in whole or part.</summary>
/// <param name="PaymentId">Of this payment.</param>
/// <param name="Key">Ours, unique, 10 to 40 of A-Z a-z 0-9 _ and -: with the same key a refund is made once, however often it is asked for with the same amount.</param>
/// <param name="Amount">How much.</param>
/// <param name="Reason">For the records.</param>
public sealed record RefundRequest(string PaymentId, string Key, Money Amount, string Reason);

/// <summary>Where a refund is.</summary>
public enum GatewayRefundStatus
{
    /// <summary>On its way.</summary>
    Pending,

    /// <summary>Given back.</summary>
    Processed,

    /// <summary>Could not be given back; the money is ours again.</summary>
    Failed,
}

/// <summary>A refund at the gateway.</summary>
/// <param name="Id">Razorpay's rfnd_…, Stripe's re_….</param>
/// <param name="PaymentId">Of this payment.</param>
/// <param name="Key">Our key, when the gateway shows it.</param>
/// <param name="Amount">How much.</param>
/// <param name="Status">Where it is.</param>
/// <param name="Failure">Why it failed.</param>
/// <param name="CreatedAt">When it was asked for.</param>
public sealed record GatewayRefund(string Id, string PaymentId, string? Key, Money Amount, GatewayRefundStatus Status, GatewayFailure? Failure, DateTimeOffset CreatedAt);
