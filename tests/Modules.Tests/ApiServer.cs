using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests;

/// <summary>The whole API over real HTTP, on a database of its own with two tenants.</summary>
public sealed class ApiServer(TestCluster cluster) : IAsyncLifetime
{
    WebApplication? app;
    int unique;

    public Database Database { get; private set; } = null!;

    public IServiceProvider Services => app!.Services;

    /// <summary>The folder of keys and mail.</summary>
    public string Data { get; } = cluster.NewFolder();

    public HttpClient Anonymous { get; private set; } = null!;

    /// <summary>A client of tenant 1 with every scope.</summary>
    public HttpClient Admin { get; private set; } = null!;

    /// <summary>A client of tenant 2 with every scope.</summary>
    public HttpClient Foreign { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Database = new Database(await cluster.CloneAsync());
        await using (var tenants = Database.Owner.CreateCommand(
            "insert into platform.tenants (tenant_id, slug, name) values (1, 'demo', 'Demo'), (2, 'other', 'Other') on conflict do nothing"))
            await tenants.ExecuteNonQueryAsync();

        app = BalatrixServer.Build(Database, "http://127.0.0.1:0", TimeProvider.System, data: Data);
        app.MapGet("/undeclared", () => "open?").ExcludeFromDescription();
        await app.StartAsync();

        Anonymous = NewClient(null);
        Admin = await ClientAsync(1, Scope.All);
        Foreign = await ClientAsync(2, Scope.All);
    }

    public async Task<HttpClient> ClientAsync(int tenantId, params string[] scopes) =>
        NewClient((await Services.GetRequiredService<ApiKeys>().CreateAsync(tenantId, "test", scopes, [], null, CancellationToken.None)).Key);

    public HttpClient NewClient(string? key)
    {
        var address = Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var client = new HttpClient { BaseAddress = new Uri(address), Timeout = 2 * Soon.Limit };
        if (key is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    public string NewName(string what) => $"{what}-{Interlocked.Increment(ref unique)}";

    public async Task<int> DeckAsync(string csv, string? name = null, string kind = "voice")
    {
        using var created = await Admin.PostAsync("/api/v1/rate-decks", Json(new { name = name ?? NewName("deck"), kind, currency = "INR" }));
        var id = (await BodyAsync(created)).GetProperty("id").GetInt32();
        using var imported = await Admin.PostAsync($"/api/v1/rate-decks/{id}/import", Csv(csv));
        Assert.True(imported.IsSuccessStatusCode, await imported.Content.ReadAsStringAsync());
        return id;
    }

    public static StringContent Json(object value) => new(JsonSerializer.Serialize(value, JsonSerializerOptions.Web), Encoding.UTF8, "application/json");

    public static StringContent Csv(string text) => new(text, Encoding.UTF8, "text/csv");

    public static async Task<JsonElement> BodyAsync(HttpResponseMessage response) =>
        JsonElement.Parse(await response.Content.ReadAsStringAsync());

    /// <summary>Checks that an answer is a problem of a status and code, and gives it.</summary>
    public static async Task<JsonElement> ProblemAsync(HttpResponseMessage response, int status, string code)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"{(int)response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var body = JsonElement.Parse(text);
        Assert.Equal(code, body.GetProperty("code").GetString());
        return body;
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }
        if (Database is not null)
            await Database.DisposeAsync();
    }
}
