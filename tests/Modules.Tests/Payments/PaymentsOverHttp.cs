using System.Text.Json;
using Balatrix.Modules.Payments.Gateways;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>Payments as clients make them.</summary>
public sealed class PaymentsOverHttp(PaymentWorld world) : IClassFixture<PaymentWorld>
{
    [Fact]
    public async Task A_top_up_is_ordered_paid_verified_and_in_the_wallet_once()
    {
        var account = await world.NewAccountAsync();
        var (id, order) = await world.OrderAsync(account, "500.00");
        Assert.Equal("requires_action", await world.PaymentStatusAsync(id));
        var paid = world.Razorpay.Pay(order, GatewayPaymentStatus.Authorized);
        var (status, body) = await world.VerifyAsync(id, paid);
        Assert.True(status == 200, body.ToString());
        Assert.Equal("succeeded", body.GetProperty("status").GetString());
        Assert.Equal("as***@okbank", body.GetProperty("instrument").GetString());
        Assert.Equal((200, "succeeded"), ((await world.VerifyAsync(id, paid)).Status, await world.PaymentStatusAsync(id)));
        Assert.Equal("500.00", await world.AtGatewaysAsync(account));
        Assert.Equal(1, await world.EntriesAtGatewaysAsync(account));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_signature_that_is_not_the_gateways_proves_nothing()
    {
        var account = await world.NewAccountAsync();
        var (id, order) = await world.OrderAsync(account, "500.00");
        var (_, other) = await world.OrderAsync(account, "1.00");
        var paid = world.Razorpay.Pay(order);
        foreach (var signature in new[] { "", "nonsense", $"signed:{other}|{paid.Id}" })
        {
            var (status, body) = await world.PostAsync($"/api/v1/payments/{id}/verify", new { gatewayPaymentId = paid.Id, signature });
            Assert.Contains(status, new[] { 400, 422 });
            Assert.Contains(body.GetProperty("code").GetString(), new[] { "signature_invalid", "invalid_value" });
        }
        Assert.Equal("0.00", await world.AtGatewaysAsync(account));
        // The payment of a cheap order does not pay a dear one, however it is signed.
        var cheap = world.Razorpay.Pay(other);
        Assert.Equal(400, (await world.PostAsync($"/api/v1/payments/{id}/verify", new { gatewayPaymentId = cheap.Id, signature = $"signed:{other}|{cheap.Id}" })).Status);
        Assert.Equal("0.00", await world.AtGatewaysAsync(account));
    }

    [Fact]
    public async Task A_key_makes_one_payment_however_often_and_in_parallel_it_is_sent()
    {
        var account = await world.NewAccountAsync();
        var orders = world.Razorpay.CountOrders;
        var request = new { account, amount = "250.00" };
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => world.PostAsync("/api/v1/payments", request, "same-key")));
        Assert.All(answers, a => Assert.Contains(a.Status, new[] { 200, 201 }));
        Assert.Single(answers.Select(a => a.Body.GetProperty("id").GetString()).Distinct());
        Assert.Equal(1, answers.Count(a => a.Status == 201));
        Assert.InRange(world.Razorpay.CountOrders, orders + 1, orders + 6);
        var (status, conflict) = await world.PostAsync("/api/v1/payments", new { account, amount = "251.00" }, "same-key");
        Assert.Equal((409, "idempotency_key_reused"), (status, conflict.GetProperty("code").GetString()));
        var (repeated, again) = await world.PostAsync("/api/v1/payments", request, "same-key");
        Assert.Equal(200, repeated);
        Assert.NotNull(again.GetProperty("checkout").GetProperty("orderId").GetString());
    }

    [Theory]
    [InlineData("{\"amount\":\"0.00\"}", 422, "invalid_value")]
    [InlineData("{\"amount\":\"10.001\"}", 422, "invalid_value")]
    [InlineData("{\"amount\":\"-5.00\"}", 422, "invalid_value")]
    [InlineData("{\"amount\":\"0.50\"}", 422, "invalid_value")]
    [InlineData("{\"amount\":\"100000.01\"}", 422, "invalid_value")]
    [InlineData("{}", 422, "invalid_value")]
    [InlineData("{\"amount\":\"5.00\",\"gateway\":\"paypal\"}", 422, "invalid_value")]
    [InlineData("{\"amount\":\"5.00\",\"account\":\"ACC-99999999\"}", 404, "not_found")]
    [InlineData("{\"amount\":\"5.00\",\"invoice\":\"INV/0\"}", 404, "not_found")]
    public async Task What_cannot_be_paid_is_refused_before_any_gateway(string json, int status, string code)
    {
        var account = await world.NewAccountAsync();
        var orders = world.Razorpay.CountOrders;
        var fields = JsonSerializer.Deserialize<Dictionary<string, string>>(json)!;
        fields.TryAdd("account", account);
        var (answered, body) = await world.PostAsync("/api/v1/payments", fields, world.NewKey());
        Assert.True((status, code) == (answered, body.GetProperty("code").GetString()), body.ToString());
        Assert.Equal(orders, world.Razorpay.CountOrders);
        var (keyless, problem) = await world.PostAsync("/api/v1/payments", fields);
        Assert.Equal((400, "idempotency_key_required"), (keyless, problem.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_saved_method_is_charged_once_for_its_key_and_shows_no_more_than_it_may()
    {
        var account = await world.NewAccountAsync();
        var method = await world.SaveMethodAsync(account);
        var (status, charged) = await world.ChargeAsync(account, "99.00", method, "charge-1");
        Assert.True(status == 201, charged.ToString());
        Assert.Equal("succeeded", charged.GetProperty("status").GetString());
        Assert.Equal(200, (await world.ChargeAsync(account, "99.00", method, "charge-1")).Status);
        Assert.Equal("99.00", await world.AtGatewaysAsync(account));
        Assert.All(world.Stripe.Charges.Values, n => Assert.Equal(1, n));
        var methods = (await world.GetAsync($"/api/v1/payment-methods?account={account}")).Body.GetProperty("items")[0];
        Assert.Equal(("Visa", "4242", true), (methods.GetProperty("brand").GetString(), methods.GetProperty("last4").GetString(), methods.GetProperty("default").GetBoolean()));
        Assert.False(methods.TryGetProperty("token", out _));
    }

    [Fact]
    public async Task Card_numbers_are_not_taken()
    {
        var account = await world.NewAccountAsync();
        var (status, body) = await world.PostAsync("/api/v1/payment-methods", new { account, token = "4242424242424242", gateway = "stripe" });
        Assert.True(status == 422, body.ToString());
        Assert.DoesNotContain("4242424242424242", body.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_method_that_is_removed_is_gone_here_and_at_the_gateway()
    {
        var account = await world.NewAccountAsync();
        var method = await world.SaveMethodAsync(account);
        var second = await world.SaveMethodAsync(account);
        Assert.Equal(200, (await world.PostAsync($"/api/v1/payment-methods/{second}/default", null)).Status);
        Assert.Equal(204, (await world.SendAsync(HttpMethod.Delete, $"/api/v1/payment-methods/{method}")).Status);
        Assert.Equal(404, (await world.SendAsync(HttpMethod.Delete, $"/api/v1/payment-methods/{method}")).Status);
        var left = (await world.GetAsync($"/api/v1/payment-methods?account={account}")).Body.GetProperty("items");
        Assert.Equal(second, Assert.Single(left.EnumerateArray()).GetProperty("id").GetString());
        Assert.True(left[0].GetProperty("default").GetBoolean());
        Assert.Equal(409, (await world.ChargeAsync(await world.NewAccountAsync(), "10.00")).Status);
    }

    [Fact]
    public async Task A_declined_charge_is_tried_again_by_hand_but_a_final_decline_is_not()
    {
        var account = await world.NewAccountAsync();
        await world.SaveMethodAsync(account);
        world.Stripe.Faults["charge"] = () => new("insufficient_funds", "Too little.", Core.Payments.DeclineKind.Soft);
        var id = (await world.ChargeAsync(account, "40.00")).Body.GetProperty("id").GetString()!;
        Assert.Equal(("failed", "insufficient_funds"), (await world.PaymentStatusAsync(id), (await world.PaymentAsync(id)).GetProperty("declineCode").GetString()));
        world.Stripe.Faults["charge"] = () => new("lost_card", "Lost.", Core.Payments.DeclineKind.Hard);
        Assert.Equal("failed", (await world.PostAsync($"/api/v1/payments/{id}/retry", null)).Body.GetProperty("status").GetString());
        world.Stripe.Faults.Clear();
        var (status, body) = await world.PostAsync($"/api/v1/payments/{id}/retry", null);
        Assert.Equal((409, "decline_is_final"), (status, body.GetProperty("code").GetString()));
        Assert.Equal(2, (await world.PaymentAsync(id)).GetProperty("attempts").GetArrayLength());
        Assert.Equal("0.00", await world.AtGatewaysAsync(account));
    }

    [Fact]
    public async Task Lists_filter_and_page_and_statistics_count()
    {
        var account = await world.NewAccountAsync();
        var ids = new List<string>();
        foreach (var amount in new[] { "11.00", "12.00", "13.00" })
            ids.Add((await world.OrderAsync(account, amount)).Id);
        await world.VerifyAsync(ids[1], world.Razorpay.Pay((await world.PaymentAsync(ids[1])).GetProperty("attempts")[0].GetProperty("orderId").GetString()!));
        var page = (await world.GetAsync($"/api/v1/payments?account={account}&limit=2")).Body;
        Assert.Equal([ids[2], ids[1]], page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetString()));
        var rest = (await world.GetAsync($"/api/v1/payments/history?account={account}&limit=2&before={page.GetProperty("next").GetString()}")).Body;
        Assert.Equal([ids[0]], rest.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetString()));
        Assert.Equal(JsonValueKind.Null, rest.GetProperty("next").ValueKind);
        Assert.Single((await world.GetAsync($"/api/v1/payments?account={account}&status=succeeded")).Body.GetProperty("items").EnumerateArray());
        Assert.Equal(422, (await world.GetAsync("/api/v1/payments?status=paid")).Status);
        var figures = (await world.GetAsync("/api/v1/payments/statistics")).Body.GetProperty("methods").EnumerateArray().First(m => m.GetProperty("method").GetString() == "upi");
        Assert.True(figures.GetProperty("succeeded").GetInt64() > 0);
    }

    [Fact]
    public async Task Secrets_of_gateways_are_sealed_and_never_shown()
    {
        var (status, shown) = await world.GetAsync("/api/v1/payments/gateways");
        Assert.Equal(200, status);
        Assert.DoesNotContain("very-secret", shown.ToString(), StringComparison.Ordinal);
        var stored = await world.RowsAsync("select encode(key_secret, 'escape') || encode(webhook_secret, 'escape') from payments.gateway_settings", r => r.GetString(0));
        Assert.All(stored, s => Assert.DoesNotContain("secret", s, StringComparison.Ordinal));
        var audited = await world.RowsAsync("select coalesce(after::text, '') || coalesce(before::text, '') from audit.records where entity = 'gateway'", r => r.GetString(0));
        Assert.NotEmpty(audited);
        Assert.All(audited, s => Assert.DoesNotContain("very-secret", s, StringComparison.Ordinal));
    }
}
