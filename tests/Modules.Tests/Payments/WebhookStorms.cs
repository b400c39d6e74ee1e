using Balatrix.Modules.Payments.Gateways;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>Webhooks as gateways send them: late, early, twice, in any order, and beside every other way of learning the same.</summary>
public sealed class WebhookStorms(PaymentWorld world) : IClassFixture<PaymentWorld>
{
    [Fact]
    public async Task A_storm_in_random_order_with_repeats_posts_each_payment_and_refund_once()
    {
        var random = new Random(20261121);
        var account = await world.NewAccountAsync();
        var ids = new List<string>();
        var events = new List<GatewayEvent>();
        for (var n = 0; n < 20; n++)
        {
            var (id, order) = await world.OrderAsync(account, "10.00");
            ids.Add(id);
            var failed = world.Razorpay.Pay(order, GatewayPaymentStatus.Failed, "upi_timeout");
            var authorized = world.Razorpay.Pay(order, GatewayPaymentStatus.Authorized);
            var captured = world.Razorpay.Become(authorized.Id, GatewayPaymentStatus.Captured);
            events.AddRange([PaymentWorld.Told($"f{n}", failed), PaymentWorld.Told($"a{n}", authorized), PaymentWorld.Told($"c{n}", captured), PaymentWorld.Told($"o{n}", captured)]);
            if (n % 4 == 0)
                events.Add(PaymentWorld.Told($"r{n}", world.Razorpay.RefundByHand(captured.Id, 4_000_000)));
        }
        var storm = events.Concat(events).OrderBy(_ => random.Next()).ToList();
        var working = new CancellationTokenSource();
        var worker = Task.Run(async () =>
        {
            while (!working.IsCancellationRequested)
                await world.WorkAsync();
        });
        await Parallel.ForEachAsync(storm, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (told, _) => Assert.Equal(200, await world.TellAsync(told)));
        await working.CancelAsync();
        await worker;
        for (var n = 0; n < 5; n++)
        {
            await world.WorkAsync();
            await world.PassAsync(TimeSpan.FromMinutes(1));
        }
        for (var n = 0; n < ids.Count; n++)
            Assert.Equal(n % 4 == 0 ? "partially_refunded" : "succeeded", await world.PaymentStatusAsync(ids[n]));
        Assert.Equal(("180.00", 25), (await world.AtGatewaysAsync(account), await world.EntriesAtGatewaysAsync(account)));
        Assert.Equal("180.00", await world.BalanceAsync(account));
        Assert.Empty(await world.RowsAsync("select event_id from payments.webhook_events where outcome not in ('applied', 'ignored') and event_id <> 'stranger'", r => r.GetString(0)));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Checkout_webhook_and_asking_at_one_moment_post_the_payment_once()
    {
        var account = await world.NewAccountAsync();
        for (var n = 0; n < 8; n++)
        {
            var (id, order) = await world.OrderAsync(account, "10.00");
            var paid = world.Razorpay.Pay(order, n % 2 == 0 ? GatewayPaymentStatus.Captured : GatewayPaymentStatus.Authorized);
            await Task.WhenAll(
                world.VerifyAsync(id, paid), world.VerifyAsync(id, paid), world.TellAsync(PaymentWorld.Told($"race{id}", paid)), world.PassAsync(TimeSpan.FromMinutes(1)), world.WorkAsync(), world.WorkAsync());
            await world.WorkAsync();
            Assert.Equal("succeeded", await world.PaymentStatusAsync(id));
        }
        Assert.Equal(("80.00", 8), (await world.AtGatewaysAsync(account), await world.EntriesAtGatewaysAsync(account)));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task An_event_that_comes_before_the_charges_answer_is_taken()
    {
        var account = await world.NewAccountAsync();
        await world.SaveMethodAsync(account);
        var told = 0;
        world.Stripe.Meanwhile = async () =>
        {
            var order = world.Stripe.Charges.Keys.Select(world.Stripe.OrderOf).Last(o => o.Amount.Micros == 77_000_000);
            told = await world.TellAsync(PaymentWorld.Told("early", (await world.Stripe.FindPaymentAsync(order.Id, default)).Value!), "stripe");
            await world.WorkAsync();
        };
        var (status, body) = await world.ChargeAsync(account, "77.00");
        world.Stripe.Meanwhile = () => Task.CompletedTask;
        Assert.True(status == 201, body.ToString());
        Assert.Equal((200, "succeeded", 1), (told, body.GetProperty("status").GetString(), await world.EntriesAtGatewaysAsync(account)));
    }

    [Fact]
    public async Task What_is_signed_wrongly_is_refused_and_nothing_of_it_is_kept()
    {
        var told = PaymentWorld.Told("forged", world.Razorpay.Pay((await world.OrderAsync(await world.NewAccountAsync(), "10.00")).OrderId));
        Assert.Equal(401, await world.TellAsync(told, signature: "0000"));
        Assert.Equal(401, await world.TellAsync(told, signature: ""));
        Assert.Empty(await world.RowsAsync("select 1 from payments.webhook_events where event_id = 'forged'", r => r.GetInt32(0)));
    }

    [Fact]
    public async Task An_event_of_a_payment_that_nobody_knows_is_kept_tried_again_and_let_be()
    {
        var stranger = new GatewayPayment(
            "pay_stranger", "order_stranger", null, new(1_000_000, "INR"), GatewayPaymentStatus.Captured, new(0, "INR"), "upi", null, null, null, null, null, null, DateTimeOffset.UtcNow);
        Assert.Equal(200, await world.TellAsync(PaymentWorld.Told("stranger", stranger)));
        await world.WorkAsync();
        Assert.Equal(("unmatched", true), (await EventAsync("stranger")));
        await world.PassAsync(TimeSpan.FromHours(9));
        Assert.Equal(("unmatched", false), (await EventAsync("stranger")));
    }

    [Fact]
    public async Task A_customer_who_pays_an_order_twice_has_both_on_the_account()
    {
        var account = await world.NewAccountAsync();
        var (id, order) = await world.OrderAsync(account, "10.00");
        await world.TellAsync(PaymentWorld.Told("twice1", world.Razorpay.Pay(order)));
        await world.TellAsync(PaymentWorld.Told("twice2", world.Razorpay.Pay(order)));
        await world.WorkAsync();
        var payment = await world.PaymentAsync(id);
        Assert.Equal(("20.00", "10.00"), (payment.GetProperty("captured").GetString(), payment.GetProperty("amount").GetString()));
        Assert.Equal("20.00", await world.BalanceAsync(account));
    }

    async Task<(string Outcome, bool IsOpen)> EventAsync(string id) =>
        (await world.RowsAsync($"select outcome, processed_at is null from payments.webhook_events where event_id = '{id}'", r => (r.GetString(0), r.GetBoolean(1)))).Single();
}
