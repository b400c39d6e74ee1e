using System.Text.Json;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Subscriptions;

/// <summary>Subscriptions follow their customer, and the customer is told of them.</summary>
public sealed class CustomersOfSubscriptions(TestTenant tenant) : IClassFixture<TestTenant>
{
    int unique;

    [Fact]
    public async Task Suspension_stops_it_at_once_and_activation_brings_it_back()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (customer, account, id) = await SubscriberAsync("1000.00", "starter");
        await tenant.SetClockAsync("2027-04-11");
        await SuspendAsync(customer);
        Assert.Equal(("suspended", JsonValueKind.Null), (await tenant.StatusAsync(id), (await tenant.GetAsync($"/api/v1/accounts/{account}")).Body.GetProperty("plan").ValueKind));
        await tenant.RefusedAsync(id, "activate", null, 409, "customer_suspended");
        await tenant.RefusedAsync(id, "renew", null, 409, "customer_suspended");
        Assert.Equal("account_suspended", (await tenant.PostAsync($"/api/v1/accounts/{account}/reservations", new { amount = "1.00" })).Body.GetProperty("code").GetString());
        // A month later nothing was charged; then the rest of May is: 21 of 31 days of 349.00.
        await tenant.AdvanceAsync("2027-05-11");
        Assert.Equal(["-349.00"], await tenant.EntriesAsync(account));
        Assert.Equal(200, (await tenant.PostAsync($"/api/v1/customers/{customer}/activate", null)).Status);
        Assert.Equal("active", await tenant.StatusAsync(id));
        Assert.Equal(["-349.00", "-236.42"], await tenant.EntriesAsync(account));
        Assert.Equal(200, (await tenant.PostAsync($"/api/v1/customers/{customer}/activate", null)).Status);
        await tenant.AssertSoundAsync();
    }

    [Fact]
    public async Task What_a_hand_stopped_stays_and_what_cannot_be_paid_waits()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (byHand, _, held) = await SubscriberAsync("1000.00", "starter");
        await tenant.MoveAsync(held, "suspend");
        var (poor, account, unpaid) = await SubscriberAsync("349.00", "starter");
        foreach (var customer in new[] { byHand, poor })
            await SuspendAsync(customer);
        await tenant.AdvanceAsync("2027-05-10");
        foreach (var customer in new[] { byHand, poor })
            Assert.Equal(200, (await tenant.PostAsync($"/api/v1/customers/{customer}/activate", null)).Status);
        Assert.Equal(("suspended", "suspended"), (await tenant.StatusAsync(held), await tenant.StatusAsync(unpaid)));
        await tenant.TopUpAsync(account, "500.00");
        await tenant.AdvanceAsync("2027-05-11");
        Assert.Equal(("suspended", "active"), (await tenant.StatusAsync(held), await tenant.StatusAsync(unpaid)));
        await tenant.AssertSoundAsync();
    }

    [Fact]
    public async Task A_customer_with_a_living_subscription_is_not_closed()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (customer, account, id) = await SubscriberAsync("349.00", "starter");
        var (status, problem) = await tenant.SendAsync(HttpMethod.Delete, $"/api/v1/customers/{customer}");
        Assert.Equal((409, "subscription_lives"), (status, problem.GetProperty("code").GetString()));
        await tenant.MoveAsync(id, "cancel", new { when = "now" });
        await tenant.PostAsync($"/api/v1/accounts/{account}/adjust", new { amount = "-349.00", reason = "paid out" }, "out-" + account);
        await InvoiceAsync(account, "118.00");
        Assert.Equal("invoice_open", (await tenant.SendAsync(HttpMethod.Delete, $"/api/v1/customers/{customer}")).Body.GetProperty("code").GetString());
        await using (var paid = tenant.Database.Owner.CreateCommand("update invoicing.documents set settled_micros = total_micros where series = 'T'"))
            await paid.ExecuteNonQueryAsync();
        Assert.Equal("closed", (await tenant.SendAsync(HttpMethod.Delete, $"/api/v1/customers/{customer}")).Body.GetProperty("status").GetString());
        Assert.Equal("account_not_active", (await tenant.PostAsync("/api/v1/subscriptions", new { account, plan = "strict", trial = true })).Body.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Closing_and_subscribing_at_once_leave_no_subscription_on_a_closed_account()
    {
        await tenant.SetClockAsync("2027-04-01");
        for (var round = 0; round < 6; round++)
        {
            var (customer, account) = await CustomerAsync("0.00");
            var closing = tenant.SendAsync(HttpMethod.Delete, $"/api/v1/customers/{customer}");
            var subscribing = tenant.PostAsync("/api/v1/subscriptions", new { account, plan = "strict", trial = true });
            await Task.WhenAll(closing, subscribing);
            var (closed, subscribed) = ((await closing).Status, (await subscribing).Status);
            Assert.True((closed, subscribed) is (200, 409) or (409, 201), $"{closed} {subscribed}");
        }
    }

    [Fact]
    public async Task Suspending_while_renewals_and_charges_run_loses_nothing()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (customer, account, id) = await SubscriberAsync("5000.00", "starter");
        await tenant.SetClockAsync("2027-05-01 00:00:05");
        var moves = Enumerable.Range(0, 6).Select(n => tenant.PostAsync($"/api/v1/customers/{customer}/{(n % 2 == 0 ? "suspend" : "activate")}", n % 2 == 0 ? new { reason = "test" } : null)).ToList();
        var plans = Enumerable.Range(0, 6).Select(n => tenant.PostAsync($"/api/v1/subscriptions/{id}/change-plan", new { plan = n % 2 == 0 ? "professional" : "starter" })).ToList();
        var uses = Enumerable.Range(0, 20).Select(n => tenant.PostAsync("/api/v1/cdrs", new { account, id = $"{account}-{n}", called = "+919812345678", startTime = TestTenant.At("2027-04-20"), durationSeconds = 61 })).ToList();
        await Task.WhenAll(moves.Concat(plans).Concat(uses));
        Assert.All(moves.Concat(plans).Concat(uses), a => Assert.True(a.Result.Status is 200 or 201 or 409, a.Result.Body.ToString()));
        await tenant.PostAsync($"/api/v1/customers/{customer}/activate", null);
        Assert.Equal("active", await tenant.StatusAsync(id));
        await tenant.AssertSoundAsync();
    }

    [Fact]
    public async Task What_happens_is_mailed()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (customer, account, id) = await SubscriberAsync("310.00", "strict");
        await tenant.AdvanceAsync("2027-05-08");
        var mails = await MailsAsync($"customer{customer}@example.test", 5);
        Assert.Equal(
            ["Reminder: your strict subscription is still not paid", "Your strict subscription ends its period on 1 May 2027", "Your strict subscription has ended",
             "Your strict subscription is not paid", "Your strict subscription is suspended"],
            mails.Select(m => m.Subject).Order(StringComparer.Ordinal));
        Assert.All(mails, m => Assert.Contains(id, m.Text, StringComparison.Ordinal));
        Assert.Contains(mails, m => m.Text.Contains($"310.00 INR, without tax, from account {account}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_that_cannot_be_gone_on_with_stops_none_of_the_others()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (_, good) = await tenant.SubscriberAsync("1000.00");
        var (_, bad) = await tenant.SubscriberAsync("1000.00");
        var (_, other) = await tenant.SubscriberAsync("1000.00");
        await SetZoneAsync(bad, "Nowhere/None");
        await tenant.SetClockAsync("2027-05-01");
        await tenant.AdvanceAsync("2027-05-01 00:00:01");
        foreach (var id in new[] { good, other })
            Assert.Equal("2027-05-01", TestTenant.Day((await tenant.SubscriptionAsync(id)).GetProperty("period").GetProperty("from")));
        Assert.NotEmpty(await tenant.RowsAsync($"select 1 from audit.records where action = 'subscription.put-off' and entity_id = '{bad}'", r => r.GetInt32(0)));
        // Mended, it is gone on with within the hour, from where it was.
        await SetZoneAsync(bad, "Asia/Kolkata");
        await tenant.AdvanceAsync("2027-05-01 01:00:01");
        Assert.Equal("2027-05-01", TestTenant.Day((await tenant.SubscriptionAsync(bad)).GetProperty("period").GetProperty("from")));
        await tenant.AssertSoundAsync();
    }

    [Fact]
    public async Task Calls_at_a_time_follow_plan_and_add_ons_until_they_are_set_by_hand()
    {
        await tenant.SetClockAsync("2027-04-01");
        await tenant.PostAsync("/api/v1/addons", new { code = "lines", name = "Lines", currency = "INR", terms = new { prices = new { monthly = "50.00" }, limits = new { concurrentCalls = 3 } } });
        var (account, id) = await tenant.SubscriberAsync("50000.00");
        Assert.Equal(2, await CallsAsync(account));
        await SetAddOnsAsync(id, 2);
        Assert.Equal(8, await CallsAsync(account));
        await tenant.MoveAsync(id, "change-plan", new { plan = "professional" });
        Assert.Equal(11, await CallsAsync(account));
        await SetAddOnsAsync(id, 0);
        Assert.Equal(5, await CallsAsync(account));
        Assert.Equal(200, (await tenant.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/limits", new { concurrentCalls = 4 })).Status);
        await SetAddOnsAsync(id, 1);
        Assert.Equal(4, await CallsAsync(account));
    }

    async Task SetAddOnsAsync(string id, int quantity)
    {
        var (status, body) = await tenant.SendAsync(HttpMethod.Put, $"/api/v1/subscriptions/{id}", new { addOns = quantity == 0 ? [] : new[] { new { code = "lines", quantity } } });
        Assert.True(status == 200, body.ToString());
    }

    async Task<int> CallsAsync(string account) => (await tenant.GetAsync($"/api/v1/accounts/{account}")).Body.GetProperty("concurrentCalls").GetInt32();

    Task<List<int>> SetZoneAsync(string id, string zone) => tenant.RowsAsync($"update subscriptions.subscriptions set zone = '{zone}' where subscription_id = {id[4..]} returning 1", r => r.GetInt32(0));

    async Task SuspendAsync(long customer)
    {
        var (status, body) = await tenant.PostAsync($"/api/v1/customers/{customer}/suspend", new { reason = "test" });
        Assert.True(status == 200, body.ToString());
    }

    async Task<(long Customer, string Account)> CustomerAsync(string balance)
    {
        var (_, made) = await tenant.PostAsync("/api/v1/customers", new { name = $"Follower {Interlocked.Increment(ref unique)}" });
        var customer = made.GetProperty("id").GetInt64();
        Assert.Equal(200, (await tenant.SendAsync(HttpMethod.Put, $"/api/v1/customers/{customer}", new { email = $"customer{customer}@example.test" })).Status);
        var (status, opened) = await tenant.PostAsync($"/api/v1/customers/{customer}/accounts", new { kind = "prepaid" });
        Assert.True(status == 201, opened.ToString());
        var account = opened.GetProperty("id").GetString()!;
        if (balance != "0.00")
            await tenant.TopUpAsync(account, balance);
        return (customer, account);
    }

    async Task<(long Customer, string Account, string Id)> SubscriberAsync(string balance, string plan)
    {
        var (customer, account) = await CustomerAsync(balance);
        return (customer, account, (await tenant.SubscribeAsync(account, plan)).GetProperty("id").GetString()!);
    }

    async Task InvoiceAsync(string account, string total)
    {
        await using var command = tenant.Database.Owner.CreateCommand(
            $"""
            insert into invoicing.documents (tenant_id, account_id, kind, status, number, series, fy, issued_on, issued_at, currency, taxable_micros, cgst_micros, sgst_micros, igst_micros,
                   vat_micros, round_off_micros, total_micros, supply, scheme, place_of_supply, content, content_hash)
            select 1, {account[4..]}, 1, 1, 'T-{account[4..]}', 'T', '2027-28', '2027-04-01', now(), 'INR', {total}::numeric * 1000000, 0, 0, 0, 0, 0, {total}::numeric * 1000000, 1, 1, '27', c.content, sha256(convert_to(c.content, 'UTF8'))
              from (select jsonb_build_object('paidBeforeMicros', ({total}::numeric * 1000000)::bigint)::text as content) c
            """);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Mails to an address in the spool, once so many are there.</summary>
    async Task<List<(string Subject, string Text)>> MailsAsync(string to, int count)
    {
        var folder = Path.Combine(tenant.Data, "mail");
        List<string> texts = [];
        await Soon.UntilAsync(
            () =>
            {
                texts = Directory.Exists(folder) ? [.. Directory.GetFiles(folder).Select(File.ReadAllText).Where(t => t.Contains(to, StringComparison.Ordinal))] : [];
                return texts.Count >= count;
            },
            $"{count} mails to {to}");
        return texts.ConvertAll(t => (t.Split('\n').First(l => l.StartsWith("Subject: ", StringComparison.Ordinal))[9..].Trim(), t));
    }
}
