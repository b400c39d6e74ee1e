using System.Text.Json;

namespace Balatrix.Modules.Tests.Subscriptions;

public sealed class SubscriptionsOverHttp(TestTenant tenant) : IClassFixture<TestTenant>
{
    [Fact]
    public async Task Subscribing_charges_the_first_period_and_grants_its_allowances()
    {
        var account = await tenant.OpenBareAccountAsync("400.00");
        var subscription = await tenant.SubscribeAsync(account, "starter");
        Assert.Equal(("active", "starter", "349.00", true), (Text(subscription, "status"), Text(subscription, "plan"), Text(subscription, "price"), subscription.GetProperty("isPaid").GetBoolean()));
        var balance = (await tenant.GetAsync($"/api/v1/accounts/{account}/balance")).Body;
        Assert.Equal("51.00", Text(balance, "balance"));
        Assert.Equal([30_000, 6_000], balance.GetProperty("allowances").EnumerateArray().Select(a => a.GetProperty("granted").GetInt64()));
        var view = (await tenant.GetAsync($"/api/v1/accounts/{account}")).Body;
        Assert.Equal(("starter", 2), (Text(view, "plan"), view.GetProperty("concurrentCalls").GetInt32()));
        var entry = (await tenant.GetAsync($"/api/v1/accounts/{account}/transactions?kind=subscription")).Body.GetProperty("items")[0];
        Assert.Equal(("wallet", "revenue.recurring", "349.00"), (Text(entry, "debit"), Text(entry, "credit"), Text(entry, "amount")));
        Assert.StartsWith(Text(subscription, "id") + " starter ", Text(entry, "reference"), StringComparison.Ordinal);
        await tenant.AssertSoundAsync();
    }

    [Fact]
    public async Task Without_money_nothing_is_subscribed()
    {
        var account = await tenant.OpenBareAccountAsync("348.99");
        var (status, problem) = await tenant.PostAsync("/api/v1/subscriptions", new { account, plan = "starter" });
        Assert.Equal((402, "insufficient_balance"), (status, Text(problem, "code")));
        Assert.Equal(0, (await tenant.GetAsync($"/api/v1/subscriptions?account={account}")).Body.GetProperty("items").GetArrayLength());
        Assert.Equal("348.99", await tenant.BalanceAsync(account));
    }

    [Fact]
    public async Task An_account_has_one_subscription_that_lives()
    {
        var (account, id) = await tenant.SubscriberAsync("2000.00");
        var (status, problem) = await tenant.PostAsync("/api/v1/subscriptions", new { account, plan = "starter" });
        Assert.Equal((409, "already_subscribed"), (status, Text(problem, "code")));
        await tenant.MoveAsync(id, "cancel", new { when = "now" });
        await tenant.SubscribeAsync(account, "starter");
        Assert.Equal(2, (await tenant.GetAsync($"/api/v1/subscriptions?account={account}")).Body.GetProperty("items").GetArrayLength());
    }

    [Theory]
    [InlineData("""{"account":"ACC-999999999","plan":"starter"}""", "account")]
    [InlineData("""{"plan":"starter"}""", "account")]
    [InlineData("""{"account":"ACC-10001","plan":"no-such"}""", "plan")]
    [InlineData("""{"account":"ACC-10001","plan":"starter\u0000"}""", "plan")]
    [InlineData("""{"account":"ACC-10001","plan":"starter","cycle":"weekly"}""", "cycle")]
    [InlineData("""{"account":"ACC-10001","plan":"strict","cycle":"annual"}""", "cycle")]
    [InlineData("""{"account":"ACC-10001","plan":"starter","trial":true}""", "trial")]
    [InlineData("""{"account":"ACC-10001","plan":"starter","addOns":[{"code":"no-such"}]}""", "addOns")]
    [InlineData("""{"account":"ACC-10001","plan":"uzs-sms"}""", "cycle")]
    public async Task What_cannot_be_subscribed_says_which_field(string body, string field)
    {
        var (status, problem) = await tenant.PostAsync("/api/v1/subscriptions", body);
        Assert.True(status == 422, problem.ToString());
        Assert.StartsWith(field, Text(problem, "field"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("now")]
    [InlineData("cycle")]
    [InlineData("cancel")]
    public async Task A_preview_is_what_is_then_posted(string kind)
    {
        await tenant.SetClockAsync("2027-04-01 00:00:00");
        var (account, id) = await tenant.SubscriberAsync("60000.00");
        await tenant.SetClockAsync("2027-04-12 07:08:09.123");
        var (move, body) = kind switch
        {
            "now" => ("change-plan", new { plan = "professional", cycle = (string?)null, when = "now" }),
            "cycle" => ("change-plan", new { plan = "professional", cycle = (string?)"annual", when = "now" }),
            _ => ("cancel", (object)new { when = "now" }),
        };
        var preview = await tenant.MoveAsync(id, move + "?preview=true", body);
        Assert.Equal("59651.00", await tenant.BalanceAsync(account));
        var posted = await tenant.MoveAsync(id, move, body);
        Assert.Equal(Text(preview, "net"), Text(posted, "net"));
        Assert.Equal(preview.GetProperty("lines").ToString(), posted.GetProperty("lines").ToString());
        Assert.Equal(decimal.Parse(Text(posted, "net")), -decimal.Parse((await tenant.EntriesAsync(account))[^1]));
        Assert.Equal(decimal.Parse(Text(posted, "net")), 59651.00m - decimal.Parse(await tenant.BalanceAsync(account)));
        await tenant.SetClockAsync("2027-04-01");
    }

    [Fact]
    public async Task An_upgrade_moves_plan_price_and_allowances_at_its_second()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (account, id) = await tenant.SubscriberAsync("2000.00");
        await tenant.SetClockAsync("2027-04-16");
        var step = await tenant.MoveAsync(id, "change-plan", new { plan = "professional" });
        Assert.Equal(["-174.50", "499.50"], step.GetProperty("lines").EnumerateArray().Select(l => Text(l, "amount")));
        var balance = (await tenant.GetAsync($"/api/v1/accounts/{account}/balance")).Body;
        // Half of 2,000 and of 500 minutes for half of the month.
        Assert.Equal([60_000, 15_000], balance.GetProperty("allowances").EnumerateArray().Select(a => a.GetProperty("granted").GetInt64()));
        Assert.Equal("1326.00", Text(balance, "balance"));
        Assert.Equal(5, (await tenant.GetAsync($"/api/v1/accounts/{account}")).Body.GetProperty("concurrentCalls").GetInt32());
        await tenant.RefusedAsync(id, "change-plan", new { plan = "professional" }, 409, "no_change");
        await tenant.AssertSoundAsync();
        await tenant.SetClockAsync("2027-04-01");
    }

    [Fact]
    public async Task An_illegal_move_says_what_is_allowed()
    {
        var (_, id) = await tenant.SubscriberAsync("400.00");
        await tenant.MoveAsync(id, "cancel");
        var problem = await tenant.RefusedAsync(id, "renew", null, 409, "illegal_move");
        Assert.Equal("activate, cancel_now", Text(problem, "expected"));
        await tenant.MoveAsync(id, "activate");
        await tenant.MoveAsync(id, "cancel", new { when = "now" });
        Assert.Equal("nothing more", Text(await tenant.RefusedAsync(id, "activate", null, 409, "illegal_move"), "expected"));
        await tenant.RefusedAsync("SUB-99999", "activate", null, 404, "not_found");
        await tenant.RefusedAsync("nonsense", "activate", null, 404, "not_found");
    }

    [Fact]
    public async Task A_change_to_a_version_that_was_not_seen_is_refused()
    {
        var (_, id) = await tenant.SubscriberAsync("400.00");
        Task<(int Status, JsonElement Body)> Put(string etag, object body) =>
            tenant.SendAsync(HttpMethod.Put, $"/api/v1/subscriptions/{id}", body, change: r => r.Headers.TryAddWithoutValidation("If-Match", etag));
        Assert.Equal(200, (await Put("\"1\"", new { autoRenew = false })).Status);
        var (status, problem) = await Put("\"1\"", new { autoRenew = true });
        Assert.Equal((412, "version_changed"), (status, Text(problem, "code")));
        var (again, answer) = await Put("\"2\"", new { paymentMethod = "upi:x@bank" });
        Assert.Equal((200, "upi:x@bank", false), (again, Text(answer.GetProperty("subscription"), "paymentMethod"), answer.GetProperty("subscription").GetProperty("autoRenew").GetBoolean()));
    }

    [Fact]
    public async Task Deleting_cancels_at_the_end_and_a_customer_may_take_it_back()
    {
        var (_, id) = await tenant.SubscriberAsync("400.00");
        Assert.Equal(200, (await tenant.SendAsync(HttpMethod.Delete, $"/api/v1/subscriptions/{id}")).Status);
        Assert.Equal("cancelled", await tenant.StatusAsync(id));
        var (status, body) = await tenant.SendAsync(HttpMethod.Put, $"/api/v1/subscriptions/{id}", new { cancelAtPeriodEnd = false });
        Assert.Equal((200, "active"), (status, Text(body.GetProperty("subscription"), "status")));
    }

    [Fact]
    public async Task Usage_is_what_the_ledger_recorded()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (account, id) = await tenant.SubscriberAsync("400.00");
        await tenant.SetClockAsync("2027-04-02");
        object Event(string eventId) => new { specversion = "1.0", id = eventId, source = "hand", type = "balatrix.voice.call", time = TestTenant.At("2027-04-01 12:00"), data = new { called = "+919812345678", durationSeconds = 60 } };
        Assert.Equal(201, (await tenant.PostAsync($"/api/v1/subscriptions/{id}/usage", Event("u-1"))).Status);
        Assert.Equal(200, (await tenant.PostAsync($"/api/v1/subscriptions/{id}/usage", Event("u-1"))).Status);
        var (status, usage) = await tenant.GetAsync($"/api/v1/subscriptions/{id}/usage");
        Assert.True(status == 200, usage.ToString());
        var segment = Assert.Single(usage.GetProperty("items").EnumerateArray());
        var service = Assert.Single(segment.GetProperty("services").EnumerateArray());
        Assert.Equal((1, 60, 60, 0, "0.00"), (service.GetProperty("uses").GetInt32(), service.GetProperty("billed").GetInt32(), service.GetProperty("covered").GetInt32(), service.GetProperty("overage").GetInt32(), Text(service, "amount")));
        Assert.Equal(60, segment.GetProperty("allowances")[0].GetProperty("used").GetInt32());
        Assert.Equal(account, Text(usage, "account"));
        await tenant.SetClockAsync("2027-04-01");
    }

    [Fact]
    public async Task Use_before_a_pause_is_rated_and_use_in_it_is_not()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (account, id) = await tenant.SubscriberAsync("400.00");
        await tenant.SetClockAsync("2027-04-11");
        await tenant.MoveAsync(id, "suspend", new { mode = "pause" });
        Assert.Equal("283.67", await tenant.BalanceAsync(account));
        object Call(string callId, string at) => new { account, id = callId, called = "+919812345678", startTime = TestTenant.At(at), durationSeconds = 60 };
        Assert.Equal(201, (await tenant.PostAsync("/api/v1/cdrs", Call($"{id}-before", "2027-04-10 12:00"))).Status);
        var (status, body) = await tenant.PostAsync("/api/v1/cdrs", Call($"{id}-within", "2027-04-11 00:00:01"));
        Assert.Equal((202, "no_plan"), (status, Text(body, "code")));
        await tenant.SetClockAsync("2027-04-01");
    }

    static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
