using System.Net;
using System.Text;
using System.Text.Json;
using Balatrix.Modules.Identity;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Operations;

/// <summary>What holds for every address of the API.</summary>
public sealed class ApiTests(ApiServer server) : IClassFixture<ApiServer>
{
    /// <summary>Bodies that no address takes; all are answered as problems.</summary>
    static readonly string[] BadBodies =
    [
        "", "{", "null", "[]", "[null]", "[[]]", "{}", "1e999", "\"text\"", "{\"name\":1}", "{\"id\":{}}", """{"name":"\ud800"}""", """{"a":"\u0000"}""",
        """{"terms":{"allowances":{}}}""", """{"name":"a\u0000b","kind":"prepaid","reference":"a\u0000b","amount":"1.00","reason":"a\u0000b"}""", """{"amount":1e400}""", "\u0000", new('[', 5_000),
    ];

    [Fact]
    public async Task Every_operation_has_a_summary_a_tag_an_id_and_answers()
    {
        var document = await DocumentAsync();
        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, operation) in Operations(document))
        {
            Assert.True(operation.TryGetProperty("summary", out var summary) && summary.GetString()!.Length > 3, $"{name} has no summary.");
            Assert.True(operation.TryGetProperty("tags", out var tags) && tags.GetArrayLength() > 0, $"{name} has no tag.");
            Assert.True(ids.Add(operation.GetProperty("operationId").GetString()!), $"{name} has no id of its own.");
            Assert.True(
                operation.TryGetProperty("responses", out var responses) && responses.EnumerateObject().Any(r => r.Name[0] == '2'), $"{name} does not say what it answers.");
            if (operation.TryGetProperty("security", out var security) && security.GetArrayLength() > 0)
                Assert.True(responses.TryGetProperty("401", out _) && responses.TryGetProperty("403", out _), $"{name} does not say how it refuses.");
        }
        Assert.NotEmpty(ids);
    }

    [Fact]
    public async Task Every_JSON_body_has_an_example_that_is_its_own_kind()
    {
        var without = from operation in Operations(await DocumentAsync())
                      where operation.Operation.TryGetProperty("requestBody", out var body)
                          && body.GetProperty("content").TryGetProperty("application/json", out var media)
                          && !(media.TryGetProperty("example", out var example) && example.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                      select operation.Name;
        Assert.Empty(without);
    }

    [Fact]
    public async Task Every_JSON_answer_has_a_schema_with_members()
    {
        var document = await DocumentAsync();
        var schemas = document.GetProperty("components").GetProperty("schemas");
        var without = from operation in Operations(document)
                      from response in operation.Operation.GetProperty("responses").EnumerateObject()
                      where response.Name[0] == '2' && response.Name != "204" && !IsDescribed(response.Value)
                      select $"{operation.Name} {response.Name}";
        Assert.Empty(without);

        // Answers that are no JSON say so; those that are name their members, down to the record behind a reference.
        bool IsDescribed(JsonElement response) => response.TryGetProperty("content", out var content) && content.EnumerateObject().All(
            media => !media.Name.Contains("json", StringComparison.Ordinal) || (media.Value.TryGetProperty("schema", out var schema) && HasMembers(schema)));

        bool HasMembers(JsonElement schema) =>
            schema.TryGetProperty("$ref", out var reference)
                ? HasMembers(schemas.GetProperty(reference.GetString()!.Split('/')[^1]))
                : schema.TryGetProperty("items", out var items) ? HasMembers(items) : schema.TryGetProperty("properties", out var members) && members.EnumerateObject().Any();
    }

    [Fact]
    public async Task Answers_have_no_member_that_their_schema_does_not_name()
    {
        var document = await DocumentAsync();
        var account = await AccountAsync();
        var operations = Operations(document).ToDictionary(o => o.Name, o => o.Operation);
        await CheckAsync("/accounts/{id}", HttpMethod.Get);
        await CheckAsync("/accounts/{id}/balance", HttpMethod.Get);
        await CheckAsync("/accounts/{id}/top-up", HttpMethod.Post, new { amount = "10.00", reference = "bank" });
        await CheckAsync("/accounts/{id}/reservations", HttpMethod.Post, new { amount = "1.00" });
        await CheckAsync("/accounts/{id}/transactions", HttpMethod.Get);
        await CheckAsync("/accounts/{id}/statement", HttpMethod.Get);
        await CheckAsync("/cdrs", HttpMethod.Get);
        await CheckAsync("/cdrs/statistics", HttpMethod.Get);
        await CheckAsync("/cdrs", HttpMethod.Post, new { id = "schema-1", account, called = "919812345678", durationSeconds = 5 });
        await CheckAsync("/cdrs/batch", HttpMethod.Post, new[] { new { id = "schema-2", account = "ACC-99999", called = "919812345678", durationSeconds = 5 } });

        async Task CheckAsync(string path, HttpMethod method, object? body = null)
        {
            using var request = new HttpRequestMessage(method, "/api/v1" + path.Replace("{id}", account, StringComparison.Ordinal));
            request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
            if (body is not null)
                request.Content = ApiServer.Json(body);
            using var response = await server.Admin.SendAsync(request);
            var answer = await ApiServer.BodyAsync(response);
            Assert.True(response.IsSuccessStatusCode, answer.ToString());
            var status = ((int)response.StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
            var schema = operations[$"{method} /api/v1{path}"].GetProperty("responses").GetProperty(status).GetProperty("content").GetProperty("application/json").GetProperty("schema");
            Assert.Empty(Unnamed(answer, schema, document).Select(member => $"{method} {path}: {member}"));
        }
    }

    /// <summary>Members of an answer that its schema lacks.</summary>
    static IEnumerable<string> Unnamed(JsonElement answer, JsonElement schema, JsonElement document)
    {
        while (schema.TryGetProperty("$ref", out var reference))
            schema = document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
        if (answer.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
            return answer.EnumerateArray().SelectMany(a => Unnamed(a, items, document));
        if (answer.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("properties", out var members))
            return [];
        return answer.EnumerateObject().SelectMany(m => members.TryGetProperty(m.Name, out var member) ? Unnamed(m.Value, member, document).Select(n => $"{m.Name}.{n}") : [m.Name]);
    }

    [Fact]
    public async Task A_bad_body_is_a_problem_at_every_address_and_never_a_failure()
    {
        var account = await AccountAsync();
        foreach (var (name, operation) in Operations(await DocumentAsync()))
        {
            if (!operation.TryGetProperty("requestBody", out _))
                continue;
            var (method, path) = Parts(At(name, account));
            foreach (var bad in BadBodies)
            {
                using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = new StringContent(bad, Encoding.UTF8, "application/json") };
                request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
                using var response = await server.Admin.SendAsync(request);
                var text = await response.Content.ReadAsStringAsync();
                Assert.True((int)response.StatusCode is >= 400 and < 500 || IsBatchAnswer(response) || (bad.StartsWith('{') && response.IsSuccessStatusCode), $"{name} answers {(int)response.StatusCode} to {bad}: {text}");
                if (!response.IsSuccessStatusCode)
                    Assert.True(JsonElement.Parse(text).TryGetProperty("code", out _), $"{name} answers {bad} without a code: {text}");
            }
        }

        // A batch answers for each of its elements.
        static bool IsBatchAnswer(HttpResponseMessage response) => response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Accepted or HttpStatusCode.MultiStatus
            && response.RequestMessage!.RequestUri!.AbsolutePath is var path && (path.EndsWith("/batch", StringComparison.Ordinal) || path.EndsWith("/charges", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_address_but_the_undeclared_one_says_who_may_call_it()
    {
        var open = server.Services.GetServices<EndpointDataSource>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
            .Where(e => e.Metadata.GetMetadata<AccessRequirement>() is null).Select(e => e.RoutePattern.RawText);
        Assert.Equal(["/undeclared"], open);
    }

    [Fact]
    public async Task Scoped_addresses_answer_401_without_a_key()
    {
        foreach (var (name, operation) in Operations(await DocumentAsync()))
        {
            if (!operation.TryGetProperty("security", out var security) || security.GetArrayLength() == 0)
                continue;
            var (method, path) = Parts(At(name, "1"));
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            if (operation.TryGetProperty("requestBody", out var body))
                request.Content = new StringContent("{}", Encoding.UTF8, body.GetProperty("content").EnumerateObject().First().Name);
            using var response = await server.Anonymous.SendAsync(request);
            Assert.True(response.StatusCode == HttpStatusCode.Unauthorized, $"{name} answers {(int)response.StatusCode} without a key.");
        }
    }

    [Fact]
    public async Task The_pages_load_and_may_load_nothing_from_outside()
    {
        using var page = await server.Anonymous.GetAsync("/api-docs/index.html");
        var html = await page.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("default-src 'self'", string.Join(' ', page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        foreach (var asset in new[] { "swagger-ui.css", "swagger-ui-bundle.js", "index.js" })
            Assert.Equal(HttpStatusCode.OK, (await server.Anonymous.GetAsync($"/api-docs/{asset}")).StatusCode);
    }

    [Fact]
    public async Task An_unknown_address_and_a_wrong_method_are_problems()
    {
        await ApiServer.ProblemAsync(await server.Anonymous.GetAsync("/api/v1/nothing"), 404, "not_found");
        await ApiServer.ProblemAsync(await server.Admin.DeleteAsync("/api/v1/plans"), 405, "method_not_allowed");
    }

    async Task<string> AccountAsync()
    {
        using var opened = await server.Admin.PostAsync("/api/v1/accounts", ApiServer.Json(new { name = "Target", kind = "prepaid" }));
        return (await ApiServer.BodyAsync(opened)).GetProperty("id").GetString()!;
    }

    /// <summary>An operation of one account, or of the first of another kind of thing.</summary>
    static string At(string operation, string account) =>
        operation.Replace("{id}", operation.Contains("/accounts/", StringComparison.Ordinal) ? account : "1", StringComparison.Ordinal);

    internal static (string Method, string Path) Parts(string operation) => (operation.Split(' ')[0], operation.Split(' ')[1]);

    async Task<JsonElement> DocumentAsync() => await ApiServer.BodyAsync(await server.Anonymous.GetAsync("/openapi/v1.json"));

    internal static IEnumerable<(string Name, JsonElement Operation)> Operations(JsonElement document) =>
        from path in document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        where operation.Name is "get" or "post" or "put" or "delete" or "patch"
        select ($"{operation.Name.ToUpperInvariant()} {path.Name}", operation.Value);
}
