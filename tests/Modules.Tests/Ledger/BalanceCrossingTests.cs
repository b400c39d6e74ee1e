using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Web;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Ledger;

/// <summary>A balance that falls below its mark makes one job, in the commit that lets it fall.</summary>
public sealed class BalanceCrossingTests(TestApp app) : IClassFixture<TestApp>
{
    async Task<List<(string Key, string Payload)>> JobsAsync(string kind, string account)
    {
        await using var connection = await app.Database.Owner.OpenConnectionAsync();
        return await Database.QueryAsync(
            connection, "select key, payload::text from platform.jobs where kind = $1 and key like $2 || '@%' order by job_id", [kind, account[4..]],
            r => (r.GetString(0), r.GetString(1)), CancellationToken.None);
    }

    Task<(int Status, System.Text.Json.JsonElement Body)> SetAsync(string account, object settings) => app.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/auto-recharge", settings);

    async Task TopUpAsync(string account, string amount) =>
        Assert.Equal(201, (await app.PostAsync($"/api/v1/accounts/{account}/top-up", new { amount, reference = "test" }, Guid.NewGuid().ToString())).Status);

    static Post Take(string key, long rupees) => new(EventKey.Of("test", key), EntryKind.Adjustment, Book.Adjustment, -rupees * 1_000_000, "INR", key, null);

    [Fact]
    public async Task Many_charges_on_two_nodes_cross_a_mark_once()
    {
        var account = await app.OpenAccountAsync("1000.00");
        var id = long.Parse(account[4..]);
        Assert.Equal(200, (await SetAsync(account, new { enabled = true, threshold = "500.00", amount = "300.00" })).Status);
        await using var database = new Database(app.ConnectionString);
        await using var other = BalatrixServer.Build(database, "http://127.0.0.1:0", TimeProvider.System);
        await other.StartAsync();
        var second = other.Services.GetRequiredService<ChargingPipeline>();
        var at = DateTimeOffset.UtcNow.AddMinutes(-1);
        // 900 messages of 0.20 and 700 rupees by hand: below 500.00 once, whatever the order and the batches; each is sent to both nodes.
        var operations = Enumerable.Range(0, 900)
            .Select(n => new AccountOperation(id, new Charge(new UsageEvent("sms", $"{account}-{n}", Service.Sms, at.AddMilliseconds(n), "404-45", 1, "", "", null), HasHappened: true)))
            .Concat(Enumerable.Range(0, 700).Select(n => new AccountOperation(id, Take($"{account}-{n}", 1)))).ToArray();
        var answers = (await Task.WhenAll(operations.Chunk(20).SelectMany(b => new[] { app.Pipeline.SubmitAsync(1, b, CancellationToken.None), second.SubmitAsync(1, b, CancellationToken.None) })))
            .SelectMany(a => a).ToArray();
        Assert.Equal(1600, answers.Count(a => a is { Accepted: true, IsRepeat: false }));
        var (_, payload) = Assert.Single(await JobsAsync(BalanceCrossings.RechargeKind, account));
        Assert.Contains("\"markMicros\": 500000000", payload, StringComparison.Ordinal);
        await TopUpAsync(account, "800.00");
        await app.Pipeline.SubmitAsync(1, id, Take($"{account}-again", 600), CancellationToken.None);
        Assert.Equal(2, (await JobsAsync(BalanceCrossings.RechargeKind, account)).Count);
        await other.StopAsync();
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_mark_that_is_set_above_the_balance_is_crossed_once()
    {
        var account = await app.OpenAccountAsync("50.00");
        var on = new { enabled = true, threshold = "100.00", amount = "300.00" };
        var (_, body) = await SetAsync(account, on);
        Assert.Equal("100.00", body.GetProperty("autoRecharge").GetProperty("threshold").GetString());
        await SetAsync(account, on);
        await SetAsync(account, on with { threshold = "200.00" });
        Assert.Single(await JobsAsync(BalanceCrossings.RechargeKind, account));
        await SetAsync(account, new { enabled = false });
        await app.Pipeline.SubmitAsync(1, long.Parse(account[4..]), Take($"{account}-off", 10), CancellationToken.None);
        Assert.Single(await JobsAsync(BalanceCrossings.RechargeKind, account));
    }

    [Fact]
    public async Task A_low_balance_is_written_about_once_each_time()
    {
        var (_, customer) = await app.PostAsync("/api/v1/customers", new { name = "Low Limited", kind = "business", email = "low@example.com" });
        var (_, opened) = await app.PostAsync($"/api/v1/customers/{customer.GetProperty("id").GetInt64()}/accounts", new { name = "Low", kind = "prepaid", plan = "starter" });
        var account = opened.GetProperty("id").GetString()!;
        var (status, limits) = await app.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/limits", new { lowBalance = "100.00" });
        Assert.Equal((200, "100.00"), (status, limits.GetProperty("lowBalance").GetString()));
        Assert.Equal(422, (await app.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/limits", new { lowBalance = "much" })).Status);
        await TopUpAsync(account, "150.00");
        foreach (var n in Enumerable.Range(0, 8))
            await app.Pipeline.SubmitAsync(1, long.Parse(account[4..]), Take($"{account}-{n}", 10), CancellationToken.None);
        Assert.Single(await JobsAsync(BalanceCrossings.LowKind, account));
        var letters = await MailSpool.WaitAsync(app, "low@example.com", 1);
        Assert.Contains($"the balance of {account} is 90.00 INR, below 100.00 INR.", letters.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_rolled_back_crosses_nothing()
    {
        var account = await app.OpenAccountAsync("100.00");
        await SetAsync(account, new { enabled = true, threshold = "50.00", amount = "300.00" });
        var post = Take($"{account}-undone", 80);
        await Assert.ThrowsAsync<InvalidOperationException>(() => app.Database.InTenantAsync<int>(1, async (connection, ct) =>
        {
            Assert.True((await LedgerPosting.PostAsync(connection, 1, [(long.Parse(account[4..]), post)], DateTimeOffset.UtcNow, ct))[0].Accepted);
            throw new InvalidOperationException("undone");
        }, CancellationToken.None));
        Assert.Empty(await JobsAsync(BalanceCrossings.RechargeKind, account));
        await app.Database.InTenantAsync(1, (connection, ct) => LedgerPosting.PostAsync(connection, 1, [(long.Parse(account[4..]), post)], DateTimeOffset.UtcNow, ct), CancellationToken.None);
        Assert.Single(await JobsAsync(BalanceCrossings.RechargeKind, account));
    }

    [Theory]
    [InlineData(100, 100, 99, true)]
    [InlineData(100, 99, 98, false)]
    [InlineData(100, 101, 100, false)]
    [InlineData(100, 99, 101, false)]
    [InlineData(0, 0, -1, true)]
    [InlineData(null, 5, -5, false)]
    public void Below_is_below(int? mark, int before, int after, bool crossed) => Assert.Equal(crossed, BalanceCrossings.IsCrossed(mark, before, after));
}
