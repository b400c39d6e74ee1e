using System.Text.Json;
using Balatrix.Modules.Tests.Invoicing;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>Money that goes back after the last day on which a credit note could lower its tax: facts, india.md 3.2 (CGST Act s.34(2), 30 November after the financial year).</summary>
public sealed class LateRefunds(PaymentWorld world) : IClassFixture<PaymentWorld>
{
    [Theory]
    [InlineData("2028-11-30", "CRN", "100.00 9.00 118.00", "0.00", 1)]
    [InlineData("2028-12-01", "FCN", "118.00 0.00 118.00", "18.00", 0)]
    public async Task A_recharge_is_given_back_whole_with_a_note_that_lowers_tax_only_within_the_term(string day, string series, string note, string unrecovered, int reported)
    {
        var account = await AccountAsync();
        var (id, order) = await world.OrderAsync(account, "118.00");
        Assert.Equal(200, (await world.VerifyAsync(id, world.Razorpay.Pay(order))).Status);
        Assert.Equal("100.00", await world.BalanceAsync(account));
        await world.SetClockAsync(day);
        var (status, refund) = await world.PostAsync($"/api/v1/payments/{id}/refund", new { amount = "118.00", reason = "Left us" }, world.NewKey());
        Assert.True(status == 201, refund.ToString());
        Assert.Equal(("0.00", "0.00", "refunded"), (await world.BalanceAsync(account), await world.AtGatewaysAsync(account), await world.PaymentStatusAsync(id)));
        var issued = Assert.Single((await world.GetAsync($"/api/v1/invoices?account={account}&kind=credit_note")).Body.GetProperty("items").EnumerateArray());
        Assert.StartsWith(series, issued.GetProperty("number").GetString(), StringComparison.Ordinal);
        Assert.Equal(note, $"{Text(issued, "taxable")} {Text(issued.GetProperty("tax"), "cgst")} {Text(issued, "total")}");
        Assert.Equal(unrecovered, Core.Money.Format((await world.RowsAsync(
            $"select coalesce(sum(amount_micros), 0)::bigint from ledger.journal_entries where account_id = {account[4..]} and debit_book = 61", r => r.GetInt64(0)))[0]));
        var (_, gstr) = await world.GetAsync($"/api/v1/reports/gstr-1?month={day[..7]}");
        var table = gstr.TryGetProperty("doc_issue", out var documents) ? documents.GetProperty("doc_det").EnumerateArray().Count(d => d.GetProperty("doc_num").GetInt32() == 5) : 0;
        Assert.Equal(reported, table);
        await world.AssertBooksProveAsync();
    }

    static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()!;

    /// <summary>A consumer's wallet in Karnataka, on a day of the financial year 2027-28.</summary>
    async Task<string> AccountAsync()
    {
        await world.SetClockAsync("2027-06-01");
        var (changed, settings) = await world.SendAsync(
            HttpMethod.Put, "/api/v1/settings", new { gst = new { legalName = "Balatrix Demo Private Limited", gstin = InvoiceTenant.Gstin, addressLines = new[] { "1 MG Road", "Bengaluru 560001" }, state = "29" } });
        Assert.True(changed == 200, settings.ToString());
        var (status, customer) = await world.PostAsync(
            "/api/v1/customers", new { name = "Asha Rao", kind = "individual", email = $"{world.NewKey()}@example.com", billingAddress = new { line1 = "1 High Street", city = "Mysuru", state = "29", postalCode = "570001" } });
        Assert.True(status == 201, customer.ToString());
        var (opened, body) = await world.PostAsync($"/api/v1/customers/{customer.GetProperty("id")}/accounts", new { name = "Wallet", kind = "prepaid", creditLimit = "0.00" });
        Assert.True(opened == 201, body.ToString());
        return body.GetProperty("id").GetString()!;
    }
}
