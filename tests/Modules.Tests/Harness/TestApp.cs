using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Operations;
using Balatrix.Modules.Platform;
using Balatrix.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Harness;

/// <summary>The real application on a real port and a database of its own, seeded with plans, decks and the demo accounts.</summary>
public class TestApp(TestCluster cluster) : IAsyncLifetime
{
    WebApplication? app;

    public Database Database { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    protected virtual TimeProvider Clock => TimeProvider.System;

    /// <summary>Registers what stands in for the outside world.</summary>
    protected virtual void Replace(Microsoft.Extensions.DependencyInjection.IServiceCollection services)
    {
    }

    /// <summary>The folder of keys and mail.</summary>
    public string Data { get; } = cluster.NewFolder();

    public string AdminKey { get; private set; } = "";

    public IServiceProvider Services => app!.Services;

    public ChargingPipeline Pipeline => Services.GetRequiredService<ChargingPipeline>();

    public string ConnectionString { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        ConnectionString = await cluster.CloneAsync();
        Database = new Database(ConnectionString);
        app = BalatrixServer.Build(Database, "http://127.0.0.1:0", Clock, data: Data, beforeServices: services =>
        {
            services.AddSingleton(new Passwords(iterations: 1_000));
            Replace(services);
        });
        await app.StartAsync();
        await Services.GetRequiredService<SeedData>().RunAsync(demo: true, CancellationToken.None);
        (_, AdminKey) = await Services.GetRequiredService<ApiKeys>().CreateAsync(SeedData.DefaultTenant, "tests", [Scope.All], [], null, CancellationToken.None);
        Client = NewClient(AdminKey);
    }

    public HttpClient NewClient(string? key)
    {
        // On a busy machine the answer to "Expect: 100-continue" may take longer than the second that is waited by default.
        var handler = new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromMinutes(1) };
        var client = new HttpClient(handler) { BaseAddress = new Uri(app!.Urls.First()), Timeout = 2 * Soon.Limit };
        if (key is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    public async Task<(int Status, JsonElement Body)> SendAsync(HttpMethod method, string path, object? body = null, string contentType = "application/json", Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            var bytes = body as byte[] ?? Encoding.UTF8.GetBytes(body as string ?? JsonSerializer.Serialize(body, JsonSerializerOptions.Web));
            request.Content = new ByteArrayContent(bytes);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }
        change?.Invoke(request);
        using var response = await Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var isJson = response.Content.Headers.ContentType?.MediaType?.Contains("json", StringComparison.Ordinal) == true;
        return ((int)response.StatusCode, isJson ? JsonDocument.Parse(text).RootElement : JsonSerializer.SerializeToElement(text));
    }

    public Task<(int Status, JsonElement Body)> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<(int Status, JsonElement Body)> PostAsync(string path, object? body, string? idempotencyKey = null) => SendAsync(
        HttpMethod.Post, path, body, change: r =>
        {
            if (idempotencyKey is not null)
                r.Headers.Add("Idempotency-Key", idempotencyKey);
        });

    /// <summary>A prepaid account with a balance, on a plan.</summary>
    public async Task<string> OpenAccountAsync(string balance, string plan = "starter", string kind = "prepaid", string creditLimit = "0.00", params string[] codes)
    {
        var (status, body) = await PostAsync("/api/v1/accounts", new { name = "Test", kind, plan, creditLimit, codes });
        Assert.True(status == 201, body.ToString());
        var id = body.GetProperty("id").GetString()!;
        if (balance != "0.00")
        {
            var (topUp, answer) = await PostAsync($"/api/v1/accounts/{id}/top-up", new { amount = balance, reference = "test" }, Guid.NewGuid().ToString());
            Assert.True(topUp == 201, answer.ToString());
        }
        return id;
    }

    public async Task<string> BalanceAsync(string account) => (await GetAsync($"/api/v1/accounts/{account}/balance")).Body.GetProperty("balance").GetString()!;

    public async Task AssertBooksProveAsync()
    {
        var report = await new LedgerVerification(Database).VerifyAsync(null, CancellationToken.None);
        Assert.True(report.Proven, string.Join("; ", report.Proofs.Where(p => !p.Proven)));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app!.StopAsync().WaitAsync(Soon.Limit);
        await app.DisposeAsync();
        await Database.DisposeAsync();
    }
}
