using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Balatrix.Modules.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Identity;

public sealed class ApiKeyTests(ApiServer server) : IClassFixture<ApiServer>
{
    const string Keys = "/api/v1/auth/api-keys";

    [Fact]
    public async Task A_key_is_made_used_listed_without_itself_and_revoked()
    {
        var made = await ApiServer.BodyAsync(await server.Admin.PostAsync(Keys, ApiServer.Json(new { name = "reader", scopes = new[] { "catalog:read" } })));
        var (id, key) = (made.GetProperty("id").GetInt32(), made.GetProperty("key").GetString()!);
        using var client = server.NewClient(key);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/rate-decks")).StatusCode);

        using var list = await server.Admin.GetAsync(Keys);
        var text = await list.Content.ReadAsStringAsync();
        Assert.DoesNotContain(key, text, StringComparison.Ordinal);
        var listed = (await ApiServer.BodyAsync(list)).GetProperty("items").EnumerateArray().Single(k => k.GetProperty("id").GetInt32() == id);
        Assert.NotEqual(System.Text.Json.JsonValueKind.Null, listed.GetProperty("lastUsedAt").ValueKind);

        Assert.Equal(HttpStatusCode.NoContent, (await server.Admin.DeleteAsync($"{Keys}/{id}")).StatusCode);
        await ApiServer.ProblemAsync(await client.GetAsync("/api/v1/rate-decks"), 401, "unauthenticated");
    }

    [Fact]
    public async Task Without_a_key_or_with_a_wrong_one_the_answer_says_how_to_authenticate()
    {
        using var wrong = server.NewClient("bx_0123456789012345678901234567890123");
        foreach (var client in new[] { server.Anonymous, wrong })
        {
            using var response = await client.GetAsync("/api/v1/rate-decks");
            await ApiServer.ProblemAsync(response, 401, "unauthenticated");
            Assert.Contains(response.Headers.WwwAuthenticate, h => h.Scheme == "Bearer");
        }
    }

    [Fact]
    public async Task The_key_may_stand_in_its_own_header_and_Basic_only_where_allowed()
    {
        var (_, key) = await server.Services.GetRequiredService<ApiKeys>().CreateAsync(1, "header", [Scope.CatalogRead], [], null, CancellationToken.None);
        using var header = server.NewClient(null);
        header.DefaultRequestHeaders.Add("X-Api-Key", key);
        Assert.Equal(HttpStatusCode.OK, (await header.GetAsync("/api/v1/rate-decks")).StatusCode);
        using var basic = server.NewClient(null);
        basic.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"any:{key}")));
        await ApiServer.ProblemAsync(await basic.GetAsync("/api/v1/rate-decks"), 401, "unauthenticated");
    }

    [Fact]
    public async Task A_key_for_other_addresses_or_past_its_end_is_refused()
    {
        var keys = server.Services.GetRequiredService<ApiKeys>();
        var (_, elsewhere) = await keys.CreateAsync(1, "elsewhere", [Scope.All], ["10.1.0.0/16"], null, CancellationToken.None);
        var (_, here) = await keys.CreateAsync(1, "here", [Scope.All], ["127.0.0.0/8"], null, CancellationToken.None);
        var (_, expired) = await keys.CreateAsync(1, "expired", [Scope.All], [], DateTimeOffset.UnixEpoch, CancellationToken.None);
        using var far = server.NewClient(elsewhere);
        using var near = server.NewClient(here);
        using var old = server.NewClient(expired);
        await ApiServer.ProblemAsync(await far.GetAsync("/api/v1/rate-decks"), 401, "unauthenticated");
        await ApiServer.ProblemAsync(await old.GetAsync("/api/v1/rate-decks"), 401, "unauthenticated");
        Assert.Equal(HttpStatusCode.OK, (await near.GetAsync("/api/v1/rate-decks")).StatusCode);
    }

    [Fact]
    public async Task A_key_without_the_scope_is_refused_by_name_of_the_scope()
    {
        using var client = await server.ClientAsync(1, Scope.UsageWrite);
        var problem = await ApiServer.ProblemAsync(await client.GetAsync("/api/v1/rate-decks"), 403, "insufficient_scope");
        Assert.Equal(Scope.CatalogRead, problem.GetProperty("expected").GetString());
        await ApiServer.ProblemAsync(await client.PostAsync(Keys, ApiServer.Json(new { name = "more", scopes = new[] { "*" } })), 403, "insufficient_scope");
    }

    [Fact]
    public async Task A_key_of_another_tenant_is_not_there()
    {
        var made = await ApiServer.BodyAsync(await server.Admin.PostAsync(Keys, ApiServer.Json(new { name = "mine", scopes = new[] { "*" } })));
        await ApiServer.ProblemAsync(await server.Foreign.DeleteAsync($"{Keys}/{made.GetProperty("id").GetInt32()}"), 404, "not_found");
    }

    [Theory]
    [InlineData("""{"scopes":["*"]}""", "name")]
    [InlineData("""{"name":"x","scopes":[]}""", "scopes")]
    [InlineData("""{"name":"x","scopes":["everything"]}""", "scopes")]
    [InlineData("""{"name":"x","scopes":[null]}""", "scopes")]
    [InlineData("""{"name":"x","scopes":["*"],"allowedIps":["300.1.1.1"]}""", "allowedIps")]
    [InlineData("""{"name":"x","scopes":["*"],"allowedIps":[null]}""", "allowedIps")]
    [InlineData("""{"name":"x","scopes":["*"],"expiresAt":"2020-01-01T00:00:00Z"}""", "expiresAt")]
    public async Task A_wrong_request_is_refused_by_field(string body, string field)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var problem = await ApiServer.ProblemAsync(await server.Admin.PostAsync(Keys, content), 422, "invalid_value");
        Assert.Equal(field, problem.GetProperty("field").GetString());
    }

    [Fact]
    public async Task The_first_key_is_made_once_for_its_owner_only()
    {
        await using (var tenant = server.Database.Owner.CreateCommand("insert into platform.tenants (tenant_id, slug, name) values (3, 'fresh', 'Fresh') on conflict do nothing"))
            await tenant.ExecuteNonQueryAsync();
        var folder = Directory.CreateTempSubdirectory("balatrix-key-").FullName;
        var keys = server.Services.GetRequiredService<ApiKeys>();
        var first = await keys.EnsureBootstrapKeyAsync(3, folder, CancellationToken.None);
        Assert.NotNull(first);
        Assert.Null(await keys.EnsureBootstrapKeyAsync(3, folder, CancellationToken.None));
        Assert.Equal(first.Value.Key, await File.ReadAllTextAsync(first.Value.File));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(first.Value.File));
        using var client = server.NewClient(first.Value.Key);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(Keys)).StatusCode);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task An_address_that_does_not_say_who_may_call_it_is_closed() =>
        await ApiServer.ProblemAsync(await server.Admin.GetAsync("/undeclared"), 403, "closed");
}
