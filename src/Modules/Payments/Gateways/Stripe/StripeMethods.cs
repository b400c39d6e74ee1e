using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Gateways.Stripe;

/// <summary>Customers, and their saved methods with the mandates that India's banks want.</summary>
sealed class StripeMethods(StripeApi api, GatewayCredentials credentials, TimeProvider time)
{
    public async Task<GatewayAnswer<GatewayCustomer>> CreateCustomerAsync(GatewayCustomerRequest request, CancellationToken cancellationToken)
    {
        var form = new StripeForm()
            .Add("name", request.Name)
            .Add("email", request.Email)
            .Add("phone", request.Phone)
            .Add("metadata[reference]", GatewayRequests.Reference(request.Reference));
        var reply = await api.PostAsync("customers", form, $"{request.Reference}:customer", cancellationToken);
        return api.Answer(reply, customer => customer.Text("id") is { } id ? new GatewayCustomer(id) : null);
    }

    public async Task<GatewayAnswer<MethodSetup>> SetUpAsync(MethodSetupRequest request, CancellationToken cancellationToken)
    {
        if (request.Kind == MethodKind.BankAccount)
            return new(GatewayOutcome.Failed, null, new("method_not_supported", "Stripe saves no Indian bank accounts.", DeclineKind.Hard, WasNotSent: true));
        var (type, reference) = (request.Kind == MethodKind.Upi ? "upi" : "card", GatewayRequests.Reference(request.Reference));
        var mandate = $"payment_method_options[{type}][mandate_options]";
        var form = new StripeForm()
            .Add("customer", request.CustomerId)
            .Add("usage", "off_session")
            .Add("payment_method_types[]", type)
            .Add("description", request.Description)
            .Add("metadata[reference]", reference)
            .Add($"{mandate}[amount]", GatewayRequests.Minor(request.MaxAmount))
            .Add($"{mandate}[amount_type]", "maximum")
            .Add($"{mandate}[end_date]", request.ExpiresAt.ToUnixTimeSeconds());
        if (request.Kind == MethodKind.Card)
            form.Add($"{mandate}[currency]", request.MaxAmount.Currency.ToLowerInvariant())
                .Add($"{mandate}[interval]", "sporadic")
                .Add($"{mandate}[reference]", reference)
                .Add($"{mandate}[start_date]", StartDate(request))
                .Add($"{mandate}[supported_types][]", request.MaxAmount.Currency == "INR" ? "india" : null);
        return Setup(await api.PostAsync("setup_intents", form, $"{reference}:setup", cancellationToken));
    }

    public async Task<GatewayAnswer<MethodSetup>> FindSetupAsync(string setupId, CancellationToken cancellationToken) =>
        Setup(await api.GetAsync($"setup_intents/{GatewayRequests.Part(setupId)}", cancellationToken));

    public async Task<GatewayAnswer<SavedMethod>> FindAsync(string customerId, string methodId, CancellationToken cancellationToken) =>
        api.Answer(await api.GetAsync($"customers/{GatewayRequests.Part(customerId)}/payment_methods/{GatewayRequests.Part(methodId)}", cancellationToken), StripeReading.Method);

    public async Task<GatewayAnswer<IReadOnlyList<SavedMethod>>> ListAsync(string customerId, CancellationToken cancellationToken)
    {
        var (fault, items) = await api.ListAsync($"customers/{GatewayRequests.Part(customerId)}/payment_methods", null, cancellationToken);
        return fault is null && items.All(StripeReading.Method) is { } all
            ? new(GatewayOutcome.Succeeded, all)
            : (fault ?? GatewayReply.Unknown("", "")).Without<IReadOnlyList<SavedMethod>>(api.Failure);
    }

    /// <summary>Takes the method from the customer, and its mandate with it.</summary>
    public async Task<GatewayAnswer<SavedMethod>> DeleteAsync(string customerId, string methodId, CancellationToken cancellationToken)
    {
        var before = await FindAsync(customerId, methodId, cancellationToken);
        if (before.Value is not { } method)
            return before.IsNotFound ? new(GatewayOutcome.Succeeded, null) : before;
        var reply = await api.PostAsync($"payment_methods/{GatewayRequests.Part(methodId)}/detach", new StripeForm(), $"{methodId}:detach", cancellationToken);
        var isGone = reply.Kind == ReplyKind.Done || (reply.Kind == ReplyKind.Refused && api.Failure(reply).Code == GatewayFailure.NotFound);
        return isGone ? new(GatewayOutcome.Succeeded, method with { Status = MethodStatus.Cancelled }) : reply.Without<SavedMethod>(api.Failure);
    }

    // The same however often it is sent again within the hour, since the key stands for the whole form.
    long StartDate(MethodSetupRequest request)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        return Math.Min(now - (now % 3600), request.ExpiresAt.ToUnixTimeSeconds());
    }

    GatewayAnswer<MethodSetup> Setup(GatewayReply reply)
    {
        var status = reply.Body.ValueKind == System.Text.Json.JsonValueKind.Object ? reply.Body.Text("status") : null;
        var refusal = reply.Kind == ReplyKind.Done && reply.Body.Object("last_setup_error") is { } error ? StripeReading.Failure(error) : null;
        return api.Answer(reply, setup => StripeReading.Setup(setup, credentials.CheckoutPage), _ => status switch
        {
            "succeeded" => (GatewayOutcome.Succeeded, null),
            "processing" => (GatewayOutcome.Pending, null),
            "canceled" => (GatewayOutcome.Failed, refusal ?? new("setup_cancelled", "The saving of the method was given up.", DeclineKind.NeedsCustomer)),
            _ => (GatewayOutcome.RequiresAction, refusal),
        });
    }
}
