using System.Globalization;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>A mandate debits a day or more after it was wanted: what has happened meanwhile decides.</summary>
public sealed class DebitsAfterNotice(PaymentWorld world) : IClassFixture<PaymentWorld>
{
    [Fact]
    public async Task An_invoice_that_the_customer_pays_meanwhile_is_not_debited_too()
    {
        var (account, invoice, payment, order) = await WaitingAsync();
        var (status, paid) = await world.PostAsync($"/api/v1/invoices/{invoice}/mark-paid", new { reference = "UTR 1" });
        Assert.True(status == 200, paid.ToString());
        await world.PassAsync(TimeSpan.FromHours(30));
        Assert.False(world.Razorpay.Charges.ContainsKey(order));
        Assert.Equal(("cancelled", 0), (await world.PaymentStatusAsync(payment), await world.DueAsync(invoice)));
        await world.PassAsync(TimeSpan.FromDays(3));
        Assert.Single((await world.GetAsync($"/api/v1/payments?invoice={invoice}")).Body.GetProperty("items").EnumerateArray());
        // Only what was taken with the mandate's confirmation came by the gateway.
        Assert.Equal("1.00", await world.AtGatewaysAsync(account));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Of_an_invoice_that_is_paid_in_part_meanwhile_the_rest_is_debited_after_its_own_notice()
    {
        var (_, invoice, payment, order) = await WaitingAsync();
        Assert.Equal(200, (await world.PostAsync($"/api/v1/invoices/{invoice}/mark-paid", new { amount = "100.00", reference = "UTR 2" })).Status);
        var rest = Core.Money.Format(await world.DueAsync(invoice));
        await world.PassAsync(TimeSpan.FromHours(30));
        Assert.False(world.Razorpay.Charges.ContainsKey(order));
        Assert.Equal("cancelled", await world.PaymentStatusAsync(payment));
        var second = (await world.GetAsync($"/api/v1/payments?invoice={invoice}")).Body.GetProperty("items")[0];
        Assert.Equal(rest, second.GetProperty("amount").GetString());
        Assert.Equal(rest, Core.Money.Format(world.Razorpay.Ordered[^1].Amount.Micros));
        Assert.NotNull(world.Razorpay.Ordered[^1].Notice);
        await world.PassAsync(TimeSpan.FromHours(40));
        Assert.Equal(("succeeded", 0), (await world.PaymentStatusAsync(second.GetProperty("id").GetString()!), await world.DueAsync(invoice)));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task What_the_customer_opted_out_of_after_the_notice_is_not_debited()
    {
        var (account, invoice, payment, order) = await WaitingAsync();
        var token = world.Razorpay.Methods.Values.Single(m => m.CustomerId == $"cust_CUST-{account}");
        await world.TellAsync(new($"opt-out-{account}", GatewayEventKind.Method, "token.cancelled", DateTimeOffset.UtcNow, null, Method: token with { Status = MethodStatus.Cancelled }));
        await world.PassAsync(TimeSpan.FromDays(8));
        Assert.False(world.Razorpay.Charges.ContainsKey(order));
        var shown = await world.PaymentAsync(payment);
        Assert.Equal(("failed", "method_not_active", 1), (shown.GetProperty("status").GetString(), shown.GetProperty("declineCode").GetString(), shown.GetProperty("attempts").GetArrayLength()));
        Assert.True(await world.DueAsync(invoice) > 0);
    }

    [Fact]
    public async Task What_the_customer_could_not_be_told_of_is_not_debited_until_a_notice_is_delivered()
    {
        var (_, _, payment, order) = await WaitingAsync();
        await world.TellAsync(new(
            $"pdn-{payment}", GatewayEventKind.PreDebitNotice, "order.notification.failed", DateTimeOffset.UtcNow, order, Failure: new("notice_not_delivered", "Not delivered.", DeclineKind.Soft)));
        await world.PassAsync(TimeSpan.FromHours(30));
        Assert.False(world.Razorpay.Charges.ContainsKey(order));
        var shown = await world.PaymentAsync(payment);
        Assert.Equal(("failed", "notice_not_delivered"), (shown.GetProperty("attempts")[0].GetProperty("notice").GetString(), shown.GetProperty("attempts")[0].GetProperty("declineCode").GetString()));
        await world.PassAsync(TimeSpan.FromHours(60));
        shown = await world.PaymentAsync(payment);
        Assert.Equal("succeeded", shown.GetProperty("status").GetString());
        Assert.Equal(1, world.Razorpay.Charges[shown.GetProperty("attempts")[1].GetProperty("orderId").GetString()!]);
    }

    [Fact]
    public async Task A_notice_that_the_gateway_took_on_late_puts_the_debit_off()
    {
        var account = await world.NewAccountAsync();
        var method = await world.MandateAsync(account, "as_presented");
        var began = await NowAsync();
        world.Razorpay.Faults["order"] = () => FakeGateway.Timeout;
        var (status, begun) = await world.ChargeAsync(account, "500.00", method);
        Assert.True(status == 201, begun.ToString());
        var (id, reference) = (begun.GetProperty("id").GetString()!, begun.GetProperty("attempts")[0].GetProperty("reference").GetString());
        // Asked at ever longer pauses: the last time before the gateway is back after 18 hours and some minutes, then a day later.
        await world.PassAsync(TimeSpan.FromHours(24));
        world.Razorpay.Faults.Clear();
        await world.PassAsync(TimeSpan.FromHours(20));
        var order = world.Razorpay.Ordered.FindLast(o => o.Reference == reference)!;
        Assert.True(order.Notice!.DebitAfter >= began.AddHours(42 + 24), $"{order.Notice.DebitAfter:o} after {began:o}");
        Assert.DoesNotContain(world.Razorpay.Charges.Keys, k => world.Razorpay.OrderOf(k).Reference == reference);
        Assert.Equal(order.Notice.DebitAfter, (await world.PaymentAsync(id)).GetProperty("debitAfter").GetDateTimeOffset());
        await world.PassAsync(TimeSpan.FromHours(32));
        Assert.Equal("succeeded", await world.PaymentStatusAsync(id));
    }

    [Fact]
    public async Task A_debit_by_UPI_whose_worker_comes_late_waits_out_the_peak()
    {
        var account = await world.NewAccountAsync();
        var method = await world.MandateAsync(account, "as_presented");
        var (status, begun) = await world.ChargeAsync(account, "500.00", method);
        Assert.True(status == 201, begun.ToString());
        var (id, order) = (begun.GetProperty("id").GetString()!, begun.GetProperty("attempts")[0].GetProperty("orderId").GetString()!);
        await world.WorkAsync();
        // Some days later, in the peak of the evening.
        var day = (await NowAsync()).AddDays(3).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        await world.SetClockAsync($"{day} 18:00:00");
        await world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.False(world.Razorpay.Charges.ContainsKey(order));
        Assert.Equal(PaymentWorld.At($"{day} 21:30"), (await world.PaymentAsync(id)).GetProperty("debitAfter").GetDateTimeOffset());
        await world.PassAsync(TimeSpan.FromHours(4));
        Assert.Equal(("succeeded", 1), (await world.PaymentStatusAsync(id), world.Razorpay.Charges[order]));
    }

    /// <summary>An invoice whose debit by UPI waits for its notice to be over.</summary>
    async Task<(string Account, string Invoice, string Payment, string OrderId)> WaitingAsync()
    {
        var account = await world.NewAccountAsync(kind: "postpaid");
        await world.MandateAsync(account, "as_presented");
        var (invoice, _) = await world.InvoiceAsync(account);
        await world.CollectAsync(invoice);
        var payment = Assert.Single((await world.GetAsync($"/api/v1/payments?invoice={invoice}")).Body.GetProperty("items").EnumerateArray()).GetProperty("id").GetString()!;
        var shown = await world.PaymentAsync(payment);
        return (account, invoice, payment, shown.GetProperty("attempts")[0].GetProperty("orderId").GetString()!);
    }

    async Task<DateTimeOffset> NowAsync() => (await world.RowsAsync("select test_now from platform.tenants where tenant_id = 1", r => r.GetFieldValue<DateTimeOffset>(0)))[0];
}
