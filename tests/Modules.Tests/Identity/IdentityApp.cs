using System.Net.Http.Headers;
using System.Text.Json;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Operations;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Identity;

/// <summary>The application on a clock that tests put forward, with as many users as they like.</summary>
public sealed class IdentityApp(TestCluster cluster) : TestApp(cluster)
{
    public const string Password = "tangerine-lampshade-42";

    int unique;

    protected override TimeProvider Clock => Now;

    /// <summary>Passwords are hashed as the program does.</summary>
    protected override void Replace(IServiceCollection services) => services.AddSingleton<Passwords>();

    public StillClock Now { get; } = new();

    public string NewEmail() => $"user{Interlocked.Increment(ref unique)}@example.test";

    /// <summary>A new user's address; a customer's user is of the customer John Doe.</summary>
    public async Task<string> NewUserAsync(string role = UserRole.Admin, bool mustChangePassword = false)
    {
        var email = NewEmail();
        var made = await Services.GetRequiredService<UserSeeds>().EnsureAsync(
            SeedData.DefaultTenant, new(email, "Test User", role, Password), mustChangePassword,
            async (connection, ct) => role == UserRole.Customer
                ? (await Database.QueryAsync(connection, "select customer_id from customers.customers where name = 'John Doe'", [], r => r.GetInt64(0), ct))[0]
                : null,
            CancellationToken.None);
        Assert.True(made);
        return email;
    }

    /// <summary>Posts without any authentication.</summary>
    public Task<HttpResponseMessage> PostAsync(string path, object body, string device = "test", string? token = null) => SendAsync(HttpMethod.Post, path, body, device, token);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body, string device = "test", string? token = null)
    {
        using var request = new HttpRequestMessage(method, "/api/v1/auth/" + path);
        if (body is not null)
            request.Content = ApiServer.Json(body);
        request.Headers.UserAgent.ParseAdd(device);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var client = NewClient(null);
        return await client.SendAsync(request);
    }

    public Task<HttpResponseMessage> TryLoginAsync(string email, string password = Password, string device = "test") => PostAsync("login", new { email, password }, device);

    /// <summary>The answer of a login that must succeed.</summary>
    public async Task<JsonElement> LoginAsync(string email, string password = Password, string device = "test")
    {
        using var response = await TryLoginAsync(email, password, device);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }

    public async Task<JsonElement> RefreshAsync(string refreshToken)
    {
        using var response = await PostAsync("refresh", new { refreshToken });
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }

    public async Task<int> MeStatusAsync(string accessToken)
    {
        using var response = await SendAsync(HttpMethod.Get, "me", null, token: accessToken);
        return (int)response.StatusCode;
    }
}

static class TokenPairs
{
    public static string Access(this JsonElement pair) => pair.GetProperty("accessToken").GetString()!;

    public static string Refresh(this JsonElement pair) => pair.GetProperty("refreshToken").GetString()!;
}
