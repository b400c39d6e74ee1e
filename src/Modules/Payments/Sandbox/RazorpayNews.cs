using System.Text.Json.Nodes;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>Razorpay's webhooks.</summary>
sealed class RazorpayNews(SandboxWebhooks webhooks, TimeProvider time)
{
    public void Tell(string name, params (string Name, JsonObject Entity)[] entities)
    {
        var payload = new JsonObject();
        foreach (var (entityName, entity) in entities)
            payload[entityName] = new JsonObject { ["entity"] = entity.DeepClone() };
        webhooks.Send(GatewayKind.Razorpay, SandboxStore.NewId("evt_"), new JsonObject
        {
            ["entity"] = "event",
            ["account_id"] = "acc_sandbox",
            ["event"] = name,
            ["contains"] = new JsonArray([.. entities.Select(e => JsonValue.Create(e.Name))]),
            ["payload"] = payload,
            ["created_at"] = time.GetUtcNow().ToUnixTimeSeconds(),
        });
    }
}
