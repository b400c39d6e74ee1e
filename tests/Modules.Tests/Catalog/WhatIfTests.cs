using System.Text.Json;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Catalog;

/// <summary>Comparing plans and simulating them. Prices and allowances are those of the seeded plans (spec/plans.md).</summary>
public sealed class WhatIfTests(TestApp app) : IClassFixture<TestApp>
{
    static string Bill(JsonElement response, string plan, string field) =>
        response.GetProperty("items").EnumerateArray().Single(i => i.GetProperty("code").GetString() == plan).GetProperty(field).GetString()!;

    [Fact]
    public async Task Plans_stand_side_by_side_with_the_bill_for_a_use()
    {
        var (status, monthly) = await app.GetAsync("/api/v1/plans/compare?plans=starter,professional&outboundMinutes=600&inboundMinutes=150");
        Assert.Equal(200, status);
        // 100 minutes out and 50 in beyond 500 and 100, at 1.99.
        Assert.Equal(("349.00", "298.50", "647.50"), (Bill(monthly, "starter", "price"), Bill(monthly, "starter", "overage"), Bill(monthly, "starter", "total")));
        Assert.Equal("999.00", Bill(monthly, "professional", "total"));
        Assert.Equal(["starter", "professional"], monthly.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("code").GetString()));
        var (_, annual) = await app.GetAsync("/api/v1/plans/compare?plans=starter&outboundMinutes=600&inboundMinutes=150&cycle=annual");
        Assert.Equal(("6930.00", "577.50"), (Bill(annual, "starter", "total"), Bill(annual, "starter", "perMonth")));
        var (_, quarterly) = await app.GetAsync("/api/v1/plans/compare?plans=starter&cycle=quarterly");
        Assert.Equal(("994.65", "331.55"), (Bill(quarterly, "starter", "total"), Bill(quarterly, "starter", "perMonth")));
        Assert.Equal("plans", (await app.GetAsync("/api/v1/plans/compare?plans=none")).Body.GetProperty("field").GetString());
        Assert.Equal("cycle", (await app.GetAsync("/api/v1/plans/compare?cycle=weekly")).Body.GetProperty("field").GetString());
        Assert.Equal("outboundMinutes", (await app.GetAsync("/api/v1/plans/compare?outboundMinutes=-1")).Body.GetProperty("field").GetString());
    }

    [Fact]
    public async Task Under_the_plan_it_has_a_simulation_is_what_was_charged_and_nothing_changes()
    {
        var account = await app.OpenAccountAsync("500.00");
        var start = DateTimeOffset.UtcNow.AddMinutes(-10);
        for (var n = 0; n < 6; n++)
            Assert.Equal(201, (await app.PostAsync("/api/v1/cdrs", new { account, id = $"{account}-{n}", called = "+919812345678", startTime = start.AddSeconds(n), durationSeconds = 6_000 + n })).Status);
        Assert.Equal(201, (await app.PostAsync("/api/v1/cdrs", new { account, id = account + "-uk", called = "+447700900123", startTime = start, durationSeconds = 61 })).Status);
        var before = await app.BalanceAsync(account);

        var same = await SimulateAsync("starter", account);
        Assert.Equal((7, 0, 1), (same.GetProperty("records").GetInt32(), same.GetProperty("unpriced").GetInt32(), same.GetProperty("accounts").GetInt32()));
        Assert.Equal(same.GetProperty("charged").GetString(), same.GetProperty("simulated").GetString());
        Assert.Equal("0.00", same.GetProperty("difference").GetString());
        Assert.Equal(500m - decimal.Parse(before, System.Globalization.CultureInfo.InvariantCulture), decimal.Parse(same.GetProperty("charged").GetString()!, System.Globalization.CultureInfo.InvariantCulture));

        // 2,000 minutes cover all that went to India.
        var larger = await SimulateAsync("professional", account);
        Assert.StartsWith("-", larger.GetProperty("difference").GetString(), StringComparison.Ordinal);
        Assert.Equal(before, await app.BalanceAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Progress_comes_in_lines_and_what_is_wrong_is_named()
    {
        var (status, text) = await app.SendAsync(HttpMethod.Post, "/api/v1/plans/simulate", Body("starter", null), change: r => r.Headers.TryAddWithoutValidation("Accept", "application/x-ndjson"));
        Assert.Equal(200, status);
        Assert.Contains("\"records\":", text.ToString(), StringComparison.Ordinal);
        Assert.Equal("plan", (await app.PostAsync("/api/v1/plans/simulate", Body("none", null))).Body.GetProperty("field").GetString());
        Assert.Equal("from", (await app.PostAsync("/api/v1/plans/simulate", new { plan = "starter" })).Body.GetProperty("field").GetString());
        Assert.Equal(404, (await app.PostAsync("/api/v1/plans/simulate", new { plan = "starter", customerId = 999_999_999, from = DateTimeOffset.UtcNow.AddDays(-1), to = DateTimeOffset.UtcNow })).Status);
    }

    static object Body(string plan, string? account) => new { plan, account, from = DateTimeOffset.UtcNow.AddDays(-20), to = DateTimeOffset.UtcNow.AddDays(1) };

    async Task<JsonElement> SimulateAsync(string plan, string account)
    {
        var (status, report) = await app.PostAsync("/api/v1/plans/simulate", Body(plan, account));
        Assert.True(status == 200, report.ToString());
        return report;
    }
}
