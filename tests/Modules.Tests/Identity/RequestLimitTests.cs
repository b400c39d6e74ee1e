using System.Diagnostics;
using System.Net;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Identity;

/// <summary>Requests a second, and what browsers are told.</summary>
public sealed class RequestLimitTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task A_key_is_held_to_its_requests_a_second()
    {
        using var made = await server.Admin.PostAsync("/api/v1/auth/api-keys", ApiServer.Json(new { name = "slow", scopes = new[] { "*" }, requestsPerSecond = 5 }));
        var body = await ApiServer.BodyAsync(made);
        Assert.Equal(5, body.GetProperty("requestsPerSecond").GetInt32());
        using var client = server.NewClient(body.GetProperty("key").GetString());
        var began = Stopwatch.GetTimestamp();
        var answers = new List<HttpResponseMessage>();
        await Soon.UntilAsync(
            async () =>
            {
                answers.AddRange(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.GetAsync("/api/v1/rate-decks"))));
                return answers.Exists(a => a.StatusCode == HttpStatusCode.TooManyRequests);
            },
            "more requests than five a second");
        Assert.InRange(answers.Count(a => a.StatusCode == HttpStatusCode.OK), 5, 10 + (5 * Stopwatch.GetElapsedTime(began).TotalSeconds));
        var refused = answers.First(a => a.StatusCode == HttpStatusCode.TooManyRequests);
        await ApiServer.ProblemAsync(refused, 429, "too_many_requests");
        Assert.Equal("5", refused.Headers.GetValues("RateLimit-Limit").Single());
        Assert.Equal("0", refused.Headers.GetValues("RateLimit-Remaining").Single());
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 2);
        Assert.Contains("RateLimit-Remaining", answers.First(a => a.StatusCode == HttpStatusCode.OK).Headers.Select(h => h.Key));

        await Task.Delay(TimeSpan.FromSeconds(1.5));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/rate-decks")).StatusCode);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1_000_001)]
    public async Task A_key_cannot_be_held_to_nothing(int requestsPerSecond)
    {
        using var made = await server.Admin.PostAsync("/api/v1/auth/api-keys", ApiServer.Json(new { name = "slow", scopes = new[] { "*" }, requestsPerSecond }));
        Assert.Equal("requestsPerSecond", (await ApiServer.ProblemAsync(made, 422, "invalid_value")).GetProperty("field").GetString());
    }

    [Fact]
    public async Task A_key_without_a_limit_has_none()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => server.Admin.GetAsync("/api/v1/auth/api-keys")));
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.OK, a.StatusCode));
        Assert.DoesNotContain("RateLimit-Limit", answers[0].Headers.Select(h => h.Key));
    }

    [Fact]
    public async Task Strangers_are_told_what_is_left_to_their_address()
    {
        using var response = await server.Anonymous.GetAsync("/api/v1/rate-decks");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.True(int.Parse(response.Headers.GetValues("RateLimit-Remaining").Single(), System.Globalization.CultureInfo.InvariantCulture) > 0);
    }

    [Theory]
    [InlineData("/api/v1/plans", 200)]
    [InlineData("/api/v1/rate-decks", 401)]
    [InlineData("/nowhere", 404)]
    public async Task Every_answer_tells_browsers_to_load_frame_and_guess_nothing(string path, int status)
    {
        using var response = await server.Anonymous.GetAsync(path);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("DENY", response.Headers.GetValues("X-Frame-Options").Single());
        Assert.Equal("no-referrer", response.Headers.GetValues("Referrer-Policy").Single());
        Assert.Contains("frame-ancestors 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_other_site_may_call_unless_it_is_configured()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/plans");
        request.Headers.Add("Origin", "https://elsewhere.example");
        using var response = await server.Anonymous.SendAsync(request);
        Assert.False(response.Headers.Contains("Access-Control-Allow-Origin"));
    }
}
