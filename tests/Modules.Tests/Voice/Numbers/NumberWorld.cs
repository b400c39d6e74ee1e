using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Subscriptions;

namespace Balatrix.Modules.Tests.Voice.Numbers;

/// <summary>The seeded application with its tenant on a test clock, with numbers to be made and people who log in.</summary>
public sealed class NumberWorld(TestCluster cluster) : TestTenant(cluster)
{
    int made;

    /// <summary>A telephone number that no other test has.</summary>
    public string NewNumber(string series = "+9122690") => series + Interlocked.Increment(ref made).ToString("00000", CultureInfo.InvariantCulture);

    public async Task<long> AddAsync(string? number = null, string? type = null, string? region = null, string? label = null)
    {
        var (status, body) = await PostAsync("/api/v1/dids", new { number = number ?? NewNumber(), type, region, label });
        Assert.True(status == 201, body.ToString());
        return body.GetProperty("id").GetInt64();
    }

    public Task<(int Status, JsonElement Body)> AssignAsync(long id, string subscription) => PostAsync($"/api/v1/dids/{id}/assign", new { subscription });

    public async Task<JsonElement> NumberAsync(long id)
    {
        var (status, body) = await GetAsync($"/api/v1/dids/{id}");
        Assert.True(status == 200, body.ToString());
        return body;
    }

    public async Task<string> StatusOfAsync(long id) => Text(await NumberAsync(id), "status");

    public static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    /// <summary>A client of a user who has logged in.</summary>
    public async Task<HttpClient> LoginAsync(string email)
    {
        var (status, body) = await PostAsync("/api/v1/auth/login", new { email, password = "Demo@123" });
        Assert.True(status == 200, body.ToString());
        var client = NewClient(null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Text(body, "accessToken"));
        return client;
    }

    public static async Task<(int Status, JsonElement Body)> AsAsync(HttpClient client, HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = ApiServer.Json(body);
        using var response = await client.SendAsync(request);
        return ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync()));
    }

    /// <summary>An account of a customer of the seed with money and a subscription.</summary>
    public async Task<(string Account, string Subscription)> SubscriberOfAsync(string customer, string plan = "starter")
    {
        var id = (await RowsAsync($"select customer_id from customers.customers where name = '{customer}' and tenant_id = 1", r => r.GetInt64(0)))[0];
        var (status, body) = await PostAsync($"/api/v1/customers/{id}/accounts", new { kind = "prepaid" });
        Assert.True(status == 201, body.ToString());
        var account = Text(body, "id");
        await TopUpAsync(account, "5000.00");
        return (account, Text(await SubscribeAsync(account, plan), "id"));
    }

    public static (int Status, string Code) Refusal((int Status, JsonElement Body) answer) => (answer.Status, Text(answer.Body, "code"));

    /// <summary>Status and field of a refusal.</summary>
    public static (int Status, string Field) Fault((int Status, JsonElement Body) answer) => (answer.Status, Text(answer.Body, "field"));
}
