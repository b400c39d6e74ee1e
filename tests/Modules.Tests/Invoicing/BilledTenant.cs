using System.Text.Json;
using Balatrix.Core.Charging;
using Balatrix.Core.Tax;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Subscriptions;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Invoicing;

/// <summary>The seeded application with its tenant registered under GST in Mumbai and on a test clock.</summary>
public sealed class BilledTenant(TestCluster cluster) : TestTenant(cluster), IAsyncLifetime
{
    static readonly object Supplier = new
    {
        legalName = "Balatrix Communications Private Limited",
        gstin = "27AAGCG4576J1Z6",
        addressLines = new[] { "12 Marine Drive", "Mumbai 400020" },
        state = "27",
        town = "Mumbai",
        postalCode = "400020",
    };

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        await SetClockAsync("2027-06-01");
        await SetAsync(new { gst = Supplier });
    }

    public async Task SetAsync(object settings)
    {
        var (status, body) = await SendAsync(HttpMethod.Put, "/api/v1/settings", settings);
        Assert.True(status == 200, body.ToString());
    }

    public async Task<JsonElement> DoneAsync(HttpMethod method, string path, object? body = null, string? key = null)
    {
        var (status, answer) = await SendAsync(method, path, body, change: r =>
        {
            if (key is not null)
                r.Headers.Add("Idempotency-Key", key);
        });
        Assert.True(status is >= 200 and < 300, $"{path}: {status} {answer}");
        return answer;
    }

    /// <summary>An account of a customer in a state of India, with or without a GSTIN, or abroad.</summary>
    public async Task<string> AccountAsync(string kind, string? state, bool isRegistered = false)
    {
        var pan = $"AAG{(char)('A' + Random.Shared.Next(26))}{(char)('A' + Random.Shared.Next(26))}{Random.Shared.Next(1000, 9999)}K"[..10];
        pan = "AAGC" + pan[4..];
        var begin = $"{state}{pan}1Z";
        var gstin = isRegistered ? begin + Gstin.CheckCharacter(begin) : null;
        var address = state is null
            ? (object)new { line1 = "1 Main Street", city = "Springfield", postalCode = "62701", country = "US" }
            : new { line1 = "1 Main Road", city = "Bengaluru", state, postalCode = "560001", country = "IN" };
        var customer = await DoneAsync(HttpMethod.Post, "/api/v1/customers", new { name = "Acme Private Limited", kind = "business", gstin, billingAddress = address });
        var account = await DoneAsync(HttpMethod.Post, $"/api/v1/customers/{customer.GetProperty("id").GetInt64()}/accounts", new { kind, plan = "starter", creditLimit = kind == "postpaid" ? "900000.00" : "0.00" });
        return account.GetProperty("id").GetString()!;
    }

    /// <summary>Authentication events worth something.</summary>
    public async Task UseAsync(string account, int events)
    {
        var body = new { specversion = "1.0", id = Guid.NewGuid().ToString(), source = "auth", type = "balatrix.auth.sms_otp", subject = account, data = new { quantity = events } };
        var (status, answer) = await SendAsync(HttpMethod.Post, "/api/v1/events", body, "application/cloudevents+json");
        Assert.True(status is 200 or 201, answer.ToString());
    }

    /// <summary>The invoice of all that an account used.</summary>
    public async Task<JsonElement> InvoiceAsync(string account)
    {
        // What happens at this instant is not over yet.
        await WaitAsync(TimeSpan.FromMinutes(1));
        var to = DateOnly.FromDateTime((await Services.GetRequiredService<TenantClock>().NowAsync(1, CancellationToken.None)).ToOffset(Kolkata).DateTime).AddDays(1);
        var answer = await DoneAsync(HttpMethod.Post, $"/api/v1/invoices/generate/postpaid/{account}", new { to });
        return Assert.Single(answer.GetProperty("documents").EnumerateArray()).GetProperty("summary");
    }

    /// <summary>Lets time pass without doing what falls due in it.</summary>
    public async Task WaitAsync(TimeSpan time)
    {
        await using var command = Database.Owner.CreateCommand("update platform.tenants set test_now = test_now + $1 where tenant_id = 1");
        command.Parameters.Add(new() { Value = time });
        await command.ExecuteNonQueryAsync();
        Services.GetRequiredService<TenantClock>().Forget(1);
    }

    public async Task RunJobsAsync()
    {
        await using (var command = Database.Owner.CreateCommand("update platform.jobs set run_at = null where status = 'queued' and queue = 'invoice-generation'"))
            await command.ExecuteNonQueryAsync();
        await Services.GetRequiredService<JobRunner>().RunDueAsync(1, CancellationToken.None);
    }

    /// <summary>What a book of taxes was raised by since an instant.</summary>
    public async Task<long> RaisedAsync(Book book, string from, string to)
    {
        await using var command = Database.Owner.CreateCommand(
            """
            select coalesce(sum(case when credit_book = $1 then amount_micros else -amount_micros end), 0)::bigint
              from ledger.journal_entries where $1 in (credit_book, debit_book) and recorded_at >= $2 and recorded_at < $3
            """);
        command.Parameters.Add(new() { Value = (short)book });
        command.Parameters.Add(new() { Value = At(from).UtcDateTime });
        command.Parameters.Add(new() { Value = At(to).UtcDateTime });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
