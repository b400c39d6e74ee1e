using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>Money given back: once, never more than was paid, and out of reach while it is on its way.</summary>
public sealed class RefundsOverHttp(PaymentWorld world) : IClassFixture<PaymentWorld>
{
    [Fact]
    public async Task Parts_add_up_to_the_whole_and_not_a_paisa_more()
    {
        var (account, id) = await PaidAsync("500.00");
        Assert.Equal(201, (await RefundAsync(id, "200.00", "r1")).Status);
        Assert.Equal("partially_refunded", await world.PaymentStatusAsync(id));
        Assert.Equal(200, (await RefundAsync(id, "200.00", "r1")).Status);
        var (status, body) = await RefundAsync(id, "300.01", "r2");
        Assert.Equal((409, "refund_exceeds_payment"), (status, body.GetProperty("code").GetString()));
        Assert.Equal(201, (await RefundAsync(id, null, "r3")).Status);
        Assert.Equal("refunded", await world.PaymentStatusAsync(id));
        Assert.Equal("nothing_to_refund", (await RefundAsync(id, "0.01", "r4")).Body.GetProperty("code").GetString());
        Assert.Equal("0.00", await world.AtGatewaysAsync(account));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Refunds_in_parallel_never_give_back_more_than_was_paid()
    {
        var (account, id) = await PaidAsync("100.00");
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(n => RefundAsync(id, "30.00", $"p{n}")));
        Assert.Equal(3, answers.Count(a => a.Status == 201));
        Assert.All(answers.Where(a => a.Status != 201), a => Assert.Equal(409, a.Status));
        Assert.Equal("10.00", await world.AtGatewaysAsync(account));
    }

    [Fact]
    public async Task Money_on_its_way_back_cannot_be_spent_and_what_was_spent_cannot_go_back()
    {
        var (account, id) = await PaidAsync("100.00");
        string? meanwhile = null;
        world.Razorpay.Meanwhile = async () => meanwhile = await world.BalanceAsync(account);
        Assert.Equal(201, (await RefundAsync(id, "60.00", "m1")).Status);
        world.Razorpay.Meanwhile = () => Task.CompletedTask;
        Assert.Equal("40.00", meanwhile);
        Assert.Equal(201, (await world.PostAsync($"/api/v1/accounts/{account}/adjust", new { amount = "-30.00", reason = "Used" }, world.NewKey())).Status);
        var refunds = world.Razorpay.Refunds.Count;
        var (status, body) = await RefundAsync(id, "40.00", "m2");
        Assert.Equal((409, "balance_used"), (status, body.GetProperty("code").GetString()));
        Assert.Equal(refunds, world.Razorpay.Refunds.Count);
        Assert.Single((await world.PaymentAsync(id)).GetProperty("refunds").EnumerateArray());
    }

    [Fact]
    public async Task A_refund_whose_answer_is_lost_is_made_once_and_known_by_asking()
    {
        var (account, id) = await PaidAsync("100.00");
        world.Razorpay.Faults["refunded"] = () => FakeGateway.Timeout;
        var refund = (await RefundAsync(id, "100.00", "lost")).Body;
        Assert.Equal("unknown", refund.GetProperty("status").GetString());
        Assert.Equal("0.00", await world.BalanceAsync(account));
        world.Razorpay.Faults.Clear();
        await world.PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal("refunded", await world.PaymentStatusAsync(id));
        Assert.Single(world.Razorpay.Refunds, r => r.Key == refund.GetProperty("id").GetString());
        Assert.Equal(2, await world.EntriesAtGatewaysAsync(account));
    }

    [Fact]
    public async Task A_refund_that_fails_gives_the_money_back_to_the_customer_who_may_be_refunded_again()
    {
        var (account, id) = await PaidAsync("100.00");
        world.Razorpay.Faults["refund"] = () => new("bank_closed", "The account is closed.", DeclineKind.Hard);
        Assert.Equal("failed", (await RefundAsync(id, "70.00", "f1")).Body.GetProperty("status").GetString());
        Assert.Equal(("100.00", "succeeded"), (await world.BalanceAsync(account), await world.PaymentStatusAsync(id)));
        world.Razorpay.Faults.Clear();
        Assert.Equal(201, (await RefundAsync(id, "70.00", "f2")).Status);
        Assert.Equal(201, (await RefundAsync(id, "30.00", "f3")).Status);
        Assert.Equal(("0.00", "refunded", "0.00"), (await world.BalanceAsync(account), await world.PaymentStatusAsync(id), await world.AtGatewaysAsync(account)));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_refund_at_the_gateways_own_pages_is_booked_even_when_the_balance_was_used()
    {
        var (account, id) = await PaidAsync("100.00");
        Assert.Equal(201, (await world.PostAsync($"/api/v1/accounts/{account}/adjust", new { amount = "-90.00", reason = "Used" }, world.NewKey())).Status);
        var receipt = (await world.PaymentAsync(id)).GetProperty("receipts")[0].GetProperty("gatewayPaymentId").GetString()!;
        var refund = world.Razorpay.RefundByHand(receipt, 100_000_000);
        Assert.Equal(200, await world.TellAsync(PaymentWorld.Told("evt-hand", refund)));
        Assert.Equal(200, await world.TellAsync(PaymentWorld.Told("evt-hand-again", refund)));
        await world.WorkAsync();
        Assert.Equal(("refunded", "-90.00", "0.00"), (await world.PaymentStatusAsync(id), await world.BalanceAsync(account), await world.AtGatewaysAsync(account)));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_lost_dispute_takes_the_money_once()
    {
        var (account, id) = await PaidAsync("100.00");
        var receipt = (await world.PaymentAsync(id)).GetProperty("receipts")[0].GetProperty("gatewayPaymentId").GetString()!;
        foreach (var (name, status) in new[] { ("d1", DisputeStatus.Open), ("d3", DisputeStatus.Lost), ("d2", DisputeStatus.UnderReview), ("d4", DisputeStatus.Lost) })
            await world.TellAsync(new(name + id, GatewayEventKind.Dispute, "dispute", DateTimeOffset.UtcNow, null, Dispute: new("disp_" + id, receipt, new(100_000_000, "INR"), status, "fraud", null)));
        await world.WorkAsync();
        Assert.Equal(("disputed", "0.00", 2), (await world.PaymentStatusAsync(id), await world.AtGatewaysAsync(account), await world.EntriesAtGatewaysAsync(account)));
        Assert.Equal("nothing_to_refund", (await RefundAsync(id, "1.00", "after")).Body.GetProperty("code").GetString());
    }

    async Task<(string Account, string Id)> PaidAsync(string amount)
    {
        var account = await world.NewAccountAsync();
        var (id, order) = await world.OrderAsync(account, amount);
        Assert.Equal(200, (await world.VerifyAsync(id, world.Razorpay.Pay(order))).Status);
        return (account, id);
    }

    Task<(int Status, System.Text.Json.JsonElement Body)> RefundAsync(string id, string? amount, string key) =>
        world.PostAsync($"/api/v1/payments/{id}/refund", new { amount, reason = "Test" }, $"{id}-{key}");
}
