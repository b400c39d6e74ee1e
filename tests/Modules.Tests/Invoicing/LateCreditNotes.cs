using System.Text.Json;
using Balatrix.Modules.Tests.Invoicing.Pdf;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>Credit notes about the last day on which they lower tax: facts, india.md 3.2 (CGST Act s.34(2), 30 November after the financial year).</summary>
public sealed class LateCreditNotes(InvoiceTenant tenant) : IClassFixture<InvoiceTenant>
{
    const string RegisteredRecipient = "29AABCU9603R1ZJ";

    [Theory]
    [InlineData("2028-11-30", "CRN", "b2b", false, "40.00 3.60 3.60 0.00 47.20", "0.00", "7.20", 1)]
    [InlineData("2028-12-01", "FCN", "outside_gst", true, "47.20 0.00 0.00 0.00 47.20", "7.20", "0.00", 0)]
    public async Task The_customer_gets_the_same_and_tax_is_lowered_only_within_the_term(string day, string series, string supply, bool isFinancial, string amounts, string borne, string lowered, int reported)
    {
        await tenant.SetClockAsync("2028-03-02");
        var account = await tenant.AccountAsync("29", gstin: RegisteredRecipient);
        await tenant.UseAsync(account, 400, "2028-03-01");
        var invoice = await tenant.InvoiceAsync(account);
        Assert.Equal("118.00", InvoiceTenant.Text(invoice, "total"));
        await tenant.SetClockAsync(day);
        var note = await CreditAsync(invoice, new { reason = "Outage", lines = new[] { new { line = 1, amount = "40.00" } } });
        Assert.StartsWith(series, InvoiceTenant.Text(note, "number"), StringComparison.Ordinal);
        Assert.Equal(amounts, $"{InvoiceTenant.Text(note, "taxable")} {InvoiceTenant.Tax(note)} {InvoiceTenant.Text(note, "total")}");
        Assert.Equal((supply, isFinancial, isFinancial), (note.GetProperty("supply").GetString(), note.GetProperty("isFinancial").GetBoolean(), note.GetProperty("reason").GetString()!.Contains("not lowered", StringComparison.Ordinal)));
        Assert.Equal(("70.80", "-70.80"), (InvoiceTenant.Text(await tenant.DocumentAsync(invoice), "amountDue"), await tenant.BalanceAsync(account)));
        Assert.Equal((borne, lowered), (await DebitedAsync(account, "61"), await DebitedAsync(account, "40, 41")));
        var (_, gstr) = await tenant.GetAsync($"/api/v1/reports/gstr-1?month={day[..7]}");
        Assert.Equal(reported, gstr.TryGetProperty("cdnr", out var notes) ? notes.GetArrayLength() : 0);
        await tenant.AssertBooksProveAsync();

        var text = Poppler.Text(await tenant.Client.GetByteArrayAsync(new Uri($"/api/v1/invoices/{InvoiceTenant.Text(note, "number")}/pdf", UriKind.Relative)));
        Assert.Equal(isFinancial, text.Contains("FINANCIAL CREDIT NOTE", StringComparison.Ordinal));
        Assert.Equal(!isFinancial, text.Contains("Taxable", StringComparison.Ordinal));
        Assert.Equal(isFinancial, text.Contains("is not lowered (CGST Act s.34(2))", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Notes_before_and_after_the_last_day_credit_an_invoice_once()
    {
        await tenant.SetClockAsync("2029-03-02");
        var account = await tenant.AccountAsync("27");
        // 18 % of 7.25 is 1.31 (1.305); the total of 8.56 is rounded to 9.00.
        await tenant.UseAsync(account, 29, "2029-03-01");
        var invoice = await tenant.InvoiceAsync(account);
        await tenant.SetClockAsync("2029-11-30 10:00");
        await CreditAsync(invoice, new { reason = "Outage", lines = new[] { new { line = 1, amount = "3.00" } } });
        await tenant.SetClockAsync("2029-12-02");
        await CreditAsync(invoice, new { reason = "Outage", lines = new[] { new { line = 1, amount = "1.00" } } });
        var (refused, _) = await tenant.PostAsync(Path(invoice), new { reason = "Too much", lines = new[] { new { line = 1, amount = "3.26" } } });
        Assert.Equal(422, refused);
        var last = await CreditAsync(invoice, new { reason = "All of it" });
        Assert.Equal(["3.25", "0.59"], last.GetProperty("lines").EnumerateArray().Select(l => l.GetProperty("taxable").GetString()));
        Assert.Equal(("9.00", "9.00", "0.00"), (InvoiceTenant.Text(await tenant.DocumentAsync(invoice), "total"), InvoiceTenant.Text(await tenant.DocumentAsync(invoice), "credited"), await tenant.BalanceAsync(account)));
        Assert.Equal("nothing_to_credit", (await tenant.PostAsync(Path(invoice), new { reason = "Again" })).Body.GetProperty("code").GetString());
        // 0.54 was taken back in time; the tenant bears the rest.
        Assert.Equal(("0.54", "0.77"), (await DebitedAsync(account, "43"), await DebitedAsync(account, "61")));
        await tenant.AssertBooksProveAsync();
    }

    static string Path(JsonElement invoice) => $"/api/v1/invoices/{InvoiceTenant.Text(invoice, "number")}/credit-note";

    async Task<JsonElement> CreditAsync(JsonElement invoice, object body)
    {
        var (status, note) = await tenant.PostAsync(Path(invoice), body);
        Assert.True(status == 201, note.ToString());
        return note;
    }

    async Task<string> DebitedAsync(string account, string books)
    {
        await using var command = tenant.Database.Owner.CreateCommand(
            $"select coalesce(sum(amount_micros), 0)::bigint from ledger.journal_entries where account_id = {account[4..]} and debit_book in ({books})");
        return Core.Money.Format((long)(await command.ExecuteScalarAsync())!);
    }
}
