using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>A gateway that answers as it is told to and remembers what was asked of it: what the outside world may do at its worst.</summary>
public sealed class FakeGateway(GatewayKind kind) : IPaymentGateway
{
    public const string Secret = "whsec_test";

    static readonly DateTimeOffset Began = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    readonly ConcurrentDictionary<string, GatewayOrder> orders = new();
    readonly ConcurrentDictionary<string, GatewayPayment> payments = new();
    readonly ConcurrentDictionary<string, GatewayRefund> refunds = new();
    int next = 1000;

    public GatewayKind Kind => kind;

    /// <summary>Charges by order: more than one of an order is a double charge.</summary>
    public ConcurrentDictionary<string, int> Charges { get; } = new();

    public ConcurrentDictionary<string, SavedMethod> Methods { get; } = new();

    public ConcurrentDictionary<string, MethodSetup> Setups { get; } = new();

    public List<OrderRequest> Ordered { get; } = [];

    /// <summary>What the next calls of a name come to, before they are done as usual: "order", "charge", "charged" (done, but the answer is lost), "refund", "refunded", "capture".</summary>
    public ConcurrentDictionary<string, Func<GatewayFailure?>> Faults { get; } = new();

    /// <summary>Waited for in the middle of a charge or a refund.</summary>
    public Func<Task> Meanwhile { get; set; } = () => Task.CompletedTask;

    public List<SettledItem> Settled { get; } = [];

    public static GatewayFailure Timeout { get; } = new("timeout", "No answer.", DeclineKind.Unknown);

    public int CountOrders => orders.Count;

    string NewId(string prefix) => $"{prefix}_{Interlocked.Increment(ref next).ToString(CultureInfo.InvariantCulture)}{kind.ToString()[..1]}";

    public GatewayOrder OrderOf(string id) => orders[id];

    /// <summary>What the customer does in the checkout.</summary>
    public GatewayPayment Pay(string orderId, GatewayPaymentStatus status = GatewayPaymentStatus.Captured, string? decline = null)
    {
        var order = orders[orderId];
        var id = kind == GatewayKind.Stripe ? orderId : NewId("pay");
        return payments[id] = new(
            id, orderId, order.Reference, order.Amount, status, new(0, order.Amount.Currency), "upi", null, null, "asha@okbank", status == GatewayPaymentStatus.Captured ? new(2_000_000, order.Amount.Currency) : null,
            decline is null ? null : new(decline, "Declined.", DeclineKind.Soft), null, Began.AddSeconds(next));
    }

    public GatewayPayment Become(string paymentId, GatewayPaymentStatus status) => payments[paymentId] = payments[paymentId] with { Status = status };

    public GatewayRefund Become(string refundId, GatewayRefundStatus status) => refunds[refundId] = refunds[refundId] with { Status = status };

    /// <summary>A refund made at the gateway's own pages.</summary>
    public GatewayRefund RefundByHand(string paymentId, long micros)
    {
        payments[paymentId] = payments[paymentId] with { Refunded = new(payments[paymentId].Refunded.Micros + micros, "INR") };
        var id = NewId("rfnd");
        return refunds[id] = new(id, paymentId, null, new(micros, "INR"), GatewayRefundStatus.Processed, null, Began);
    }

    public IReadOnlyCollection<GatewayRefund> Refunds => [.. refunds.Values];

    /// <summary>A signed webhook.</summary>
    public static (byte[] Body, string Signature) Sign(GatewayEvent told)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(told);
        return (body, Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), body)));
    }

    public WebhookReading ReadWebhook(ReadOnlySpan<byte> body, Func<string, string?> header, DateTimeOffset now) =>
        header("X-Signature") == Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), body))
            ? new(WebhookVerdict.Genuine, JsonSerializer.Deserialize<GatewayEvent>(body))
            : new(WebhookVerdict.Forged);

    public Task<GatewayAnswer<GatewayOrder>> CreateOrderAsync(OrderRequest request, CancellationToken cancellationToken)
    {
        lock (Ordered)
            Ordered.Add(request);
        if (Fault("order") is { } failure)
            return Answer<GatewayOrder>(failure);
        // As at Razorpay: without asking first, the same reference makes a second order.
        if (request.IsRepeat && orders.Values.FirstOrDefault(o => o.Reference == request.Reference) is { } known)
            return Done(known);
        var id = NewId(kind == GatewayKind.Stripe ? "pi" : "order");
        var order = orders[id] = new(id, request.Reference, request.Amount, false, kind == GatewayKind.Stripe ? id + "_secret" : null, null);
        return Fault("ordered") is { } lost ? Answer<GatewayOrder>(lost) : Done(order);
    }

    public Task<GatewayAnswer<GatewayOrder>> FindOrderAsync(string orderId, CancellationToken cancellationToken) => orders.TryGetValue(orderId, out var order) ? Done(order) : Missing<GatewayOrder>();

    public Task<GatewayAnswer<GatewayOrder>> FindOrderByReferenceAsync(string reference, DateTimeOffset since, string? customerId, CancellationToken cancellationToken) =>
        orders.Values.FirstOrDefault(o => o.Reference == reference) is { } order ? Done(order) : Missing<GatewayOrder>();

    public Task<GatewayAnswer<GatewayOrder>> CancelOrderAsync(string orderId, CancellationToken cancellationToken) => Done(orders[orderId]);

    public Task<GatewayAnswer<GatewayPayment>> FindPaymentAsync(string paymentId, CancellationToken cancellationToken) =>
        payments.TryGetValue(paymentId, out var payment) ? Done(payment) : Missing<GatewayPayment>();

    public Task<GatewayAnswer<IReadOnlyList<GatewayPayment>>> FindPaymentsAsync(string orderId, CancellationToken cancellationToken) =>
        Fault("ask") is { } failure ? Answer<IReadOnlyList<GatewayPayment>>(failure) : Done<IReadOnlyList<GatewayPayment>>([.. payments.Values.Where(p => p.OrderId == orderId).OrderBy(p => p.CreatedAt)]);

    public Task<GatewayAnswer<GatewayPayment>> CaptureAsync(string paymentId, Money amount, CancellationToken cancellationToken) =>
        Fault("capture") is { } failure ? Answer<GatewayPayment>(failure) : Done(Become(paymentId, GatewayPaymentStatus.Captured));

    public async Task<GatewayAnswer<GatewayPayment>> ChargeAsync(ChargeRequest request, CancellationToken cancellationToken)
    {
        Charges.AddOrUpdate(request.OrderId, 1, (_, n) => n + 1);
        if (Fault("charge") is { } failure)
            return await Answer<GatewayPayment>(failure);
        var payment = Pay(request.OrderId);
        await Meanwhile();
        return Fault("charged") is { } lost ? await Answer<GatewayPayment>(lost) : await Done(payment);
    }

    public Task<GatewayAnswer<GatewayCustomer>> CreateCustomerAsync(GatewayCustomerRequest request, CancellationToken cancellationToken) => Done(new GatewayCustomer("cust_" + request.Reference));

    public Task<GatewayAnswer<MethodSetup>> SetUpMethodAsync(MethodSetupRequest request, CancellationToken cancellationToken)
    {
        if (request.IsRepeat && Setups.Values.FirstOrDefault(s => s.Reference == request.Reference) is { } known)
            return Done(known);
        var id = NewId("order");
        orders[id] = new(id, request.Reference, request.FirstAmount, false, null, null);
        return Done(Setups[id] = new(id, request.Reference, null, null, null, null));
    }

    public Task<GatewayAnswer<MethodSetup>> FindSetupAsync(string setupId, CancellationToken cancellationToken) => Done(Setups[setupId]);

    public Task<GatewayAnswer<SavedMethod>> FindMethodAsync(string customerId, string methodId, CancellationToken cancellationToken) =>
        Methods.TryGetValue(methodId, out var method) && method.CustomerId == customerId ? Done(method) : Missing<SavedMethod>();

    public Task<GatewayAnswer<IReadOnlyList<SavedMethod>>> FindMethodsAsync(string customerId, CancellationToken cancellationToken) =>
        Done<IReadOnlyList<SavedMethod>>([.. Methods.Values.Where(m => m.CustomerId == customerId)]);

    public Task<GatewayAnswer<SavedMethod>> DeleteMethodAsync(string customerId, string methodId, CancellationToken cancellationToken) =>
        Methods.TryRemove(methodId, out var method) ? Done(method) : Missing<SavedMethod>();

    public async Task<GatewayAnswer<GatewayRefund>> RefundAsync(RefundRequest request, CancellationToken cancellationToken)
    {
        await Meanwhile();
        if (Fault("refund") is { } failure)
            return await Answer<GatewayRefund>(failure);
        var refund = refunds.Values.FirstOrDefault(r => r.Key == request.Key);
        if (refund is null)
        {
            payments[request.PaymentId] = payments[request.PaymentId] with { Refunded = new(payments[request.PaymentId].Refunded.Micros + request.Amount.Micros, request.Amount.Currency) };
            var id = NewId("rfnd");
            refund = refunds[id] = new(id, request.PaymentId, request.Key, request.Amount, GatewayRefundStatus.Processed, null, Began);
        }
        return Fault("refunded") is { } lost ? await Answer<GatewayRefund>(lost) : await Done(refund);
    }

    public Task<GatewayAnswer<GatewayRefund>> FindRefundAsync(string paymentId, string refundId, CancellationToken cancellationToken) => Done(refunds[refundId]);

    public Task<GatewayAnswer<IReadOnlyList<GatewayRefund>>> FindRefundsAsync(string paymentId, CancellationToken cancellationToken) =>
        Done<IReadOnlyList<GatewayRefund>>([.. refunds.Values.Where(r => r.PaymentId == paymentId)]);

    public CheckoutVerdict VerifyCheckout(CheckoutProof proof) => kind == GatewayKind.Stripe ? CheckoutVerdict.AskGateway
        : proof.Signature == $"signed:{proof.OrderId}|{proof.PaymentId}" ? CheckoutVerdict.Genuine : CheckoutVerdict.Forged;

    public Task<GatewayAnswer<SettledDay>> ReadSettledAsync(DateOnly day, TimeZoneInfo zone, CancellationToken cancellationToken) => Done(new SettledDay([.. Settled]));

    GatewayFailure? Fault(string name) => Faults.TryGetValue(name, out var fault) ? fault() : null;

    static Task<GatewayAnswer<T>> Done<T>(T value)
        where T : class => Task.FromResult(new GatewayAnswer<T>(GatewayOutcome.Succeeded, value));

    static Task<GatewayAnswer<T>> Missing<T>()
        where T : class => Task.FromResult(new GatewayAnswer<T>(GatewayOutcome.Failed, null, new(GatewayFailure.NotFound, "There is none.", DeclineKind.Unknown)));

    static Task<GatewayAnswer<T>> Answer<T>(GatewayFailure failure)
        where T : class => Task.FromResult(new GatewayAnswer<T>(failure.Code is "timeout" or "http_500" ? GatewayOutcome.Unknown : GatewayOutcome.Failed, null, failure));
}
