namespace Balatrix.Modules.Tests.Subscriptions;

/// <summary>
/// Two years of a customer's life, every amount against a table made by hand. The anchor is the 31st, 2028 is a leap year; Starter costs
/// 349.00 a month, Professional 999.00 a month and 2,847.15 a quarter. Amounts are what the wallet gains or loses.
/// </summary>
public sealed class TwoYears(TestTenant tenant) : IClassFixture<TestTenant>
{
    /// <summary>Until when, what is done then, and the entries since the row before, with the arithmetic.</summary>
    static readonly (string Until, string Act, string[] Entries)[] Table =
    [
        ("2027-01-31", "subscribe", ["-349.00"]),
        ("2027-02-27", "", []),
        ("2027-02-28", "", ["-349.00"]),
        ("2027-05-15", "", ["-349.00", "-349.00"]),                  // 31 March, 30 April
        ("2027-05-15", "now professional", ["-335.48"]),             // 16 of 31 days: 349 gives 180.13 back, 999 costs 515.61
        ("2027-07-10 12:00", "", ["-999.00", "-999.00"]),            // 31 May, 30 June
        ("2027-07-10 12:00", "pause", ["660.63"]),                   // 20.5 of 31 days of 999
        ("2027-09-05", "activate", ["-832.50"]),                     // 25 of 30 days from 31 August on
        ("2027-11-10", "", ["-999.00", "-999.00"]),                  // 30 September, 31 October
        ("2027-11-10", "quarterly", ["-2181.15"]),                   // 20 of 30 days of 999 give 666.00 back; a quarter costs 2,847.15
        ("2028-02-29", "at renewal starter", ["-2847.15"]),          // 10 February
        ("2028-05-09 23:59:59", "", []),
        ("2028-05-10", "", ["-349.00"]),                             // the quarter ends, Starter begins by the month
        ("2028-06-20", "cancel", ["-349.00"]),                       // 10 June
        ("2028-06-25", "take back", []),
        ("2028-08-15", "", ["-349.00", "-349.00"]),                  // 10 July, 10 August
        ("2028-08-15", "spend all but 100.00", []),
        ("2028-09-15 06:00", "top up 2000.00", []),                  // 10 September is not paid; suspended on the 13th
        ("2028-09-16", "", ["-314.10"]),                             // of 30 days of 349, 3 of grace make 34.90 and 24 more 279.20
        ("2028-10-20", "by hand", ["-349.00"]),                      // 10 October
        ("2028-11-12", "", []),                                      // 10 November waits for a hand
        ("2028-11-12", "renew", ["-349.00"]),
        ("2028-11-20", "renew", ["-349.00"]),                        // December early
        ("2028-12-31", "", []),
        ("2029-01-05", "cancel now", ["56.29"]),                     // 5 of 31 days of 349
        ("2029-01-31", "", []),
    ];

    /// <summary>20,000.00 less what the table charges until the balance is spent, then 2,100.00 less the rest: 314.10 + 3 × 349.00 − 56.29.</summary>
    [Fact]
    public async Task Every_amount_is_as_it_was_reckoned_by_hand()
    {
        await tenant.SetClockAsync("2027-01-31");
        var account = await tenant.OpenBareAccountAsync("20000.00");
        var (id, known) = ("", 0);
        foreach (var (until, act, expected) in Table)
        {
            await tenant.AdvanceAsync(until);
            id = await DoAsync(act, account, id);
            var entries = await tenant.EntriesAsync(account);
            Assert.True(expected.SequenceEqual(entries.Skip(known)), $"{until} {act}: {string.Join(" ", entries.Skip(known))} instead of {string.Join(" ", expected)}");
            known = entries.Count;
        }
        Assert.Equal("ended", await tenant.StatusAsync(id));
        Assert.Equal("-1304.81", await SumSinceSpentAsync(account));
        await tenant.AssertSoundAsync();
        var kinds = await tenant.RowsAsync($"select kind || ' ' || to_char(from_at at time zone 'Asia/Kolkata', 'YYYY-MM-DD') from subscriptions.segments where subscription_id = {id[4..]} order by from_at", r => r.GetString(0));
        Assert.Equal("2 2027-01-31", kinds[0]);
        Assert.Contains("5 2027-07-10", kinds);
        Assert.Contains("3 2028-09-10", kinds);
        Assert.Contains("4 2028-09-13", kinds);
        Assert.Equal("2 2028-12-10", kinds[^1]);
    }

    async Task<string> DoAsync(string act, string account, string id)
    {
        switch (act)
        {
            case "subscribe": return (await tenant.SubscribeAsync(account, "starter")).GetProperty("id").GetString()!;
            case "now professional": await tenant.MoveAsync(id, "change-plan", new { plan = "professional" }); break;
            case "pause": await tenant.MoveAsync(id, "suspend", new { mode = "pause" }); break;
            case "activate": await tenant.MoveAsync(id, "activate"); break;
            case "quarterly": await tenant.MoveAsync(id, "change-plan", new { cycle = "quarterly" }); break;
            case "at renewal starter": await tenant.MoveAsync(id, "change-plan", new { plan = "starter", cycle = "monthly", when = "renewal" }); break;
            case "cancel": await tenant.MoveAsync(id, "cancel"); break;
            case "take back": Assert.Equal(200, (await tenant.SendAsync(HttpMethod.Put, $"/api/v1/subscriptions/{id}", new { cancelAtPeriodEnd = false })).Status); break;
            case "spend all but 100.00":
                var rest = 100.00m - decimal.Parse(await tenant.BalanceAsync(account));
                Assert.Equal(201, (await tenant.PostAsync($"/api/v1/accounts/{account}/adjust", new { amount = rest.ToString("0.00"), reason = "test" }, "spend")).Status);
                break;
            case "top up 2000.00": await tenant.TopUpAsync(account, "2000.00"); break;
            case "by hand": Assert.Equal(200, (await tenant.SendAsync(HttpMethod.Put, $"/api/v1/subscriptions/{id}", new { autoRenew = false })).Status); break;
            case "renew": await tenant.MoveAsync(id, "renew"); break;
            case "cancel now": await tenant.MoveAsync(id, "cancel", new { when = "now" }); break;
            default: Assert.Equal("", act); break;
        }
        return id;
    }

    async Task<string> SumSinceSpentAsync(string account) => (decimal.Parse(await tenant.BalanceAsync(account)) - 2100.00m).ToString("0.00");
}
