using System.Text.Json;

namespace Balatrix.Modules.Tests.Tariffs;

/// <summary>Volume discounts over months of test clock. Amounts by hand from the rates in <see cref="TariffTenant"/>.</summary>
public sealed class VolumeDiscounts(TariffTenant app) : IClassFixture<TariffTenant>
{
    [Fact]
    public async Task A_month_is_credited_when_it_is_over_and_late_use_is_made_good()
    {
        await app.SetClockAsync("2027-04-01");
        var account = await app.OpenPlainAsync();
        var id = (await app.TariffAsync(new
        {
            account,
            name = "Volume",
            terms = new
            {
                discounts = new object[]
                {
                    new { name = "India", service = "voice.outbound", destinationGroup = "India", tiers = new[] { new { fromQuantity = 600, percentOff = "5" }, new { fromQuantity = 1200, percentOff = "10" } } },
                    new { name = "Abroad", service = "voice.outbound", destinationGroup = "United Kingdom", tiers = new[] { new { fromSpend = "3.00", percentOff = "12.5" } } },
                },
            },
        })).GetProperty("id").GetInt32();
        await app.SetClockAsync("2027-04-20");
        await app.CallAsync(account, "2027-04-02", 600);
        await app.CallAsync(account, "2027-04-03", 67, "+442079460123");
        await app.SetClockAsync("2027-05-01 00:10:00");
        // May's first call is none of April's.
        await app.CallAsync(account, "2027-05-01 00:00:00", 600);
        Assert.Equal("984.65", await app.BalanceAsync(account));

        // 5 % of 6.00, and 12.5 % of 3.35, which is 0.41875, half up at four decimals.
        await app.AdvanceAsync("2027-05-01 00:30:00");
        Assert.Equal(["2027-04-01/1/Abroad: 12.50 % of 3.35 is 0.4188, posted 0.4188", "2027-04-01/1/India: 5.00 % of 6.00 is 0.30, posted 0.30"], await CreditsAsync(id));
        Assert.Equal("985.3688", await app.BalanceAsync(account));

        // Ten minutes of April come late: 1,200 seconds reach the next tier for all of the month, of which 0.30 was credited.
        await app.CallAsync(account, "2027-04-30 23:50:00", 600);
        await app.AdvanceAsync("2027-06-01 01:00:00");
        Assert.Contains("2027-04-01/2/India: 10.00 % of 12.00 is 1.20, posted 0.90", await CreditsAsync(id));
        Assert.Contains("2027-05-01/1/India: 5.00 % of 6.00 is 0.30, posted 0.30", await CreditsAsync(id));
        Assert.Equal("980.5688", await app.BalanceAsync(account));

        // Priced again at half, April's calls have half the discount; what was given too much is taken back.
        var (_, deck) = await app.GetAsync("/api/v1/rate-decks");
        var plain = deck.GetProperty("items").EnumerateArray().Single(d => d.GetProperty("name").GetString() == "plain").GetProperty("id");
        var from = Uri.EscapeDataString(TariffTenant.At("2027-04-01").ToString("O"));
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Post, $"/api/v1/rate-decks/{plain}/import?effectiveFrom={from}", "prefix,description,rate,increment_seconds\n91,India,0.30,1\n44,United Kingdom,3.00,1\n", "text/csv")).Status);
        var (status, run) = await app.PostAsync("/api/v1/cdrs/rerate", new { from = TariffTenant.At("2027-04-01"), to = TariffTenant.At("2027-05-01"), account, preview = false, runId = "half", reason = "agreed" });
        Assert.True(status == 200, run.ToString());
        Assert.Equal("986.5688", await app.BalanceAsync(account));
        await app.AdvanceAsync("2027-07-01 01:00:00");
        Assert.Contains("2027-04-01/3/India: 10.00 % of 6.00 is 0.60, posted -0.60", await CreditsAsync(id));
        Assert.Equal("985.9688", await app.BalanceAsync(account));
        await app.AssertSoundAsync();

        // A run again finds nothing to post.
        await app.SendAsync(HttpMethod.Delete, $"/api/v1/tariffs/{id}");
        var before = await CreditsAsync(id);
        await app.AdvanceAsync("2027-12-01 01:00:00");
        Assert.Equal(before, await CreditsAsync(id));
        Assert.Empty(await app.RowsAsync("select job_id from platform.jobs where kind = 'credit-volume-discounts' and status <> 'done' and (payload ->> 'tariff')::int = " + id, r => r.GetInt64(0)));
    }

    [Fact]
    public async Task Messages_that_are_given_back_count_for_nothing_and_only_the_tariffs_own_time_counts()
    {
        await app.SetClockAsync("2028-01-10");
        var account = await app.OpenPlainAsync();
        var sent = new List<string>();
        for (var n = 0; n < 4; n++)
            sent.Add(await SendAsync(account, n));
        await app.SetClockAsync("2028-01-15");
        var id = (await app.TariffAsync(new
        {
            account,
            name = "Messages",
            terms = new { discounts = new[] { new { name = "Bulk", service = "sms", tiers = new[] { new { fromQuantity = 3, percentOff = "100" } } } } },
        })).GetProperty("id").GetInt32();
        var balance = await app.BalanceAsync(account);
        for (var n = 4; n < 8; n++)
            sent.Add(await SendAsync(account, n));
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, $"/api/v1/sms-cdrs/{sent[7]}/status", new { status = "failed" })).Status);
        await app.AdvanceAsync("2028-02-01 01:00:00");
        // Three of the second four count, and all of what they cost comes back.
        Assert.Single(await CreditsAsync(id));
        Assert.Equal(balance, await app.BalanceAsync(account));
        await app.AssertBooksProveAsync();
    }

    async Task<string> SendAsync(string account, int n)
    {
        var (status, body) = await app.PostAsync("/api/v1/charges", new { account, id = $"{account}-{n}", to = "+919812345678", text = "x", mcc = "404", mnc = "45" });
        Assert.True(status is 200 or 201, body.ToString());
        return body.GetProperty("usageId").GetString()!;
    }

    async Task<List<string>> CreditsAsync(int tariff)
    {
        var (_, body) = await app.GetAsync($"/api/v1/tariffs/{tariff}");
        return [.. body.GetProperty("credits").EnumerateArray().Select(c =>
            $"{Text(c, "month")}/{c.GetProperty("run")}/{Text(c, "discount")}: {Text(c, "percentOff")} % of {Text(c, "spend")} is {Text(c, "total")}, posted {Text(c, "amount")}")];

        static string Text(JsonElement c, string name) => c.GetProperty(name).GetString()!;
    }
}
