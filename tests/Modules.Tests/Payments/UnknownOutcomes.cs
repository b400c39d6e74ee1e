using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Payments;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>Gateways that do not answer: they are asked, and nothing is charged twice.</summary>
public sealed class UnknownOutcomes(PaymentWorld world) : IClassFixture<PaymentWorld>
{
    [Fact]
    public async Task A_charge_whose_answer_is_lost_is_unknown_then_known_by_asking()
    {
        var account = await world.NewAccountAsync();
        await world.SaveMethodAsync(account);
        world.Stripe.Faults["charged"] = () => FakeGateway.Timeout;
        var id = (await world.ChargeAsync(account, "55.00")).Body.GetProperty("id").GetString()!;
        world.Stripe.Faults.Clear();
        Assert.Equal(("unknown", 0), (await world.PaymentStatusAsync(id), await world.EntriesAtGatewaysAsync(account)));
        Assert.Equal("may_still_succeed", (await world.PostAsync($"/api/v1/payments/{id}/retry", null)).Body.GetProperty("code").GetString());
        await world.PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(("succeeded", "55.00"), (await world.PaymentStatusAsync(id), await world.BalanceAsync(account)));
        AssertChargedOnce();
    }

    [Fact]
    public async Task A_charge_that_never_arrived_is_believed_lost_after_a_while_and_may_be_tried_again()
    {
        var account = await world.NewAccountAsync();
        await world.SaveMethodAsync(account);
        world.Stripe.Faults["charge"] = () => FakeGateway.Timeout;
        var id = (await world.ChargeAsync(account, "56.00")).Body.GetProperty("id").GetString()!;
        world.Stripe.Faults.Clear();
        await world.PassAsync(TimeSpan.FromMinutes(6));
        Assert.Equal("unknown", await world.PaymentStatusAsync(id));
        await world.PassAsync(TimeSpan.FromMinutes(30));
        Assert.Equal("failed", await world.PaymentStatusAsync(id));
        Assert.Equal("succeeded", (await world.PostAsync($"/api/v1/payments/{id}/retry", null)).Body.GetProperty("status").GetString());
        Assert.Equal("56.00", await world.BalanceAsync(account));
        AssertChargedOnce();
    }

    [Fact]
    public async Task An_order_whose_answer_is_lost_is_found_by_its_reference_and_made_once()
    {
        var account = await world.NewAccountAsync();
        var orders = world.Razorpay.CountOrders;
        world.Razorpay.Faults["ordered"] = () => FakeGateway.Timeout;
        var (status, body) = await world.PostAsync("/api/v1/payments", new { account, amount = "57.00" }, "lost-order");
        world.Razorpay.Faults.Clear();
        Assert.Equal((201, "unknown"), (status, body.GetProperty("status").GetString()));
        var again = (await world.PostAsync("/api/v1/payments", new { account, amount = "57.00" }, "lost-order")).Body;
        Assert.Equal("requires_action", again.GetProperty("status").GetString());
        Assert.Equal(orders + 1, world.Razorpay.CountOrders);
        Assert.Equal(200, (await world.VerifyAsync(again.GetProperty("id").GetString()!, world.Razorpay.Pay(again.GetProperty("checkout").GetProperty("orderId").GetString()!))).Status);
    }

    [Fact]
    public async Task A_program_that_died_between_the_charge_and_its_commit_asks_and_does_not_charge_again()
    {
        var account = await world.NewAccountAsync();
        await world.SaveMethodAsync(account);
        // As after kill -9: charged_at is committed, the gateway has charged, and nothing else was written.
        world.Stripe.Meanwhile = () => throw new InvalidOperationException("killed");
        Assert.Equal(500, (await world.ChargeAsync(account, "58.00", key: "killed")).Status);
        world.Stripe.Meanwhile = () => Task.CompletedTask;
        Assert.Equal(0, await world.EntriesAtGatewaysAsync(account));
        await world.PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal("58.00", await world.BalanceAsync(account));
        Assert.Equal("succeeded", (await world.ChargeAsync(account, "58.00", key: "killed")).Body.GetProperty("status").GetString());
        AssertChargedOnce();
    }

    [Fact]
    public async Task Many_who_resume_one_attempt_charge_it_once()
    {
        var account = await world.NewAccountAsync();
        await world.SaveMethodAsync(account);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => world.ChargeAsync(account, "59.00", key: "eight")));
        Assert.All(answers, a => Assert.Contains(a.Status, new[] { 200, 201 }));
        await world.PassAsync(TimeSpan.FromMinutes(3));
        Assert.Equal(("59.00", 1), (await world.BalanceAsync(account), await world.EntriesAtGatewaysAsync(account)));
        AssertChargedOnce();
    }

    [Fact]
    public async Task What_a_bank_promised_late_is_taken_by_the_job_even_when_the_first_capture_fails()
    {
        var account = await world.NewAccountAsync();
        var (id, order) = await world.OrderAsync(account, "60.00");
        var failed = world.Razorpay.Pay(order, GatewayPaymentStatus.Failed, "payment_timed_out");
        await world.TellAsync(PaymentWorld.Told("late1", failed));
        await world.WorkAsync();
        Assert.Equal("failed", await world.PaymentStatusAsync(id));
        world.Razorpay.Faults["capture"] = () => FakeGateway.Timeout;
        await world.TellAsync(PaymentWorld.Told("late2", world.Razorpay.Become(failed.Id, GatewayPaymentStatus.Authorized)));
        await world.WorkAsync();
        Assert.Equal("authorized", await world.PaymentStatusAsync(id));
        world.Razorpay.Faults.Clear();
        await world.PassAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(("succeeded", "60.00"), (await world.PaymentStatusAsync(id), await world.BalanceAsync(account)));
    }

    [Fact]
    public async Task An_order_that_nobody_pays_is_given_up_and_what_is_paid_later_still_received()
    {
        var account = await world.NewAccountAsync();
        var (id, order) = await world.OrderAsync(account, "61.00");
        await world.PassAsync(TimeSpan.FromDays(6));
        Assert.Equal("cancelled", await world.PaymentStatusAsync(id));
        await world.TellAsync(PaymentWorld.Told("too-late", world.Razorpay.Pay(order)));
        await world.WorkAsync();
        Assert.Equal(("succeeded", "61.00"), (await world.PaymentStatusAsync(id), await world.BalanceAsync(account)));
    }

    [Fact]
    public void Secrets_do_not_print()
    {
        Assert.NotNull(world.Services.GetRequiredService<OpenGateway>());
        Assert.DoesNotContain("hidden", new GatewayCredentials(GatewayKind.Stripe, "pk", "hidden", ["hidden"]).ToString(), StringComparison.Ordinal);
    }

    void AssertChargedOnce() => Assert.All(world.Stripe.Charges, c => Assert.Equal(1, c.Value));
}
