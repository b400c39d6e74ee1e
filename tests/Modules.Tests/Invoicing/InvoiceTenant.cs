using System.Text.Json;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Subscriptions;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>A tenant in Karnataka with a GST registration, on a test clock.</summary>
public class InvoiceTenant(TestCluster cluster) : TestTenant(cluster), IAsyncLifetime
{
    /// <summary>A registration in Karnataka; its check character is computed by the rule of the GSTIN.</summary>
    public const string Gstin = "29AAGCB7383J1Z4";

    int unique;

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await ((TestTenant)this).InitializeAsync();
        await SetClockAsync("2027-04-01");
        await SettingsAsync(new { gst = new { legalName = "Balatrix Demo Private Limited", gstin = Gstin, addressLines = new[] { "1 MG Road", "Bengaluru 560001" }, state = "29" } });
    }

    public async Task SettingsAsync(object change)
    {
        var (status, body) = await SendAsync(HttpMethod.Put, "/api/v1/settings", change);
        Assert.True(status == 200, body.ToString());
    }

    /// <summary>An account of a customer in a state; registered there when it has a GSTIN, nowhere when the state is null.</summary>
    public async Task<string> AccountAsync(string? state, string kind = "postpaid", string? gstin = null, string plan = "call-center")
    {
        var address = state is null ? null : new { line1 = "1 High Street", city = "Town", state, postalCode = "560001" };
        var (status, customer) = await PostAsync("/api/v1/customers", new { name = $"Customer {++unique}", kind = "business", email = $"c{unique}@example.com", gstin, billingAddress = address });
        Assert.True(status == 201, customer.ToString());
        var (opened, body) = await PostAsync($"/api/v1/customers/{customer.GetProperty("id")}/accounts", new { name = "Account", kind, plan, creditLimit = kind == "postpaid" ? "100000.00" : "0.00" });
        Assert.True(opened == 201, body.ToString());
        return body.GetProperty("id").GetString()!;
    }

    /// <summary>So many OTP messages at 0.25, at a time.</summary>
    public async Task UseAsync(string account, int count, string at)
    {
        var (status, body) = await PostAsync(
            "/api/v1/events", new { specversion = "1.0", id = $"use-{++unique}", source = "test", type = "balatrix.auth.sms_otp", subject = account, time = At(at), data = new { quantity = count } });
        Assert.True(status is 200 or 201, body.ToString());
    }

    public async Task<JsonElement> GenerateAsync(string account, string? to = null, int expected = 201)
    {
        var (status, body) = await PostAsync($"/api/v1/invoices/generate/postpaid/{account}", new { to });
        Assert.True(status == expected, body.ToString());
        return body.GetProperty("documents");
    }

    public async Task<JsonElement> InvoiceAsync(string account, string? to = null) => Assert.Single((await GenerateAsync(account, to)).EnumerateArray());

    public async Task<JsonElement> DocumentAsync(JsonElement document)
    {
        var (status, body) = await GetAsync($"/api/v1/invoices/{document.GetProperty("summary").GetProperty("number").GetString()}");
        Assert.True(status == 200, body.ToString());
        return body;
    }

    public static string Text(JsonElement document, string name) => document.GetProperty("summary").GetProperty(name).GetString()!;

    /// <summary>"cgst sgst igst" of a document.</summary>
    public static string Tax(JsonElement document)
    {
        var tax = document.GetProperty("summary").GetProperty("tax");
        return $"{tax.GetProperty("cgst").GetString()} {tax.GetProperty("sgst").GetString()} {tax.GetProperty("igst").GetString()}";
    }

    public async Task<JsonElement> ReceiveAsync(JsonElement invoice, object body, int expected = 200)
    {
        var (status, answer) = await PostAsync($"/api/v1/invoices/{invoice.GetProperty("summary").GetProperty("id")}/mark-paid", body);
        Assert.True(status == expected, answer.ToString());
        return answer;
    }
}
