using System.Security.Cryptography;
using System.Text.Json;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Gateways.Razorpay;

/// <summary>Reads Razorpay's webhooks. The event's id is only in a header.</summary>
static class RazorpayEvents
{
    public static WebhookReading Read(ReadOnlySpan<byte> body, string? eventId)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            var root = document.RootElement;
            if (root.Text("event") is not { } name || root.Object("payload") is not { } payload)
                return new(WebhookVerdict.Unreadable);
            var id = string.IsNullOrWhiteSpace(eventId) ? $"sha256:{Convert.ToHexStringLower(SHA256.HashData(body))}" : eventId;
            // Some have their time inside the payload.
            var at = root.Instant("created_at") ?? payload.Instant("created_at") ?? DateTimeOffset.UnixEpoch;
            return new(WebhookVerdict.Genuine, Typed(id, name, at, payload));
        }
        catch (JsonException)
        {
            return new(WebhookVerdict.Unreadable);
        }
    }

    static GatewayEvent Typed(string id, string name, DateTimeOffset at, JsonElement payload)
    {
        var payment = Entity(payload, "payment") is { } p ? RazorpayReading.Payment(p) : null;
        var orderId = payment?.OrderId ?? Entity(payload, "order")?.Text("id") ?? Entity(payload, "notification")?.Text("order_id");
        var told = new GatewayEvent(id, GatewayEventKind.Other, name, at, orderId, payment);
        if (Entity(payload, "refund") is { } refund)
            return RazorpayReading.Refund(refund) is { } read ? told with { Kind = GatewayEventKind.Refund, Refund = read } : told;
        if (Entity(payload, "dispute") is { } dispute)
            return RazorpayReading.Dispute(dispute) is { } read ? told with { Kind = GatewayEventKind.Dispute, Dispute = read } : told;
        if (Entity(payload, "token") is { } token && name.StartsWith("token.", StringComparison.Ordinal))
            return RazorpayReading.Method(token, null) is { } read ? told with { Kind = GatewayEventKind.Method, Method = read } : told;
        if (Entity(payload, "notification") is { } notice)
        {
            var failure = notice.Text("status") == "failed" ? new GatewayFailure("notice_not_delivered", "The pre-debit notice could not be delivered.", DeclineKind.Soft) : null;
            return told with { Kind = GatewayEventKind.PreDebitNotice, Failure = failure };
        }
        return payment is null ? told : told with { Kind = GatewayEventKind.Payment };
    }

    static JsonElement? Entity(JsonElement payload, string name) => payload.Object(name)?.Object("entity");
}
