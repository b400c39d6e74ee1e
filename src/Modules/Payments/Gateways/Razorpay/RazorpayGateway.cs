using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Balatrix.Core;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Gateways.Razorpay;

/// <summary>Razorpay's API of version 1.</summary>
sealed class RazorpayGateway(GatewayConnection connection, GatewayCredentials credentials) : IPaymentGateway
{
    const string WithCard = "expand[]=card";
    const int LongestNote = 256;

    readonly RazorpayMethods methods = new(connection);

    public GatewayKind Kind => GatewayKind.Razorpay;

    public async Task<GatewayAnswer<GatewayOrder>> CreateOrderAsync(OrderRequest request, CancellationToken cancellationToken)
    {
        var order = new JsonObject
        {
            ["amount"] = GatewayRequests.Minor(request.Amount),
            ["currency"] = request.Amount.Currency,
            ["receipt"] = GatewayRequests.Reference(request.Reference),
            ["payment_capture"] = true,
            ["notes"] = new JsonObject { ["reference"] = request.Reference, ["description"] = GatewayRequests.Shortened(request.Description, LongestNote) },
        };
        if (request.CustomerId is { } customer)
            order["customer_id"] = customer;
        if (request.Notice is { } notice)
            order["notification"] = new JsonObject { ["token_id"] = notice.MethodId, ["payment_after"] = notice.DebitAfter.ToUnixTimeSeconds() };
        return await CreateOnceAsync(order, request.Reference, request.IsRepeat, cancellationToken);
    }

    public async Task<GatewayAnswer<GatewayOrder>> FindOrderAsync(string orderId, CancellationToken cancellationToken) =>
        Order(await connection.GetAsync($"orders/{GatewayRequests.Part(orderId)}", cancellationToken));

    public async Task<GatewayAnswer<GatewayOrder>> FindOrderByReferenceAsync(string reference, DateTimeOffset since, string? customerId, CancellationToken cancellationToken)
    {
        var reply = await connection.GetAsync($"orders?receipt={Uri.EscapeDataString(reference)}&count=100", cancellationToken);
        if (reply.Kind != ReplyKind.Done)
            return reply.Without<GatewayOrder>(Failure);
        if (reply.Body.Items("items").All(item => RazorpayReading.Order(item, credentials.CheckoutPage)) is not { } orders)
            return GatewayReply.Unknown("", "").Without<GatewayOrder>(Failure);
        // The one that is paid if there were ever two, else the one that came first; the list has the newest first.
        var found = orders.Where(o => o.Reference == reference).Reverse().OrderByDescending(o => o.IsPaid).FirstOrDefault();
        return found is null ? new(GatewayOutcome.Failed, null, new(GatewayFailure.NotFound, "There is no order of this reference.", DeclineKind.Unknown)) : new(GatewayOutcome.Succeeded, found);
    }

    public Task<GatewayAnswer<GatewayOrder>> CancelOrderAsync(string orderId, CancellationToken cancellationToken) => FindOrderAsync(orderId, cancellationToken);

    public async Task<GatewayAnswer<GatewayPayment>> FindPaymentAsync(string paymentId, CancellationToken cancellationToken) =>
        Payment(await connection.GetAsync($"payments/{GatewayRequests.Part(paymentId)}?{WithCard}", cancellationToken));

    public async Task<GatewayAnswer<IReadOnlyList<GatewayPayment>>> FindPaymentsAsync(string orderId, CancellationToken cancellationToken)
    {
        var reply = await connection.GetAsync($"orders/{GatewayRequests.Part(orderId)}/payments?{WithCard}", cancellationToken);
        return reply.Kind == ReplyKind.Done && reply.Body.Items("items").All(RazorpayReading.Payment) is { } payments
            ? new(GatewayOutcome.Succeeded, [.. payments.OrderBy(p => p.CreatedAt)])
            : reply.Without<IReadOnlyList<GatewayPayment>>(Failure);
    }

    public async Task<GatewayAnswer<GatewayPayment>> CaptureAsync(string paymentId, Money amount, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["amount"] = GatewayRequests.Minor(amount), ["currency"] = amount.Currency };
        var reply = await PostAsync(connection, $"payments/{GatewayRequests.Part(paymentId)}/capture", body, isRepeatable: true, null, cancellationToken);
        if (reply.Kind != ReplyKind.Refused)
            return Payment(reply);
        // What was captured before refuses; the payment itself tells.
        var payment = await FindPaymentAsync(paymentId, cancellationToken);
        return payment.Value?.Status == GatewayPaymentStatus.Captured || payment.Outcome == GatewayOutcome.Unknown ? payment : reply.Without<GatewayPayment>(Failure);
    }

    public async Task<GatewayAnswer<GatewayPayment>> ChargeAsync(ChargeRequest request, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["email"] = request.Email,
            ["contact"] = request.Phone,
            ["amount"] = GatewayRequests.Minor(request.Amount),
            ["currency"] = request.Amount.Currency,
            ["order_id"] = request.OrderId,
            ["customer_id"] = request.CustomerId,
            ["token"] = request.MethodId,
            ["recurring"] = true,
            ["description"] = GatewayRequests.Shortened(request.Description, LongestNote),
            ["notes"] = new JsonObject { ["reference"] = GatewayRequests.Reference(request.Reference) },
        };
        // There is no idempotency key for this: sent once, whatever comes back.
        var reply = await PostAsync(connection, "payments/create/recurring", body, isRepeatable: false, null, cancellationToken);
        return reply.Kind switch
        {
            ReplyKind.Done when reply.Body.Text("razorpay_payment_id") is { } paymentId => await ChargedAsync(request, paymentId, cancellationToken),
            ReplyKind.Refused => await RefusedAsync(request, reply, cancellationToken),
            _ => Payment(reply),
        };
    }

    public Task<GatewayAnswer<GatewayCustomer>> CreateCustomerAsync(GatewayCustomerRequest request, CancellationToken cancellationToken) => methods.CreateCustomerAsync(request, cancellationToken);

    public async Task<GatewayAnswer<MethodSetup>> SetUpMethodAsync(MethodSetupRequest request, CancellationToken cancellationToken)
    {
        var order = await CreateOnceAsync(RazorpayMethods.AuthorisationOrder(request), request.Reference, request.IsRepeat, cancellationToken);
        return order.Value is { } made
            ? new(GatewayOutcome.RequiresAction, new(made.Id, made.Reference, null, null, null, made.CheckoutUrl))
            : new(order.Outcome, null, order.Failure);
    }

    public async Task<GatewayAnswer<MethodSetup>> FindSetupAsync(string setupId, CancellationToken cancellationToken)
    {
        var order = await FindOrderAsync(setupId, cancellationToken);
        if (order.Value is not { } made)
            return new(order.Outcome, null, order.Failure);
        var payments = await FindPaymentsAsync(setupId, cancellationToken);
        return payments.Value is { } list ? await methods.StandingAsync(made, list, cancellationToken) : new(payments.Outcome, null, payments.Failure);
    }

    public Task<GatewayAnswer<SavedMethod>> FindMethodAsync(string customerId, string methodId, CancellationToken cancellationToken) => methods.FindAsync(customerId, methodId, cancellationToken);

    public Task<GatewayAnswer<IReadOnlyList<SavedMethod>>> FindMethodsAsync(string customerId, CancellationToken cancellationToken) => methods.ListAsync(customerId, cancellationToken);

    public Task<GatewayAnswer<SavedMethod>> DeleteMethodAsync(string customerId, string methodId, CancellationToken cancellationToken) => methods.DeleteAsync(customerId, methodId, cancellationToken);

    public async Task<GatewayAnswer<GatewayRefund>> RefundAsync(RefundRequest request, CancellationToken cancellationToken)
    {
        var key = GatewayRequests.Reference(request.Key, shortest: 10);
        // The key stands for the whole body: the same every time, or it is refused.
        var body = new JsonObject
        {
            ["amount"] = GatewayRequests.Minor(request.Amount),
            ["speed"] = "normal",
            ["receipt"] = key,
            ["notes"] = new JsonObject { ["key"] = key, ["reason"] = GatewayRequests.Shortened(request.Reason, LongestNote) },
        };
        return Refund(await PostAsync(connection, $"payments/{GatewayRequests.Part(request.PaymentId)}/refund", body, isRepeatable: true, ("X-Refund-Idempotency", key), cancellationToken));
    }

    public async Task<GatewayAnswer<GatewayRefund>> FindRefundAsync(string paymentId, string refundId, CancellationToken cancellationToken) =>
        Refund(await connection.GetAsync($"payments/{GatewayRequests.Part(paymentId)}/refunds/{GatewayRequests.Part(refundId)}", cancellationToken));

    public async Task<GatewayAnswer<IReadOnlyList<GatewayRefund>>> FindRefundsAsync(string paymentId, CancellationToken cancellationToken)
    {
        var reply = await connection.GetAsync($"payments/{GatewayRequests.Part(paymentId)}/refunds?count=100", cancellationToken);
        return reply.Kind == ReplyKind.Done && reply.Body.Items("items").All(RazorpayReading.Refund) is { } refunds
            ? new(GatewayOutcome.Succeeded, [.. refunds.OrderBy(r => r.CreatedAt)])
            : reply.Without<IReadOnlyList<GatewayRefund>>(Failure);
    }

    public CheckoutVerdict VerifyCheckout(CheckoutProof proof) =>
        RazorpaySignatures.IsCheckout(proof.OrderId, proof.PaymentId, proof.Signature, credentials.KeySecret) ? CheckoutVerdict.Genuine : CheckoutVerdict.Forged;

    public WebhookReading ReadWebhook(ReadOnlySpan<byte> body, Func<string, string?> header, DateTimeOffset now) =>
        RazorpaySignatures.IsWebhook(body, header("X-Razorpay-Signature"), credentials.WebhookSecrets) ? RazorpayEvents.Read(body, header("x-razorpay-event-id")) : new(WebhookVerdict.Forged);

    public Task<GatewayAnswer<SettledDay>> ReadSettledAsync(DateOnly day, TimeZoneInfo zone, CancellationToken cancellationToken) => RazorpaySettlements.ReadAsync(connection, day, Failure, cancellationToken);

    internal static Task<GatewayReply> PostAsync(
        GatewayConnection connection, string path, JsonObject body, bool isRepeatable, (string Name, string Value)? header, CancellationToken cancellationToken)
    {
        var text = body.ToJsonString();
        return connection.SendAsync(HttpMethod.Post, path, () => new StringContent(text, Encoding.UTF8, "application/json"), isRepeatable, header, cancellationToken);
    }

    /// <summary>Why a request was refused. Ids that are not there come as 400 with a sentence.</summary>
    internal static GatewayFailure Failure(GatewayConnection connection, GatewayReply reply)
    {
        if (reply.Code == GatewayFailure.CredentialsRefused)
            return new(reply.Code, reply.Message, DeclineKind.Unknown, WasNotSent: true);
        var error = reply.Body.Object("error") ?? default;
        var message = connection.Cleaned(error.Text("description"));
        if (reply.Status == (int)HttpStatusCode.NotFound || message.Contains("does not exist", StringComparison.OrdinalIgnoreCase))
            return new(GatewayFailure.NotFound, message, DeclineKind.Unknown);
        var (reason, code) = (error.Text("reason") is { } said and not "NA" ? said : null, error.Text("code"));
        return new(reason ?? code ?? $"http_{reply.Status}", message, DeclineReasons.Razorpay(reason ?? code));
    }

    GatewayFailure Failure(GatewayReply reply) => Failure(connection, reply);

    GatewayAnswer<GatewayOrder> Order(GatewayReply reply) =>
        reply.Kind == ReplyKind.Done && RazorpayReading.Order(reply.Body, credentials.CheckoutPage) is { } order ? new(GatewayOutcome.Succeeded, order) : Unread(reply).Without<GatewayOrder>(Failure);

    GatewayAnswer<GatewayPayment> Payment(GatewayReply reply) =>
        reply.Kind == ReplyKind.Done && RazorpayReading.Payment(reply.Body) is { } payment ? new(GatewayOutcome.Succeeded, payment) : Unread(reply).Without<GatewayPayment>(Failure);

    GatewayAnswer<GatewayRefund> Refund(GatewayReply reply) => reply.Kind == ReplyKind.Done && RazorpayReading.Refund(reply.Body) is { } refund
        ? new(refund.Status switch { GatewayRefundStatus.Processed => GatewayOutcome.Succeeded, GatewayRefundStatus.Failed => GatewayOutcome.Failed, _ => GatewayOutcome.Pending }, refund, refund.Failure)
        : Unread(reply).Without<GatewayRefund>(Failure);

    /// <summary>An answer that says it is done, and cannot be read, leaves it unknown.</summary>
    static GatewayReply Unread(GatewayReply reply) => reply.Kind == ReplyKind.Done ? reply with { Kind = ReplyKind.Unknown } : reply;

    async Task<GatewayAnswer<GatewayOrder>> CreateOnceAsync(JsonObject order, string reference, bool isRepeat, CancellationToken cancellationToken)
    {
        if (isRepeat)
        {
            var before = await FindOrderByReferenceAsync(reference, DateTimeOffset.UnixEpoch, null, cancellationToken);
            if (!before.IsNotFound)
                return before;
        }
        return Order(await PostAsync(connection, "orders", order, isRepeatable: false, null, cancellationToken));
    }

    /// <summary>The charge was taken; what became of it is in the payment.</summary>
    async Task<GatewayAnswer<GatewayPayment>> ChargedAsync(ChargeRequest request, string paymentId, CancellationToken cancellationToken)
    {
        var found = await FindPaymentAsync(paymentId, cancellationToken);
        var payment = found.Value ?? new GatewayPayment(
            paymentId, request.OrderId, request.Reference, request.Amount, GatewayPaymentStatus.Pending, request.Amount with { Micros = 0 }, null, request.MethodId, request.CustomerId, null, null, null, null,
            DateTimeOffset.UnixEpoch);
        return payment.Status switch
        {
            GatewayPaymentStatus.Captured => new(GatewayOutcome.Succeeded, payment),
            GatewayPaymentStatus.Failed => new(GatewayOutcome.Failed, payment, payment.Failure),
            _ => new(GatewayOutcome.Pending, payment),
        };
    }

    async Task<GatewayAnswer<GatewayPayment>> RefusedAsync(ChargeRequest request, GatewayReply reply, CancellationToken cancellationToken)
    {
        var (failure, error) = (Failure(reply), reply.Body.Object("error") ?? default);
        // A fault of theirs in the clothes of a refusal: without a payment to look at, nobody knows.
        if (error.Text("code") is "GATEWAY_ERROR" or "SERVER_ERROR" && error.Object("metadata")?.Text("payment_id") is null)
            return new(GatewayOutcome.Unknown, null, failure);
        if (failure.Code == "order_already_paid")
        {
            var payments = await FindPaymentsAsync(request.OrderId, cancellationToken);
            return payments.Value?.FirstOrDefault(p => p.Status == GatewayPaymentStatus.Captured) is { } paid ? new(GatewayOutcome.Succeeded, paid) : new(GatewayOutcome.Unknown, null, failure);
        }
        var payment = error.Object("metadata")?.Text("payment_id") is { } paymentId ? (await FindPaymentAsync(paymentId, cancellationToken)).Value : null;
        return new(GatewayOutcome.Failed, payment, failure);
    }
}
