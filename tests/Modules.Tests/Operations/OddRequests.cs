using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Balatrix.Modules.Identity;

namespace Balatrix.Modules.Tests.Operations;

/// <summary>Whatever clients send to any address, they are told what is wrong with it.</summary>
public sealed partial class OddRequests(ApiServer server) : IClassFixture<ApiServer>, IAsyncLifetime
{
    HttpClient client = null!;
    JsonElement document;
    string account = "";
    int asked;

    /// <summary>A key of its own: among what is sent is the end of the server's first one.</summary>
    public async ValueTask InitializeAsync()
    {
        client = await server.ClientAsync(1, Scope.All);
        document = await ApiServer.BodyAsync(await client.GetAsync("/openapi/v1.json"));
        using var opened = await client.PostAsync("/api/v1/accounts", ApiServer.Json(new { name = "Target", kind = "prepaid" }));
        account = (await ApiServer.BodyAsync(opened)).GetProperty("id").GetString()!;
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_parameter_that_cannot_be_read_is_named_at_every_address()
    {
        string[] unreadable = ["x", "1,2", "99999999999999999999", "2026-13-45"];
        foreach (var (name, operation) in ApiTests.Operations(document))
        {
            foreach (var parameter in QueryParameters(operation).Where(p => !IsText(p.GetProperty("schema"))))
            {
                var field = parameter.GetProperty("name").GetString()!;
                foreach (var value in unreadable)
                {
                    var (status, text) = await AskAsync(At(name), $"{field}={value}");
                    Assert.True(status == 400, $"{name} answers {status} to {field}={value}: {text}");
                    var problem = JsonElement.Parse(text);
                    Assert.Equal(("bad_request", field), (problem.GetProperty("code").GetString(), problem.GetProperty("field").GetString()));
                    Assert.NotEmpty(problem.GetProperty("expected").GetString()!);
                }
            }
        }
        Assert.InRange(asked, 100, int.MaxValue);

        // Of a list of types ("integer", "string" with a pattern, "null") a number is what the pattern is of.
        static bool IsText(JsonElement schema) => !schema.TryGetProperty("format", out _) && !schema.TryGetProperty("pattern", out _) && schema.GetProperty("type").ToString().Contains("string", StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_text_of_a_parameter_makes_an_address_fail()
    {
        string[] texts = ["%00", "%F0%9F%92%A9", "%ED%A0%80", "'", "%25%5F", "-1", "", new('9', 400), "2026-02-30", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "WyJcdTAwMDAiXQ"];
        var failures = new List<string>();
        foreach (var (name, operation) in ApiTests.Operations(document).Where(o => o.Name.StartsWith("GET ", StringComparison.Ordinal)))
        {
            foreach (var parameter in QueryParameters(operation))
            {
                foreach (var text in texts)
                {
                    var query = $"{parameter.GetProperty("name").GetString()}={text}";
                    if (await AskAsync(At(name), query) is { Status: >= 500 } failure)
                        failures.Add($"{name} answers {failure.Status} to {query}");
                }
            }
        }
        Assert.True(failures.Count == 0, string.Join("\n", failures));
        Assert.InRange(asked, 1_000, int.MaxValue);
    }

    [Fact]
    public async Task No_text_in_a_path_makes_an_address_fail()
    {
        string[] texts = ["%00", "7%00", "%F0%9F%92%A9", "%ED%A0%80", "'", "%25", "-1", "0", new('9', 19), new('9', 400), "ACC-" + new string('9', 19), "ACC--1", "SUB-0", "unrated-99999999999999999999", "a.b.c", "%2E%2E", Guid.Empty.ToString()];
        var failures = new List<string>();
        foreach (var (name, operation) in ApiTests.Operations(document).Where(o => o.Name.Contains('{', StringComparison.Ordinal)))
        {
            var body = operation.TryGetProperty("requestBody", out var described) && described.GetProperty("content").TryGetProperty("application/json", out var media) && media.TryGetProperty("example", out var example)
                ? example.GetRawText() : null;
            foreach (var text in texts)
            {
                var path = PathParameter().Replace(name, text);
                if (await AskAsync(path, "", body) is { Status: >= 500 and not 503 } failure)
                    failures.Add($"{path} answers {failure.Status}");
            }
        }
        Assert.True(failures.Count == 0, string.Join("\n", failures));
        Assert.InRange(asked, 1_000, int.MaxValue);
    }

    [Fact]
    public async Task No_value_of_a_member_makes_an_address_fail()
    {
        JsonNode?[] values =
        [
            null, "", "x", "\0", "\ud83d\udca9", new string('9', 400), -1, 0, 1e300, 9223372036854775807, -9223372036854775808, "-0.000001", "9223372036854.775807", "99999999999999999999",
            "0001-01-01", "9999-12-31", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "2026-02-30", true, new JsonArray(), new JsonObject(), new JsonArray(null, "\0"),
        ];
        var failures = new List<string>();
        foreach (var (name, operation) in ApiTests.Operations(document))
        {
            if (!operation.TryGetProperty("requestBody", out var body) || !body.GetProperty("content").TryGetProperty("application/json", out var media) || !media.TryGetProperty("example", out var example))
                continue;
            foreach (var (member, value) in from member in Members(JsonNode.Parse(example.GetRawText())!, []) from value in values select (member, value))
            {
                var changed = JsonNode.Parse(example.GetRawText())!;
                Set(changed, member, value?.DeepClone());
                if (await AskAsync(At(name), "", changed.ToJsonString()) is { Status: >= 500 } failure)
                    failures.Add($"{name} answers {failure.Status} to {string.Join('.', member)} = {value?.ToJsonString() ?? "null"}");
            }
        }
        Assert.True(failures.Count == 0, string.Join("\n", failures));
        Assert.InRange(asked, 1_000, int.MaxValue);

        static IEnumerable<object[]> Members(JsonNode node, object[] path) => (node switch
        {
            JsonObject members => members.SelectMany(m => m.Value is null ? [[.. path, m.Key]] : Members(m.Value, [.. path, m.Key])),
            JsonArray elements => elements.Take(2).SelectMany((e, n) => Members(e!, [.. path, n])),
            _ => [],
        }).Append(path).Where(p => p.Length > 0);

        static void Set(JsonNode node, object[] path, JsonNode? value)
        {
            foreach (var step in path[..^1])
                node = step is string key ? node[key]! : node[(int)step]!;
            if (path[^1] is string last)
                node[last] = value;
            else
                node[(int)path[^1]] = value;
        }
    }

    async Task<(int Status, string Text)> AskAsync(string operation, string query, string? body = null)
    {
        asked++;
        var (method, path) = ApiTests.Parts(operation);
        using var request = new HttpRequestMessage(new HttpMethod(method), $"{path}?{query}");
        request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var endless = response.Content.Headers.ContentType?.MediaType == "text/event-stream";
        // Else nothing of what was sent would have been looked at. Logins have limits of their own, and gateways their signatures.
        var mayTurnAway = path.Contains("/auth/", StringComparison.Ordinal) || path.Contains("/webhooks/", StringComparison.Ordinal);
        Assert.False(response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.Unauthorized && !mayTurnAway, $"{operation} answers {(int)response.StatusCode}.");
        return ((int)response.StatusCode, endless ? "" : await response.Content.ReadAsStringAsync());
    }

    static IEnumerable<JsonElement> QueryParameters(JsonElement operation) =>
        operation.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().Where(p => p.GetProperty("in").GetString() == "query") : [];

    /// <summary>An operation of the account, or of the first of another kind of thing.</summary>
    string At(string operation) => operation.Replace("{id}", operation.Contains("/accounts/", StringComparison.Ordinal) ? account : "1", StringComparison.Ordinal);

    [GeneratedRegex("{[a-zA-Z]+}", RegexOptions.None, 1000)]
    private static partial Regex PathParameter();
}
