using System.Net;
using System.Text.Json;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>A customer's own user sees the customer's documents, and of others' not even that there are any.</summary>
public sealed class CustomersOwnInvoices(InvoiceTenant app) : IClassFixture<InvoiceTenant>
{
    [Fact]
    public async Task A_customer_lists_reads_and_prints_its_own_documents_and_nobody_elses()
    {
        var (johns, janes) = (await RechargedAsync("ACC-10001"), await RechargedAsync("ACC-10002"));
        using var john = await LoginAsync("john.doe@example.com");

        Assert.Equal([johns], await NumbersAsync(john, ""));
        Assert.Equal([johns], await NumbersAsync(john, "?account=ACC-10001&kind=invoice&status=paid"));
        Assert.Empty(await NumbersAsync(john, "?account=ACC-10002"));
        Assert.Empty(await NumbersAsync(john, $"?number={janes}"));
        Assert.Equal(
            [HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.NotFound, HttpStatusCode.NotFound],
            [await StatusAsync(john, johns), await StatusAsync(john, johns + "/pdf"), await StatusAsync(john, janes), await StatusAsync(john, janes + "/pdf")]);
        foreach (var path in new[] { "overdue", "statistics", johns + "/e-invoice" })
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(john, path));
        foreach (var path in new[] { johns + "/void", johns + "/credit-note", johns + "/mark-paid", johns + "/reminder", "process-billing-cycle", "generate/postpaid/ACC-10001" })
        {
            using var refused = await john.PostAsync(new Uri("/api/v1/invoices/" + path, UriKind.Relative), ApiServer.Json(new { reason = "mine", amount = "1.00", reference = "x" }));
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }
    }

    /// <summary>Tops a wallet up; the number of its tax invoice.</summary>
    async Task<string> RechargedAsync(string account)
    {
        var (status, body) = await app.PostAsync($"/api/v1/accounts/{account}/top-up", new { amount = "118.00", reference = "NEFT 1" }, "own-" + account);
        Assert.True(status == 201, body.ToString());
        return (await app.GetAsync($"/api/v1/invoices?account={account}")).Body.GetProperty("items")[0].GetProperty("number").GetString()!;
    }

    async Task<HttpClient> LoginAsync(string email)
    {
        using var anyone = app.NewClient(null);
        using var response = await anyone.PostAsync(new Uri("/api/v1/auth/login", UriKind.Relative), ApiServer.Json(new { email, password = "Demo@123" }));
        return app.NewClient(JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("accessToken").GetString());
    }

    static async Task<List<string>> NumbersAsync(HttpClient client, string query)
    {
        var page = JsonElement.Parse(await client.GetStringAsync(new Uri("/api/v1/invoices" + query, UriKind.Relative)));
        return [.. page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("number").GetString()!)];
    }

    static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(new Uri("/api/v1/invoices/" + path, UriKind.Relative));
        return response.StatusCode;
    }
}
