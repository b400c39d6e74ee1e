using System.Text.Json;
using Balatrix.Core.Charging;
using Balatrix.Core.Invoices;
using Balatrix.Core.Invoices.Gstr1;
using Balatrix.Core.Tax;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>A month's return comes to what the month raised the ledger's books of tax by.</summary>
public sealed class Gstr1OverHttp(BilledTenant app) : IClassFixture<BilledTenant>
{
    async Task<Gstr1Return> ReportAsync(string month) => (await app.DoneAsync(HttpMethod.Get, $"/api/v1/reports/gstr-1?month={month}")).Deserialize<Gstr1Return>(PortalJson.Options)!;

    async Task<string> BilledAsync(string? state, bool isRegistered, int events)
    {
        var account = await app.AccountAsync("postpaid", state, isRegistered);
        await app.UseAsync(account, events);
        return account;
    }

    async Task AssertIsTheLedgersAsync(string month, string from, string to)
    {
        var report = await ReportAsync(month);
        var books = new TaxAmounts(
            await app.RaisedAsync(Book.GstOutputCgst, from, to), await app.RaisedAsync(Book.GstOutputSgst, from, to) + await app.RaisedAsync(Book.GstOutputUtgst, from, to),
            await app.RaisedAsync(Book.GstOutputIgst, from, to), 0);
        Assert.Equal(books, Gstr1Totals.OutputTax(report));
        Assert.Equal(books, Gstr1Totals.TaxByCode(report));
        Assert.Equal(await app.RaisedAsync(Book.GstAdvance, from, to), Gstr1Totals.AdvanceTax(report).TotalMicros);
    }

    [Fact]
    public async Task Two_months_of_every_kind_of_document_equal_the_ledger()
    {
        await app.SetClockAsync("2027-06-10 10:00:00");
        string[] billed = [await BilledAsync("29", true, 4001), await BilledAsync("27", true, 333), await BilledAsync("27", false, 77), await BilledAsync("33", false, 12_345), await BilledAsync(null, false, 999)];
        // Above one lakh, to a consumer of another state.
        var large = await BilledAsync("33", false, 360_000);
        var invoices = new List<JsonElement>();
        foreach (var account in billed.Append(large))
            invoices.Add(await app.InvoiceAsync(account));

        // Wallets: taxed when filled, then when used.
        var wallet = await app.AccountAsync("prepaid", "29", true);
        await app.DoneAsync(HttpMethod.Post, $"/api/v1/accounts/{wallet}/top-up", new { amount = "1180.00", reference = "NEFT 1" }, "gstr-1");
        await app.SetAsync(new { prepaidTaxMode = "usage" });
        var usedLater = await app.AccountAsync("prepaid", "33");
        await app.DoneAsync(HttpMethod.Post, $"/api/v1/accounts/{usedLater}/top-up", new { amount = "590.00", reference = "NEFT 2" }, "gstr-2");
        var usedNow = await app.AccountAsync("prepaid", "27");
        await app.DoneAsync(HttpMethod.Post, $"/api/v1/accounts/{usedNow}/top-up", new { amount = "118.00", reference = "NEFT 3" }, "gstr-3");
        await app.UseAsync(usedNow, 123);
        await app.InvoiceAsync(usedNow);

        foreach (var invoice in new[] { invoices[0], invoices[2], invoices[5] })
            await app.DoneAsync(HttpMethod.Post, $"/api/v1/invoices/{invoice.GetProperty("id").GetInt64()}/credit-note", new { reason = "Outage", lines = new[] { new { line = 1, amount = "10.01" } } });
        await app.DoneAsync(HttpMethod.Post, $"/api/v1/invoices/{invoices[3].GetProperty("id").GetInt64()}/void", new { reason = "Wrong rates" });
        await AssertIsTheLedgersAsync("2027-06", "2027-06-01", "2027-07-01");
        var june = await ReportAsync("2027-06");
        Assert.Equal(3, june.B2B!.Count);
        Assert.Equal("33", Assert.Single(june.B2CLarge!).Place);
        Assert.Equal(["WPAY"], june.Exports!.Select(e => e.Type));
        Assert.Single(june.Notes!);
        Assert.Equal("B2CL", Assert.Single(june.UnregisteredNotes!).Type);
        Assert.Equal(2, june.AdvancesReceived!.Count);
        Assert.Null(june.AdvancesAdjusted);
        Assert.Equal(1, june.Documents!.Kinds.SelectMany(k => k.Ranges).Sum(r => r.Cancelled));

        // July: an advance of June is used up in part, and a note is issued on an invoice of June.
        await app.SetClockAsync("2027-07-05 10:00:00");
        await app.UseAsync(usedLater, 777);
        await app.InvoiceAsync(usedLater);
        await app.DoneAsync(HttpMethod.Post, $"/api/v1/invoices/{invoices[1].GetProperty("id").GetInt64()}/credit-note", new { reason = "Outage", lines = new[] { new { line = 1, amount = "1.00" } } });
        await AssertIsTheLedgersAsync("2027-07", "2027-07-01", "2027-08-01");
        var july = await ReportAsync("2027-07");
        Assert.Equal("33", Assert.Single(july.AdvancesAdjusted!).Place);
        await app.SetAsync(new { prepaidTaxMode = "recharge" });
        await app.AssertBooksProveAsync();
    }

    [Theory]
    [InlineData("")]
    [InlineData("?month=2027-13")]
    [InlineData("?month=2016-01")]
    [InlineData("?month=june")]
    public async Task A_month_is_asked_for(string query)
    {
        var (status, problem) = await app.GetAsync("/api/v1/reports/gstr-1" + query);
        Assert.Equal((422, "month"), (status, problem.GetProperty("field").GetString()));
    }

    [Fact]
    public async Task A_month_without_documents_is_an_empty_return() =>
        Assert.Equal("""{"gstin":"27AAGCG4576J1Z6","fp":"012019"}""", (await app.DoneAsync(HttpMethod.Get, "/api/v1/reports/gstr-1?month=2019-01")).GetRawText());
}
