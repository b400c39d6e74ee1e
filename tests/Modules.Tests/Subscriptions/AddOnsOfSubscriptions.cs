using System.Text.Json;

namespace Balatrix.Modules.Tests.Subscriptions;

public sealed class AddOnsOfSubscriptions(TestTenant tenant) : IClassFixture<TestTenant>
{
    [Fact]
    public async Task An_add_on_in_mid_cycle_costs_and_grants_its_share_and_ends_so()
    {
        await tenant.SetClockAsync("2027-04-01");
        await AddOnAsync("pack", "90.00", 60_000);
        var (account, id) = await tenant.SubscriberAsync("2000.00");
        await tenant.SetClockAsync("2027-04-21");
        // 10 of 30 days: two of 90 make 60.00, and of twice 60,000 seconds 40,000.
        Assert.Equal(["60.00"], Amounts(await PutAsync(id, new { addOns = new[] { new { code = "pack", quantity = 2 } } })));
        Assert.Contains(("pack: minutes", 40_000), await AllowancesAsync(account));
        // The plan's own allowance is as it was.
        Assert.Contains(("500 outbound minutes", 30_000), await AllowancesAsync(account));
        await tenant.SetClockAsync("2027-04-26");
        Assert.Equal(["-30.00"], Amounts(await PutAsync(id, new { addOns = Array.Empty<object>() })));
        Assert.DoesNotContain("pack: minutes", (await AllowancesAsync(account)).Select(a => a.Name));
        await tenant.AssertSoundAsync();
    }

    [Fact]
    public async Task A_renewal_charges_add_ons_at_the_price_they_were_taken_at()
    {
        await tenant.SetClockAsync("2027-04-01");
        await AddOnAsync("handset", "50.00", null);
        var account = await tenant.OpenBareAccountAsync("5000.00");
        var (status, body) = await tenant.PostAsync("/api/v1/subscriptions", new { account, plan = "starter", addOns = new[] { new { code = "handset", quantity = 3 } } });
        Assert.True(status == 201, body.ToString());
        Assert.Equal(["349.00", "150.00"], Amounts(body));
        Assert.Equal(200, (await tenant.SendAsync(HttpMethod.Put, "/api/v1/addons/handset", new { name = "Handset", terms = new { prices = new { monthly = "75.00" } } })).Status);
        Assert.Equal(200, (await tenant.SendAsync(HttpMethod.Delete, "/api/v1/addons/handset")).Status);
        await tenant.AdvanceAsync("2027-05-01");
        Assert.Equal(["-499.00", "-499.00"], await tenant.EntriesAsync(account));
        // A retired add-on stays where it is, and is not sold again.
        var id = body.GetProperty("subscription").GetProperty("id").GetString()!;
        Assert.Equal(["-349.00", "999.00"], Amounts(await tenant.MoveAsync(id, "change-plan?preview=true", new { plan = "professional" })));
        var other = await tenant.OpenBareAccountAsync("5000.00");
        var (refused, problem) = await tenant.PostAsync("/api/v1/subscriptions", new { account = other, plan = "starter", addOns = new[] { new { code = "handset" } } });
        Assert.Equal((422, "addOns[0].code"), (refused, problem.GetProperty("field").GetString()));
        await tenant.AssertSoundAsync();
    }

    [Theory]
    [InlineData("""[{"code":"no-such"}]""", "addOns[0].code")]
    [InlineData("""[null]""", "addOns[0].code")]
    [InlineData("""[{"code":"many"},{"code":"many"}]""", "addOns[1].code")]
    [InlineData("""[{"code":"many","quantity":0}]""", "addOns[0].quantity")]
    [InlineData("""[{"code":"many","quantity":1001}]""", "addOns[0].quantity")]
    [InlineData("""[{"code":"man\u0000y"}]""", "addOns[0].code")]
    public async Task What_cannot_be_taken_says_which(string addOns, string field)
    {
        await tenant.SetClockAsync("2027-04-01");
        await AddOnAsync("many", "10.00", null);
        var account = await tenant.OpenBareAccountAsync("500.00");
        var (status, problem) = await tenant.PostAsync("/api/v1/subscriptions", $$"""{"account":"{{account}}","plan":"starter","addOns":{{addOns}}}""");
        Assert.Equal((422, field), (status, problem.GetProperty("field").GetString()));
    }

    async Task AddOnAsync(string code, string monthly, long? seconds)
    {
        var allowances = seconds is null ? [] : new[] { new { name = "minutes", service = "voice.outbound", destinationGroup = "India", quantity = seconds, rollover = false } };
        var (status, body) = await tenant.PostAsync("/api/v1/addons", new { code, name = code, currency = "INR", terms = new { prices = new { monthly }, allowances } });
        Assert.True(status is 201 or 409, body.ToString());
    }

    async Task<JsonElement> PutAsync(string id, object body)
    {
        var (status, answer) = await tenant.SendAsync(HttpMethod.Put, $"/api/v1/subscriptions/{id}", body);
        Assert.True(status == 200, answer.ToString());
        return answer;
    }

    async Task<List<(string Name, long Granted)>> AllowancesAsync(string account) =>
        [.. (await tenant.GetAsync($"/api/v1/accounts/{account}/balance")).Body.GetProperty("allowances").EnumerateArray().Select(a => (a.GetProperty("name").GetString()!, a.GetProperty("granted").GetInt64()))];

    static IEnumerable<string> Amounts(JsonElement step) => step.GetProperty("lines").EnumerateArray().Select(l => l.GetProperty("amount").GetString()!);
}
