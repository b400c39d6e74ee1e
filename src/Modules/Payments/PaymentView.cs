using Balatrix.Core;
using Balatrix.Core.Payments;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Payments.Gateways;

namespace Balatrix.Modules.Payments;

/// <summary>A payment as the API shows it. Amounts are decimal strings.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Account">Whose it is.</param>
/// <param name="Gateway">razorpay or stripe.</param>
/// <param name="Status">created, requires_action, pending, unknown, authorized, succeeded, failed, cancelled, partially_refunded, refunded or disputed.</param>
/// <param name="Amount">What was asked for.</param>
/// <param name="Captured">What the gateway took; more than the amount when the customer paid twice.</param>
/// <param name="Refunded">What went back.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Purpose">invoice, top_up, subscription, auto_recharge or mandate.</param>
/// <param name="InvoiceId">The invoice, if any.</param>
/// <param name="SubscriptionId">The subscription, if any.</param>
/// <param name="PaymentMethod">The saved method that is charged, if any.</param>
/// <param name="Method">card, upi, netbanking …, once the gateway says so.</param>
/// <param name="Instrument">What people may see of it.</param>
/// <param name="Description">What the customer reads.</param>
/// <param name="DeclineCode">Why it failed.</param>
/// <param name="DebitAfter">When a mandate is debited, after its notice.</param>
/// <param name="CreatedAt">When it was begun.</param>
/// <param name="UpdatedAt">When it last changed.</param>
/// <param name="SucceededAt">When it was paid.</param>
/// <param name="Attempts">Attempts at the gateway; only of one payment.</param>
/// <param name="Receipts">Money received; only of one payment.</param>
/// <param name="Refunds">Money given back; only of one payment.</param>
/// <param name="Disputes">Disputes; only of one payment.</param>
/// <param name="Checkout">What the browser needs to pay; only when there is something to pay.</param>
public sealed record PaymentView(
    string Id, string Account, string Gateway, string Status, string Amount, string Captured, string Refunded, string Currency, string Purpose, long? InvoiceId, long? SubscriptionId,
    string? PaymentMethod, string? Method, string? Instrument, string Description, string? DeclineCode, DateTimeOffset? DebitAfter, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt,
    DateTimeOffset? SucceededAt, AttemptView[]? Attempts, ReceiptView[]? Receipts, RefundView[]? Refunds, DisputeView[]? Disputes, CheckoutView? Checkout = null)
{
    internal static PaymentView Of(PaymentRecord p, DateTimeOffset? debitAfter = null) => new(
        p.Number, AccountDirectory.NumberOf(p.AccountId), GatewayDirectory.Name(p.Gateway), PaymentNames.Name(p.Status), Money.Format(p.AmountMicros), Money.Format(p.CapturedMicros),
        Money.Format(p.RefundedMicros), p.Currency, NameOf(p.Purpose), p.DocumentId, p.SubscriptionId, p.MethodId is { } method ? PaymentNumbers.Method(method) : null, p.Method, p.Instrument,
        p.Description, p.DeclineCode, debitAfter, p.CreatedAt, p.UpdatedAt, p.SucceededAt, null, null, null, null);

    internal static PaymentView Of(PaymentFile file, CheckoutView? checkout = null) => Of(file.Payment, file.Last.DebitAfter) with
    {
        Attempts = [.. file.Attempts.Select(a => new AttemptView(a.No, a.Reference, PaymentNames.Name(a.Stage), a.OrderId, a.DeclineCode, a.DebitAfter, a.Notice, a.StartedAt, a.UpdatedAt))],
        Receipts = [.. file.Captures.Select(c => new ReceiptView(c.GatewayPaymentId, c.AttemptNo, Money.Format(c.AmountMicros), c.FeeMicros is { } fee ? Money.Format(fee) : null, c.EntryNo, c.DocumentId, c.CapturedAt))],
        Refunds = [.. file.Refunds.Select(RefundView.Of)],
        Disputes = [.. file.Disputes.Select(d => new DisputeView(d.DisputeId, Money.Format(d.AmountMicros), PaymentNames.Name(d.Stage), d.Reason, d.AnswerBy, d.CreatedAt))],
        Checkout = checkout,
    };

    internal static string NameOf(PaymentPurpose purpose) => purpose switch
    {
        PaymentPurpose.Invoice => "invoice",
        PaymentPurpose.TopUp => "top_up",
        PaymentPurpose.Subscription => "subscription",
        PaymentPurpose.AutoRecharge => "auto_recharge",
        _ => "mandate",
    };
}

/// <summary>One attempt at the gateway.</summary>
/// <param name="No">From 1.</param>
/// <param name="Reference">Our name of it there, and its idempotency key.</param>
/// <param name="Stage">How far it came.</param>
/// <param name="OrderId">The gateway's order.</param>
/// <param name="DeclineCode">Why it failed.</param>
/// <param name="DebitAfter">Not before, because of a mandate's notice.</param>
/// <param name="Notice">asked, delivered or failed, when a notice is needed.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="UpdatedAt">When it last changed.</param>
public sealed record AttemptView(
    int No, string Reference, string Stage, string? OrderId, string? DeclineCode, DateTimeOffset? DebitAfter, string? Notice, DateTimeOffset StartedAt, DateTimeOffset UpdatedAt);

/// <summary>Money that the gateway took, as it was received in the ledger.</summary>
/// <param name="GatewayPaymentId">The gateway's id.</param>
/// <param name="Attempt">By which attempt.</param>
/// <param name="Amount">How much.</param>
/// <param name="Fee">What the gateway keeps of it, when it says so.</param>
/// <param name="EntryNo">The account's ledger entry.</param>
/// <param name="DocumentId">The tax invoice or receipt voucher that was issued for it, if any.</param>
/// <param name="At">When.</param>
public sealed record ReceiptView(string GatewayPaymentId, int Attempt, string Amount, string? Fee, long EntryNo, long? DocumentId, DateTimeOffset At);

/// <summary>Money given back.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Payment">Of which payment.</param>
/// <param name="Amount">How much.</param>
/// <param name="Status">started, unknown, pending, processed or failed.</param>
/// <param name="Reason">Why.</param>
/// <param name="GatewayRefundId">The gateway's id.</param>
/// <param name="DocumentId">The credit note or refund voucher, if any.</param>
/// <param name="Failure">Why it failed.</param>
/// <param name="CreatedAt">When it was asked for.</param>
/// <param name="UpdatedAt">When it last changed.</param>
public sealed record RefundView(
    string Id, string Payment, string Amount, string Status, string Reason, string? GatewayRefundId, long? DocumentId, string? Failure, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    internal static RefundView Of(RefundRecord r) => new(
        r.Key, PaymentNumbers.Payment(r.PaymentId), Money.Format(r.AmountMicros), PaymentNames.Name(r.Stage), r.Reason, r.GatewayRefundId, r.DocumentId, r.Failure, r.CreatedAt, r.UpdatedAt);
}

/// <summary>A dispute.</summary>
/// <param name="Id">The gateway's id.</param>
/// <param name="Amount">How much.</param>
/// <param name="Status">open, won or lost.</param>
/// <param name="Reason">The gateway's code.</param>
/// <param name="AnswerBy">Until when an answer counts.</param>
/// <param name="CreatedAt">When it was heard of.</param>
public sealed record DisputeView(string Id, string Amount, string Status, string Reason, DateTimeOffset? AnswerBy, DateTimeOffset CreatedAt);

/// <summary>What the customer's browser needs to pay.</summary>
/// <param name="Gateway">razorpay or stripe.</param>
/// <param name="KeyId">Razorpay's key id, Stripe's publishable key.</param>
/// <param name="OrderId">The order, or the setup of a mandate.</param>
/// <param name="ClientSecret">What Stripe's script needs.</param>
/// <param name="Url">A page to pay by hand; only with a sandbox.</param>
public sealed record CheckoutView(string Gateway, string KeyId, string OrderId, string? ClientSecret, string? Url)
{
    internal static CheckoutView? Of(TenantGateway? gateway, GatewayOrder? order) => gateway is null || order is null or { IsPaid: true }
        ? null
        : new(GatewayDirectory.Name(gateway.Kind), gateway.Credentials.KeyId, order.Id, order.ClientSecret, order.CheckoutUrl?.ToString());
}
