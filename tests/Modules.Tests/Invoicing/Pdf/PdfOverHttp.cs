using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Subscriptions;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Invoicing.Pdf;

/// <summary>The seeded application with its tenant registered under GST in Mumbai and on a test clock.</summary>
public sealed class PdfTenant(TestCluster cluster) : TestTenant(cluster), IAsyncLifetime
{
    // One white pixel.
    const string Logo = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAG7buVgAAAABJRU5ErkJggg==";

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        await SetClockAsync("2027-06-01");
        await DoneAsync(HttpMethod.Put, "/api/v1/settings", new
        {
            gst = new { legalName = "Balatrix Communications Private Limited", gstin = "27AAGCG4576J1Z6", addressLines = new[] { "12 Marine Drive", "Mumbai 400020" }, state = "27", town = "Mumbai", postalCode = "400020" },
            branding = new { name = "Balatrix", color = "#0a4d8c", logoUrl = Logo },
            bank = new { accountName = "Balatrix Communications", accountNumber = "50200012345678", ifsc = "HDFC0000060", bankName = "HDFC Bank", upiId = "balatrix@hdfcbank" },
        });
    }

    public async Task<JsonElement> DoneAsync(HttpMethod method, string path, object? body = null)
    {
        var (status, answer) = await SendAsync(method, path, body, change: r =>
        {
            if (method == HttpMethod.Post)
                r.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
        });
        Assert.True(status is >= 200 and < 300, $"{path}: {status} {answer}");
        return answer;
    }

    public async Task<string> AccountAsync(string kind)
    {
        var address = new { line1 = "1 Main Road", city = "Pune", state = "27", postalCode = "411001", country = "IN" };
        var customer = await DoneAsync(HttpMethod.Post, "/api/v1/customers", new { name = "ज्योति Stores", kind = "business", billingAddress = address });
        var account = await DoneAsync(HttpMethod.Post, $"/api/v1/customers/{customer.GetProperty("id").GetInt64()}/accounts", new { kind, plan = "starter", creditLimit = kind == "postpaid" ? "900000.00" : "0.00" });
        return account.GetProperty("id").GetString()!;
    }

    public async Task UseAsync(string account, int times)
    {
        for (var i = 0; i < times; i++)
        {
            var body = new { specversion = "1.0", id = Guid.NewGuid().ToString(), source = "auth", type = "balatrix.auth.sms_otp", subject = account, data = new { quantity = 100 + i } };
            var (status, answer) = await SendAsync(HttpMethod.Post, "/api/v1/events", body, "application/cloudevents+json");
            Assert.True(status is 200 or 201, answer.ToString());
        }
    }

    /// <summary>The invoice of all that an account used; what happens at this instant is not over yet.</summary>
    public async Task<(long Id, string Number, string Total)> InvoiceAsync(string account)
    {
        await WaitAsync(TimeSpan.FromMinutes(1));
        var answer = await DoneAsync(HttpMethod.Post, $"/api/v1/invoices/generate/postpaid/{account}", new { to = "2027-06-02" });
        var summary = Assert.Single(answer.GetProperty("documents").EnumerateArray()).GetProperty("summary");
        return (summary.GetProperty("id").GetInt64(), summary.GetProperty("number").GetString()!, summary.GetProperty("total").GetString()!);
    }

    public async Task WaitAsync(TimeSpan time)
    {
        await using var command = Database.Owner.CreateCommand("update platform.tenants set test_now = test_now + $1 where tenant_id = 1");
        command.Parameters.Add(new() { Value = time });
        await command.ExecuteNonQueryAsync();
        Services.GetRequiredService<TenantClock>().Forget(1);
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Database.Owner.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task<byte[]> PdfAsync(string path)
    {
        using var response = await Client.GetAsync(path);
        Assert.True(response.StatusCode == HttpStatusCode.OK, await response.Content.ReadAsStringAsync());
        Assert.Equal("application/pdf", response.Content.Headers.ContentType?.MediaType);
        return await response.Content.ReadAsByteArrayAsync();
    }
}

/// <summary>Invoices and statements as PDF files over HTTP.</summary>
public sealed class PdfOverHttp(PdfTenant app) : IClassFixture<PdfTenant>
{
    [Fact]
    public async Task An_invoice_comes_with_each_use_that_it_charges()
    {
        var account = await app.AccountAsync("postpaid");
        await app.UseAsync(account, 12);
        var (id, number, total) = await app.InvoiceAsync(account);
        using var response = await app.Client.GetAsync($"/api/v1/invoices/{id}/pdf");
        Assert.Equal("application/pdf", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal($"{number.Replace('/', '-')}.pdf", response.Content.Headers.ContentDisposition?.FileName?.Trim('"'));
        var pdf = await response.Content.ReadAsByteArrayAsync();
        var text = Poppler.Text(pdf);
        Assert.Contains(number, text);
        Assert.Contains(Core.Invoices.AmountText.WithCurrency(Micros(total), "INR"), text);
        Assert.Contains("ज्योति Stores", Poppler.Reading(pdf));
        Assert.Contains("12 records", text);
        Assert.Equal(12, text.Split('\n').Count(line => line.Contains(" Jun 2027 ", StringComparison.Ordinal) && line.Contains(" Event ", StringComparison.Ordinal)));
        // What the annex adds up to is the invoice before tax.
        var taxable = (await app.GetAsync($"/api/v1/invoices/{id}")).Body.GetProperty("summary").GetProperty("taxable").GetString()!;
        Assert.Matches($@"Total +12 records +{System.Text.RegularExpressions.Regex.Escape(Core.Invoices.AmountText.Grouped(Micros(taxable), "INR"))}", text);
        // The logo and the code for payment.
        Assert.Equal(2, Poppler.Pictures(pdf).Length);
        Assert.Equal("1", Poppler.Information(await app.PdfAsync($"/api/v1/invoices/{number}/pdf?annex=false"))["Pages"]);
    }

    [Fact]
    public async Task Two_invoices_of_an_account_each_list_their_own_use()
    {
        var account = await app.AccountAsync("postpaid");
        await app.UseAsync(account, 3);
        var first = await app.InvoiceAsync(account);
        await app.UseAsync(account, 4);
        var second = await app.InvoiceAsync(account);
        Assert.Contains("3 records", Poppler.Text(await app.PdfAsync($"/api/v1/invoices/{first.Id}/pdf")));
        Assert.Contains("4 records", Poppler.Text(await app.PdfAsync($"/api/v1/invoices/{second.Id}/pdf")));
    }

    [Fact]
    public async Task It_is_printed_once_and_the_same_when_printed_again()
    {
        var account = await app.AccountAsync("postpaid");
        await app.UseAsync(account, 2);
        var (id, _, _) = await app.InvoiceAsync(account);
        await using (var due = app.Database.Owner.CreateCommand("update platform.jobs set run_at = null where status = 'queued' and kind = 'render-invoice-pdf'"))
            await due.ExecuteNonQueryAsync();
        await app.Services.GetRequiredService<JobRunner>().RunDueAsync(1, CancellationToken.None);
        // The application's own workers may have taken the job.
        await Soon.UntilAsync(async () => await app.ScalarAsync<long>("select count(*) from platform.jobs where status not in ('done', 'dead') and kind = 'render-invoice-pdf'") == 0, "it is printed");
        Assert.Equal(1L, await app.ScalarAsync<long>($"select count(*) from invoicing.pdfs where document_id = {id}"));
        using var first = await app.Client.GetAsync($"/api/v1/invoices/{id}/pdf");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/invoices/{id}/pdf");
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using var second = await app.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Equal(1L, await app.ScalarAsync<long>($"with gone as (delete from invoicing.pdfs where document_id = {id} returning 1) select count(*) from gone"));
        Assert.Equal(await first.Content.ReadAsByteArrayAsync(), await app.PdfAsync($"/api/v1/invoices/{id}/pdf"));
    }

    [Fact]
    public async Task What_was_paid_or_voided_meanwhile_is_shown()
    {
        var account = await app.AccountAsync("postpaid");
        await app.UseAsync(account, 2);
        var paid = await app.InvoiceAsync(account);
        Assert.Contains("HOW TO PAY", Poppler.Text(await app.PdfAsync($"/api/v1/invoices/{paid.Id}/pdf")));
        await app.DoneAsync(HttpMethod.Post, $"/api/v1/invoices/{paid.Id}/mark-paid", new { amount = "10.00", reference = "UTR 1" });
        Assert.Matches(@"Paid or adjusted +-10\.00", Poppler.Text(await app.PdfAsync($"/api/v1/invoices/{paid.Id}/pdf")));
        await app.UseAsync(account, 2);
        var wrong = await app.InvoiceAsync(account);
        await app.DoneAsync(HttpMethod.Post, $"/api/v1/invoices/{wrong.Id}/void", new { reason = "Wrong customer" });
        Assert.Contains("This document is void", Poppler.Text(await app.PdfAsync($"/api/v1/invoices/{wrong.Id}/pdf")));
    }

    [Fact]
    public async Task A_registration_that_comes_later_is_shown()
    {
        var account = await app.AccountAsync("postpaid");
        await app.UseAsync(account, 1);
        var (id, _, _) = await app.InvoiceAsync(account);
        Assert.DoesNotContain("E-INVOICE", Poppler.Text(await app.PdfAsync($"/api/v1/invoices/{id}/pdf")));
        var irn = new string('a', 63) + "7";
        await using (var register = app.Database.Owner.CreateCommand(
            $"""
            insert into invoicing.e_invoices (tenant_id, document_id, status, irn, ack_number, ack_at, signed_qr, requested_at, registered_at)
            values (1, {id}, 'registered', '{irn}', '112610000012345', '2027-06-01 04:00:00Z', 'signed.text.here', now(), now())
            on conflict (document_id) do update set status = 'registered', irn = excluded.irn, ack_number = excluded.ack_number, ack_at = excluded.ack_at, signed_qr = excluded.signed_qr, registered_at = now()
            """))
            await register.ExecuteNonQueryAsync();
        var pdf = await app.PdfAsync($"/api/v1/invoices/{id}/pdf?annex=false");
        Assert.Contains(irn, Poppler.Reading(pdf).ReplaceLineEndings(""));
        Assert.Contains("112610000012345 of 01 Jun 2027 09:30", Poppler.Text(await app.PdfAsync($"/api/v1/invoices/{id}/pdf")));
        Assert.Equal(3, Poppler.Pictures(pdf).Length);
    }

    [Fact]
    public async Task A_recharge_is_a_paid_tax_invoice()
    {
        var account = await app.AccountAsync("prepaid");
        await app.DoneAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/top-up", new { amount = "118.00", reference = "NEFT 1" });
        var items = (await app.GetAsync($"/api/v1/invoices?account={account}")).Body.GetProperty("items");
        var text = Poppler.Text(await app.PdfAsync($"/api/v1/invoices/{Assert.Single(items.EnumerateArray()).GetProperty("id").GetInt64()}/pdf"));
        Assert.Contains("TAX INVOICE", text);
        Assert.Contains("Paid, with thanks", text);
        Assert.Matches(@"SGST +9\.00", text);
        Assert.Contains("₹118.00", text);
    }

    [Theory]
    [InlineData("999999999")]
    [InlineData("INV-0")]
    [InlineData("..%2F1")]
    public async Task There_is_none_of_a_document_that_there_is_not(string id) => Assert.Equal(404, (await app.GetAsync($"/api/v1/invoices/{id}/pdf")).Status);

    [Fact]
    public async Task Another_tenant_finds_none()
    {
        var account = await app.AccountAsync("postpaid");
        await app.UseAsync(account, 1);
        var (id, _, _) = await app.InvoiceAsync(account);
        await using (var tenants = app.Database.Owner.CreateCommand("insert into platform.tenants (tenant_id, slug, name) values (2, 'other', 'Other') on conflict do nothing"))
            await tenants.ExecuteNonQueryAsync();
        using var foreign = app.NewClient((await app.Services.GetRequiredService<ApiKeys>().CreateAsync(2, "tests", [Scope.All], [], null, CancellationToken.None)).Key);
        using var response = await foreign.GetAsync($"/api/v1/invoices/{id}/pdf");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task A_statement_of_a_period_without_entries_opens_with_the_balance_before_it()
    {
        var account = await app.AccountAsync("postpaid");
        var before = await app.ScalarAsync<DateTime>("select test_now from platform.tenants where tenant_id = 1");
        await app.UseAsync(account, 1);
        var balance = await app.BalanceAsync(account);
        await app.WaitAsync(TimeSpan.FromHours(2));
        await app.UseAsync(account, 1);
        Assert.NotEqual(balance, await app.BalanceAsync(account));
        var quiet = await StatementAsync(account, before.AddMinutes(30), before.AddMinutes(90));
        Assert.Empty(quiet.GetProperty("entries").EnumerateArray());
        Assert.Equal((balance, balance), (quiet.GetProperty("openingBalance").GetString(), quiet.GetProperty("closingBalance").GetString()));
        var first = await StatementAsync(account, before.AddDays(-3), before.AddDays(-2));
        Assert.Equal(("0.00", "0.00"), (first.GetProperty("openingBalance").GetString(), first.GetProperty("closingBalance").GetString()));
    }

    [Theory]
    [InlineData("?format=pdf", null)]
    [InlineData("", "application/pdf")]
    [InlineData("", "text/html, application/pdf;q=0.9, */*;q=0.1")]
    public async Task A_statement_is_printed(string query, string? accept)
    {
        var account = await app.AccountAsync("prepaid");
        await app.DoneAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/top-up", new { amount = "1180.00", reference = "NEFT स्टेट 42" });
        await app.UseAsync(account, 2);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/accounts/{account}/statement{query}");
        if (accept is not null)
            request.Headers.Accept.ParseAdd(accept);
        using var response = await app.Client.SendAsync(request);
        Assert.Equal("application/pdf", response.Content.Headers.ContentType?.MediaType);
        var pdf = await response.Content.ReadAsByteArrayAsync();
        var text = Poppler.Text(pdf);
        Assert.Contains("STATEMENT", text);
        Assert.Contains("NEFT स्टेट 42", Poppler.Reading(pdf));
        Assert.Contains(account, text);
        Assert.Contains("1,180.00", text);
        Assert.Contains(Core.Invoices.AmountText.WithCurrency(Micros(await app.BalanceAsync(account)), "INR"), text);
        Assert.Contains("A statement is not a tax invoice.", text);
    }

    [Fact]
    public async Task Other_formats_of_a_statement_stay_as_they_are()
    {
        var account = await app.AccountAsync("prepaid");
        using var csv = await app.Client.GetAsync($"/api/v1/accounts/{account}/statement?format=csv");
        Assert.Equal("text/csv", csv.Content.Headers.ContentType?.MediaType);
        using var browser = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/accounts/{account}/statement");
        browser.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("*/*"));
        using var json = await app.Client.SendAsync(browser);
        Assert.Equal("application/json", json.Content.Headers.ContentType?.MediaType);
        Assert.Equal(406, (await app.GetAsync($"/api/v1/accounts/{account}/statement?format=docx")).Status);
    }

    async Task<JsonElement> StatementAsync(string account, DateTime from, DateTime to)
    {
        var (status, body) = await app.GetAsync($"/api/v1/accounts/{account}/statement?from={from:yyyy-MM-ddTHH:mm:ssZ}&to={to:yyyy-MM-ddTHH:mm:ssZ}");
        Assert.True(status == 200, body.ToString());
        return body;
    }

    static long Micros(string amount) => Core.Money.TryParse(amount, out var micros) ? micros : throw new FormatException(amount);
}
