using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Subscriptions;

/// <summary>Two hands, or a hand and the time, at one subscription.</summary>
public sealed class SubscriptionRaces(TestTenant tenant) : IClassFixture<TestTenant>
{
    [Fact]
    public async Task Of_two_plan_changes_of_one_version_one_is_made()
    {
        await tenant.SetClockAsync("2027-04-01");
        for (var round = 0; round < 5; round++)
        {
            var (account, id) = await tenant.SubscriberAsync("20000.00");
            var answers = await Task.WhenAll(new[] { "professional", "call-center" }.Select(plan => tenant.SendAsync(
                HttpMethod.Post, $"/api/v1/subscriptions/{id}/change-plan", new { plan }, change: r => r.Headers.TryAddWithoutValidation("If-Match", "\"1\""))));
            Assert.Equal([200, 412], answers.Select(a => a.Status).Order());
            Assert.Equal(2, (await tenant.EntriesAsync(account)).Count);
        }
        await tenant.AssertSoundAsync();
    }

    [Fact]
    public async Task Changes_without_a_version_come_one_after_the_other_and_lose_no_money()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (account, id) = await tenant.SubscriberAsync("100000.00");
        await tenant.SetClockAsync("2027-04-11 10:00");
        string[] plans = ["starter", "professional", "call-center"];
        var answers = await Task.WhenAll(Enumerable.Range(0, 24).Select(n => tenant.PostAsync($"/api/v1/subscriptions/{id}/change-plan", new { plan = plans[n % 3] })));
        Assert.All(answers, a => Assert.True(a.Status is 200 or 409, a.Body.ToString()));
        var subscription = await tenant.SubscriptionAsync(id);
        Assert.Equal(answers.Count(a => a.Status == 200) + 1, subscription.GetProperty("version").GetInt32());
        // However they came, what is left is the first period, and 19 days 14 hours of its 30 days from the one plan to the other.
        var charged = (await tenant.EntriesAsync(account)).Sum(decimal.Parse);
        var rest = subscription.GetProperty("plan").GetString() switch { "starter" => 0m, "professional" => 227.82m - 652.13m, _ => 227.82m - 3263.24m };
        Assert.Equal(-349.00m + rest, charged);
        await tenant.AssertSoundAsync();
    }

    [Fact]
    public async Task A_cancellation_and_a_renewal_at_once_leave_one_truth()
    {
        for (var round = 0; round < 8; round++)
        {
            await tenant.SetClockAsync("2027-04-01");
            var (account, id) = await tenant.SubscriberAsync("2000.00");
            await tenant.SetClockAsync("2027-05-01 00:00:10");
            var cancel = tenant.PostAsync($"/api/v1/subscriptions/{id}/cancel", new { when = "now" });
            await Task.WhenAll(cancel, RunDueAsync(tenant.Services), RunDueAsync(tenant.Services));
            Assert.Equal(200, (await cancel).Status);
            Assert.Equal("ended", await tenant.StatusAsync(id));
            // The renewal was due first, whoever did it; 10 of May's seconds are not given back.
            Assert.Equal(["-349.00", "-349.00", "349.00"], await tenant.EntriesAsync(account));
        }
        await tenant.AssertSoundAsync();
    }

    [Fact]
    public async Task Two_nodes_renew_each_subscription_once()
    {
        await tenant.SetClockAsync("2027-04-01");
        var accounts = new List<string>();
        for (var i = 0; i < 40; i++)
            accounts.Add((await tenant.SubscriberAsync("1000.00")).Account);
        await tenant.SetClockAsync("2027-05-01");
        await using var other = new Database(tenant.ConnectionString);
        await using var node = Balatrix.Web.BalatrixServer.Build(other, "http://127.0.0.1:0", TimeProvider.System);
        var steps = await Task.WhenAll(RunDueAsync(tenant.Services), RunDueAsync(node.Services), RunDueAsync(tenant.Services), RunDueAsync(node.Services));
        Assert.Equal(0, await RunDueAsync(tenant.Services));
        // The reminder before, and the renewal.
        Assert.True(steps.Sum() >= 80);
        foreach (var account in accounts)
            Assert.Equal(["-349.00", "-349.00"], await tenant.EntriesAsync(account));
        await tenant.AssertSoundAsync();
    }

    [Fact]
    public async Task The_job_renews_what_is_due()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (account, id) = await tenant.SubscriberAsync("1000.00");
        await tenant.SetClockAsync("2027-05-01");
        await tenant.Database.InTenantAsync(1, (connection, ct) => JobQueue.EnqueueAsync(connection, 1, new JobRequest("billing", "process-subscription-renewal", "{}"), ct), CancellationToken.None);
        await tenant.Services.GetRequiredService<JobRunner>().RunDueAsync(1, CancellationToken.None);
        // The application's own worker may have been quicker.
        await Soon.UntilAsync(async () => (await tenant.EntriesAsync(account)).Count >= 2, "it is renewed");
        Assert.Equal(["-349.00", "-349.00"], await tenant.EntriesAsync(account));
        Assert.Equal("2027-05-01", TestTenant.Day((await tenant.SubscriptionAsync(id)).GetProperty("period").GetProperty("from")));
        await tenant.AssertSoundAsync();
    }

    [Fact]
    public async Task Charging_goes_on_while_subscriptions_change()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (account, id) = await tenant.SubscriberAsync("50000.00");
        await tenant.SetClockAsync("2027-04-11 10:00");
        var charges = Enumerable.Range(0, 60).Select(n => tenant.PostAsync("/api/v1/cdrs", new { account, id = $"race-{n}", called = "+919812345678", startTime = TestTenant.At("2027-04-11 09:00"), durationSeconds = 61 }));
        var changes = Enumerable.Range(0, 10).Select(n => tenant.PostAsync($"/api/v1/subscriptions/{id}/change-plan", new { plan = n % 2 == 0 ? "professional" : "starter" }));
        var answers = await Task.WhenAll(charges.Concat(changes));
        Assert.All(answers.Take(60), a => Assert.True(a.Status == 201, a.Body.ToString()));
        await tenant.AssertSoundAsync();
    }

    static async Task<int> RunDueAsync(IServiceProvider services)
    {
        var clock = services.GetServices<ITenantTime>().Single(t => t.GetType().Name == "SubscriptionClock");
        return await clock.RunAsync(1, await services.GetRequiredService<TenantClock>().NowAsync(1, CancellationToken.None), CancellationToken.None);
    }
}
