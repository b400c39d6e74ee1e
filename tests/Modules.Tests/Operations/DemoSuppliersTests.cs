using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Balatrix.Modules.Operations;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Invoicing.Pdf;
using Balatrix.Modules.Tests.Voice;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Operations;

/// <summary>The demonstration has a supplier under GST and one in Uzbekistan, as `seed --demo` makes them.</summary>
public sealed class DemoSuppliersTests(CapturedApp app) : IClassFixture<CapturedApp>
{
    [Fact]
    public async Task The_demonstration_invoices_under_GST_and_in_Uzbekistan_and_again_adds_nothing()
    {
        var suppliers = app.Services.GetRequiredService<DemoSuppliers>();
        var made = await suppliers.EnsureAsync(CancellationToken.None);
        Assert.NotNull(made.Invoice);
        await OfUzbekistanAsync(made);

        // Mail and the PDF of the first time are still being made.
        await Soon.UntilAsync(async () => await CountAsync("platform.jobs where status in ('queued', 'running')") == 0, "the jobs of the first time are done");
        var before = await SeedTests.CountsAsync(app.Database);
        Assert.Equal(new(made.Login, null), await suppliers.EnsureAsync(CancellationToken.None));
        var after = await SeedTests.CountsAsync(app.Database);
        Assert.Equal([], after.Where(t => before[t.Key] != t.Value).Select(t => $"{t.Key}: {before[t.Key]} -> {t.Value}"));

        var (status, invoiced) = await app.PostAsync("/api/v1/invoices/generate/postpaid/ACC-10003", new { });
        Assert.True(status == 201, invoiced.ToString());
        var summary = invoiced.GetProperty("documents")[0].GetProperty("summary");
        Assert.InRange(Amount(summary.GetProperty("tax").GetProperty("igst")) - Share(summary, 18), -0.06m, 0.06m);
        Assert.Equal("29AAGCB7383J1Z4", invoiced.GetProperty("documents")[0].GetProperty("supplier").GetProperty("gstin").GetString());
        await app.AssertBooksProveAsync();
    }

    async Task OfUzbekistanAsync(DemoAbroad made)
    {
        using var login = app.NewClient(null);
        using var answer = await login.PostAsJsonAsync("/api/v1/auth/login", new { email = made.Login, password = "Admin@123" });
        var token = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("accessToken").GetString();
        login.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var invoice = Assert.Single((await login.GetFromJsonAsync<JsonElement>("/api/v1/invoices")).GetProperty("items").EnumerateArray());
        Assert.Equal((made.Invoice, "UZS"), (invoice.GetProperty("number").GetString(), invoice.GetProperty("currency").GetString()));
        Assert.True(Amount(invoice.GetProperty("taxable")) > 0);
        Assert.InRange(Amount(invoice.GetProperty("tax").GetProperty("vat")) - Share(invoice, 12), -0.02m, 0.02m);
        var text = Poppler.Text(await login.GetByteArrayAsync(new Uri($"/api/v1/invoices/{made.Invoice}/pdf", UriKind.Relative)));
        Assert.Contains("Amir Temur shoh koʻchasi 107B", text, StringComparison.Ordinal);
        Assert.Contains("VAT", text, StringComparison.Ordinal);
        Assert.DoesNotContain("GST", text, StringComparison.Ordinal);
        // Each tenant sees its own only.
        Assert.Equal(404, (await app.GetAsync($"/api/v1/accounts/{invoice.GetProperty("account").GetString()}")).Status);
        Assert.Equal(404, (int)(await login.GetAsync(new Uri("/api/v1/accounts/ACC-10003", UriKind.Relative))).StatusCode);
    }

    static decimal Share(JsonElement summary, int percent) => Amount(summary.GetProperty("taxable")) * percent / 100;

    static decimal Amount(JsonElement amount) => decimal.Parse(amount.GetString()!, CultureInfo.InvariantCulture);

    async Task<long> CountAsync(string what)
    {
        await using var command = app.Database.Owner.CreateCommand("select count(*) from " + what);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
