using System.Text.Json;
using Balatrix.Modules.Tests.Identity;

namespace Balatrix.Modules.Tests.Subscriptions;

/// <summary>A customer's own user works on the customer's subscriptions, and on nobody else's.</summary>
public sealed class CustomersOwnSubscriptions(IdentityApp app) : IClassFixture<IdentityApp>
{
    [Fact]
    public async Task What_a_customer_may_do_is_done_and_the_rest_is_the_staffs()
    {
        using var jane = await LoginAsync("jane.smith@example.com");
        using var john = await LoginAsync("john.doe@example.com");
        var own = (await GetAsync(jane, "/api/v1/subscriptions")).GetProperty("items").EnumerateArray().Single();
        var id = own.GetProperty("id").GetString()!;
        Assert.Equal(("professional", "annual", "active"), (Text(own, "plan"), Text(own, "cycle"), Text(own, "status")));

        var preview = await SendAsync(jane, HttpMethod.Post, $"/api/v1/subscriptions/{id}/change-plan?preview=true", new { plan = "call-center", cycle = "monthly" });
        Assert.Equal((200, true), (preview.Status, preview.Body.GetProperty("preview").GetBoolean()));
        Assert.Equal(200, (await SendAsync(jane, HttpMethod.Put, $"/api/v1/subscriptions/{id}", new { autoRenew = false })).Status);
        Assert.Equal(200, (await SendAsync(jane, HttpMethod.Put, $"/api/v1/subscriptions/{id}", new { addOns = new[] { new { code = "extension", quantity = 1 } } })).Status);
        Assert.Equal("cancelled", Text((await SendAsync(jane, HttpMethod.Post, $"/api/v1/subscriptions/{id}/cancel", new { when = "period_end" })).Body.GetProperty("subscription"), "status"));
        Assert.Equal("active", Text((await SendAsync(jane, HttpMethod.Put, $"/api/v1/subscriptions/{id}", new { cancelAtPeriodEnd = false })).Body.GetProperty("subscription"), "status"));
        Assert.Equal(1, (await GetAsync(jane, $"/api/v1/subscriptions/{id}")).GetProperty("addOns")[0].GetProperty("quantity").GetInt32());
        Assert.Equal(200, (await SendAsync(jane, HttpMethod.Get, $"/api/v1/subscriptions/{id}/usage", null)).Status);

        foreach (var move in new[] { "suspend", "activate", "renew" })
            Assert.Equal("insufficient_role", Text((await SendAsync(jane, HttpMethod.Post, $"/api/v1/subscriptions/{id}/{move}", null)).Body, "code"));
        foreach (var (method, path) in new[] { (HttpMethod.Get, ""), (HttpMethod.Post, "/cancel"), (HttpMethod.Post, "/change-plan"), (HttpMethod.Put, ""), (HttpMethod.Delete, ""), (HttpMethod.Get, "/usage") })
            Assert.Equal(404, (await SendAsync(john, method, $"/api/v1/subscriptions/{id}{path}", method == HttpMethod.Get || method == HttpMethod.Delete ? null : new { autoRenew = true })).Status);
        var others = await SendAsync(john, HttpMethod.Post, "/api/v1/subscriptions", new { account = "ACC-10002", plan = "starter" });
        Assert.Equal((422, "account"), (others.Status, Text(others.Body, "field")));
        Assert.Empty((await GetAsync(john, "/api/v1/subscriptions?account=ACC-10002")).GetProperty("items").EnumerateArray());
    }

    async Task<HttpClient> LoginAsync(string email) => app.NewClient((await app.LoginAsync(email, "Demo@123")).GetProperty("accessToken").GetString());

    static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    static async Task<JsonElement> GetAsync(HttpClient client, string path)
    {
        var (status, body) = await SendAsync(client, HttpMethod.Get, path, null);
        Assert.True(status == 200, body.ToString());
        return body;
    }

    static async Task<(int Status, JsonElement Body)> SendAsync(HttpClient client, HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = ApiServer.Json(body);
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonElement.Parse(text));
    }
}
