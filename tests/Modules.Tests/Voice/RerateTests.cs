using System.Text.Json;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Voice;

/// <summary>A rate is mended after calls were charged by it.</summary>
public sealed class RerateTests(TestApp app) : IClassFixture<TestApp>
{
    readonly string name = "mend-" + Guid.NewGuid().ToString("N")[..8];

    [Fact]
    public async Task Differences_are_shown_then_posted_once_and_the_books_prove()
    {
        await DeckAsync("1.00");
        var account = await app.OpenAccountAsync("100.00", plan: name);
        foreach (var (id, seconds) in new[] { ("a", 60), ("b", 61), ("c", 0) })
            Assert.Equal(201, (await app.PostAsync("/api/v1/cdrs", Call(account, id, seconds))).Status);
        Assert.Equal("97.00", await app.BalanceAsync(account));
        await MendAsync("0.40");

        var preview = await RerateAsync(account, preview: true);
        Assert.Equal((3, 2, 0), (Number(preview, "examined"), Number(preview, "changed"), Number(preview, "posted")));
        Assert.Equal(["-0.60", "-1.20"], preview.GetProperty("differences").EnumerateArray().Select(d => d.GetProperty("amount").GetString()).Order());
        Assert.Equal("1.80", preview.GetProperty("sums")[0].GetProperty("givenBack").GetString());
        Assert.Equal("97.00", await app.BalanceAsync(account));

        Assert.Equal(2, Number(await RerateAsync(account, preview: false), "posted"));
        Assert.Equal("98.80", await app.BalanceAsync(account));
        var again = await RerateAsync(account, preview: false);
        Assert.Equal((0, 0), (Number(again, "changed"), Number(again, "posted")));
        Assert.Equal(0, Number(await RerateAsync(account, preview: false, run: "other"), "changed"));
        Assert.Equal("98.80", await app.BalanceAsync(account));

        await MendAsync("1.50");
        Assert.Equal("3.30", (await RerateAsync(account, preview: true)).GetProperty("sums")[0].GetProperty("charged").GetString());
        Assert.Equal(2, Number(await RerateAsync(account, preview: false), "posted"));
        Assert.Equal("95.50", await app.BalanceAsync(account));
        await app.AssertBooksProveAsync();
        var (_, entries) = await app.GetAsync($"/api/v1/accounts/{account}/transactions?kind=adjustment");
        Assert.Equal(4, entries.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task What_the_balance_cannot_pay_is_refused_and_retried_by_asking_again()
    {
        await DeckAsync("1.00");
        var account = await app.OpenAccountAsync("1.00", plan: name);
        await app.PostAsync("/api/v1/cdrs", Call(account, "all", 60));
        await MendAsync("3.00");
        var first = await RerateAsync(account, preview: false);
        Assert.Equal((0, 1), (Number(first, "posted"), Number(first, "refused")));
        await app.PostAsync($"/api/v1/accounts/{account}/top-up", new { amount = "5.00", reference = "test" }, name);
        Assert.Equal(1, Number(await RerateAsync(account, preview: false), "posted"));
        Assert.Equal("3.00", await app.BalanceAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Two_at_once_post_no_difference_twice()
    {
        await DeckAsync("1.00");
        var account = await app.OpenAccountAsync("100.00", plan: name);
        for (var n = 0; n < 20; n++)
            await app.PostAsync("/api/v1/cdrs", Call(account, "n" + n, 60));
        await MendAsync("0.50");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(n => PostAsync(account, preview: false, run: "run-" + n)));
        Assert.Equal("90.00", await app.BalanceAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Theory]
    [InlineData("""{"preview":true}""", "from")]
    [InlineData("""{"from":"2026-01-02T00:00:00Z","to":"2026-01-01T00:00:00Z"}""", "from")]
    [InlineData("""{"from":"2026-01-01T00:00:00Z","to":"2026-12-01T00:00:00Z"}""", "from")]
    [InlineData("""{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z","preview":false}""", "runId")]
    [InlineData("""{"from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z","preview":false,"runId":"x"}""", "reason")]
    public async Task What_is_wrong_is_named(string body, string field)
    {
        var (status, problem) = await app.PostAsync("/api/v1/cdrs/rerate", body);
        Assert.Equal((422, field), (status, problem.GetProperty("field").GetString()));
    }

    static object Call(string account, string id, int seconds) =>
        new { account, id, called = "+447700900123", startTime = DateTimeOffset.UtcNow.AddMinutes(-10), durationSeconds = seconds };

    static int Number(JsonElement report, string field) => report.GetProperty(field).GetInt32();

    async Task DeckAsync(string rate)
    {
        Assert.Equal(201, (await app.PostAsync("/api/v1/rate-decks", new { name, kind = "voice", currency = "INR" })).Status);
        await MendAsync(rate);
        Assert.Equal(201, (await app.PostAsync("/api/v1/plans", new { code = name, name, currency = "INR", terms = new { decks = new Dictionary<string, string[]> { ["voice.outbound"] = [name] } } })).Status);
        Assert.Equal(200, (await app.PostAsync($"/api/v1/plans/{name}/publish", null)).Status);
    }

    async Task MendAsync(string rate)
    {
        var (_, decks) = await app.GetAsync("/api/v1/rate-decks");
        var id = decks.GetProperty("items").EnumerateArray().Single(d => d.GetProperty("name").GetString() == name).GetProperty("id").GetInt32();
        var from = Uri.EscapeDataString(DateTimeOffset.UtcNow.AddDays(-10).ToString("O"));
        var (status, body) = await app.SendAsync(HttpMethod.Post, $"/api/v1/rate-decks/{id}/import?effectiveFrom={from}", $"prefix,description,rate,increment_seconds\n44,UK,{rate},60\n", "text/csv");
        Assert.True(status == 200, body.ToString());
    }

    async Task<JsonElement> RerateAsync(string account, bool preview, string run = "fix")
    {
        var (status, body) = await PostAsync(account, preview, run);
        Assert.True(status == 200, body.ToString());
        return body;
    }

    Task<(int Status, JsonElement Body)> PostAsync(string account, bool preview, string run) => app.PostAsync(
        "/api/v1/cdrs/rerate", new { from = DateTimeOffset.UtcNow.AddDays(-1), to = DateTimeOffset.UtcNow.AddDays(1), account, preview, runId = run, reason = "mended" });
}
