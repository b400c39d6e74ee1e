using System.Text.Json;

namespace Balatrix.Modules.Payments.Gateways.Stripe;

/// <summary>Reads Stripe's webhooks.</summary>
static class StripeEvents
{
    public static WebhookReading Read(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            if (root.Text("id") is not { } id || root.Text("type") is not { } name || root.Object("data")?.Object("object") is not { } thing)
                return new(WebhookVerdict.Unreadable);
            return new(WebhookVerdict.Genuine, Typed(new(id, GatewayEventKind.Other, name, root.Instant("created") ?? DateTimeOffset.UnixEpoch, null), thing));
        }
        catch (JsonException)
        {
            return new(WebhookVerdict.Unreadable);
        }
    }

    static GatewayEvent Typed(GatewayEvent told, JsonElement thing) => thing.Text("object") switch
    {
        "payment_intent" when StripeReading.Payment(thing) is { } payment => told with
        {
            Kind = payment.Status == GatewayPaymentStatus.Created ? GatewayEventKind.Other : GatewayEventKind.Payment,
            OrderId = payment.Id,
            Payment = payment,
        },
        "refund" when StripeReading.Refund(thing) is { } refund => told with { Kind = GatewayEventKind.Refund, OrderId = thing.Id("payment_intent"), Refund = refund },
        "dispute" when StripeReading.Dispute(thing) is { } dispute => told with { Kind = GatewayEventKind.Dispute, OrderId = thing.Id("payment_intent"), Dispute = dispute },
        "setup_intent" when StripeReading.Setup(thing, null) is { } setup && told.Name is "setup_intent.succeeded" or "setup_intent.setup_failed" or "setup_intent.canceled" => told with
        {
            Kind = GatewayEventKind.Setup,
            Setup = setup with { ClientSecret = null },
            Failure = thing.Object("last_setup_error") is { } error ? StripeReading.Failure(error) : null,
        },
        "payment_method" when StripeReading.Method(thing) is { } method => told with { Kind = GatewayEventKind.Method, Method = method },
        "mandate" when StripeReading.Mandate(thing) is { } method => told with { Kind = GatewayEventKind.Method, Method = method },
        _ => told,
    };
}
