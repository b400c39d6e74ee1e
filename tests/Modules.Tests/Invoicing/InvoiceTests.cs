using System.Text.Json;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>Invoices over HTTP, with the books proven after each.</summary>
public sealed class InvoiceTests(InvoiceTenant tenant) : IClassFixture<InvoiceTenant>
{
    [Fact]
    public async Task Use_and_subscription_are_on_one_invoice_with_the_taxes_of_the_place_of_supply()
    {
        await tenant.SetClockAsync("2027-04-01");
        var (near, far) = (await tenant.AccountAsync("29"), await tenant.AccountAsync("27", gstin: "27AAPFU0939F1ZV"));
        foreach (var account in new[] { near, far })
        {
            await tenant.SubscribeAsync(account, "call-center");
            await tenant.UseAsync(account, 101, "2027-04-01 10:00");
        }
        await tenant.SetClockAsync("2027-04-02");

        // 4,999.00 and 25.25 make 5,024.25; 9 % of each line is 449.91 and 2.27, twice.
        var invoice = await tenant.InvoiceAsync(near);
        Assert.Equal("452.18 452.18 0.00", InvoiceTenant.Tax(invoice));
        Assert.Equal(("5024.25", "0.39", "5929.00", "open"), (InvoiceTenant.Text(invoice, "taxable"), InvoiceTenant.Text(invoice, "roundOff"), InvoiceTenant.Text(invoice, "total"), InvoiceTenant.Text(invoice, "status")));
        Assert.Equal("b2c 29", $"{invoice.GetProperty("supply")} {invoice.GetProperty("placeOfSupply")}");
        Assert.Equal("-5929.00", await tenant.BalanceAsync(near));
        Assert.Equal(
            ["event 998429 SMS OTP 101 0.25 25.25", "recurring 998412 Call Center   4999.00"],
            invoice.GetProperty("lines").EnumerateArray().Select(l => $"{l.GetProperty("service")} {l.GetProperty("sacCode")} {l.GetProperty("description")} {l.GetProperty("quantity")} {l.GetProperty("rate")} {l.GetProperty("taxable")}").Order());

        var between = await tenant.InvoiceAsync(far);
        Assert.Equal("0.00 0.00 904.37", InvoiceTenant.Tax(between));
        Assert.Equal("b2b 27", $"{between.GetProperty("supply")} {between.GetProperty("placeOfSupply")}");
        Assert.Matches("^INV-2728-[0-9]{7}$", InvoiceTenant.Text(between, "number"));
        Assert.Equal("2027-04-17", InvoiceTenant.Text(between, "dueOn"));
        Assert.Empty((await tenant.GenerateAsync(near, expected: 200)).EnumerateArray());
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Use_beyond_the_day_waits_and_late_use_comes_on_the_next_invoice()
    {
        await tenant.SetClockAsync("2027-05-03");
        var account = await tenant.AccountAsync("29");
        await tenant.UseAsync(account, 100, "2027-05-01 10:00");
        await tenant.UseAsync(account, 8, "2027-05-02 10:00");
        Assert.Equal("25.00", InvoiceTenant.Text(await tenant.InvoiceAsync(account, "2027-05-02"), "taxable"));
        await tenant.UseAsync(account, 4, "2027-05-01 11:00");
        await tenant.UseAsync(account, 4, "2027-05-03 00:00");
        await tenant.AssertBooksProveAsync();
        // What was used on the 2nd, and on the 1st but told later.
        Assert.Equal("3.00", InvoiceTenant.Text(await tenant.InvoiceAsync(account, "2027-05-03"), "taxable"));
        await tenant.SetClockAsync("2027-05-05");
        Assert.Equal("1.00", InvoiceTenant.Text(await tenant.InvoiceAsync(account), "taxable"));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_draft_is_what_would_be_issued_and_changes_nothing()
    {
        await tenant.SetClockAsync("2027-06-02");
        var account = await tenant.AccountAsync("29");
        await tenant.UseAsync(account, 100, "2027-06-01 10:00");
        var before = await tenant.BalanceAsync(account);
        var (status, body) = await tenant.PostAsync($"/api/v1/invoices/generate/postpaid/{account}", new { draft = true });
        var draft = Assert.Single(body.GetProperty("documents").EnumerateArray());
        Assert.Equal((200, "draft", "DRAFT", "30.00"), (status, InvoiceTenant.Text(draft, "status"), InvoiceTenant.Text(draft, "number"), InvoiceTenant.Text(draft, "total")));
        Assert.Equal(before, await tenant.BalanceAsync(account));
        Assert.Equal(0, (await tenant.GetAsync($"/api/v1/invoices?account={account}")).Body.GetProperty("items").GetArrayLength());

        // What comes before it is issued is on the invoice, which is drafted anew; and then there is nothing to draft.
        await tenant.UseAsync(account, 100, "2027-06-01 11:00");
        draft = (await tenant.PostAsync($"/api/v1/invoices/generate/postpaid/{account}", new { draft = true })).Body.GetProperty("documents")[0];
        var issued = await tenant.InvoiceAsync(account);
        Assert.Equal("59.00", InvoiceTenant.Text(issued, "total"));
        foreach (var name in new[] { "taxable", "total", "roundOff", "amountDue", "issuedOn", "dueOn" })
            Assert.Equal(InvoiceTenant.Text(draft, name), InvoiceTenant.Text(issued, name));
        foreach (var name in new[] { "lines", "supplier", "recipient", "supply", "placeOfSupply", "periodFrom", "periodTo" })
            Assert.Equal(draft.GetProperty(name).GetRawText(), issued.GetProperty(name).GetRawText());
        Assert.Equal(InvoiceTenant.Tax(draft), InvoiceTenant.Tax(issued));
        Assert.Empty((await tenant.PostAsync($"/api/v1/invoices/generate/postpaid/{account}", new { draft = true })).Body.GetProperty("documents").EnumerateArray());
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Payments_settle_the_named_invoice_first_and_what_is_over_settles_the_next_one()
    {
        await tenant.SetClockAsync("2027-07-02");
        var account = await tenant.AccountAsync("29");
        await tenant.UseAsync(account, 400, "2027-07-01 10:00");
        var first = await tenant.InvoiceAsync(account);
        Assert.Equal("118.00", InvoiceTenant.Text(first, "total"));
        Assert.Equal("partially_paid", InvoiceTenant.Text(await tenant.ReceiveAsync(first, new { amount = "18.00", reference = "UTR 1" }), "status"));
        // The same payment told again is the same payment.
        Assert.Equal("18.00", InvoiceTenant.Text(await tenant.ReceiveAsync(first, new { amount = "18.00", reference = "UTR 1" }), "settled"));
        var paid = await tenant.ReceiveAsync(first, new { amount = "150.00", tds = "10.00", reference = "UTR 2" });
        Assert.Equal(("paid", "0.00"), (InvoiceTenant.Text(paid, "status"), InvoiceTenant.Text(paid, "amountDue")));
        Assert.Equal(["issued", "paid", "paid", "paid"], paid.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("step").GetString()!));
        Assert.Equal("60.00", await tenant.BalanceAsync(account));
        Assert.Equal(409, (await tenant.PostAsync($"/api/v1/invoices/{first.GetProperty("summary").GetProperty("id")}/mark-paid", new { amount = "1.00", reference = "UTR 3" })).Status);
        await tenant.UseAsync(account, 400, "2027-07-02 00:00");
        await tenant.SetClockAsync("2027-07-03");
        var second = await tenant.InvoiceAsync(account);
        Assert.Equal(("partially_paid", "58.00"), (InvoiceTenant.Text(second, "status"), InvoiceTenant.Text(second, "amountDue")));
        await tenant.SetClockAsync("2027-07-19");
        Assert.Equal("overdue", InvoiceTenant.Text(await tenant.DocumentAsync(second), "status"));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Credit_notes_give_back_in_parts_and_never_more_than_the_invoice()
    {
        await tenant.SetClockAsync("2027-08-02");
        var account = await tenant.AccountAsync("29");
        await tenant.UseAsync(account, 101, "2027-08-01 10:00");
        var invoice = await tenant.InvoiceAsync(account);
        Assert.Equal("30.00", InvoiceTenant.Text(invoice, "total"));
        var path = $"/api/v1/invoices/{invoice.GetProperty("summary").GetProperty("id")}/credit-note";
        var (status, part) = await tenant.PostAsync(path, new { reason = "Outage", lines = new[] { new { line = 1, amount = "5.01" } } });
        Assert.True(status == 201, part.ToString());
        Assert.Equal(("5.01", "0.45 0.45 0.00", "5.91"), (InvoiceTenant.Text(part, "taxable"), InvoiceTenant.Tax(part), InvoiceTenant.Text(part, "total")));
        Assert.Equal(422, (await tenant.PostAsync(path, new { reason = "Too much", lines = new[] { new { line = 1, amount = "20.25" } } })).Status);
        var (_, rest) = await tenant.PostAsync(path, new { reason = "All of it" });
        Assert.Equal("24.09", InvoiceTenant.Text(rest, "total"));
        Assert.Equal("nothing_to_credit", (await tenant.PostAsync(path, new { reason = "Again" })).Body.GetProperty("code").GetString());
        var credited = await tenant.DocumentAsync(invoice);
        Assert.Equal(("paid", "30.00", 2), (InvoiceTenant.Text(credited, "status"), InvoiceTenant.Text(credited, "credited"), credited.GetProperty("notes").GetArrayLength()));
        Assert.Equal("0.00", await tenant.BalanceAsync(account));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_voided_invoice_keeps_its_number_and_its_charges_are_billed_again()
    {
        await tenant.SetClockAsync("2027-09-02");
        var account = await tenant.AccountAsync("29");
        await tenant.UseAsync(account, 100, "2027-09-01 10:00");
        var wrong = await tenant.InvoiceAsync(account);
        var path = $"/api/v1/invoices/{wrong.GetProperty("summary").GetProperty("id")}/void";
        Assert.Equal(200, (await tenant.PostAsync(path, new { reason = "Wrong address" })).Status);
        Assert.Equal("-25.00", await tenant.BalanceAsync(account));
        Assert.Equal("invoice_void", (await tenant.PostAsync(path, new { reason = "Again" })).Body.GetProperty("code").GetString());
        var right = await tenant.InvoiceAsync(account);
        Assert.Equal("25.00", InvoiceTenant.Text(right, "taxable"));
        Assert.NotEqual(InvoiceTenant.Text(wrong, "number"), InvoiceTenant.Text(right, "number"));
        await tenant.SetClockAsync("2027-10-01");
        var (status, late) = await tenant.PostAsync($"/api/v1/invoices/{right.GetProperty("summary").GetProperty("id")}/void", new { reason = "Late" });
        Assert.Equal((409, "month_over"), (status, late.GetProperty("code").GetString()));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Nothing_says_which_state_so_nothing_is_guessed()
    {
        await tenant.SetClockAsync("2027-10-02");
        var account = await tenant.AccountAsync(null);
        await tenant.UseAsync(account, 100, "2027-10-01 10:00");
        var (status, problem) = await tenant.PostAsync($"/api/v1/invoices/generate/postpaid/{account}", new { });
        Assert.Equal((409, "place_of_supply_unknown"), (status, problem.GetProperty("code").GetString()));
        await tenant.AssertBooksProveAsync();
    }

    [Fact]
    public async Task What_was_issued_cannot_be_changed_in_the_database()
    {
        await tenant.SetClockAsync("2027-11-02");
        var account = await tenant.AccountAsync("29");
        await tenant.UseAsync(account, 100, "2027-11-01 10:00");
        await tenant.InvoiceAsync(account);
        foreach (var sql in new[] { "update invoicing.documents set total_micros = total_micros + 1, round_off_micros = round_off_micros + 1", "update invoicing.documents set content = content || ' '", "delete from invoicing.documents", "truncate invoicing.documents cascade" })
        {
            await using var command = tenant.Database.Owner.CreateCommand(sql);
            await Assert.ThrowsAsync<Npgsql.PostgresException>(() => command.ExecuteNonQueryAsync());
        }
    }

    [Fact]
    public async Task Lists_are_filtered_and_paged()
    {
        await tenant.SetClockAsync("2027-12-02");
        var account = await tenant.AccountAsync("29");
        for (var day = 2; day < 7; day++)
        {
            await tenant.UseAsync(account, 100, $"2027-12-0{day} 00:00");
            await tenant.SetClockAsync($"2027-12-0{day + 1}");
            await tenant.InvoiceAsync(account);
        }
        var numbers = new List<string>();
        for (var next = ""; next is not null;)
        {
            var (status, page) = await tenant.GetAsync($"/api/v1/invoices?account={account}&status=open&kind=invoice&limit=2{(next.Length > 0 ? $"&cursor={next}" : "")}");
            Assert.Equal(200, status);
            numbers.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("number").GetString()!));
            next = page.GetProperty("next").ValueKind == JsonValueKind.Null ? null : page.GetProperty("next").GetString()!;
        }
        Assert.Equal(5, numbers.Distinct().Count());
        Assert.Equal(2, (await tenant.GetAsync($"/api/v1/invoices?account={account}&from=2027-12-04&to=2027-12-05")).Body.GetProperty("items").GetArrayLength());
        foreach (var bad in new[] { "status=odd", "kind=odd", "limit=0", "limit=501", "cursor=odd", "number=12345678901234567" })
            Assert.Equal(422, (await tenant.GetAsync($"/api/v1/invoices?{bad}")).Status);
        var month = (await tenant.GetAsync("/api/v1/invoices/statistics?months=1")).Body.GetProperty("items").EnumerateArray().Single(i => i.GetProperty("month").GetString() == "2027-12");
        Assert.Equal((5, "125.00"), (month.GetProperty("invoices").GetInt32(), month.GetProperty("taxable").GetString()));
    }
}
