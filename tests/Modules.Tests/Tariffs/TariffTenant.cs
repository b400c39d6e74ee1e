using System.Text.Json;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Subscriptions;

namespace Balatrix.Modules.Tests.Tariffs;

/// <summary>A tenant on a test clock with a plan that is easy to reckon with: India 1.20 a minute, India Mobile 0.60, United Kingdom 3.00, by the second; no allowances.</summary>
public sealed class TariffTenant(TestCluster cluster) : TestTenant(cluster)
{
    const string Rates = "prefix,description,rate,increment_seconds\n91,India,1.20,1\n9198,India Mobile,0.60,1\n44,United Kingdom,3.00,1\n";

    bool isReady;

    /// <summary>Makes the plan, once, and opens an account on it.</summary>
    public async Task<string> OpenPlainAsync(string balance = "1000.00", string kind = "prepaid")
    {
        if (!isReady)
        {
            var (_, deck) = await PostAsync("/api/v1/rate-decks", new { name = "plain", kind = "voice", currency = "INR" });
            Assert.Equal(200, (await SendAsync(HttpMethod.Post, $"/api/v1/rate-decks/{deck.GetProperty("id")}/import", Rates, "text/csv")).Status);
            var decks = new Dictionary<string, string[]> { ["voice.outbound"] = ["plain"], ["sms"] = ["sms"] };
            Assert.Equal(201, (await PostAsync("/api/v1/plans", new { code = "plain", name = "Plain", currency = "INR", terms = new { decks, smsChargeOn = "delivery" } })).Status);
            Assert.Equal(200, (await PostAsync("/api/v1/plans/plain/publish", null)).Status);
            isReady = true;
        }
        return await OpenAccountAsync(balance, plan: "plain", kind: kind, creditLimit: kind == "postpaid" ? "1000.00" : "0.00");
    }

    public async Task<JsonElement> TariffAsync(object tariff)
    {
        var (status, body) = await PostAsync("/api/v1/tariffs", tariff);
        Assert.True(status == 201, body.ToString());
        return body;
    }

    /// <summary>Charges a call and gives its amount and its usage record.</summary>
    public async Task<(string Amount, string UsageId)> CallAsync(string account, string at, int seconds, string called = "+919812345678")
    {
        var (status, body) = await PostAsync("/api/v1/cdrs", new { account, id = Guid.NewGuid(), called, startTime = At(at), durationSeconds = seconds });
        Assert.True(status == 201, body.ToString());
        return (body.GetProperty("amount").GetString()!, body.GetProperty("usageId").GetString()!);
    }

    public static object Terms(string rate, string prefix = "91", string? description = null) =>
        new { prices = new[] { new { service = "voice.outbound", prefix, rate, description, incrementSeconds = 1 } } };
}
