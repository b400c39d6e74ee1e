using System.Text.Json;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>Calls that are rated again after their invoice, further than one note can go: nothing is credited twice, nothing beyond a document, and billing goes on.</summary>
public sealed class RatedAgainTests(InvoiceTenant tenant) : IClassFixture<InvoiceTenant>
{
    int runs;

    [Fact]
    public async Task What_a_debit_note_charged_is_credited_on_it_before_its_invoice()
    {
        var (account, deck, invoice) = await InvoicedAsync("2027-04-02");
        var debit = Assert.Single(await RatedAsync(deck, account, "2027-04-02", "1.30"));
        Assert.Equal(("debit_note", "10.00", "11.80"), (InvoiceTenant.Text(debit, "kind"), InvoiceTenant.Text(debit, "taxable"), InvoiceTenant.Text(debit, "total")));
        // From 130.00 to nothing: ten of it on the debit note, a hundred and twenty on the invoice, to the paisa and with its round-off.
        var notes = await RatedAsync(deck, account, "2027-04-02", "0");
        Assert.Equal(["credit_note 10.00 11.80", "credit_note 120.00 142.00"], notes.Select(n => $"{InvoiceTenant.Text(n, "kind")} {InvoiceTenant.Text(n, "taxable")} {InvoiceTenant.Text(n, "total")}").Order());
        Assert.Equal([InvoiceTenant.Text(debit, "number"), InvoiceTenant.Text(invoice, "number")], notes.Select(n => n.GetProperty("original").GetString()).Order());
        Assert.Equal("0.00", await tenant.BalanceAsync(account));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task What_an_invoice_has_no_room_for_is_a_discount_of_the_next_one()
    {
        var (account, deck, invoice) = await InvoicedAsync("2027-05-02");
        var path = $"/api/v1/invoices/{invoice.GetProperty("summary").GetProperty("id")}/credit-note";
        Assert.Equal(201, (await tenant.PostAsync(path, new { reason = "Outage", lines = new[] { new { line = 1, amount = "115.00" } } })).Status);
        // 20.00 go back, and the invoice has 5.00 left; the rest waits for something to come off.
        Assert.Empty(await RatedAsync(deck, account, "2027-05-02", "1.00", 40));
        await tenant.AssertBooksProveAsync();
        var documents = (await tenant.GenerateAsync(account, "2027-05-04")).EnumerateArray().ToList();
        var (next, note) = (documents[0], documents[1]);
        Assert.Equal(("credit_note", "5.00"), (InvoiceTenant.Text(note, "kind"), InvoiceTenant.Text(note, "taxable")));
        Assert.Equal("142.00", InvoiceTenant.Text(await tenant.DocumentAsync(invoice), "credited"));
        // 40.00 used later, less the 15.00.
        Assert.Equal(("invoice", "25.00"), (InvoiceTenant.Text(next, "kind"), InvoiceTenant.Text(next, "taxable")));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task After_the_last_day_of_credit_notes_no_tax_is_taken_back()
    {
        var (account, deck, invoice) = await InvoicedAsync("2028-01-02");
        await tenant.SetClockAsync("2028-12-01 10:00");
        await RatedAsync(deck, account, "2028-01-02", "1.00", 40, billTo: "2028-12-01");
        await tenant.SetClockAsync("2028-12-03");
        // The customer gets the 20.00 with their 3.60 by a note outside GST; what was used later bears all of its tax.
        var documents = (await tenant.GenerateAsync(account)).EnumerateArray().ToDictionary(d => InvoiceTenant.Text(d, "kind"));
        Assert.Equal(("23.60", "0.00 0.00 0.00", "outside_gst"), (InvoiceTenant.Text(documents["credit_note"], "total"), InvoiceTenant.Tax(documents["credit_note"]), documents["credit_note"].GetProperty("supply").GetString()));
        Assert.StartsWith("FCN", InvoiceTenant.Text(documents["credit_note"], "number"), StringComparison.Ordinal);
        Assert.Equal("23.60", InvoiceTenant.Text(await tenant.DocumentAsync(invoice), "credited"));
        Assert.Equal(("40.00", "3.60 3.60 0.00"), (InvoiceTenant.Text(documents["invoice"], "taxable"), InvoiceTenant.Tax(documents["invoice"])));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task With_prices_that_bear_the_tax_a_late_note_gives_back_what_the_calls_do()
    {
        await tenant.SettingsAsync(new { taxMode = "inclusive" });
        var (account, deck, invoice) = await InvoicedAsync("2028-01-12", issued: "101.70 120.00");
        await tenant.SetClockAsync("2028-12-11 10:00");
        await RatedAsync(deck, account, "2028-01-12", "1.00", 40, billTo: "2028-12-11");
        await tenant.SetClockAsync("2028-12-13");
        var documents = (await tenant.GenerateAsync(account)).EnumerateArray().ToDictionary(d => InvoiceTenant.Text(d, "kind"), d => InvoiceTenant.Text(d, "total"));
        // 16.94 and 9 % of it twice, as within the term.
        Assert.Equal(("19.98", "40.00"), (documents["credit_note"], documents["invoice"]));
        Assert.Equal(("19.98", "-140.02"), (InvoiceTenant.Text(await tenant.DocumentAsync(invoice), "credited"), await tenant.BalanceAsync(account)));
        await tenant.AssertBooksProveAsync();
        await tenant.SettingsAsync(new { taxMode = "exclusive" });
    }

    [Fact]
    public async Task An_invoice_that_came_with_notes_is_not_voided_for_they_would_come_again()
    {
        var (account, deck, first) = await InvoicedAsync("2027-06-02");
        await RatedAsync(deck, account, "2027-06-02", "1.00", 40, bill: false);
        await tenant.SetClockAsync("2027-06-05");
        var drafts = (await tenant.PostAsync($"/api/v1/invoices/generate/postpaid/{account}", new { draft = true })).Body.GetProperty("documents").EnumerateArray().ToDictionary(d => InvoiceTenant.Text(d, "kind"));
        Assert.Equal(("23.60", "0.00"), (InvoiceTenant.Text(drafts["credit_note"], "total"), InvoiceTenant.Text(drafts["credit_note"], "amountDue")));
        Assert.Equal(InvoiceTenant.Text(first, "number"), drafts["credit_note"].GetProperty("original").GetString());
        var documents = (await tenant.GenerateAsync(account)).EnumerateArray().ToList();
        Assert.Equal(["credit_note", "invoice"], documents.Select(d => InvoiceTenant.Text(d, "kind")).Order());
        var second = documents.Single(d => InvoiceTenant.Text(d, "kind") == "invoice").GetProperty("summary");
        var (status, problem) = await tenant.PostAsync($"/api/v1/invoices/{second.GetProperty("id")}/void", new { reason = "Wrong address" });
        Assert.Equal((409, "issued_with_notes"), (status, problem.GetProperty("code").GetString()));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_wallet_that_is_taxed_as_it_is_used_gets_what_was_given_back_off_its_next_invoice()
    {
        await tenant.SettingsAsync(new { prepaidTaxMode = "usage" });
        var (account, deck, _) = await InvoicedAsync("2027-08-02", "prepaid");
        Assert.Equal("880.00", await tenant.BalanceAsync(account));
        // 20.00 come back into the wallet without tax, which is of the wallet's money only when that is used.
        Assert.Empty(await RatedAsync(deck, account, "2027-08-02", "1.00", 50));
        Assert.Equal("850.00", await tenant.BalanceAsync(account));
        var next = await tenant.InvoiceAsync(account, "2027-08-04");
        Assert.Equal(("30.00", "2.70 2.70 0.00", "35.40"), (InvoiceTenant.Text(next, "taxable"), InvoiceTenant.Tax(next), InvoiceTenant.Text(next, "total")));
        Assert.Equal("850.00", await tenant.BalanceAsync(account));
        await tenant.AssertBooksProveAsync();
        await tenant.SettingsAsync(new { prepaidTaxMode = "recharge" });
    }

    [Fact]
    public async Task Notes_in_parts_give_back_the_invoice_to_the_paisa_of_each_tax()
    {
        await tenant.SetClockAsync("2027-07-02");
        var account = await tenant.AccountAsync("29");
        await tenant.UseAsync(account, 2, "2027-07-01");
        await tenant.SettingsAsync(new { roundOff = false });
        var invoice = await tenant.InvoiceAsync(account);
        await tenant.SettingsAsync(new { roundOff = true });
        // 9 % of 0.50 is 0.05 (0.045); of five times 0.10 each it would be five times 0.01.
        Assert.Equal(("0.50", "0.05 0.05 0.00", "0.60"), (InvoiceTenant.Text(invoice, "taxable"), InvoiceTenant.Tax(invoice), InvoiceTenant.Text(invoice, "total")));
        var path = $"/api/v1/invoices/{invoice.GetProperty("summary").GetProperty("id")}/credit-note";
        var taxes = new List<string>();
        for (var i = 0; i < 10; i++)
            taxes.Add(InvoiceTenant.Tax((await tenant.PostAsync(path, new { reason = "In parts", lines = new[] { new { line = 1, amount = "0.05" } } })).Body));
        Assert.Equal(5, taxes.Count(t => t == "0.01 0.01 0.00"));
        Assert.Equal(5, taxes.Count(t => t == "0.00 0.00 0.00"));
        var credited = await tenant.DocumentAsync(invoice);
        Assert.Equal(("paid", "0.60", "0.00"), (InvoiceTenant.Text(credited, "status"), InvoiceTenant.Text(credited, "credited"), await tenant.BalanceAsync(account)));
        await tenant.AssertBooksProveAsync();
    }

    /// <summary>An account with a call of a hundred minutes at 1.20 on a day, invoiced at 142.00 with tax and round-off; a wallet of 1,000.00 without its tax when prepaid.</summary>
    async Task<(string Account, int Deck, JsonElement Invoice)> InvoicedAsync(string day, string kind = "postpaid", string? issued = null)
    {
        await tenant.SetClockAsync(day);
        var name = "again-" + day;
        var (_, made) = await tenant.PostAsync("/api/v1/rate-decks", new { name, kind = "voice", currency = "INR" });
        var deck = made.GetProperty("id").GetInt32();
        await ImportAsync(deck, "1.20", null);
        var decks = new Dictionary<string, string[]> { ["voice.outbound"] = [name] };
        Assert.Equal(201, (await tenant.PostAsync("/api/v1/plans", new { code = name, name = "Again", currency = "INR", terms = new { decks } })).Status);
        Assert.Equal(200, (await tenant.PostAsync($"/api/v1/plans/{name}/publish", null)).Status);
        var account = await tenant.AccountAsync("29", kind, plan: name);
        if (kind == "prepaid")
            Assert.Equal(201, (await tenant.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/top-up", new { amount = "1180.00", reference = "NEFT 1" }, change: r => r.Headers.Add("Idempotency-Key", name))).Status);
        await tenant.SetClockAsync(Later(day, 1));
        await CallAsync(account, day, 6000);
        var invoice = await tenant.InvoiceAsync(account, Later(day, 1));
        Assert.Equal(issued ?? (kind == "prepaid" ? "120.00 141.60" : "120.00 142.00"), $"{InvoiceTenant.Text(invoice, "taxable")} {InvoiceTenant.Text(invoice, "total")}");
        return (account, deck, invoice);
    }

    /// <summary>Rates the day again at another price, and bills; what is used later at a whole rupee a minute is for the invoice after.</summary>
    async Task<List<JsonElement>> RatedAsync(int deck, string account, string day, string rate, int minutesLater = 0, bool bill = true, string? billTo = null)
    {
        await ImportAsync(deck, rate, day);
        var (status, body) = await tenant.PostAsync(
            "/api/v1/cdrs/rerate", new { from = InvoiceTenant.At(day), to = InvoiceTenant.At(Later(day, 1)), account, preview = false, runId = $"{account}-{++runs}", reason = "agreed" });
        Assert.True(status == 200 && body.GetProperty("posted").GetInt32() == 1, body.ToString());
        var notes = bill && billTo is null ? (await BilledAsync(account, Later(day, 1))) : [];
        if (minutesLater > 0)
        {
            var at = billTo ?? Later(day, 1);
            await tenant.SetClockAsync(Later(at, 1));
            await CallAsync(account, at, minutesLater * 60);
        }
        return notes;
    }

    async Task<List<JsonElement>> BilledAsync(string account, string to)
    {
        var (status, body) = await tenant.PostAsync($"/api/v1/invoices/generate/postpaid/{account}", new { to });
        Assert.True(status is 200 or 201, body.ToString());
        return [.. body.GetProperty("documents").EnumerateArray()];
    }

    async Task CallAsync(string account, string day, int seconds)
    {
        var (status, body) = await tenant.PostAsync("/api/v1/cdrs", new { account, id = Guid.NewGuid(), called = "+919812345678", startTime = InvoiceTenant.At(day), durationSeconds = seconds });
        Assert.True(status == 201, body.ToString());
    }

    async Task ImportAsync(int deck, string rate, string? from)
    {
        var query = from is null ? "" : "?effectiveFrom=" + Uri.EscapeDataString(InvoiceTenant.At(from).ToString("O"));
        Assert.Equal(200, (await tenant.SendAsync(HttpMethod.Post, $"/api/v1/rate-decks/{deck}/import{query}", $"prefix,description,rate,increment_seconds\n91,India,{rate},1\n", "text/csv")).Status);
    }

    static string Later(string day, int days) => DateOnly.ParseExact(day, "yyyy-MM-dd").AddDays(days).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
}
