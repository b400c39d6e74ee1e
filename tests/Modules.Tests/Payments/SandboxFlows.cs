using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Balatrix.Modules.Payments.Sandbox;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Platform.Jobs;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>The whole way as on a laptop: the real clients of both gateways, the sandbox's checkout, and its late, repeated and reordered webhooks.</summary>
public sealed class SandboxFlows(TestApp app) : IClassFixture<TestApp>, IAsyncLifetime
{
    SandboxServer sandbox = null!;

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var hooks = new Uri(app.Client.BaseAddress!, "api/v1/webhooks");
        sandbox = await SandboxServer.StartAsync(new("http://127.0.0.1:0", null, hooks) { Pending = TimeSpan.FromMilliseconds(300), DuplicatePercent = 50 }, TimeProvider.System, Stop);
        foreach (var gateway in new[] { "razorpay", "stripe" })
        {
            var (status, body) = await app.SendAsync(
                HttpMethod.Put, $"/api/v1/payments/gateways/{gateway}",
                new { keyId = SandboxOptions.KeyId, keySecret = SandboxOptions.KeySecret, webhookSecret = SandboxOptions.WebhookSecret, address = new Uri(sandbox.Address, $"{gateway}/v1/").ToString() });
            Assert.True(status == 200, body.ToString());
        }
    }

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    [Theory]
    [InlineData("razorpay", "success@razorpay", "succeeded")]
    [InlineData("stripe", "4242 4242 4242 4242", "succeeded")]
    [InlineData("razorpay", "pending@sandbox", "succeeded")]
    [InlineData("razorpay", "4000 0000 0000 0168", "succeeded")]
    [InlineData("stripe", "4000 0000 0000 9995", "failed")]
    public async Task What_is_paid_in_the_checkout_is_heard_of_by_webhooks_alone(string gateway, string instrument, string end)
    {
        var (id, _) = await PayAsync(gateway, instrument);
        await JobWorld.UntilAsync(async () => await StatusAsync(id) == end, $"{id} {end}");
        await sandbox.IdleAsync();
        Assert.Equal(end, await StatusAsync(id));
        await app.AssertBooksProveAsync();
    }

    [Theory]
    [InlineData("razorpay", "success@razorpay")]
    [InlineData("stripe", "4242 4242 4242 4242")]
    public async Task A_payment_is_verified_by_the_checkouts_proof_and_given_back(string gateway, string instrument)
    {
        var (id, proof) = await PayAsync(gateway, instrument);
        var (status, body) = await app.PostAsync(
            $"/api/v1/payments/{id}/verify",
            gateway == "stripe" ? new { } : new { gatewayPaymentId = proof.GetProperty("razorpay_payment_id").GetString(), signature = proof.GetProperty("razorpay_signature").GetString() });
        Assert.True(status == 200, body.ToString());
        Assert.Equal("succeeded", body.GetProperty("status").GetString());
        var (refunded, refund) = await app.PostAsync($"/api/v1/payments/{id}/refund", new { amount = "40.00", reason = "Part" }, $"refund-{id}");
        Assert.True(refunded == 201, refund.ToString());
        await JobWorld.UntilAsync(async () => await StatusAsync(id) == "partially_refunded", "partially refunded");
        await sandbox.IdleAsync();
        var payment = (await app.GetAsync($"/api/v1/payments/{id}")).Body;
        Assert.Single(payment.GetProperty("refunds").EnumerateArray());
        Assert.Equal("40.00", payment.GetProperty("refunded").GetString());
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_webhook_as_Razorpay_writes_it_is_taken_twice_and_posted_once()
    {
        var (status, made) = await app.PostAsync("/api/v1/payments", new { account = "ACC-10001", amount = "100.00", gateway = "razorpay" }, "handmade");
        Assert.True(status == 201, made.ToString());
        var body = Encoding.UTF8.GetBytes(
            """
            {"entity":"event","account_id":"acc_1","event":"payment.captured","contains":["payment"],"payload":{"payment":{"entity":{"id":"pay_handmade","entity":"payment","amount":10000,"currency":"INR",
             "status":"captured","order_id":"#","method":"upi","amount_refunded":0,"captured":true,"vpa":"asha@okbank","fee":200,"tax":31,"notes":[],"created_at":1795253400}}},"created_at":1795253400}
            """.Replace("#", made.GetProperty("checkout").GetProperty("orderId").GetString(), StringComparison.Ordinal));
        foreach (var (duplicate, secret) in new[] { (false, SandboxOptions.WebhookSecret), (true, SandboxOptions.WebhookSecret) })
        {
            var answer = await app.SendAsync(HttpMethod.Post, "/api/v1/webhooks/razorpay", body, change: r =>
            {
                r.Headers.Add("X-Razorpay-Signature", Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body)));
                r.Headers.Add("x-razorpay-event-id", "evt_handmade");
            });
            Assert.Equal((200, duplicate), (answer.Status, answer.Body.GetProperty("duplicate").GetBoolean()));
        }
        var id = made.GetProperty("id").GetString()!;
        await JobWorld.UntilAsync(async () => await StatusAsync(id) == "succeeded", "succeeded");
        Assert.Single((await app.GetAsync($"/api/v1/payments/{id}")).Body.GetProperty("receipts").EnumerateArray());
    }

    [Fact]
    public async Task A_body_that_is_posted_again_under_another_event_id_posts_nothing_more()
    {
        var (id, _) = await PayAsync("razorpay", "success@razorpay");
        await JobWorld.UntilAsync(async () => await StatusAsync(id) == "succeeded", "succeeded");
        await sandbox.IdleAsync();
        // Another webhook may have told first that it is paid.
        var body = await Soon.AnswerAsync(
            async () => (await RowsAsync(
                $"select payload from payments.webhook_events where payment_id = {id[4..]} and name = 'payment.captured' order by event_id limit 1", r => r.GetFieldValue<byte[]>(0))).SingleOrDefault(),
            "the capture is heard of");
        // Razorpay signs no time and not the id, so whoever has caught a body may post it under any.
        var answer = await app.SendAsync(HttpMethod.Post, "/api/v1/webhooks/razorpay", body, change: r =>
        {
            r.Headers.Add("X-Razorpay-Signature", Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(SandboxOptions.WebhookSecret), body)));
            r.Headers.Add("x-razorpay-event-id", $"evt_replayed_{id}");
        });
        Assert.Equal((200, false), (answer.Status, answer.Body.GetProperty("duplicate").GetBoolean()));
        await JobWorld.UntilAsync(
            async () => (await RowsAsync($"select outcome from payments.webhook_events where event_id = 'evt_replayed_{id}'", r => r.GetString(0))).Single() == "applied", "the replay is learnt");
        Assert.Single((await app.GetAsync($"/api/v1/payments/{id}")).Body.GetProperty("receipts").EnumerateArray());
        await app.AssertBooksProveAsync();
    }

    [Theory]
    [InlineData(-301, 400, "signature_stale")]
    [InlineData(301, 400, "signature_stale")]
    [InlineData(-60, 200, null)]
    public async Task A_webhook_of_Stripe_is_taken_for_five_minutes_only(int seconds, int expected, string? code)
    {
        var eventId = $"evt_age_{seconds}";
        var body = Encoding.UTF8.GetBytes($$"""{"id":"{{eventId}}","object":"event","type":"customer.updated","created":1795253400,"data":{"object":{"id":"cus_1","object":"customer"} } }""");
        var at = TimeProvider.System.GetUtcNow().AddSeconds(seconds).ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(SandboxOptions.WebhookSecret), (byte[])[.. Encoding.UTF8.GetBytes(at + "."), .. body]));
        var answer = await app.SendAsync(HttpMethod.Post, "/api/v1/webhooks/stripe", body, change: r => r.Headers.Add("Stripe-Signature", $"t={at},v1={signature}"));
        Assert.Equal(expected, answer.Status);
        if (code is not null)
            Assert.Equal(code, answer.Body.GetProperty("code").GetString());
        Assert.Equal(expected == 200 ? 1 : 0, (await RowsAsync($"select 1 from payments.webhook_events where event_id = '{eventId}'", r => r.GetInt32(0))).Count);
    }

    async Task<List<T>> RowsAsync<T>(string sql, Func<Npgsql.NpgsqlDataReader, T> read)
    {
        await using var command = app.Database.Owner.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(Stop);
        var rows = new List<T>();
        while (await reader.ReadAsync(Stop))
            rows.Add(read(reader));
        return rows;
    }

    async Task<(string Id, JsonElement Proof)> PayAsync(string gateway, string instrument)
    {
        var (status, made) = await app.PostAsync("/api/v1/payments", new { account = "ACC-10001", amount = "100.00", gateway }, Guid.NewGuid().ToString());
        Assert.True(status == 201, made.ToString());
        using var browser = new HttpClient { BaseAddress = sandbox.Address };
        browser.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        using var paid = await browser.PostAsync($"checkout/{made.GetProperty("checkout").GetProperty("orderId").GetString()}", new FormUrlEncodedContent([new("instrument", instrument)]), Stop);
        var proof = await paid.Content.ReadAsStringAsync(Stop);
        Assert.True(paid.IsSuccessStatusCode, proof);
        return (made.GetProperty("id").GetString()!, JsonElement.Parse(proof));
    }

    async Task<string> StatusAsync(string id) => (await app.GetAsync($"/api/v1/payments/{id}")).Body.GetProperty("status").GetString()!;
}
