using Balatrix.Core.Charging;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Invoicing;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>What follows on invoices: calls rated again, money given back; and supplies that bear other taxes.</summary>
public sealed class NotesAndReturnsTests(InvoiceTenant tenant) : IClassFixture<InvoiceTenant>
{
    [Fact]
    public async Task Calls_rated_again_after_their_invoice_become_a_note_on_it_with_its_taxes()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (_, deck) = await tenant.PostAsync("/api/v1/rate-decks", new { name = "again", kind = "voice", currency = "INR" });
        await ImportAsync(deck.GetProperty("id").GetInt32(), "1.20", null);
        var decks = new Dictionary<string, string[]> { ["voice.outbound"] = ["again"] };
        Assert.Equal(201, (await tenant.PostAsync("/api/v1/plans", new { code = "again", name = "Again", currency = "INR", terms = new { decks } })).Status);
        Assert.Equal(200, (await tenant.PostAsync("/api/v1/plans/again/publish", null)).Status);
        var account = await tenant.AccountAsync("29", plan: "again");
        await tenant.SetClockAsync("2027-04-03");
        await CallAsync(account, "2027-04-02", 6000);
        var invoice = await tenant.InvoiceAsync(account, "2027-04-03");
        Assert.Equal(("120.00", "142.00"), (InvoiceTenant.Text(invoice, "taxable"), InvoiceTenant.Text(invoice, "total")));

        await ImportAsync(deck.GetProperty("id").GetInt32(), "1.00", "2027-04-01");
        await RerateAsync(account, "cheaper");
        var note = await tenant.InvoiceAsync(account, "2027-04-03");
        Assert.Equal(("credit_note", "20.00", "1.80 1.80 0.00", "23.60"), (InvoiceTenant.Text(note, "kind"), InvoiceTenant.Text(note, "taxable"), InvoiceTenant.Tax(note), InvoiceTenant.Text(note, "total")));
        Assert.Equal(InvoiceTenant.Text(invoice, "number"), note.GetProperty("original").GetString());
        Assert.Equal("-118.40", await tenant.BalanceAsync(account));
        Assert.Equal("118.40", InvoiceTenant.Text(await tenant.DocumentAsync(invoice), "amountDue"));
        await tenant.AssertBooksProveAsync();

        await ImportAsync(deck.GetProperty("id").GetInt32(), "1.30", "2027-04-01");
        await RerateAsync(account, "dearer");
        var debit = await tenant.InvoiceAsync(account, "2027-04-03");
        Assert.Equal(("debit_note", "30.00", "35.40", "open"), (InvoiceTenant.Text(debit, "kind"), InvoiceTenant.Text(debit, "taxable"), InvoiceTenant.Text(debit, "total"), InvoiceTenant.Text(debit, "status")));
        Assert.False(string.IsNullOrEmpty(InvoiceTenant.Text(debit, "dueOn")));
        Assert.Equal("-153.80", await tenant.BalanceAsync(account));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Money_of_a_recharge_goes_back_with_its_tax_and_no_more_than_is_left()
    {
        await tenant.SetClockAsync("2027-06-02");
        await tenant.SettingsAsync(new { prepaidTaxMode = "recharge" });
        var account = await tenant.AccountAsync("29", "prepaid");
        await ReceiveAsync(account, "a", "118.00");
        await tenant.UseAsync(account, 40, "2027-06-02");
        // Of 100.00 there are 90.00: with their tax 106.20 can go.
        Assert.Equal("balance_used", await RefusedAsync(account, "all", "a", "118.00"));
        var document = await ReturnAsync(account, "part", "a", "59.00");
        Assert.Equal(document, await ReturnAsync(account, "part", "a", "59.00"));
        Assert.Equal("40.00", await tenant.BalanceAsync(account));
        var note = (await tenant.GetAsync($"/api/v1/invoices?account={account}&kind=credit_note")).Body.GetProperty("items")[0];
        Assert.Equal(("50.00", "59.00", "4.50"), (note.GetProperty("taxable").GetString(), note.GetProperty("total").GetString(), note.GetProperty("tax").GetProperty("sgst").GetString()));
        Assert.Equal("refund_exceeds_payment", await RefusedAsync(account, "too much", "a", "59.01"));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_recharge_that_goes_back_in_parts_leaves_nothing_in_the_tax_books()
    {
        await tenant.SetClockAsync("2027-06-20");
        await tenant.SettingsAsync(new { prepaidTaxMode = "recharge" });
        var account = await tenant.AccountAsync("29", "prepaid");
        await ReceiveAsync(account, "thirds", "100.00");
        foreach (var part in new[] { "33.33", "33.33", "33.34" })
            await ReturnAsync(account, "third " + part + Guid.NewGuid(), "thirds", part);
        Assert.Equal("0.00", await tenant.BalanceAsync(account));
        var items = (await tenant.GetAsync($"/api/v1/invoices?account={account}")).Body.GetProperty("items").EnumerateArray().ToLookup(i => i.GetProperty("kind").GetString());
        Assert.Equal("7.63", Assert.Single(items["invoice"]).GetProperty("tax").GetProperty("cgst").GetString());
        Assert.Equal(["2.54", "2.54", "2.55"], items["credit_note"].Select(i => i.GetProperty("tax").GetProperty("cgst").GetString()).Order());
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Money_of_an_advance_goes_back_with_a_refund_voucher()
    {
        await tenant.SetClockAsync("2027-07-02");
        await tenant.SettingsAsync(new { prepaidTaxMode = "usage" });
        var account = await tenant.AccountAsync("27", "prepaid");
        await ReceiveAsync(account, "a", "118.00");
        await tenant.UseAsync(account, 40, "2027-07-02");
        await tenant.SetClockAsync("2027-07-03");
        await tenant.InvoiceAsync(account);
        await ReturnAsync(account, "rest", "a", "106.20");
        Assert.Equal("0.00", await tenant.BalanceAsync(account));
        Assert.Equal("refund_voucher", (await tenant.GetAsync($"/api/v1/invoices?account={account}")).Body.GetProperty("items")[0].GetProperty("kind").GetString());
        await tenant.AssertBooksProveAsync();
        await tenant.SettingsAsync(new { prepaidTaxMode = "recharge" });
    }

    [Fact]
    public async Task Money_of_an_invoice_that_goes_back_opens_it_again()
    {
        await tenant.SetClockAsync("2027-08-02");
        var account = await tenant.AccountAsync("29");
        await tenant.UseAsync(account, 400, "2027-08-01");
        var invoice = await tenant.InvoiceAsync(account);
        await ReceiveAsync(account, "p", "150.00");
        Assert.Equal("paid", InvoiceTenant.Text(await tenant.DocumentAsync(invoice), "status"));
        await ReturnAsync(account, "r", "p", "50.00");
        // 32.00 of it stood to the account's credit, 18.00 had settled the invoice.
        Assert.Equal("18.00", InvoiceTenant.Text(await tenant.DocumentAsync(invoice), "amountDue"));
        Assert.Equal("-18.00", await tenant.BalanceAsync(account));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Special_zones_and_exports_bear_integrated_tax_or_none_under_a_letter_of_undertaking()
    {
        await tenant.SetClockAsync("2027-09-02");
        var account = await tenant.AccountAsync("29", gstin: "29AABCU9603R1ZJ");
        var customer = (await tenant.GetAsync($"/api/v1/accounts/{account}")).Body.GetProperty("customerId").GetInt64();
        Assert.Equal(200, (await tenant.SendAsync(HttpMethod.Put, $"/api/v1/customers/{customer}", new { isSez = true, paymentTermsDays = 45 })).Status);
        await tenant.UseAsync(account, 400, "2027-09-01");
        var taxed = await tenant.InvoiceAsync(account);
        Assert.Equal(("sez_with_payment", "0.00 0.00 18.00", "2027-10-17"), (taxed.GetProperty("supply").GetString(), InvoiceTenant.Tax(taxed), InvoiceTenant.Text(taxed, "dueOn")));
        Assert.Contains("ON PAYMENT OF INTEGRATED TAX", taxed.GetProperty("endorsement").GetString(), StringComparison.Ordinal);
        await tenant.SettingsAsync(new { lut = new[] { new { financialYear = "2027-28", number = "AD290427000001X" } } });
        await tenant.UseAsync(account, 400, "2027-09-02");
        await tenant.SetClockAsync("2027-09-03");
        var free = await tenant.InvoiceAsync(account);
        Assert.Equal(("sez_without_payment", "0.00 0.00 0.00", "100.00"), (free.GetProperty("supply").GetString(), InvoiceTenant.Tax(free), InvoiceTenant.Text(free, "total")));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Prices_with_tax_have_it_taken_out_of_what_was_earned()
    {
        await tenant.SetClockAsync("2027-11-02");
        await tenant.SettingsAsync(new { taxMode = "inclusive" });
        var account = await tenant.AccountAsync("29");
        await tenant.UseAsync(account, 400, "2027-11-01");
        var invoice = await tenant.InvoiceAsync(account);
        await tenant.SettingsAsync(new { taxMode = "exclusive" });
        Assert.Equal(("84.74", "7.63 7.63 0.00", "100.00"), (InvoiceTenant.Text(invoice, "taxable"), InvoiceTenant.Tax(invoice), InvoiceTenant.Text(invoice, "total")));
        Assert.Equal("-100.00", await tenant.BalanceAsync(account));
        await tenant.AssertBooksProveAsync();
    }

    async Task ImportAsync(int deck, string rate, string? from)
    {
        var query = from is null ? "" : "?effectiveFrom=" + Uri.EscapeDataString(InvoiceTenant.At(from).ToString("O"));
        Assert.Equal(200, (await tenant.SendAsync(HttpMethod.Post, $"/api/v1/rate-decks/{deck}/import{query}", $"prefix,description,rate,increment_seconds\n91,India,{rate},1\n", "text/csv")).Status);
    }

    async Task CallAsync(string account, string at, int seconds)
    {
        var (status, body) = await tenant.PostAsync("/api/v1/cdrs", new { account, id = Guid.NewGuid(), called = "+919812345678", startTime = InvoiceTenant.At(at), durationSeconds = seconds });
        Assert.True(status == 201, body.ToString());
    }

    async Task RerateAsync(string account, string run)
    {
        var (status, body) = await tenant.PostAsync(
            "/api/v1/cdrs/rerate", new { from = InvoiceTenant.At("2027-04-01"), to = InvoiceTenant.At("2027-04-03"), account, preview = false, runId = run, reason = "agreed" });
        Assert.True(status == 200 && body.GetProperty("posted").GetInt32() == 1, body.ToString());
    }

    static long Id(string account) => long.Parse(account[4..], System.Globalization.CultureInfo.InvariantCulture);

    static long Micros(string amount) => Core.Money.TryParse(amount, out var micros) ? micros : throw new FormatException(amount);

    async Task ReceiveAsync(string account, string key, string amount) => await tenant.Database.InTenantAsync(
        1, async (connection, ct) => await Receivables.ReceiveAsync(connection, 1, new(Id(account), key, Micros(amount), "INR", Book.GatewayManual, "test", null), Actor.System("test"), await NowAsync(ct), ct), CancellationToken.None);

    async Task<long> ReturnAsync(string account, string key, string receipt, string amount) => (await tenant.Database.InTenantAsync(
        1, async (connection, ct) => await ReturnMoney.ReturnAsync(connection, 1, new(Id(account), key, receipt, Micros(amount), "INR", Book.GatewayManual, "test", "test"), Actor.System("test"), await NowAsync(ct), ct),
        CancellationToken.None)).EntryNo;

    async Task<string> RefusedAsync(string account, string key, string receipt, string amount) =>
        (await Assert.ThrowsAsync<ProblemException>(() => ReturnAsync(account, key, receipt, amount))).Problem.Code;

    async Task<DateTimeOffset> NowAsync(CancellationToken cancellationToken) =>
        await ((TenantClock)tenant.Services.GetService(typeof(TenantClock))!).NowAsync(1, cancellationToken);
}
