using Balatrix.Core;

namespace Balatrix.Modules.Payments.Gateways;

/// <summary>What moved money at the gateway.</summary>
public enum SettledKind
{
    /// <summary>A captured payment.</summary>
    Payment,

    /// <summary>A refund.</summary>
    Refund,

    /// <summary>A dispute, taken or given back.</summary>
    Dispute,

    /// <summary>A fee by itself.</summary>
    Fee,

    /// <summary>Money sent to our bank.</summary>
    Payout,

    /// <summary>Anything else: adjustments, transfers, reserves.</summary>
    Adjustment,
}

/// <summary>One line of the gateway's own books, to hold against ours.</summary>
/// <param name="Id">The gateway's id: of the payment or refund at Razorpay, of the balance transaction at Stripe.</param>
/// <param name="Kind">What it is.</param>
/// <param name="PaymentId">The payment that it belongs to.</param>
/// <param name="RefundId">The refund that it is.</param>
/// <param name="OrderId">The order that was paid.</param>
/// <param name="Reference">Our reference, when shown.</param>
/// <param name="Gross">Before fees; below zero when it went out.</param>
/// <param name="Fee">What the gateway keeps, tax included; below zero when given back.</param>
/// <param name="FeeTax">Of the fee, the tax (GST on it).</param>
/// <param name="Net">Gross less fee.</param>
/// <param name="SettlementId">The settlement or payout that it went into; null at Stripe, where the payout is a line of its own.</param>
/// <param name="Utr">The bank's reference of that settlement.</param>
/// <param name="OccurredAt">When it happened.</param>
/// <param name="SettledAt">When it was, or will be, ours to pay out; null when not said.</param>
public sealed record SettledItem(
    string Id, SettledKind Kind, string? PaymentId, string? RefundId, string? OrderId, string? Reference, Money Gross, Money Fee, Money FeeTax, Money Net, string? SettlementId, string? Utr,
    DateTimeOffset OccurredAt, DateTimeOffset? SettledAt);

/// <summary>All lines of one day.</summary>
/// <param name="Items">In the gateway's order.</param>
public sealed record SettledDay(IReadOnlyList<SettledItem> Items);
