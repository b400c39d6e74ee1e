using Balatrix.Modules.Audit;
using Balatrix.Modules.Invoicing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>Cycles over many accounts, and what disturbs them.</summary>
public sealed class BillingCycleTests(InvoiceTenant tenant) : IClassFixture<InvoiceTenant>
{
    [Fact]
    public async Task A_cycle_bills_each_account_once_and_one_that_cannot_be_billed_stops_no_other()
    {
        await tenant.SetClockAsync("2027-04-10");
        var (good, stateless, other) = (await tenant.AccountAsync("29"), await tenant.AccountAsync(null), await tenant.AccountAsync("27"));
        foreach (var account in new[] { good, stateless, other })
            await tenant.UseAsync(account, 400, "2027-04-10");
        await tenant.SetClockAsync("2027-05-01 02:00");
        var (status, cycle) = await tenant.PostAsync("/api/v1/invoices/process-billing-cycle", new { date = "2027-05-01" });
        Assert.True(status == 200, cycle.ToString());
        Assert.Equal("done", cycle.GetProperty("status").GetString());
        var failure = Assert.Single(cycle.GetProperty("failures").EnumerateArray(), f => f.GetProperty("account").GetString() == stateless);
        Assert.Equal("place_of_supply_unknown", failure.GetProperty("code").GetString());
        Assert.Equal(("118.00", "118.00", 0), (await TotalAsync(good), await TotalAsync(other), await CountAsync(stateless)));
        var issued = cycle.GetProperty("issued").GetInt32();
        (_, cycle) = await tenant.PostAsync("/api/v1/invoices/process-billing-cycle", new { date = "2027-05-01" });
        Assert.Equal(issued, cycle.GetProperty("issued").GetInt32());
        Assert.Equal(1, await CountAsync(good));

        // The state becomes known: the next run bills what waited, and its failure is gone.
        await using (var command = tenant.Database.Owner.CreateCommand($"update customers.customers c set billing_address = '{{\"line1\":\"1\",\"city\":\"Pune\",\"state\":\"27\",\"postalCode\":\"411001\"}}' from customers.account_profiles p where p.customer_id = c.customer_id and p.account_id = {stateless[4..]}"))
            await command.ExecuteNonQueryAsync();
        (_, cycle) = await tenant.PostAsync("/api/v1/invoices/process-billing-cycle", new { date = "2027-05-01" });
        Assert.DoesNotContain(cycle.GetProperty("failures").EnumerateArray(), f => f.GetProperty("account").GetString() == stateless);
        Assert.Equal("118.00", await TotalAsync(stateless));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_fault_in_one_account_is_its_own_and_the_rest_of_its_chunk_is_billed()
    {
        await tenant.SetClockAsync("2028-04-10");
        var accounts = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            accounts.Add(await tenant.AccountAsync("29"));
            await tenant.UseAsync(accounts[i], 400, "2028-04-10");
        }
        await tenant.SetClockAsync("2028-05-01 02:00");
        // An address that cannot be read is a fault that no check sees coming.
        await using (var command = tenant.Database.Owner.CreateCommand($"update customers.customers c set billing_address = '[1]' from customers.account_profiles p where p.customer_id = c.customer_id and p.account_id = {accounts[2][4..]}"))
            await command.ExecuteNonQueryAsync();
        var (_, cycle) = await tenant.PostAsync("/api/v1/invoices/process-billing-cycle", new { date = "2028-05-01" });
        Assert.Equal("billing_failed", Assert.Single(cycle.GetProperty("failures").EnumerateArray(), f => f.GetProperty("account").GetString() == accounts[2]).GetProperty("code").GetString());
        foreach (var account in accounts.Where((_, i) => i != 2))
            Assert.Equal("118.00", await TotalAsync(account));
        await using (var command = tenant.Database.Owner.CreateCommand("update customers.customers set billing_address = null where billing_address = '[1]'"))
            await command.ExecuteNonQueryAsync();
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Many_who_bill_the_same_accounts_at_once_issue_each_invoice_once_with_gapless_numbers()
    {
        await tenant.SetClockAsync("2029-04-10");
        var accounts = new List<string>();
        for (var i = 0; i < 8; i++)
        {
            accounts.Add(await tenant.AccountAsync(i == 3 ? null : "29"));
            await tenant.UseAsync(accounts[i], 400, "2029-04-10");
        }
        await tenant.SetClockAsync("2029-05-01 02:00");
        await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => tenant.PostAsync("/api/v1/invoices/process-billing-cycle", new { date = "2029-05-01" }))
                .Concat(accounts.Concat(accounts).Select(a => tenant.PostAsync($"/api/v1/invoices/generate/postpaid/{a}", new { to = "2029-05-01" }))));
        foreach (var account in accounts)
            Assert.Equal(account == accounts[3] ? 0 : 1, await CountAsync(account));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_cycle_that_was_cut_off_goes_on_where_it_stopped()
    {
        await tenant.SetClockAsync("2030-04-10");
        var (first, second) = (await tenant.AccountAsync("29"), await tenant.AccountAsync("29"));
        foreach (var account in new[] { first, second })
            await tenant.UseAsync(account, 400, "2030-04-10");
        await tenant.SetClockAsync("2030-05-01 02:00");
        var now = InvoiceTenant.At("2030-05-01 02:00");
        var cycle = tenant.Services.GetRequiredService<BillingCycle>();
        // What a node had done when it died: the cycle's row, with a mark behind the first account.
        await tenant.Database.InTenantAsync(1, async (connection, ct) =>
        {
            var id = await BillingCycle.StartAsync(connection, 1, new DateOnly(2030, 5, 1), now, ct);
            await Modules.Platform.Database.ExecuteAsync(connection, "update invoicing.cycles set last_account_id = $2 where cycle_id = $1", [id, long.Parse(first[4..], System.Globalization.CultureInfo.InvariantCulture)], ct);
            return 0;
        }, CancellationToken.None);
        await cycle.RunAsync(1, new DateOnly(2030, 5, 1), TimeSpan.FromMinutes(1), Actor.System("tests"), CancellationToken.None);
        Assert.Equal((0, 1), (await CountAsync(first), await CountAsync(second)));
        await cycle.RunAsync(1, new DateOnly(2030, 5, 1), TimeSpan.FromMinutes(1), Actor.System("tests"), CancellationToken.None);
        Assert.Equal((1, 1), (await CountAsync(first), await CountAsync(second)));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Time_bills_each_month_of_a_subscription_in_advance_with_the_use_of_the_month_before()
    {
        await tenant.SetClockAsync("2031-01-31");
        var account = await tenant.AccountAsync("29");
        // Long terms, so that nothing is overdue and the subscription runs on.
        var customer = (await tenant.GetAsync($"/api/v1/accounts/{account}")).Body.GetProperty("customerId").GetInt64();
        Assert.Equal(200, (await tenant.SendAsync(HttpMethod.Put, $"/api/v1/customers/{customer}", new { paymentTermsDays = 180 })).Status);
        await tenant.SubscribeAsync(account, "call-center");
        await tenant.AdvanceAsync("2031-02-02");
        await tenant.UseAsync(account, 400, "2031-02-01");
        await tenant.AdvanceAsync("2031-04-02");
        var invoices = (await tenant.GetAsync($"/api/v1/invoices?account={account}&kind=invoice")).Body.GetProperty("items").EnumerateArray()
            .Select(i => $"{i.GetProperty("issuedOn").GetString()} {i.GetProperty("taxable").GetString()}").Order().ToList();
        Assert.Equal(["2031-01-31 4999.00", "2031-02-28 5099.00", "2031-03-31 4999.00"], invoices);
        await tenant.AssertBooksProveAsync();
    }

    async Task<int> CountAsync(string account) => (await tenant.GetAsync($"/api/v1/invoices?account={account}&kind=invoice")).Body.GetProperty("items").GetArrayLength();

    async Task<string?> TotalAsync(string account)
    {
        var items = (await tenant.GetAsync($"/api/v1/invoices?account={account}&kind=invoice")).Body.GetProperty("items");
        return items.GetArrayLength() == 1 ? items[0].GetProperty("total").GetString() : $"{items.GetArrayLength()} invoices";
    }
}
