using System.Collections.Immutable;
using System.Text;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Gateways;

/// <summary>A tenant's access to one gateway. Shows no secret when printed.</summary>
/// <param name="Gateway">Which one.</param>
/// <param name="KeyId">What browsers may know: Razorpay's key id, Stripe's publishable key.</param>
/// <param name="KeySecret">What only the server knows: Razorpay's key secret, Stripe's secret key.</param>
/// <param name="WebhookSecrets">Secrets that webhooks are signed with; the new one and the old one while they are being changed.</param>
/// <param name="Address">Where the gateway is; null is the gateway's own address. A sandbox or a test has another.</param>
/// <param name="CheckoutPage">A page that pays an order by hand at its address followed by a slash and the order's id; only a sandbox has it.</param>
/// <param name="ReturnUrl">Where a customer comes back to from a bank's page.</param>
public sealed record GatewayCredentials(
    GatewayKind Gateway, string KeyId, string KeySecret, ImmutableArray<string> WebhookSecrets, Uri? Address = null, Uri? CheckoutPage = null, Uri? ReturnUrl = null)
{
    // Records print all members; a log line or an exception must not hold a secret.
    bool PrintMembers(StringBuilder builder)
    {
        builder.Append(System.Globalization.CultureInfo.InvariantCulture, $"Gateway = {Gateway}, KeyId = {KeyId}, WebhookSecrets = {WebhookSecrets.Length}, Address = {Address}");
        return true;
    }
}
