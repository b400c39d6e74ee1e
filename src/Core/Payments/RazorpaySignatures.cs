using System.Text;

namespace Balatrix.Core.Payments;

/// <summary>Razorpay's signatures. Those of the checkout are made with the key secret, those of webhooks with the webhook's own.</summary>
public static class RazorpaySignatures
{
    /// <summary>The signature of a webhook's body.</summary>
    public static string Sign(ReadOnlySpan<byte> body, string webhookSecret) => GatewayHmac.Sign(webhookSecret, body);

    /// <summary>The signature that the checkout gives for a payment of an order.</summary>
    public static string SignCheckout(string orderId, string paymentId, string keySecret) => GatewayHmac.Sign(keySecret, Joined(orderId, paymentId));

    /// <summary>Whether a webhook's body was signed with one of the secrets. There is no time in it: only the event's id keeps replays out.</summary>
    public static bool IsWebhook(ReadOnlySpan<byte> body, string? signature, IEnumerable<string> webhookSecrets) =>
        signature is not null && GatewayHmac.Fits(webhookSecrets, body, signature);

    /// <summary>Whether the checkout signed this payment of this order. The order's id is the one that we stored, never one that a browser says.</summary>
    public static bool IsCheckout(string orderId, string paymentId, string signature, string keySecret) => GatewayHmac.Fits([keySecret], Joined(orderId, paymentId), signature);

    /// <summary>Whether the checkout signed this first payment of a subscription; here the payment comes first.</summary>
    public static bool IsSubscription(string subscriptionId, string paymentId, string signature, string keySecret) => GatewayHmac.Fits([keySecret], Joined(paymentId, subscriptionId), signature);

    /// <summary>Whether the address that a payment link leads back to was signed.</summary>
    public static bool IsPaymentLink(string linkId, string reference, string status, string paymentId, string signature, string keySecret) =>
        GatewayHmac.Fits([keySecret], Joined(linkId, reference, status, paymentId), signature);

    static byte[] Joined(params ReadOnlySpan<string?> parts) => Encoding.UTF8.GetBytes(string.Join('|', parts));
}
