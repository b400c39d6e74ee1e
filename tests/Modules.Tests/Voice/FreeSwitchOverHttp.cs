using System.Net.Http.Headers;
using System.Text;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Voice;

public sealed class FreeSwitchOverHttp(TestApp app) : IClassFixture<TestApp>
{
    Task<(int Status, System.Text.Json.JsonElement Body)> PostAsync(byte[] body, string contentType) => app.SendAsync(
        HttpMethod.Post, "/api/v1/webhooks/cdr?uuid=x", body, contentType,
        r => r.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"fsuser:{app.AdminKey}"))));

    [Fact]
    public async Task Every_captured_post_is_taken_and_every_call_is_charged_once()
    {
        var charged = new Dictionary<string, string>();
        for (var round = 0; round < 2; round++)
        {
            foreach (var post in CapturedCdr.All)
            {
                var (status, body) = await PostAsync(post.Body, post.ContentType);
                Assert.True(status is 200 or 201 or 202, $"{post.File}: {status} {body}");
                if (post.ALegUuid is not null)
                    Assert.False(body.GetProperty("charged").GetBoolean());
                else if (post.Account == "ACME-1" && status == 201)
                    Assert.True(charged.TryAdd(post.Uuid, body.GetProperty("usageId").GetString()!), $"{post.Uuid} was charged twice");
                else if (post.Account == "ACME-1" && status == 200)
                    Assert.Equal(charged[post.Uuid], body.GetProperty("usageId").GetString());
                if (post.Account.Length == 0 && post.ALegUuid is null)
                    Assert.Equal((202, "unknown_account"), (status, body.GetProperty("code").GetString()));
            }
        }
        Assert.Equal(CapturedCdr.All.Where(p => p.ALegUuid is null && p.Account == "ACME-1").Select(p => p.Uuid).Distinct().Count(), charged.Count);
        foreach (var post in CapturedCdr.All.Where(p => charged.ContainsKey(p.Uuid)).DistinctBy(p => p.Uuid))
        {
            var (_, view) = await app.GetAsync($"/api/v1/cdrs/{charged[post.Uuid]}");
            Assert.Equal(post.TalkMs, view.GetProperty("cdr").GetProperty("quantity").GetInt64());
            var legs = CapturedCdr.All.Where(p => p.ALegUuid == post.Uuid).Select(p => p.Uuid).Distinct().Count();
            Assert.Equal(legs, view.GetProperty("legs").GetArrayLength());
        }
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Without_the_key_nothing_is_taken()
    {
        var (status, body) = await app.SendAsync(HttpMethod.Post, "/api/v1/webhooks/cdr", CapturedCdr.All[0].Body, "application/json", r => r.Headers.Authorization = new AuthenticationHeaderValue("Basic", "Zm9vOmJhcg=="));
        Assert.Equal((401, "unauthenticated"), (status, body.GetProperty("code").GetString()));
    }
}
