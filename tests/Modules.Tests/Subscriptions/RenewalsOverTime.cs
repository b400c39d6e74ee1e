using System.Text.Json;

namespace Balatrix.Modules.Tests.Subscriptions;

/// <summary>What time brings, on a test clock.</summary>
public sealed class RenewalsOverTime(TestTenant tenant) : IClassFixture<TestTenant>
{
    [Fact]
    public async Task Without_money_come_reminders_suspension_and_with_money_service_again()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (account, id) = await tenant.SubscriberAsync("310.00", "strict");
        await tenant.AdvanceAsync("2027-05-01");
        Assert.Equal("past_due", await tenant.StatusAsync(id));
        await tenant.AdvanceAsync("2027-05-03");
        Assert.Equal("suspended", await tenant.StatusAsync(id));
        Assert.Equal(JsonValueKind.Null, (await tenant.GetAsync($"/api/v1/accounts/{account}")).Body.GetProperty("plan").ValueKind);
        await tenant.AdvanceAsync("2027-05-04 12:00");
        await tenant.TopUpAsync(account, "500.00");
        await tenant.AdvanceAsync("2027-05-05");
        Assert.Equal("active", await tenant.StatusAsync(id));
        // Of May's 31 days: 2 of grace make 20.00, and 27 from the 5th on 270.00.
        Assert.Equal(["-310.00", "-290.00"], await tenant.EntriesAsync(account));
        Assert.Equal(
            ["2027-04-29 ends_soon", "2027-05-01 unpaid", "2027-05-02 still_unpaid", "2027-05-03 suspended"], await NoticesAsync(id));
        await tenant.AssertSoundAsync();
    }

    [Fact]
    public async Task A_suspended_subscription_ends_when_no_money_comes()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (account, id) = await tenant.SubscriberAsync("310.00", "strict");
        await tenant.AdvanceAsync("2027-05-07 23:59:59");
        Assert.Equal("suspended", await tenant.StatusAsync(id));
        await tenant.AdvanceAsync("2027-05-08");
        Assert.Equal("ended", await tenant.StatusAsync(id));
        Assert.Equal(["-310.00"], await tenant.EntriesAsync(account));
        Assert.Equal("0.00", await tenant.BalanceAsync(account));
    }

    [Fact]
    public async Task A_trial_is_free_once_and_then_pays()
    {
        await tenant.SetClockAsync("2027-04-01");
        var account = await tenant.OpenBareAccountAsync("0.00");
        var id = (await tenant.SubscribeAsync(account, "strict", trial: true)).GetProperty("id").GetString()!;
        Assert.Equal("trial", await tenant.StatusAsync(id));
        // 7 of April's 30 days of 6,000 seconds.
        Assert.Equal(1400, (await tenant.GetAsync($"/api/v1/accounts/{account}/balance")).Body.GetProperty("allowances")[0].GetProperty("granted").GetInt64());
        await tenant.TopUpAsync(account, "1000.00");
        await tenant.AdvanceAsync("2027-04-08");
        Assert.Equal(["-310.00"], await tenant.EntriesAsync(account));
        Assert.Equal("2027-05-08", TestTenant.Day((await tenant.SubscriptionAsync(id)).GetProperty("period").GetProperty("to")));
        await tenant.MoveAsync(id, "cancel", new { when = "now" });
        var (status, problem) = await tenant.PostAsync("/api/v1/subscriptions", new { account, plan = "strict", trial = true });
        Assert.Equal((409, "trial_used"), (status, problem.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_postpaid_account_renews_into_its_credit_and_no_further()
    {
        await tenant.SetClockAsync("2027-04-01");
        // Long terms, so that the unpaid invoice of the first month does not stop the subscription.
        Assert.Equal(200, (await tenant.SendAsync(HttpMethod.Put, "/api/v1/settings", new { paymentTermsDays = 180 })).Status);
        var account = await tenant.OpenBareAccountAsync("0.00", "postpaid", "700.00");
        var id = (await tenant.SubscribeAsync(account, "starter")).GetProperty("id").GetString()!;
        await tenant.AdvanceAsync("2027-05-01");
        Assert.Equal("-698.00", await tenant.BalanceAsync(account));
        await tenant.AdvanceAsync("2027-06-01");
        Assert.Equal(("past_due", "-698.00"), (await tenant.StatusAsync(id), await tenant.BalanceAsync(account)));
    }

    [Fact]
    public async Task A_year_is_charged_once_and_its_allowances_come_by_the_month()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (account, _) = await tenant.SubscriberAsync("10000.00", "professional", "annual");
        await tenant.AdvanceAsync("2028-03-31");
        Assert.Equal(["-9590.00"], await tenant.EntriesAsync(account));
        var months = await tenant.RowsAsync($"select valid_from, valid_to, granted from ledger.allowances where account_id = {account[4..]} and service = 1 order by 1", r => (From: r.GetDateTime(0), To: r.GetDateTime(1), r.GetInt64(2)));
        Assert.Equal(12, months.Count);
        Assert.All(months.Zip(months.Skip(1)), pair => Assert.Equal(pair.First.To, pair.Second.From));
        Assert.All(months, m => Assert.Equal(120_000, m.Item3));
    }

    [Fact]
    public async Task What_was_missed_is_made_up_for_before_a_move()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (account, id) = await tenant.SubscriberAsync("5000.00");
        await tenant.SetClockAsync("2027-06-16");
        await tenant.MoveAsync(id, "change-plan", new { plan = "professional" });
        // May and June were due; then half of June's 30 days: 174.50 back and 499.50.
        Assert.Equal(["-349.00", "-349.00", "-349.00", "-325.00"], await tenant.EntriesAsync(account));
        await tenant.AssertSoundAsync();
    }

    [Fact]
    public async Task A_clock_goes_forward_only_and_tells_how_far()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (status, problem) = await tenant.PostAsync("/api/v1/test-clock/advance", new { to = TestTenant.At("2027-03-31") });
        Assert.Equal((422, "to"), (status, problem.GetProperty("field").GetString()));
        Assert.Equal(422, (await tenant.PostAsync("/api/v1/test-clock/advance", new { })).Status);
        var (ok, body) = await tenant.PostAsync("/api/v1/test-clock/advance", new { seconds = 3600 });
        Assert.Equal((200, "2027-04-01 01:00:00"), (ok, TestTenant.Day(body.GetProperty("now"))));
    }

    [Fact]
    public async Task A_reservation_ends_in_its_tenants_time()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (account, _) = await tenant.SubscriberAsync("1000.00");
        var (status, body) = await tenant.PostAsync($"/api/v1/accounts/{account}/reservations", new { amount = "100.00", eventId = "hold-1" }, "hold-1");
        Assert.True(status == 201, body.ToString());
        Assert.Equal("100.00", (await tenant.GetAsync($"/api/v1/accounts/{account}/balance")).Body.GetProperty("held").GetString());
        await tenant.AdvanceAsync("2027-04-02");
        Assert.Equal("0.00", (await tenant.GetAsync($"/api/v1/accounts/{account}/balance")).Body.GetProperty("held").GetString());
    }

    Task<List<string>> NoticesAsync(string id) => tenant.RowsAsync(
        $"select to_char(given_at at time zone 'Asia/Kolkata', 'YYYY-MM-DD') || ' ' || notice from subscriptions.notices where subscription_id = {id[4..]} order by notice_id", r => r.GetString(0));
}
