using System.Text.Json;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>Money that is collected without the customer: by mandates with their notice, for invoices, again after declines; and the gateways' books held against ours.</summary>
public sealed class CollectionOverTime(PaymentWorld world) : IClassFixture<PaymentWorld>
{
    [Fact]
    public async Task A_mandate_debits_after_its_notice_within_what_was_agreed()
    {
        var account = await world.NewAccountAsync();
        var method = await world.MandateAsync(account, "monthly");
        var (status, begun) = await world.ChargeAsync(account, "500.00", method);
        Assert.True(status == 201, begun.ToString());
        var id = begun.GetProperty("id").GetString()!;
        var order = begun.GetProperty("attempts")[0].GetProperty("orderId").GetString()!;
        var notice = Assert.Single(world.Razorpay.Ordered, o => o.Reference == begun.GetProperty("attempts")[0].GetProperty("reference").GetString()).Notice;
        Assert.Equal(begun.GetProperty("debitAfter").GetDateTimeOffset(), notice!.DebitAfter);
        await world.TellAsync(new($"pdn-{id}", GatewayEventKind.PreDebitNotice, "order.notification.delivered", DateTimeOffset.UtcNow, order));
        await world.PassAsync(TimeSpan.FromHours(24));
        Assert.False(world.Razorpay.Charges.ContainsKey(order));
        Assert.Equal("delivered", (await world.PaymentAsync(id)).GetProperty("attempts")[0].GetProperty("notice").GetString());
        await world.PassAsync(TimeSpan.FromHours(6));
        Assert.Equal(("succeeded", 1), (await world.PaymentStatusAsync(id), world.Razorpay.Charges[order]));
        Assert.Equal("501.00", await world.BalanceAsync(account));
        Assert.Equal("mandate_debited_this_period", (await world.ChargeAsync(account, "1.00", method)).Body.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Mandates_are_listed_with_their_state_and_limits_page_by_page_and_only_to_whose_they_are()
    {
        var account = await world.NewAccountAsync();
        await world.MandateAsync(account, "monthly");
        await world.MandateAsync(account, "yearly");
        var (status, waiting) = await world.PostAsync("/api/v1/payments/create-subscription", new { account, kind = "card", maxAmount = "900.00", gateway = "razorpay" }, world.NewKey());
        Assert.True(status == 201, waiting.ToString());
        var first = (await world.GetAsync($"/api/v1/payments/mandates?account={account}&limit=2")).Body;
        Assert.Equal(["created card 900.00 as_presented", "active upi 20000.00 yearly"], Shown(first));
        var rest = (await world.GetAsync($"/api/v1/payments/mandates?account={account}&limit=2&before={first.GetProperty("next").GetString()}")).Body;
        Assert.Equal(["active upi 20000.00 monthly"], Shown(rest));
        Assert.Equal(JsonValueKind.Null, rest.GetProperty("next").ValueKind);
        Assert.Equal(2, Shown((await world.GetAsync($"/api/v1/payments/mandates?account={account}&status=active")).Body).Length);
        Assert.Equal(422, (await world.GetAsync("/api/v1/payments/mandates?status=odd")).Status);
        var id = waiting.GetProperty("id").GetString();
        Assert.Equal("900.00", (await world.GetAsync($"/api/v1/payments/mandates/{id}")).Body.GetProperty("maxAmount").GetString());
        Assert.Equal(404, (await world.GetAsync("/api/v1/payments/mandates/MAN-999999")).Status);
        Assert.Empty(Shown((await world.GetAsync("/api/v1/payments/mandates?account=ACC-999999")).Body));

        static string[] Shown(JsonElement page) =>
        [
            .. page.GetProperty("items").EnumerateArray()
                .Select(m => $"{m.GetProperty("status").GetString()} {m.GetProperty("kind").GetString()} {m.GetProperty("maxAmount").GetString()} {m.GetProperty("frequency").GetString()}"),
        ];
    }

    [Theory]
    [InlineData("https://shop.example/back?from=bank", 200)]
    [InlineData("http://127.0.0.1:8080/portal", 200)]
    [InlineData("http://shop.example/back", 422)]
    [InlineData("https://user:word@shop.example/", 422)]
    [InlineData("/portal", 422)]
    [InlineData("javascript:alert(1)", 422)]
    [InlineData("", 200)]
    public async Task Customers_come_back_from_their_bank_to_an_address_of_the_tenants(string address, int expected)
    {
        var (status, body) = await world.SendAsync(HttpMethod.Put, "/api/v1/payments/gateways/stripe", new { returnUrl = address });
        Assert.Equal(expected, status);
        if (expected == 200)
            Assert.Equal(address.Length > 0 ? address : "http://127.0.0.1:8080/", body.GetProperty("returnUrl").GetString());
        else
            Assert.Equal("returnUrl", body.GetProperty("field").GetString());
    }

    [Fact]
    public async Task A_mandate_refuses_what_is_more_than_agreed_and_asks_the_customer_above_its_limit()
    {
        var account = await world.NewAccountAsync();
        var method = await world.MandateAsync(account, "as_presented");
        Assert.Equal("mandate_amount_exceeded", (await world.ChargeAsync(account, "20000.01", method)).Body.GetProperty("code").GetString());
        Assert.Equal("customer_needed", (await world.ChargeAsync(account, "15000.01", method)).Body.GetProperty("code").GetString());
        Assert.Equal(201, (await world.ChargeAsync(account, "15000.00", method)).Status);
        Assert.Equal("mandate_debit_under_way", (await world.ChargeAsync(account, "1.00", method)).Body.GetProperty("code").GetString());
        // Without a mandate a Razorpay method is not charged at all.
        var bare = await world.NewAccountAsync();
        Assert.Equal("mandate_needed", (await world.ChargeAsync(bare, "10.00", await world.SaveMethodAsync(bare, "razorpay"))).Body.GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_mandate_that_the_customer_cancels_in_the_banks_app_debits_nothing_more()
    {
        var account = await world.NewAccountAsync();
        var method = await world.MandateAsync(account, "as_presented");
        var token = world.Razorpay.Methods.Values.Single(m => m.CustomerId == $"cust_CUST-{account}");
        await world.TellAsync(new($"cancel-{account}", GatewayEventKind.Method, "token.cancelled", DateTimeOffset.UtcNow, null, Method: token with { Status = MethodStatus.Cancelled }));
        await world.WorkAsync();
        Assert.Equal("method_not_active", (await world.ChargeAsync(account, "10.00", method)).Body.GetProperty("code").GetString());
    }

    [Fact]
    public async Task An_invoice_is_collected_from_the_saved_method_once_and_again_after_a_soft_decline()
    {
        var account = await world.NewAccountAsync(kind: "postpaid");
        await world.SaveMethodAsync(account);
        var (invoice, total) = await world.InvoiceAsync(account);
        world.Stripe.Faults["charge"] = () => new("insufficient_funds", "Too little.", DeclineKind.Soft);
        await world.CollectAsync(invoice);
        world.Stripe.Faults.Clear();
        var declined = (await world.GetAsync($"/api/v1/payments?invoice={invoice}")).Body.GetProperty("items")[0];
        Assert.Equal(("failed", "invoice", total), (declined.GetProperty("status").GetString(), declined.GetProperty("purpose").GetString(), declined.GetProperty("amount").GetString()));
        // The schedule of cards: the next attempt is a day later.
        await world.PassAsync(TimeSpan.FromHours(25));
        Assert.Equal("succeeded", await world.PaymentStatusAsync(declined.GetProperty("id").GetString()!));
        await world.CollectAsync(invoice);
        Assert.Single((await world.GetAsync($"/api/v1/payments?invoice={invoice}")).Body.GetProperty("items").EnumerateArray());
        Assert.Equal("nothing_due", (await world.PostAsync("/api/v1/payments", new { invoice }, world.NewKey())).Body.GetProperty("code").GetString());
        Assert.Equal(total, await world.AtGatewaysAsync(account));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task An_invoice_is_charged_by_itself_before_its_last_day_and_once()
    {
        var account = await world.NewAccountAsync(kind: "postpaid");
        await world.SaveMethodAsync(account);
        var (invoice, total) = await world.InvoiceAsync(account);
        var dueOn = (await world.RowsAsync($"select due_on from invoicing.documents where document_id = {invoice}", r => r.GetFieldValue<DateOnly>(0)))[0];
        await world.SetClockAsync($"{dueOn.AddDays(-2):yyyy-MM-dd} 07:59:00");
        await world.PassAsync(TimeSpan.FromSeconds(30));
        Assert.Equal("0.00", await world.AtGatewaysAsync(account));
        await world.PassAsync(TimeSpan.FromMinutes(1));
        await world.UntilAsync(async () => await world.DueAsync(invoice) == 0);
        await world.PassAsync(TimeSpan.FromDays(3));
        Assert.Single((await world.GetAsync($"/api/v1/payments?invoice={invoice}")).Body.GetProperty("items").EnumerateArray());
        Assert.Equal(total, await world.AtGatewaysAsync(account));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_hard_decline_is_not_tried_again()
    {
        var account = await world.NewAccountAsync(kind: "postpaid");
        await world.SaveMethodAsync(account);
        var (invoice, _) = await world.InvoiceAsync(account);
        world.Stripe.Faults["charge"] = () => new("stolen_card", "Stolen.", DeclineKind.Hard);
        await world.CollectAsync(invoice);
        await world.PassAsync(TimeSpan.FromDays(16));
        world.Stripe.Faults.Clear();
        var payment = (await world.GetAsync($"/api/v1/payments?invoice={invoice}")).Body.GetProperty("items")[0].GetProperty("id").GetString()!;
        Assert.Single((await world.PaymentAsync(payment)).GetProperty("attempts").EnumerateArray());
    }

    [Fact]
    public async Task An_invoice_is_paid_in_the_checkout_by_its_number_for_what_is_due()
    {
        var account = await world.NewAccountAsync(kind: "postpaid");
        var (invoice, total) = await world.InvoiceAsync(account);
        var (status, body) = await world.PostAsync("/api/v1/payments", new { invoice }, world.NewKey());
        Assert.True(status == 201, body.ToString());
        Assert.Equal(total, body.GetProperty("amount").GetString());
        var id = body.GetProperty("id").GetString()!;
        Assert.Equal(200, (await world.VerifyAsync(id, world.Razorpay.Pay(body.GetProperty("checkout").GetProperty("orderId").GetString()!))).Status);
        Assert.Equal(0, await world.DueAsync(invoice));
        var (refunded, refund) = await world.PostAsync($"/api/v1/payments/{id}/refund", new { amount = "10.00", reason = "Goodwill" }, world.NewKey());
        Assert.True(refunded == 201, refund.ToString());
        Assert.Equal(10_000_000, await world.DueAsync(invoice));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_debt_that_was_given_up_paid_after_all_and_paid_back_is_given_up_again()
    {
        var account = await world.NewAccountAsync(kind: "postpaid");
        var (invoice, total) = await world.InvoiceAsync(account);
        Assert.Equal(200, (await world.PostAsync($"/api/v1/invoices/{invoice}/write-off", new { reason = "Insolvent" })).Status);
        var (status, body) = await world.PostAsync("/api/v1/payments", new { invoice }, world.NewKey());
        Assert.True(status == 201, body.ToString());
        Assert.Equal(total, body.GetProperty("amount").GetString());
        var id = body.GetProperty("id").GetString()!;
        Assert.Equal(200, (await world.VerifyAsync(id, world.Razorpay.Pay(body.GetProperty("checkout").GetProperty("orderId").GetString()!))).Status);
        Assert.Equal("paid", await StatusAsync());
        await world.AssertBooksProveAsync();
        Assert.Equal(201, (await world.PostAsync($"/api/v1/payments/{id}/refund", new { reason = "Paid by mistake" }, world.NewKey())).Status);
        Assert.Equal(total, Core.Money.Format(await world.DueAsync(invoice)));
        Assert.Equal(200, (await world.PostAsync($"/api/v1/invoices/{invoice}/write-off", new { reason = "Insolvent" })).Status);
        Assert.Equal("written_off", await StatusAsync());
        await world.AssertBooksProveAsync();

        async Task<string?> StatusAsync() => (await world.GetAsync($"/api/v1/invoices/{invoice}")).Body.GetProperty("summary").GetProperty("status").GetString();
    }

    [Fact]
    public async Task The_gateways_books_bring_what_nobody_told_of_and_show_what_does_not_agree()
    {
        var account = await world.NewAccountAsync();
        var (id, order) = await world.OrderAsync(account, "70.00");
        var unheard = world.Razorpay.Pay(order);
        var stranger = Settled("pay_unknown", "order_unknown", 5_000_000);
        world.Razorpay.Settled.AddRange([Settled(unheard.Id, order, 70_000_000), stranger]);
        await world.PassAsync(TimeSpan.FromDays(2));
        world.Razorpay.Settled.Clear();
        Assert.Equal(("succeeded", "70.00"), (await world.PaymentStatusAsync(id), await world.BalanceAsync(account)));
        var report = (await world.GetAsync("/api/v1/payments/statistics")).Body.GetProperty("reconciliations").EnumerateArray().Where(r => r.GetProperty("items").GetInt32() > 0).ToList();
        Assert.NotEmpty(report);
        Assert.Contains(report[0].GetProperty("differences").EnumerateArray(), d => d.GetProperty("what").GetString() == "payment_unknown_here" && d.GetProperty("gatewayId").GetString() == "pay_unknown");
        Assert.DoesNotContain(report[0].GetProperty("differences").EnumerateArray(), d => d.GetProperty("gatewayId").GetString() == unheard.Id);
    }

    [Fact]
    public async Task What_is_not_in_the_ledger_as_payments_say_is_found_and_named()
    {
        var account = await world.NewAccountAsync();
        var (id, order) = await world.OrderAsync(account, "33.00");
        await world.VerifyAsync(id, world.Razorpay.Pay(order));
        await world.AssertBooksProveAsync();
        await world.RowsAsync($"update payments.captures set amount_micros = amount_micros + 1 where payment_id = {id[4..]} returning 1", r => r.GetInt32(0));
        var report = await new Modules.Ledger.LedgerVerification(world.Database).VerifyAsync(null, PaymentWorld.Stop);
        Assert.Equal(2, report.Proofs.Count(p => !p.Proven && p.FirstWrong!.Contains(account[4..], StringComparison.Ordinal)));
        await world.RowsAsync($"update payments.captures set amount_micros = amount_micros - 1 where payment_id = {id[4..]} returning 1", r => r.GetInt32(0));
    }

    [Fact]
    public async Task What_is_anothers_is_not_there()
    {
        var account = await world.NewAccountAsync();
        var (id, _) = await world.OrderAsync(account, "10.00");
        var method = await world.SaveMethodAsync(account);
        await using (var command = world.Database.Owner.CreateCommand("insert into platform.tenants (tenant_id, slug, name) values (88, 'strangers', 'Strangers') on conflict do nothing"))
            await command.ExecuteNonQueryAsync(PaymentWorld.Stop);
        var keys = (Modules.Identity.ApiKeys)world.Services.GetService(typeof(Modules.Identity.ApiKeys))!;
        using var stranger = world.NewClient((await keys.CreateAsync(88, "stranger", [Modules.Identity.Scope.All], [], null, PaymentWorld.Stop)).Key);
        stranger.DefaultRequestHeaders.Add("Idempotency-Key", "stranger");
        foreach (var path in new[] { $"/api/v1/payments/{id}", $"/api/v1/payments?account={account}", $"/api/v1/payment-methods?account={account}" })
        {
            using var answer = await stranger.GetAsync(path);
            Assert.DoesNotContain("ACC-", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        foreach (var path in new[] { $"/api/v1/payments/{id}/verify", $"/api/v1/payments/{id}/retry", $"/api/v1/payments/{id}/refund", $"/api/v1/payment-methods/{method}/default", "/api/v1/payments" })
        {
            using var answer = await stranger.PostAsync(path, ApiServer.Json(new { account, amount = "10.00", reason = "x", gatewayPaymentId = "x", signature = "x" }));
            await ApiServer.ProblemAsync(answer, 404, "not_found");
        }
        using var removed = await stranger.DeleteAsync($"/api/v1/payment-methods/{method}");
        Assert.Equal(404, (int)removed.StatusCode);
    }

    static SettledItem Settled(string paymentId, string orderId, long micros) => new(
        paymentId, SettledKind.Payment, paymentId, null, orderId, null, new(micros, "INR"), new(1_000_000, "INR"), new(152_542, "INR"), new(micros - 1_000_000, "INR"), "setl_1", "UTR1",
        DateTimeOffset.UtcNow, null);
}
