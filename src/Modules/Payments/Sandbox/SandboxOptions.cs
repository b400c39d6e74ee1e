using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>How a sandbox behaves. Its keys are no secrets: they open nothing but a sandbox.</summary>
/// <param name="Url">Where it listens; port 0 takes a free one.</param>
/// <param name="File">Where it keeps its things over restarts; null keeps them in memory.</param>
/// <param name="Webhooks">Where Balatrix takes webhooks ("http://127.0.0.1:8080/api/v1/webhooks"); "/razorpay" or "/stripe" is put behind. Null posts none.</param>
public sealed record SandboxOptions(string Url, string? File = null, Uri? Webhooks = null)
{
    /// <summary>The key id of both gateways.</summary>
    public const string KeyId = "sandbox_key";

    /// <summary>The key's secret.</summary>
    public const string KeySecret = "sandbox_key_secret";

    /// <summary>What webhooks are signed with.</summary>
    public const string WebhookSecret = "sandbox_webhook_secret";

    /// <summary>How long what is pending stays so.</summary>
    public TimeSpan Pending { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Webhooks go out at most so long after what they tell.</summary>
    public TimeSpan WebhookDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Of a hundred webhooks, so many are sent twice.</summary>
    public int DuplicatePercent { get; init; } = 20;

    /// <summary>Whether webhooks wait each its own time, so that they overtake each other.</summary>
    public bool IsReordering { get; init; } = true;

    /// <summary>How long a request is held that gets no answer.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>What to open a gateway of a sandbox with.</summary>
    public static GatewayCredentials Credentials(GatewayKind kind, Uri sandbox) => new(
        kind, KeyId, KeySecret, [WebhookSecret], new Uri(sandbox, kind == GatewayKind.Razorpay ? "razorpay/v1/" : "stripe/v1/"), new Uri(sandbox, "checkout"));
}
