using System.Text.Json.Nodes;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Gateways.Razorpay;

/// <summary>Customers, and the tokens that stand for their saved methods and mandates.</summary>
sealed class RazorpayMethods(GatewayConnection connection)
{
    /// <summary>The order whose payment authorises the mandate.</summary>
    public static JsonObject AuthorisationOrder(MethodSetupRequest request)
    {
        var token = new JsonObject { ["max_amount"] = GatewayRequests.Minor(request.MaxAmount), ["expire_at"] = request.ExpiresAt.ToUnixTimeSeconds() };
        if (request.Kind == MethodKind.BankAccount)
            token["auth_type"] = "netbanking";
        else
            token["frequency"] = "as_presented";
        return new JsonObject
        {
            ["amount"] = GatewayRequests.Minor(request.FirstAmount),
            ["currency"] = request.FirstAmount.Currency,
            ["customer_id"] = request.CustomerId,
            ["method"] = request.Kind switch { MethodKind.Upi => "upi", MethodKind.BankAccount => "emandate", _ => "card" },
            ["receipt"] = GatewayRequests.Reference(request.Reference),
            ["payment_capture"] = true,
            ["token"] = token,
            ["notes"] = new JsonObject { ["reference"] = request.Reference, ["description"] = GatewayRequests.Shortened(request.Description, 256) },
        };
    }

    public async Task<GatewayAnswer<GatewayCustomer>> CreateCustomerAsync(GatewayCustomerRequest request, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["name"] = request.Name,
            ["email"] = request.Email,
            ["contact"] = request.Phone,
            // Who is known already is the answer, so that it may be asked for again.
            ["fail_existing"] = "0",
            ["notes"] = new JsonObject { ["reference"] = GatewayRequests.Reference(request.Reference) },
        };
        var reply = await RazorpayGateway.PostAsync(connection, "customers", body, isRepeatable: true, null, cancellationToken);
        return reply.Kind == ReplyKind.Done && reply.Body.Text("id") is { } id ? new(GatewayOutcome.Succeeded, new(id)) : reply.Without<GatewayCustomer>(Failure);
    }

    /// <summary>How far the saving has come, from the payments of its order and the token that they made.</summary>
    public async Task<GatewayAnswer<MethodSetup>> StandingAsync(GatewayOrder order, IReadOnlyList<GatewayPayment> payments, CancellationToken cancellationToken)
    {
        var setup = new MethodSetup(order.Id, order.Reference, null, null, null, order.CheckoutUrl);
        var paid = payments.LastOrDefault(p => p.Status is GatewayPaymentStatus.Captured or GatewayPaymentStatus.Authorized && p.MethodId is not null);
        if (paid is not { MethodId: { } methodId, CustomerId: { } customerId })
            return new(payments.Any(p => p.Status is GatewayPaymentStatus.Pending) ? GatewayOutcome.Pending : GatewayOutcome.RequiresAction, setup, payments.Count > 0 ? payments[^1].Failure : null);
        setup = setup with { MethodId = methodId, PaymentId = paid.Id };
        var method = await FindAsync(customerId, methodId, cancellationToken);
        return method.Value?.Status switch
        {
            MethodStatus.Active => new(GatewayOutcome.Succeeded, setup),
            MethodStatus.Initiated => new(GatewayOutcome.Pending, setup),
            { } ended => new(GatewayOutcome.Failed, setup, method.Value.Failure ?? new($"mandate_{ended}".ToLowerInvariant(), "The mandate does not hold.", DeclineKind.Hard)),
            null => new(method.Outcome, null, method.Failure),
        };
    }

    public async Task<GatewayAnswer<SavedMethod>> FindAsync(string customerId, string methodId, CancellationToken cancellationToken)
    {
        var reply = await connection.GetAsync(TokenPath(customerId, methodId), cancellationToken);
        return reply.Kind == ReplyKind.Done && RazorpayReading.Method(reply.Body, customerId) is { } method ? new(GatewayOutcome.Succeeded, method) : reply.Without<SavedMethod>(Failure);
    }

    public async Task<GatewayAnswer<IReadOnlyList<SavedMethod>>> ListAsync(string customerId, CancellationToken cancellationToken)
    {
        var reply = await connection.GetAsync($"customers/{GatewayRequests.Part(customerId)}/tokens", cancellationToken);
        return reply.Kind == ReplyKind.Done && reply.Body.Items("items").All(token => RazorpayReading.Method(token, customerId)) is { } all
            ? new(GatewayOutcome.Succeeded, all)
            : reply.Without<IReadOnlyList<SavedMethod>>(Failure);
    }

    /// <summary>Cancels the mandate at the bank; what has none is deleted.</summary>
    public async Task<GatewayAnswer<SavedMethod>> DeleteAsync(string customerId, string methodId, CancellationToken cancellationToken)
    {
        var before = await FindAsync(customerId, methodId, cancellationToken);
        if (before.Value is not { } method)
            return before.IsNotFound ? new(GatewayOutcome.Succeeded, null) : before;
        var reply = await connection.SendAsync(HttpMethod.Put, TokenPath(customerId, methodId) + "/cancel", null, isRepeatable: true, null, cancellationToken);
        if (reply.Kind == ReplyKind.Refused)
            reply = await connection.SendAsync(HttpMethod.Delete, TokenPath(customerId, methodId), null, isRepeatable: true, null, cancellationToken);
        return reply.Kind == ReplyKind.Done || (reply.Kind == ReplyKind.Refused && Failure(reply).Code == GatewayFailure.NotFound)
            ? new(GatewayOutcome.Succeeded, method with { Status = MethodStatus.Cancelled })
            : reply.Without<SavedMethod>(Failure);
    }

    static string TokenPath(string customerId, string methodId) => $"customers/{GatewayRequests.Part(customerId)}/tokens/{GatewayRequests.Part(methodId)}";

    GatewayFailure Failure(GatewayReply reply) => RazorpayGateway.Failure(connection, reply);
}
