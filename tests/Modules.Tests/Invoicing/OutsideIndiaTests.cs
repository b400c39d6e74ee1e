using Balatrix.Modules.Tests.Invoicing.Pdf;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>A supplier in Uzbekistan: its value added tax comes from the tenant's table of rates, by day.</summary>
public sealed class OutsideIndiaTests(InvoiceTenant tenant) : IClassFixture<InvoiceTenant>
{
    [Fact]
    public async Task The_tenants_table_of_rates_taxes_its_invoices_recharges_and_notes()
    {
        await tenant.SetClockAsync("2022-12-20");
        await tenant.SettingsAsync(new
        {
            country = "UZ",
            zone = "Asia/Tashkent",
            gst = new { legalName = "Balatrix Aloqa MChJ", gstin = "309876543", addressLines = new[] { "Amir Temur shoh koʻchasi 107B", "Toshkent 100084" }, state = (string?)null },
            taxRates = new[] { new { from = "2019-10-01", basisPoints = 1500 }, new { from = "2023-01-01", basisPoints = 1200 } },
        });
        var account = await AccountAsync("postpaid");
        await ChargeAsync(account, "-1250000.00");
        var invoice = await tenant.InvoiceAsync(account);
        Assert.Equal(("outside_gst", "UZ", "187500.00", "1437500.00"), (invoice.GetProperty("supply").GetString(), invoice.GetProperty("placeOfSupply").GetString(), Vat(invoice), InvoiceTenant.Text(invoice, "total")));

        // From the new year at the new rate, rounded off as the tenant's setting says; a note keeps that of its invoice, however late.
        await tenant.SetClockAsync("2026-05-02");
        await ChargeAsync(account, "-100000.55");
        Assert.Equal(("12000.07", "112001.00"), (Vat(await tenant.InvoiceAsync(account)), InvoiceTenant.Text(await LatestAsync(account), "total")));
        var (status, note) = await tenant.PostAsync($"/api/v1/invoices/{InvoiceTenant.Text(invoice, "number")}/credit-note", new { reason = "Kelishuv", lines = new[] { new { line = 1, amount = "1000.00" } } });
        Assert.True(status == 201, note.ToString());
        Assert.Equal(("150.00", false), (Vat(note), note.GetProperty("isFinancial").GetBoolean()));
        Assert.StartsWith("CRN", InvoiceTenant.Text(note, "number"), StringComparison.Ordinal);
        var paper = Poppler.Text(await tenant.Client.GetByteArrayAsync(new Uri($"/api/v1/invoices/{InvoiceTenant.Text(note, "number")}/pdf", UriKind.Relative)));
        Assert.DoesNotContain("FINANCIAL", paper, StringComparison.Ordinal);

        // A wallet is taxed within what is paid.
        var wallet = await AccountAsync("prepaid");
        Assert.Equal(201, (await tenant.PostAsync($"/api/v1/accounts/{wallet}/top-up", new { amount = "1120000.00", reference = "Payme 1" }, "uz")).Status);
        Assert.Equal(("1000000.00", "120000.00"), (await tenant.BalanceAsync(wallet), Vat(await LatestAsync(wallet))));
        Assert.Equal(409, (await tenant.GetAsync("/api/v1/reports/gstr-1?month=2026-05")).Status);
        await tenant.AssertBooksProveAsync();

        var text = Poppler.Text(await tenant.Client.GetByteArrayAsync(new Uri($"/api/v1/invoices/{InvoiceTenant.Text(invoice, "number")}/pdf", UriKind.Relative)));
        Assert.Contains("UZS 1,437,500.00", text, StringComparison.Ordinal);
        Assert.Matches(@"VAT +187,500\.00", text);
        Assert.DoesNotContain("GST", text, StringComparison.Ordinal);
    }

    static string Vat(System.Text.Json.JsonElement document) => document.GetProperty("summary").GetProperty("tax").GetProperty("vat").GetString()!;

    async Task<System.Text.Json.JsonElement> LatestAsync(string account)
    {
        var number = (await tenant.GetAsync($"/api/v1/invoices?account={account}&limit=1")).Body.GetProperty("items")[0].GetProperty("number").GetString();
        return (await tenant.GetAsync($"/api/v1/invoices/{number}")).Body;
    }

    async Task<string> AccountAsync(string kind)
    {
        var (status, customer) = await tenant.PostAsync("/api/v1/customers", new { name = "Samarqand Savdo MChJ", kind = "business", billingAddress = new { line1 = "Registon 5", city = "Samarqand", postalCode = "140100", country = "UZ" } });
        Assert.True(status == 201, customer.ToString());
        var (opened, body) = await tenant.PostAsync($"/api/v1/customers/{customer.GetProperty("id")}/accounts", new { kind, plan = "uzs-sms", currency = "UZS", creditLimit = kind == "postpaid" ? "90000000.00" : "0.00" });
        Assert.True(opened == 201, body.ToString());
        return body.GetProperty("id").GetString()!;
    }

    async Task ChargeAsync(string account, string amount)
    {
        var (status, body) = await tenant.PostAsync($"/api/v1/accounts/{account}/adjust", new { amount, reason = "SMS paketi" }, Guid.NewGuid().ToString());
        Assert.True(status == 201, body.ToString());
    }
}
