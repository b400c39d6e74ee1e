namespace Balatrix.Modules.Tests.Tariffs;

/// <summary>Prices of an account's own, over HTTP. Amounts by hand from the rates in <see cref="TariffTenant"/>.</summary>
public sealed class CustomPrices(TariffTenant app) : IClassFixture<TariffTenant>, IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await app.SetClockAsync("2027-04-10 12:00:00");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task They_come_before_the_plan_from_their_first_instant_to_their_last()
    {
        var account = await app.OpenPlainAsync();
        await app.TariffAsync(new { account, name = "Week", validFrom = TariffTenant.At("2027-04-08"), validTo = TariffTenant.At("2027-04-15"), terms = TariffTenant.Terms("0.30") });
        // The tariff's 91 comes before the plan's longer 9198.
        Assert.Equal("0.60", (await app.CallAsync(account, "2027-04-07 23:59:59", 60)).Amount);
        Assert.Equal("0.30", (await app.CallAsync(account, "2027-04-08 00:00:00", 60)).Amount);
        Assert.Equal("3.00", (await app.CallAsync(account, "2027-04-08 00:00:00", 60, "+442079460123")).Amount);
        await app.SetClockAsync("2027-04-16");
        Assert.Equal("0.30", (await app.CallAsync(account, "2027-04-14 23:59:59", 60)).Amount);
        Assert.Equal("0.60", (await app.CallAsync(account, "2027-04-15 00:00:00", 60)).Amount);
        // Nobody else has them.
        Assert.Equal("0.60", (await app.CallAsync(await app.OpenPlainAsync(), "2027-04-09", 60)).Amount);
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_new_version_holds_from_now_on_and_late_use_has_the_price_of_its_time()
    {
        var account = await app.OpenPlainAsync();
        var id = (await app.TariffAsync(new { account, name = "Own", terms = TariffTenant.Terms("0.30") })).GetProperty("id").GetInt32();
        await app.SetClockAsync("2027-04-10 13:00:00");
        var (status, changed) = await app.SendAsync(HttpMethod.Put, $"/api/v1/tariffs/{id}", new { name = "Own", terms = TariffTenant.Terms("0.24", description: "Home") }, change: r => r.Headers.Add("If-Match", "\"1\""));
        Assert.True(status == 200, changed.ToString());
        Assert.Equal((2, "active"), (changed.GetProperty("version").GetInt32(), changed.GetProperty("status").GetString()));
        await app.SetClockAsync("2027-04-10 14:00:00");

        var (late, lateId) = await app.CallAsync(account, "2027-04-10 12:59:59", 60);
        var (fresh, freshId) = await app.CallAsync(account, "2027-04-10 13:00:00", 60);
        Assert.Equal(("0.30", "0.24"), (late, fresh));
        Assert.Equal(($"tariff {id} version 1: Own", "India"), await MatchAsync(lateId));
        Assert.Equal(($"tariff {id} version 2: Own", "Home"), await MatchAsync(freshId));

        var (stale, problem) = await app.SendAsync(HttpMethod.Put, $"/api/v1/tariffs/{id}", new { name = "Own", terms = TariffTenant.Terms("0.10") }, change: r => r.Headers.Add("If-Match", "\"1\""));
        Assert.Equal((412, "version_changed"), (stale, problem.GetProperty("code").GetString()));
        var (ended, body) = await app.SendAsync(HttpMethod.Delete, $"/api/v1/tariffs/{id}");
        Assert.Equal((200, "ended"), (ended, body.GetProperty("status").GetString()));
        await app.SetClockAsync("2027-04-10 15:00:00");
        Assert.Equal("0.24", (await app.CallAsync(account, "2027-04-10 13:30:00", 60)).Amount);
        Assert.Equal("0.60", (await app.CallAsync(account, "2027-04-10 14:30:00", 60)).Amount);
        Assert.Equal(409, (await app.SendAsync(HttpMethod.Delete, $"/api/v1/tariffs/{id}")).Status);
        var (_, log) = await app.GetAsync($"/api/v1/audit-logs?entity=tariff&entityId={id}");
        Assert.Equal(["tariff.ended", "tariff.updated", "tariff.created"], log.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("action").GetString()));
    }

    [Fact]
    public async Task Messages_and_events_have_them_too()
    {
        var account = await app.OpenPlainAsync();
        await app.TariffAsync(new
        {
            account,
            name = "All",
            terms = new
            {
                prices = new object[]
                {
                    new { service = "sms", mcc = "404", mnc = "*", rate = "0.11" }, new { service = "sms", mcc = "404", mnc = "45", rate = "0.07" }, new { service = "event", channel = "sms_otp", rate = "0.33" },
                },
            },
        });
        Assert.Equal("0.07", await ChargeAsync("/api/v1/charges", new { account, id = "m-1", to = "+919812345678", text = "x", mcc = "404", mnc = "45" }));
        Assert.Equal("0.11", await ChargeAsync("/api/v1/charges", new { account, id = "m-2", to = "+919812345678", text = "x", mcc = "404", mnc = "10" }));
        Assert.Equal("0.33", await ChargeAsync("/api/v1/events", new { specversion = "1.0", id = "e-1", source = "auth", type = "balatrix.auth.sms_otp", subject = account, data = new { quantity = 1 } }));
    }

    [Fact]
    public async Task A_reservation_holds_and_settles_by_them()
    {
        var account = await app.OpenPlainAsync("3.00");
        await app.TariffAsync(new { account, name = "Dear", terms = TariffTenant.Terms("1.80") });
        // 3.00 buys 100 seconds at 1.80 a minute; by the plan's 0.60 it would be 300.
        var (status, held) = await app.PostAsync($"/api/v1/accounts/{account}/reservations", new { service = "voice.outbound", to = "+919812345678", quantity = 600, acceptLess = true });
        Assert.True(status == 201, held.ToString());
        Assert.Equal((100, "3.00"), (held.GetProperty("quantity").GetInt32(), held.GetProperty("held").GetString()));
        var (_, settled) = await app.PostAsync($"/api/v1/reservations/{held.GetProperty("id").GetString()}/settle", new { quantity = 40 });
        Assert.Equal("1.20", settled.GetProperty("amount").GetString());
        Assert.Equal("1.80", await app.BalanceAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Agreed_afterwards_they_are_simulated_and_posted_by_pricing_again()
    {
        var account = await app.OpenPlainAsync();
        await app.CallAsync(account, "2027-04-09 10:00:00", 600);
        Assert.Equal("994.00", await app.BalanceAsync(account));
        await app.TariffAsync(new { account, name = "Back", validFrom = TariffTenant.At("2027-04-09"), terms = TariffTenant.Terms("0.30") });

        var period = new { plan = "plain", account, from = TariffTenant.At("2027-04-01"), to = TariffTenant.At("2027-05-01") };
        var (_, report) = await app.PostAsync("/api/v1/plans/simulate", period);
        Assert.Equal(("6.00", "3.00"), (report.GetProperty("charged").GetString(), report.GetProperty("simulated").GetString()));

        var (status, run) = await app.PostAsync("/api/v1/cdrs/rerate", new { period.from, period.to, account, preview = false, runId = account, reason = "agreed" });
        Assert.True(status == 200, run.ToString());
        Assert.Equal("997.00", await app.BalanceAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Two_do_not_hold_at_once_but_may_follow_each_other()
    {
        var account = await app.OpenPlainAsync();
        await app.TariffAsync(new { account, name = "April", validTo = TariffTenant.At("2027-05-01"), terms = TariffTenant.Terms("0.30") });
        var (status, problem) = await app.PostAsync("/api/v1/tariffs", new { account, name = "Two", validFrom = TariffTenant.At("2027-04-30 23:59:59"), terms = TariffTenant.Terms("0.20") });
        Assert.Equal((409, "tariff_overlaps"), (status, problem.GetProperty("code").GetString()));
        var may = await app.TariffAsync(new { account, name = "May", validFrom = TariffTenant.At("2027-05-01"), terms = TariffTenant.Terms("0.20") });
        Assert.Equal("scheduled", may.GetProperty("status").GetString());
        // One that ends before it began never held, and stands in nobody's way.
        await app.SendAsync(HttpMethod.Delete, $"/api/v1/tariffs/{may.GetProperty("id")}");
        await app.TariffAsync(new { account, name = "May again", validFrom = TariffTenant.At("2027-05-01"), terms = TariffTenant.Terms("0.20") });
        var (_, page) = await app.GetAsync($"/api/v1/tariffs?account={account}&limit=2");
        Assert.Equal(["April", "May"], page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("name").GetString()));
        var (_, rest) = await app.GetAsync($"/api/v1/tariffs?account={account}&limit=2&after={page.GetProperty("next")}");
        Assert.Equal(["May again"], rest.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("name").GetString()));
        Assert.Equal(404, (await app.GetAsync("/api/v1/tariffs?account=nobody")).Status);
        Assert.Equal(404, (await app.GetAsync("/api/v1/tariffs/999999")).Status);
    }

    [Fact]
    public async Task Made_at_once_only_one_is()
    {
        var account = await app.OpenPlainAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => app.PostAsync("/api/v1/tariffs", new { account, name = "n" + n, terms = TariffTenant.Terms("0.30") })));
        Assert.Equal([201, 409, 409, 409, 409, 409], answers.Select(a => a.Status).Order());
    }

    [Theory]
    [InlineData("""{"account":"nobody","name":"x","terms":{"prices":[{"service":"sms","mcc":"404","mnc":"*","rate":"1"}]}}""", "account")]
    [InlineData("""{"account":"ACC-99999999","name":"x","terms":{"prices":[{"service":"sms","mcc":"404","mnc":"*","rate":"1"}]}}""", "account")]
    [InlineData("""{"account":"ACC-10001","name":"","terms":{"prices":[]}}""", "name")]
    [InlineData("""{"account":"ACC-10001","name":"x"}""", "terms")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{}}""", "terms")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"prices":null}}""", "terms")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"prices":[null]}}""", "terms.prices[0].service")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"prices":[{"service":"fax","prefix":"91","rate":"1"}]}}""", "terms.prices[0].service")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"prices":[{"service":"event","channel":"a","rate":"1"},{"service":"voice.outbound","prefix":"+91","rate":"1"}]}}""", "terms.prices[1].prefix")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"prices":[{"service":"voice.outbound","prefix":"91","rate":"1"},{"service":"voice.outbound","prefix":"91","rate":"2"}]}}""", "terms.prices[1].prefix")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"prices":[{"service":"voice.outbound","prefix":"91"}]}}""", "terms.prices[0].rate")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"prices":[{"service":"voice.outbound","prefix":"91","rate":"-1"}]}}""", "terms.prices[0].rate")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"prices":[{"service":"voice.outbound","prefix":"91","rate":"1","incrementSeconds":0}]}}""", "terms.prices[0].incrementSeconds")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"prices":[{"service":"voice.outbound","prefix":"91\n92","rate":"1"}]}}""", "terms.prices[0]")]
    [InlineData("""{"account":"ACC-10001","name":"x","validFrom":"2020-01-01T00:00:00Z","terms":{"prices":[{"service":"event","channel":"a","rate":"1"}]}}""", "validFrom")]
    [InlineData("""{"account":"ACC-10001","name":"x","validTo":"2027-01-01T00:00:00Z","terms":{"prices":[{"service":"event","channel":"a","rate":"1"}]}}""", "validTo")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"discounts":[{"service":"sms","tiers":[]}]}}""", "terms.discounts[0].name")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"discounts":[{"name":"d","service":"sms"}]}}""", "terms.discounts[0].tiers")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"discounts":[{"name":"d","service":"sms","tiers":[{"fromQuantity":1,"percentOff":"101"}]}]}}""", "terms.discounts[0].tiers[0].percentOff")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"discounts":[{"name":"d","service":"sms","tiers":[{"fromQuantity":5,"percentOff":"1"},{"fromQuantity":5,"percentOff":"2"}]}]}}""", "terms.discounts[0].tiers[1].fromQuantity")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"discounts":[{"name":"d","service":"sms","tiers":[{"fromQuantity":5,"percentOff":"1"},{"fromSpend":"9","percentOff":"2"}]}]}}""", "terms.discounts[0].tiers[1].fromQuantity")]
    [InlineData("""{"account":"ACC-10001","name":"x","terms":{"discounts":[{"name":"d","service":"sms","destinationGroup":"India","tiers":[{"fromQuantity":5,"percentOff":"1"}]},{"name":"e","service":"sms","tiers":[{"fromQuantity":5,"percentOff":"1"}]}]}}""", "terms.discounts[1].destinationGroup")]
    public async Task What_is_wrong_is_named(string body, string field)
    {
        var (status, problem) = await app.PostAsync("/api/v1/tariffs", body);
        Assert.True(status == 422, problem.ToString());
        Assert.Equal(field, problem.GetProperty("field").GetString());
    }

    async Task<string> ChargeAsync(string path, object body)
    {
        var (status, answer) = await app.PostAsync(path, body);
        Assert.True(status is 200 or 201, answer.ToString());
        return answer.GetProperty("amount").GetString()!;
    }

    async Task<(string? Deck, string? Destination)> MatchAsync(string usageId)
    {
        var (_, cdr) = await app.GetAsync($"/api/v1/cdrs/{usageId}");
        var match = cdr.GetProperty("cdr").GetProperty("trace").EnumerateArray().Single(s => s.GetProperty("step").GetString() == "rate");
        return (match.GetProperty("deck").GetString(), match.GetProperty("destination").GetString());
    }
}
