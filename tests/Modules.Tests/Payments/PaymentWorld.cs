using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Tests.Subscriptions;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>The application on a test clock with two gateways that do as they are told.</summary>
public class PaymentWorld(Harness.TestCluster cluster) : TestTenant(cluster), IAsyncLifetime
{
    int unique;

    public FakeGateway Razorpay { get; } = new(GatewayKind.Razorpay);

    public FakeGateway Stripe { get; } = new(GatewayKind.Stripe);

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    protected override void Replace(IServiceCollection services) =>
        services.AddSingleton<OpenGateway>(credentials => credentials.Gateway == GatewayKind.Razorpay ? Razorpay : Stripe);

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        await SetClockAsync("2027-04-01");
        foreach (var gateway in new[] { "razorpay", "stripe" })
        {
            var (status, body) = await SendAsync(
                HttpMethod.Put, $"/api/v1/payments/gateways/{gateway}",
                new { keyId = $"key_{gateway}", keySecret = "very-secret", webhookSecret = FakeGateway.Secret, @default = gateway == "razorpay", maxAmount = "100000.00" });
            Assert.True(status == 200, body.ToString());
        }
    }

    public string NewKey() => $"key-{Interlocked.Increment(ref unique)}";

    public async Task<string> NewAccountAsync(string balance = "0.00", string kind = "prepaid")
    {
        var account = await OpenBareAccountAsync(balance, kind, kind == "postpaid" ? "100000.00" : "0.00");
        await RowsAsync(
            $"""
            with made as (insert into customers.customers (tenant_id, name, kind, email, phone, created_at) values (1, 'Asha Rao', 'individual', '{account}@example.com', '+919812345678', now()) returning customer_id)
            update customers.account_profiles set customer_id = (select customer_id from made) where account_id = {account[4..]} returning 1
            """, r => r.GetInt32(0));
        return account;
    }

    /// <summary>An order for a top-up.</summary>
    public async Task<(string Id, string OrderId)> OrderAsync(string account, string amount, string gateway = "razorpay")
    {
        var (status, body) = await PostAsync("/api/v1/payments", new { account, amount, gateway }, NewKey());
        Assert.True(status == 201, body.ToString());
        return (body.GetProperty("id").GetString()!, body.GetProperty("checkout").GetProperty("orderId").GetString()!);
    }

    public async Task<JsonElement> PaymentAsync(string id)
    {
        var (status, body) = await GetAsync($"/api/v1/payments/{id}");
        Assert.True(status == 200, body.ToString());
        return body;
    }

    public async Task<string> PaymentStatusAsync(string id) => (await PaymentAsync(id)).GetProperty("status").GetString()!;

    public Task<(int Status, JsonElement Body)> VerifyAsync(string id, GatewayPayment payment) =>
        PostAsync($"/api/v1/payments/{id}/verify", new { gatewayPaymentId = payment.Id, signature = $"signed:{payment.OrderId}|{payment.Id}" });

    public static GatewayEvent Told(string id, GatewayPayment payment) => new(id, GatewayEventKind.Payment, $"payment.{payment.Status}", payment.CreatedAt, payment.OrderId, Payment: payment);

    public static GatewayEvent Told(string id, GatewayRefund refund) => new(id, GatewayEventKind.Refund, $"refund.{refund.Status}", refund.CreatedAt, null, Refund: refund);

    /// <summary>Posts a webhook as a gateway does.</summary>
    public async Task<int> TellAsync(GatewayEvent told, string gateway = "razorpay", string? signature = null)
    {
        var (body, sign) = FakeGateway.Sign(told);
        using var client = NewClient(null);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/webhooks/{gateway}");
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-Signature", signature ?? sign);
        using var response = await client.SendAsync(request);
        return (int)response.StatusCode;
    }

    /// <summary>Does all jobs of payments that are due, with the worker that is at it too.</summary>
    public async Task WorkAsync()
    {
        await Harness.Soon.UntilAsync(IsDoneAsync, "jobs of payments are done");

        async Task<bool> IsDoneAsync()
        {
            await Services.GetRequiredService<JobRunner>().RunDueAsync(1, Stop);
            var due = await RowsAsync(
                """
                select 1 from platform.jobs j join platform.tenants t using (tenant_id)
                 where j.tenant_id = 1 and j.status = 'queued' and j.queue = 'payment-retry' and j.attempts = 0 and coalesce(j.run_at, '-infinity') <= coalesce(t.test_now, now()) limit 1
                """, r => r.GetInt32(0));
            return due.Count == 0;
        }
    }

    /// <summary>Lets time pass and does what comes due meanwhile.</summary>
    public async Task PassAsync(TimeSpan time)
    {
        var now = (await RowsAsync("select test_now from platform.tenants where tenant_id = 1", r => r.GetFieldValue<DateTimeOffset>(0)))[0];
        var (status, answer) = await PostAsync("/api/v1/test-clock/advance", new { to = now + time });
        Assert.True(status == 200, answer.ToString());
        await WorkAsync();
    }

    /// <summary>A saved method that the account can be charged by.</summary>
    public async Task<string> SaveMethodAsync(string account, string gateway = "stripe", MethodKind kind = MethodKind.Card)
    {
        var fake = gateway == "stripe" ? Stripe : Razorpay;
        var token = $"{(gateway == "stripe" ? "pm" : "token")}_{NewKey()}";
        fake.Methods[token] = new(token, $"cust_CUST-{account}", kind, MethodStatus.Active, kind == MethodKind.Upi ? "asha@okbank" : "Visa 4242", 12, 2030, null, null, null);
        var (status, body) = await PostAsync("/api/v1/payment-methods", new { account, token, gateway });
        Assert.True(status == 201, body.ToString());
        return body.GetProperty("id").GetString()!;
    }

    public Task<(int Status, JsonElement Body)> ChargeAsync(string account, string amount, string? method = null, string? key = null) =>
        PostAsync("/api/v1/payments/process-onetime", new { account, amount, paymentMethod = method }, key ?? NewKey());

    /// <summary>Entries of an account against the gateways' books: what came in, less what went back.</summary>
    public async Task<string> AtGatewaysAsync(string account) => Money.Format((await RowsAsync(
        $"select coalesce(sum(case when debit_book in (21, 22) then amount_micros else -amount_micros end), 0)::bigint from ledger.journal_entries where account_id = {account[4..]} and (debit_book in (21, 22) or credit_book in (21, 22))",
        r => r.GetInt64(0)))[0]);

    public async Task<long> EntriesAtGatewaysAsync(string account) => (await RowsAsync(
        $"select count(*) from ledger.journal_entries where account_id = {account[4..]} and (debit_book in (21, 22) or credit_book in (21, 22))", r => r.GetInt64(0)))[0];

    /// <summary>A confirmed UPI mandate of at most ₹20,000.</summary>
    public async Task<string> MandateAsync(string account, string frequency)
    {
        var (status, made) = await PostAsync("/api/v1/payments/create-subscription", new { account, kind = "upi", maxAmount = "20000.00", frequency, gateway = "razorpay" }, NewKey());
        Assert.True(status == 201, made.ToString());
        var setup = made.GetProperty("checkout").GetProperty("orderId").GetString()!;
        var token = $"token_{NewKey()}";
        Razorpay.Methods[token] = new(token, $"cust_CUST-{account}", MethodKind.Upi, MethodStatus.Active, "asha@okbank", null, null, null, null, null);
        Razorpay.Setups[setup] = Razorpay.Setups[setup] with { MethodId = token };
        await TellAsync(Told($"first-{setup}", Razorpay.Pay(setup)));
        await TellAsync(new($"setup-{setup}", GatewayEventKind.Setup, "token.confirmed", DateTimeOffset.UtcNow, setup, Setup: Razorpay.Setups[setup]));
        await WorkAsync();
        var (verified, mandate) = await PostAsync($"/api/v1/payments/{made.GetProperty("id").GetString()}/verify", new { });
        Assert.True(verified == 200, mandate.ToString());
        Assert.Equal("active", mandate.GetProperty("status").GetString());
        return mandate.GetProperty("paymentMethod").GetString()!;
    }

    /// <summary>An invoice of the account's subscription.</summary>
    public async Task<(string Id, string Total)> InvoiceAsync(string account)
    {
        var subscription = (await SubscribeAsync(account, "starter")).GetProperty("id").GetString()!;
        var (status, body) = await PostAsync($"/api/v1/invoices/generate/subscription/{subscription}", new { draft = false });
        Assert.True(status is 200 or 201, body.ToString());
        var invoice = body.GetProperty("documents")[0].GetProperty("summary");
        return (invoice.GetProperty("id").ToString(), invoice.GetProperty("total").GetString()!);
    }

    public async Task<long> DueAsync(string invoice) => (await RowsAsync($"select total_micros - settled_micros from invoicing.documents where document_id = {invoice}", r => r.GetInt64(0)))[0];

    /// <summary>Has the account's default method charged for an invoice now.</summary>
    public async Task CollectAsync(string invoice)
    {
        await Database.InTenantAsync(1, (connection, ct) => JobQueue.EnqueueAsync(
            connection, 1, new("invoice-generation", "collect-invoice-payment", JsonSerializer.Serialize(new { documentId = long.Parse(invoice, CultureInfo.InvariantCulture) })), ct), Stop);
        await Harness.Soon.UntilAsync(
            async () =>
            {
                await WorkAsync();
                return (await RowsAsync("select 1 from platform.jobs where kind = 'collect-invoice-payment' and status = 'queued' and key is null", r => r.GetInt32(0))).Count == 0;
            },
            "the job is done");
    }
}
