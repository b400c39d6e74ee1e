using System.Globalization;
using System.Text.Json;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Subscriptions;

namespace Balatrix.Modules.Tests.Invoicing.Dunning;

/// <summary>A tenant on a test clock that taxes and duns, with postpaid customers that have addresses.</summary>
public sealed class DunnedTenant(TestCluster cluster) : TestTenant(cluster), IAsyncLifetime
{
    int unique;

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        await SetClockAsync("2027-04-01");
        await SettingsAsync(new
        {
            // vectors/gstin.json of the facts: a published GSTIN of Maharashtra.
            gst = new { legalName = "Balatrix Telecom", gstin = "27AAPFU0939F1ZV", addressLines = new[] { "1 Marine Drive", "Mumbai 400001" }, state = "27" },
            bank = new { accountName = "Balatrix Telecom", accountNumber = "001122334455", ifsc = "HDFC0000001", bankName = "HDFC Bank", upiId = "pay@hdfcbank" },
        });
    }

    public async Task SettingsAsync(object settings)
    {
        var (status, body) = await SendAsync(HttpMethod.Put, "/api/v1/settings", settings);
        Assert.True(status == 200, body.ToString());
    }

    /// <summary>The usual policy again.</summary>
    public Task UsualPolicyAsync() => SettingsAsync(new { dunning = new { enabled = true } });

    /// <summary>A customer with a postpaid account and a subscription of 349.00 a month, which the cycle of the next night invoices.</summary>
    public async Task<Debtor> DebtorAsync(string creditLimit = "5000.00", string plan = "starter")
    {
        var email = $"debtor{Interlocked.Increment(ref unique).ToString(CultureInfo.InvariantCulture)}@example.com";
        var address = new { line1 = "2 Hill Road", city = "Mumbai", state = "27", postalCode = "400050" };
        var (made, customer) = await PostAsync("/api/v1/customers", new { name = "Asha Rao", kind = "individual", email, billingAddress = address });
        Assert.True(made == 201, customer.ToString());
        var customerId = customer.GetProperty("id").GetInt64();
        var (opened, account) = await PostAsync($"/api/v1/customers/{customerId}/accounts", new { name = "Asha Rao", kind = "postpaid", currency = "INR", creditLimit });
        Assert.True(opened == 201, account.ToString());
        var id = account.GetProperty("id").GetString()!;
        var subscription = await SubscribeAsync(id, plan);
        return new(customerId, email, id, subscription.GetProperty("id").GetString()!);
    }

    /// <summary>The account's invoices, the first first.</summary>
    public async Task<List<JsonElement>> InvoicesAsync(Debtor debtor)
    {
        var (_, body) = await GetAsync($"/api/v1/invoices?account={debtor.Account}&kind=invoice");
        return [.. body.GetProperty("items").EnumerateArray().OrderBy(i => i.GetProperty("id").GetInt64())];
    }

    /// <summary>A debtor's first invoice, issued by the cycle.</summary>
    public async Task<(Debtor Debtor, Bill Bill)> BilledAsync(string from)
    {
        await SetClockAsync(from);
        var debtor = await DebtorAsync();
        await AdvanceAsync(At(from).AddDays(1).ToString("yyyy-MM-dd 08:00", CultureInfo.InvariantCulture));
        var invoice = Assert.Single(await InvoicesAsync(debtor));
        return (debtor, new(invoice.GetProperty("id").GetInt64(), invoice.GetProperty("number").GetString()!, DateOnly.Parse(invoice.GetProperty("dueOn").GetString()!, CultureInfo.InvariantCulture), invoice.GetProperty("total").GetString()!));
    }

    /// <summary>Lets time pass until noon of a day counted from an invoice's last day to pay.</summary>
    public Task AdvanceAsync(Bill bill, int day) => AdvanceAsync(bill.DueOn.AddDays(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) + " 12:00");

    public async Task PayAsync(Bill bill, string? amount, string reference)
    {
        var (status, body) = await PostAsync($"/api/v1/invoices/{bill.Id}/mark-paid", new { amount, reference });
        Assert.True(status == 200, body.ToString());
    }

    /// <summary>What happened to an invoice, by name.</summary>
    public async Task<List<string>> StepsAsync(Bill bill)
    {
        var (_, body) = await GetAsync($"/api/v1/invoices/{bill.Id}");
        return [.. body.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("step").GetString()!)];
    }

    public async Task<string> StatusOfAsync(Bill bill) => (await GetAsync($"/api/v1/invoices/{bill.Id}")).Body.GetProperty("summary").GetProperty("status").GetString()!;

    public async Task<string> AccountStatusAsync(Debtor debtor) => (await GetAsync($"/api/v1/accounts/{debtor.Account}")).Body.GetProperty("status").GetString()!;

    /// <summary>Subjects of the letters that a debtor got, as soon as there are so many.</summary>
    public async Task<List<string>> SubjectsAsync(Debtor debtor, int count) =>
        [.. (await MailSpool.WaitAsync(this, debtor.Email, count)).Select(m => MailSpool.Subject(m).Split(':')[0])];

    /// <summary>What sending a message is answered with.</summary>
    public async Task<string> MessageAsync(Debtor debtor)
    {
        var (status, body) = await PostAsync("/api/v1/charges", new { account = debtor.Account, id = Guid.NewGuid().ToString(), to = "+919812345678", mcc = "404", mnc = "45", segments = 1 });
        return status == 201 ? "charged" : body.GetProperty("code").GetString()!;
    }
}

public sealed record Debtor(long CustomerId, string Email, string Account, string Subscription);

public sealed record Bill(long Id, string Number, DateOnly DueOn, string Total);
