using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Operations;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Identity;

/// <summary>
/// Every address of the API's document is called by every role, by nobody, by keys and by strangers of all kinds, and the answers are held
/// against the table of endpoints. Data/endpoints.tsv: spec/endpoints.tsv.
/// </summary>
public sealed partial class AccessWalkTests(IdentityApp app) : IClassFixture<IdentityApp>
{
    static readonly string[] AccessCodes = ["unauthenticated", "insufficient_role", "insufficient_scope", "users_only", "closed"];

    /// <summary>Addresses that the table does not have, and who may call them.</summary>
    static readonly Dictionary<string, string> Additional = new()
    {
        ["GET /api/v1/rate-decks/{}"] = "admin,support",
        ["GET /.well-known/jwks.json"] = "public",
        ["GET /api/v1/test-clock"] = "admin",
        ["GET /api/v1/addons/{}"] = "public",
        ["GET /api/v1/payments/gateways"] = "admin",
        ["PUT /api/v1/payments/gateways/{}"] = "admin",
        ["POST /api/v1/accounts/{}/lift-bar"] = "admin,support",
        ["POST /api/v1/invoices/{}/write-off"] = "admin",
        ["GET /api/v1/payments/settlements"] = "admin,support",
        ["POST /api/v1/payments/settlements/{}/{}/post"] = "admin",
        ["GET /api/v1/payments/mandates"] = "admin,support,customer",
        ["GET /api/v1/payments/mandates/{}"] = "admin,support,customer",
        ["POST /api/v1/sip-users"] = "admin,support",
        ["GET /api/v1/sip-users"] = "admin,support,customer",
        ["DELETE /api/v1/sip-users/{}"] = "admin,support",
        ["POST /api/v1/carriers"] = "admin",
        ["GET /api/v1/carriers"] = "admin,support",
        ["GET /api/v1/carriers/lookup"] = "admin,support",
        ["GET /api/v1/carriers/{}"] = "admin,support",
        ["PUT /api/v1/carriers/{}"] = "admin",
        ["DELETE /api/v1/carriers/{}"] = "admin",
        ["POST /api/v1/carriers/{}/import"] = "admin",
        ["GET /api/v1/subscriptions/{}/history"] = "admin,support,customer",
    };

    sealed record Actor(string Name, HttpClient Client);

    [Fact]
    public async Task Every_address_answers_whom_the_table_names_and_nobody_else()
    {
        var table = Table();
        var actors = new[]
        {
            new Actor("nobody", app.NewClient(null)), await UserAsync(UserRole.Admin), await UserAsync(UserRole.Support), await UserAsync(UserRole.Customer),
            await KeyAsync("key", Scope.All), await KeyAsync("powerless", "ledger:read"),
        };
        var wrong = new List<string>();
        foreach (var (method, path) in await OperationsAsync())
        {
            if (!table.TryGetValue($"{method} {Shape().Replace(path, "{}")}", out var roles))
            {
                wrong.Add($"{method} {path} is in no table");
                continue;
            }
            foreach (var actor in actors)
            {
                var (status, code) = await SendAsync(actor.Client, method, Shape().Replace(path, "999999999"));
                var expected = Expected(roles, actor.Name, path);
                if (expected is not null ? code != expected : status == 500 || AccessCodes.Contains(code))
                    wrong.Add($"{method} {path} ({roles}) answered {actor.Name} with {status} {code}{(expected is null ? "" : $", not {expected}")}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    [Fact]
    public async Task What_is_another_customers_or_another_tenants_is_as_if_it_were_not_there()
    {
        var ids = await JohnsAsync();
        await using (var tenant = app.Database.Owner.CreateCommand("insert into platform.tenants (tenant_id, slug, name) values (77, 'walk', 'Walk') on conflict do nothing"))
            await tenant.ExecuteNonQueryAsync();
        var jane = await LoginAsync("jane.smith@example.com");
        var (_, foreignKey) = await app.Services.GetRequiredService<ApiKeys>().CreateAsync(77, "foreign", [Scope.All], [], null, CancellationToken.None);
        var foreignAdmin = await ForeignAdminAsync();
        var wrong = new List<string>();
        foreach (var (method, path) in (await OperationsAsync()).Where(o => o.Path.Contains('{', StringComparison.Ordinal)))
        {
            if (ids.Find(i => path.StartsWith(i.Prefix, StringComparison.Ordinal)) is not { Prefix: not null } known)
                continue;
            foreach (var stranger in new[] { new Actor("another customer", jane), new Actor("a foreign admin", foreignAdmin), new Actor("a foreign key", app.NewClient(foreignKey)) })
            {
                var real = await SendAsync(stranger.Client, method, Shape().Replace(path, known.Id, 1));
                var unknown = await SendAsync(stranger.Client, method, Shape().Replace(path, known.Unknown, 1));
                if (real != unknown || real.Status is 500 or (>= 200 and < 300))
                    wrong.Add($"{method} {path} told {stranger.Name} {real} of what is there and {unknown} of what is not");
            }
        }
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        foreach (var list in new[] { "/api/v1/cdrs", "/api/v1/events", "/api/v1/sms-cdrs", "/api/v1/subscriptions" })
        {
            Assert.DoesNotContain("ACC-10001", await jane.GetStringAsync(list), StringComparison.Ordinal);
            Assert.DoesNotContain("ACC-1000", await foreignAdmin.GetStringAsync(list), StringComparison.Ordinal);
        }
        Assert.Contains("Smith", await jane.GetStringAsync("/api/v1/customers/me"), StringComparison.Ordinal);
    }

    /// <summary>The code of the refusal that an actor must get, or null when it must not be refused for who it is.</summary>
    static string? Expected(string roles, string actor, string path) => (actor, roles) switch
    {
        (_, "public") => null,
        ("nobody", _) => "unauthenticated",
        ("key", _) => path.StartsWith("/api/v1/auth/", StringComparison.Ordinal) && !path.StartsWith("/api/v1/auth/api-keys", StringComparison.Ordinal) || path == "/api/v1/customers/me" ? "users_only" : null,
        ("powerless", _) when path == "/api/v1/ledger/verify" => null,
        ("powerless", _) => path.StartsWith("/api/v1/auth/", StringComparison.Ordinal) && !path.StartsWith("/api/v1/auth/api-keys", StringComparison.Ordinal) || path == "/api/v1/customers/me" ? "users_only" : "insufficient_scope",
        _ => roles.Split(',').Contains(actor) ? null : "insufficient_role",
    };

    static Dictionary<string, string> Table()
    {
        var table = new Dictionary<string, string>(Additional);
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Identity", "Data", "endpoints.tsv")).Skip(1))
        {
            var columns = line.Split('\t');
            // Basic is a key's way in; who posts with a signature is nobody until it is checked.
            table[$"{columns[1]} {Shape().Replace(columns[2], "{}")}"] = columns[3] switch { "basic or api-key" => "api-key", "signature" => "public", var roles => roles };
        }
        return table;
    }

    async Task<List<(HttpMethod Method, string Path)>> OperationsAsync()
    {
        using var nobody = app.NewClient(null);
        var document = JsonElement.Parse(await nobody.GetStringAsync("/openapi/v1.json"));
        // Logging out goes last: it ends the session that the walk is on.
        return [.. document.GetProperty("paths").EnumerateObject()
            .SelectMany(p => p.Value.EnumerateObject().Select(o => (HttpMethod.Parse(o.Name), p.Name)))
            .OrderBy(o => o.Name.EndsWith("/logout", StringComparison.Ordinal))];
    }

    static async Task<(int Status, string? Code)> SendAsync(HttpClient client, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        if (method == HttpMethod.Post || method == HttpMethod.Put)
            request.Content = new StringContent("{}", Encoding.UTF8, path.EndsWith("/import", StringComparison.Ordinal) ? "text/csv" : "application/json");
        using var response = await client.SendAsync(request);
        var isProblem = response.Content.Headers.ContentType?.MediaType == "application/problem+json";
        var code = isProblem ? JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("code").GetString() : null;
        if (code == "too_many_requests")
        {
            await Task.Delay(response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1));
            return await SendAsync(client, method, path);
        }
        return ((int)response.StatusCode, code);
    }

    async Task<Actor> UserAsync(string role) => new(role, await LoginAsync(await app.NewUserAsync(role), IdentityApp.Password));

    async Task<HttpClient> LoginAsync(string email, string password = "Demo@123")
    {
        var login = await app.LoginAsync(email, password);
        return app.NewClient(login.GetProperty("accessToken").GetString());
    }

    async Task<Actor> KeyAsync(string name, string scope) =>
        new(name, app.NewClient((await app.Services.GetRequiredService<ApiKeys>().CreateAsync(SeedData.DefaultTenant, name, [scope], [], null, CancellationToken.None)).Key));

    async Task<HttpClient> ForeignAdminAsync()
    {
        var email = app.NewEmail();
        Assert.True(await app.Services.GetRequiredService<UserSeeds>().EnsureAsync(
            77, new(email, "Foreign", UserRole.Admin, IdentityApp.Password), false, (_, _) => Task.FromResult<long?>(null), CancellationToken.None));
        return await LoginAsync(email, IdentityApp.Password);
    }

    /// <summary>What is John Doe's, by the address that it is found at, with an id of the same form that is nobody's.</summary>
    async Task<List<(string Prefix, string Id, string Unknown)>> JohnsAsync()
    {
        using var john = await LoginAsync("john.doe@example.com");
        var me = JsonElement.Parse(await john.GetStringAsync("/api/v1/customers/me")).GetProperty("id").ToString();
        var ids = new List<(string, string, string)> { ("/api/v1/accounts/{", "ACC-10001", "ACC-99999999"), ("/api/v1/customers/{", me, "99999999") };
        foreach (var (list, prefix) in new[] { ("/api/v1/cdrs", "/api/v1/cdrs/{"), ("/api/v1/events", "/api/v1/events/{"), ("/api/v1/sms-cdrs", "/api/v1/sms-cdrs/{"), ("/api/v1/subscriptions", "/api/v1/subscriptions/{") })
        {
            var items = JsonElement.Parse(await john.GetStringAsync(list)).GetProperty("items");
            Assert.True(items.GetArrayLength() > 0, $"John has no {list}.");
            var id = items[0].GetProperty("id").ToString();
            ids.Add((prefix, id, list == "/api/v1/subscriptions" ? "99999999" : id.Replace("10001", "99999", StringComparison.Ordinal)));
        }
        return ids;
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Shape();
}
