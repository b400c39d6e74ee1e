using Balatrix.Core;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Gateways.Stripe;

/// <summary>Stripe's API: PaymentIntents are orders and payments in one.</summary>
sealed class StripeGateway : IPaymentGateway
{
    const string WithCharge = "expand[]=latest_charge.balance_transaction";

    readonly StripeApi api;
    readonly StripeMethods methods;
    readonly GatewayCredentials credentials;

    public StripeGateway(GatewayConnection connection, GatewayCredentials credentials, TimeProvider time)
    {
        (this.credentials, api) = (credentials, new StripeApi(connection));
        methods = new StripeMethods(api, credentials, time);
    }

    public GatewayKind Kind => GatewayKind.Stripe;

    public async Task<GatewayAnswer<GatewayOrder>> CreateOrderAsync(OrderRequest request, CancellationToken cancellationToken)
    {
        var form = new StripeForm()
            .Add(request.Amount)
            .Add("description", request.Description)
            .Add("metadata[reference]", GatewayRequests.Reference(request.Reference))
            .Add("customer", request.CustomerId)
            .Add("setup_future_usage", request.SavesMethod ? "off_session" : null)
            .Add("automatic_payment_methods[enabled]", "true");
        // A repeat needs no looking: the key gives the same intent for a day, and after that a second one, which charges nothing.
        return Order(await api.PostAsync("payment_intents", form, $"{request.Reference}:order", cancellationToken));
    }

    public async Task<GatewayAnswer<GatewayOrder>> FindOrderAsync(string orderId, CancellationToken cancellationToken) => Order(await api.GetAsync(IntentPath(orderId), cancellationToken));

    public async Task<GatewayAnswer<GatewayOrder>> FindOrderByReferenceAsync(string reference, DateTimeOffset since, string? customerId, CancellationToken cancellationToken)
    {
        // Not by search: it lags behind, and Indian accounts have none.
        var customer = customerId is null ? "" : $"&customer={Uri.EscapeDataString(customerId)}";
        var path = $"payment_intents?created[gte]={Math.Max(0, since.ToUnixTimeSeconds())}{customer}";
        var (fault, items) = await api.ListAsync(path, item => item.Object("metadata")?.Text("reference") == reference, cancellationToken);
        if (fault is not null)
            return fault.Without<GatewayOrder>(api.Failure);
        var found = items.Select(item => StripeReading.Order(item, credentials.CheckoutPage)).FirstOrDefault(order => order?.Reference == reference);
        return found is null ? new(GatewayOutcome.Failed, null, new(GatewayFailure.NotFound, "There is no PaymentIntent of this reference.", DeclineKind.Unknown)) : new(GatewayOutcome.Succeeded, found);
    }

    public async Task<GatewayAnswer<GatewayOrder>> CancelOrderAsync(string orderId, CancellationToken cancellationToken)
    {
        var reply = await api.PostAsync($"{IntentPath(orderId)}/cancel", new StripeForm(), $"{orderId}:cancel", cancellationToken);
        if (reply.Kind != ReplyKind.Refused || reply.Body.Object("error")?.Object("payment_intent")?.Text("status") != "canceled")
            return Order(reply);
        return Order(await api.GetAsync(IntentPath(orderId), cancellationToken));
    }

    public async Task<GatewayAnswer<GatewayPayment>> FindPaymentAsync(string paymentId, CancellationToken cancellationToken) =>
        api.Answer(await api.GetAsync($"{IntentPath(paymentId)}?{WithCharge}", cancellationToken), StripeReading.Payment);

    public async Task<GatewayAnswer<IReadOnlyList<GatewayPayment>>> FindPaymentsAsync(string orderId, CancellationToken cancellationToken)
    {
        var found = await FindPaymentAsync(orderId, cancellationToken);
        if (found.Value is not { } payment)
            return new(found.Outcome, null, found.Failure);
        // An intent that nobody has tried to pay is an order only.
        return new(GatewayOutcome.Succeeded, payment.Status is GatewayPaymentStatus.Created ? [] : [payment]);
    }

    public async Task<GatewayAnswer<GatewayPayment>> CaptureAsync(string paymentId, Money amount, CancellationToken cancellationToken)
    {
        var form = new StripeForm().Add("amount_to_capture", GatewayRequests.Minor(amount)).Add("expand[]", "latest_charge.balance_transaction");
        var reply = await api.PostAsync($"{IntentPath(paymentId)}/capture", form, $"{paymentId}:capture", cancellationToken);
        if (reply.Kind != ReplyKind.Refused)
            return api.Answer(reply, StripeReading.Payment);
        // What was captured before refuses; the payment itself tells.
        var payment = await FindPaymentAsync(paymentId, cancellationToken);
        return payment.Value?.Status == GatewayPaymentStatus.Captured || payment.Outcome == GatewayOutcome.Unknown ? payment : reply.Without<GatewayPayment>(api.Failure);
    }

    public async Task<GatewayAnswer<GatewayPayment>> ChargeAsync(ChargeRequest request, CancellationToken cancellationToken)
    {
        var form = new StripeForm()
            .Add("payment_method", request.MethodId)
            .Add("off_session", "true")
            // Wanted when the account takes methods that redirect.
            .Add("return_url", credentials.ReturnUrl?.AbsoluteUri)
            .Add("expand[]", "latest_charge.balance_transaction");
        var reply = await api.PostAsync($"{IntentPath(request.OrderId)}/confirm", form, $"{GatewayRequests.Reference(request.Reference)}:charge", cancellationToken);
        if (reply.Kind != ReplyKind.Refused)
            return api.Answer(reply, StripeReading.Payment, Charged);
        // A refusal shows the intent as it is now; it may have been paid before.
        var payment = reply.Body.Object("error")?.Object("payment_intent") is { } intent ? StripeReading.Payment(intent) : null;
        return payment?.Status == GatewayPaymentStatus.Captured ? new(GatewayOutcome.Succeeded, payment) : new(GatewayOutcome.Failed, payment, api.Failure(reply));
    }

    public Task<GatewayAnswer<GatewayCustomer>> CreateCustomerAsync(GatewayCustomerRequest request, CancellationToken cancellationToken) => methods.CreateCustomerAsync(request, cancellationToken);

    public Task<GatewayAnswer<MethodSetup>> SetUpMethodAsync(MethodSetupRequest request, CancellationToken cancellationToken) => methods.SetUpAsync(request, cancellationToken);

    public Task<GatewayAnswer<MethodSetup>> FindSetupAsync(string setupId, CancellationToken cancellationToken) => methods.FindSetupAsync(setupId, cancellationToken);

    public Task<GatewayAnswer<SavedMethod>> FindMethodAsync(string customerId, string methodId, CancellationToken cancellationToken) => methods.FindAsync(customerId, methodId, cancellationToken);

    public Task<GatewayAnswer<IReadOnlyList<SavedMethod>>> FindMethodsAsync(string customerId, CancellationToken cancellationToken) => methods.ListAsync(customerId, cancellationToken);

    public Task<GatewayAnswer<SavedMethod>> DeleteMethodAsync(string customerId, string methodId, CancellationToken cancellationToken) => methods.DeleteAsync(customerId, methodId, cancellationToken);

    public async Task<GatewayAnswer<GatewayRefund>> RefundAsync(RefundRequest request, CancellationToken cancellationToken)
    {
        var key = GatewayRequests.Reference(request.Key, shortest: 10);
        var form = new StripeForm()
            .Add("payment_intent", request.PaymentId)
            .Add("amount", GatewayRequests.Minor(request.Amount))
            .Add("metadata[key]", key)
            .Add("metadata[reason]", GatewayRequests.Shortened(request.Reason, 500));
        return api.Answer(await api.PostAsync("refunds", form, $"{key}:refund", cancellationToken), StripeReading.Refund, Refunded);
    }

    public async Task<GatewayAnswer<GatewayRefund>> FindRefundAsync(string paymentId, string refundId, CancellationToken cancellationToken) =>
        api.Answer(await api.GetAsync($"refunds/{GatewayRequests.Part(refundId)}", cancellationToken), StripeReading.Refund, Refunded);

    public async Task<GatewayAnswer<IReadOnlyList<GatewayRefund>>> FindRefundsAsync(string paymentId, CancellationToken cancellationToken)
    {
        var (fault, items) = await api.ListAsync($"refunds?payment_intent={Uri.EscapeDataString(paymentId)}", null, cancellationToken);
        return fault is null && items.All(StripeReading.Refund) is { } refunds
            ? new(GatewayOutcome.Succeeded, [.. refunds.Reverse()])
            : (fault ?? GatewayReply.Unknown("", "")).Without<IReadOnlyList<GatewayRefund>>(api.Failure);
    }

    public CheckoutVerdict VerifyCheckout(CheckoutProof proof) => CheckoutVerdict.AskGateway;

    public WebhookReading ReadWebhook(ReadOnlySpan<byte> body, Func<string, string?> header, DateTimeOffset now) =>
        StripeSignatures.Check(body, header("Stripe-Signature"), credentials.WebhookSecrets, now) switch
        {
            SignatureVerdict.Genuine => StripeEvents.Read(body),
            SignatureVerdict.Stale => new(WebhookVerdict.Stale),
            _ => new(WebhookVerdict.Forged),
        };

    public async Task<GatewayAnswer<SettledDay>> ReadSettledAsync(DateOnly day, TimeZoneInfo zone, CancellationToken cancellationToken)
    {
        var (from, until) = (Begin(day, zone), Begin(day.AddDays(1), zone));
        var (fault, items) = await api.ListAsync($"balance_transactions?created[gte]={from}&created[lt]={until}&expand[]=data.source", null, cancellationToken);
        return fault is null && items.All(StripeReading.Settled) is { } settled
            ? new(GatewayOutcome.Succeeded, new(settled))
            : (fault ?? GatewayReply.Unknown("", "")).Without<SettledDay>(api.Failure);
    }

    /// <summary>A charge's outcome is the payment's.</summary>
    static (GatewayOutcome, GatewayFailure?) Charged(GatewayPayment payment) => payment.Status switch
    {
        GatewayPaymentStatus.Captured => (GatewayOutcome.Succeeded, null),
        GatewayPaymentStatus.RequiresAction => (GatewayOutcome.RequiresAction, null),
        GatewayPaymentStatus.Failed or GatewayPaymentStatus.Cancelled => (GatewayOutcome.Failed, payment.Failure ?? new("declined", "The payment did not go through.", DeclineKind.Unknown)),
        _ => (GatewayOutcome.Pending, null),
    };

    static (GatewayOutcome, GatewayFailure?) Refunded(GatewayRefund refund) => refund.Status switch
    {
        GatewayRefundStatus.Processed => (GatewayOutcome.Succeeded, null),
        GatewayRefundStatus.Failed => (GatewayOutcome.Failed, refund.Failure),
        _ => (GatewayOutcome.Pending, null),
    };

    static string IntentPath(string id) => $"payment_intents/{GatewayRequests.Part(id)}";

    static long Begin(DateOnly day, TimeZoneInfo zone) => zone.StartOf(day).ToUnixTimeSeconds();

    GatewayAnswer<GatewayOrder> Order(GatewayReply reply) => api.Answer(reply, intent => StripeReading.Order(intent, credentials.CheckoutPage));
}
