namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>Both ways of taxing what fills a wallet.</summary>
public sealed class WalletTaxTests(InvoiceTenant tenant) : IClassFixture<InvoiceTenant>
{
    [Fact]
    public async Task A_recharge_is_taxed_as_it_comes_in_and_its_use_never_again()
    {
        await tenant.SetClockAsync("2027-04-02");
        await tenant.SettingsAsync(new { prepaidTaxMode = "recharge" });
        var account = await tenant.AccountAsync("29", "prepaid");
        // facts: 100.00 within one state is 7.63 + 7.63 + 84.74. The answer says what the customer has then, also when it is given again.
        foreach (var expected in new[] { 201, 200 })
        {
            var (answered, entry) = await tenant.PostAsync($"/api/v1/accounts/{account}/top-up", new { amount = "100.00", reference = "test" }, $"first-{account}");
            Assert.Equal((expected, "100.00", "84.74"), (answered, entry.GetProperty("amount").GetString(), entry.GetProperty("balance").GetString()));
            await tenant.UseAsync(account, 4, "2027-04-02");
        }
        await tenant.PostAsync($"/api/v1/accounts/{account}/adjust", new { amount = "2.00", reason = "Back to what it was" }, $"back-{account}");
        Assert.Equal("84.74", await tenant.BalanceAsync(account));
        var invoice = (await tenant.GetAsync($"/api/v1/invoices?account={account}")).Body.GetProperty("items")[0];
        Assert.Equal(("invoice", "paid", "84.74", "100.00", "7.63"), (
            invoice.GetProperty("kind").GetString(), invoice.GetProperty("status").GetString(), invoice.GetProperty("taxable").GetString(), invoice.GetProperty("total").GetString(),
            invoice.GetProperty("tax").GetProperty("cgst").GetString()));
        await tenant.UseAsync(account, 100, "2027-04-02");
        var (status, refused) = await tenant.PostAsync($"/api/v1/invoices/generate/postpaid/{account}", new { });
        Assert.Equal((409, "taxed_at_recharge"), (status, refused.GetProperty("code").GetString()));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task An_advance_has_its_tax_set_aside_and_each_months_invoice_adjusts_it_to_the_last_paisa()
    {
        await tenant.SetClockAsync("2027-06-02");
        await tenant.SettingsAsync(new { prepaidTaxMode = "usage" });
        var account = await tenant.AccountAsync("27", "prepaid");
        await tenant.TopUpAsync(account, "100.00");
        Assert.Equal("84.75", await tenant.BalanceAsync(account));
        Assert.Equal("receipt_voucher", (await tenant.GetAsync($"/api/v1/invoices?account={account}")).Body.GetProperty("items")[0].GetProperty("kind").GetString());
        await tenant.UseAsync(account, 131, "2027-06-02");
        await tenant.SetClockAsync("2027-06-03");
        var first = await tenant.InvoiceAsync(account);
        // 32.75 at 18 % is 5.90 (5.895), of the advance's 15.25 it is 5.89 (5.893): a paisa of rounding.
        Assert.Equal(("32.75", "0.00 0.00 5.90", "-0.01", "38.64", "paid"), (
            InvoiceTenant.Text(first, "taxable"), InvoiceTenant.Tax(first), InvoiceTenant.Text(first, "roundOff"), InvoiceTenant.Text(first, "total"), InvoiceTenant.Text(first, "status")));
        Assert.Equal("receipt_voucher", first.GetProperty("references")[0].GetProperty("kind").GetString());
        Assert.Equal("52.00", await tenant.BalanceAsync(account));
        await tenant.AssertBooksProveAsync();

        await tenant.UseAsync(account, 208, "2027-06-03");
        await tenant.SetClockAsync("2027-06-04");
        var last = await tenant.InvoiceAsync(account);
        Assert.Equal(("52.00", "61.36"), (InvoiceTenant.Text(last, "taxable"), InvoiceTenant.Text(last, "total")));
        Assert.Equal("0.00", await tenant.BalanceAsync(account));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_lot_keeps_the_mode_that_it_came_in_under()
    {
        await tenant.SetClockAsync("2027-07-02");
        await tenant.SettingsAsync(new { prepaidTaxMode = "recharge" });
        var account = await tenant.AccountAsync("27", "prepaid");
        await tenant.TopUpAsync(account, "11.80");
        await tenant.SettingsAsync(new { prepaidTaxMode = "usage" });
        await tenant.TopUpAsync(account, "118.00");
        Assert.Equal("110.00", await tenant.BalanceAsync(account));
        await tenant.UseAsync(account, 60, "2027-07-02");
        await tenant.SetClockAsync("2027-07-03");
        // Of 15.00 the first 10.00 were taxed as they came in.
        var invoice = await tenant.InvoiceAsync(account);
        Assert.Equal(("5.00", "5.90"), (InvoiceTenant.Text(invoice, "taxable"), InvoiceTenant.Text(invoice, "total")));
        Assert.Equal("10.00", invoice.GetProperty("lines")[0].GetProperty("discount").GetString());
        Assert.Equal("95.00", await tenant.BalanceAsync(account));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Without_a_registration_no_tax_is_taken()
    {
        await tenant.SetClockAsync("2027-08-02");
        await using (var command = tenant.Database.Owner.CreateCommand("update platform.tenant_settings set settings = settings - 'gst'"))
            await command.ExecuteNonQueryAsync();
        try
        {
            var account = await tenant.AccountAsync("29", "prepaid");
            await tenant.TopUpAsync(account, "100.00");
            Assert.Equal("100.00", await tenant.BalanceAsync(account));
            Assert.Empty((await tenant.GetAsync($"/api/v1/invoices?account={account}")).Body.GetProperty("items").EnumerateArray());
            await tenant.AssertBooksProveAsync();
        }
        finally
        {
            await tenant.SettingsAsync(new { gst = new { legalName = "Balatrix Demo Private Limited", gstin = InvoiceTenant.Gstin, addressLines = new[] { "1 MG Road" }, state = "29" } });
        }
    }
}
