using Balatrix.Core;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Payments.Sandbox;

namespace Balatrix.Modules.Tests.Payments.Gateways;

/// <summary>The rest of the interface at both gateways, before the sandbox.</summary>
public sealed class GatewayFlows(GatewayWorld world) : IClassFixture<GatewayWorld>
{
    static readonly TimeZoneInfo India = TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata");

    public static TheoryData<GatewayKind> Kinds => [GatewayKind.Razorpay, GatewayKind.Stripe];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_order_is_there_once_however_often_it_is_sent_and_is_found_by_our_reference(GatewayKind kind)
    {
        var (gateway, since) = (world.Open(kind), DateTimeOffset.UtcNow.AddMinutes(-5));
        var request = new OrderRequest(GatewayWorld.NewReference(), GatewayWorld.Rupees(349), "Top-up");
        Assert.True((await gateway.FindOrderByReferenceAsync(request.Reference, since, null, GatewayWorld.Stop)).IsNotFound);

        var first = await gateway.CreateOrderAsync(request with { IsRepeat = true }, GatewayWorld.Stop);
        var again = await gateway.CreateOrderAsync(request with { IsRepeat = true }, GatewayWorld.Stop);
        var found = await gateway.FindOrderByReferenceAsync(request.Reference, since, null, GatewayWorld.Stop);

        Assert.Equal(GatewayOutcome.Succeeded, first.Outcome);
        Assert.Equal(first.Value, again.Value);
        Assert.Equal(first.Value, found.Value);
        Assert.Equal((request.Reference, request.Amount, false), (found.Value!.Reference, found.Value.Amount, found.Value.IsPaid));
        Assert.Empty((await gateway.FindPaymentsAsync(found.Value.Id, GatewayWorld.Stop)).Value!);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_is_not_there_is_not_found_and_a_wrong_key_is_said(GatewayKind kind)
    {
        var gateway = world.Open(kind);
        Assert.True((await gateway.FindOrderAsync("order_none", GatewayWorld.Stop)).IsNotFound);
        Assert.True((await gateway.FindPaymentAsync("pay_none", GatewayWorld.Stop)).IsNotFound);
        Assert.True((await gateway.FindMethodAsync("cus_none", "pm_none", GatewayWorld.Stop)).IsNotFound);
        Assert.Equal(GatewayOutcome.Succeeded, (await gateway.DeleteMethodAsync("cus_none", "pm_none", GatewayWorld.Stop)).Outcome);

        var stranger = world.Patient.Open(SandboxOptions.Credentials(kind, world.Sandbox.Address) with { KeySecret = "a-secret-of-nobody" });
        var refused = await stranger.FindOrderAsync("order_none", GatewayWorld.Stop);
        Assert.Equal((GatewayOutcome.Failed, GatewayFailure.CredentialsRefused, true), (refused.Outcome, refused.Failure!.Code, refused.Failure.WasNotSent));
        Assert.DoesNotContain("a-secret-of-nobody", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task An_order_takes_one_payment(GatewayKind kind)
    {
        var (gateway, customer) = (world.Open(kind), await world.CustomerAsync(kind));
        var order = await world.OrderAsync(kind, 349, customer);
        var charge = GatewayWorld.Charge(order, customer, GatewayWorld.ReadyMethod(kind, "success"));
        var first = await gateway.ChargeAsync(charge, GatewayWorld.Stop);
        var second = await gateway.ChargeAsync(charge with { Reference = GatewayWorld.NewReference() }, GatewayWorld.Stop);

        Assert.Equal((GatewayOutcome.Succeeded, GatewayOutcome.Succeeded), (first.Outcome, second.Outcome));
        Assert.Equal(first.Value!.Id, second.Value!.Id);
        Assert.Single((await gateway.FindPaymentsAsync(order.Id, GatewayWorld.Stop)).Value!);
        // Taking what is taken is answered with the payment.
        Assert.Equal(GatewayPaymentStatus.Captured, (await gateway.CaptureAsync(first.Value.Id, order.Amount, GatewayWorld.Stop)).Value!.Status);
        Assert.Equal("Visa 4242", (await gateway.FindPaymentAsync(first.Value.Id, GatewayWorld.Stop)).Value!.Instrument);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Refunds_are_made_once_for_a_key_and_never_exceed_the_payment(GatewayKind kind)
    {
        var (gateway, paymentId) = (world.Open(kind), await PaidAsync(kind, 500));
        var request = new RefundRequest(paymentId, GatewayWorld.NewReference(), GatewayWorld.Rupees(200), "Half of it");
        var first = await gateway.RefundAsync(request, GatewayWorld.Stop);
        var again = await gateway.RefundAsync(request, GatewayWorld.Stop);
        var other = await gateway.RefundAsync(request with { Amount = GatewayWorld.Rupees(100) }, GatewayWorld.Stop);
        var tooMuch = await gateway.RefundAsync(request with { Key = GatewayWorld.NewReference(), Amount = GatewayWorld.Rupees(301) }, GatewayWorld.Stop);
        var rest = await gateway.RefundAsync(request with { Key = GatewayWorld.NewReference(), Amount = GatewayWorld.Rupees(300) }, GatewayWorld.Stop);

        Assert.Equal((GatewayOutcome.Succeeded, GatewayRefundStatus.Processed, request.Key), (first.Outcome, first.Value!.Status, first.Value.Key));
        Assert.Equal(first.Value, again.Value);
        Assert.Equal(GatewayOutcome.Failed, other.Outcome);
        Assert.Equal(GatewayOutcome.Failed, tooMuch.Outcome);
        Assert.Equal(GatewayOutcome.Succeeded, rest.Outcome);
        Assert.Equal([first.Value.Id, rest.Value!.Id], (await gateway.FindRefundsAsync(paymentId, GatewayWorld.Stop)).Value!.OrderBy(r => r.Amount.Micros).Select(r => r.Id));
        Assert.Equal(first.Value, (await gateway.FindRefundAsync(paymentId, first.Value.Id, GatewayWorld.Stop)).Value);
        var payment = (await gateway.FindPaymentAsync(paymentId, GatewayWorld.Stop)).Value!;
        Assert.Equal((GatewayPaymentStatus.Captured, GatewayWorld.Rupees(500)), (payment.Status, payment.Refunded));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Refunds_may_take_their_time_or_fail(GatewayKind kind)
    {
        var (gateway, paymentId) = (world.Open(kind), await PaidAsync(kind, 500));
        var slow = await gateway.RefundAsync(new(paymentId, GatewayWorld.NewReference(), GatewayWorld.Rupees(10), "sandbox-pending"), GatewayWorld.Stop);
        var failed = await gateway.RefundAsync(new(paymentId, GatewayWorld.NewReference(), GatewayWorld.Rupees(10), "sandbox-failed"), GatewayWorld.Stop);
        Assert.Equal((GatewayOutcome.Pending, GatewayOutcome.Failed), (slow.Outcome, failed.Outcome));
        await GatewayWorld.UntilAsync(() => gateway.FindRefundAsync(paymentId, slow.Value!.Id, GatewayWorld.Stop), r => r.Outcome == GatewayOutcome.Succeeded);
    }

    [Theory]
    [InlineData(GatewayKind.Razorpay, MethodKind.Card, "success")]
    [InlineData(GatewayKind.Razorpay, MethodKind.Upi, "upi_success")]
    [InlineData(GatewayKind.Razorpay, MethodKind.BankAccount, "success")]
    [InlineData(GatewayKind.Stripe, MethodKind.Card, "success")]
    [InlineData(GatewayKind.Stripe, MethodKind.Upi, "upi_success")]
    public async Task A_method_is_saved_with_its_mandate_charged_and_deleted(GatewayKind kind, MethodKind method, string instrument)
    {
        var (gateway, customer) = (world.Open(kind), await world.CustomerAsync(kind));
        var first = kind == GatewayKind.Razorpay && method != MethodKind.BankAccount ? GatewayWorld.Rupees(1) : GatewayWorld.Rupees(0);
        var request = new MethodSetupRequest(GatewayWorld.NewReference(), customer, method, GatewayWorld.Rupees(15_000), first, DateTimeOffset.UtcNow.AddYears(3), "Monthly bills", IsRepeat: true);
        var setup = await gateway.SetUpMethodAsync(request, GatewayWorld.Stop);
        Assert.Equal(GatewayOutcome.RequiresAction, setup.Outcome);
        Assert.Equal(setup.Value!.Id, (await gateway.SetUpMethodAsync(request, GatewayWorld.Stop)).Value!.Id);
        Assert.Equal(GatewayOutcome.RequiresAction, (await gateway.FindSetupAsync(setup.Value.Id, GatewayWorld.Stop)).Outcome);

        await world.PayAsync(setup.Value.Id, "authentication_failed");
        Assert.Equal(GatewayOutcome.RequiresAction, (await gateway.FindSetupAsync(setup.Value.Id, GatewayWorld.Stop)).Outcome);
        await world.PayAsync(setup.Value.Id, instrument);

        var saved = await gateway.FindSetupAsync(setup.Value.Id, GatewayWorld.Stop);
        Assert.True(saved.Outcome == GatewayOutcome.Succeeded, saved.ToString());
        var methodId = saved.Value!.MethodId!;
        var shown = (await gateway.FindMethodAsync(customer, methodId, GatewayWorld.Stop)).Value!;
        Assert.Equal((MethodStatus.Active, method), (shown.Status, shown.Kind));
        Assert.Contains((await gateway.FindMethodsAsync(customer, GatewayWorld.Stop)).Value!, m => m == shown);

        var order = await world.OrderAsync(kind, 349, customer);
        Assert.Equal(GatewayOutcome.Succeeded, (await gateway.ChargeAsync(GatewayWorld.Charge(order, customer, methodId), GatewayWorld.Stop)).Outcome);

        Assert.Equal(GatewayOutcome.Succeeded, (await gateway.DeleteMethodAsync(customer, methodId, GatewayWorld.Stop)).Outcome);
        Assert.Equal(GatewayOutcome.Succeeded, (await gateway.DeleteMethodAsync(customer, methodId, GatewayWorld.Stop)).Outcome);
        if (kind == GatewayKind.Razorpay)
        {
            var late = await gateway.ChargeAsync(GatewayWorld.Charge(await world.OrderAsync(kind, 10, customer), customer, methodId), GatewayWorld.Stop);
            Assert.Equal((GatewayOutcome.Failed, DeclineKind.Hard), (late.Outcome, late.Failure!.Decline));
        }
    }

    [Fact]
    public async Task A_mandate_has_its_limit_and_can_be_paused_and_its_notice_is_told()
    {
        var (gateway, customer) = (world.Open(GatewayKind.Razorpay), await world.CustomerAsync(GatewayKind.Razorpay));
        var setup = await gateway.SetUpMethodAsync(
            new(GatewayWorld.NewReference(), customer, MethodKind.Upi, GatewayWorld.Rupees(1000), GatewayWorld.Rupees(1), DateTimeOffset.UtcNow.AddYears(1), "Bills"), GatewayWorld.Stop);
        await world.PayAsync(setup.Value!.Id, "upi_success");
        var methodId = (await gateway.FindSetupAsync(setup.Value.Id, GatewayWorld.Stop)).Value!.MethodId!;
        Assert.Equal(GatewayWorld.Rupees(1000), (await gateway.FindMethodAsync(customer, methodId, GatewayWorld.Stop)).Value!.MaxAmount);

        var tooMuch = await gateway.ChargeAsync(GatewayWorld.Charge(await world.OrderAsync(GatewayKind.Razorpay, 1001, customer), customer, methodId), GatewayWorld.Stop);
        Assert.Equal((GatewayOutcome.Failed, DeclineKind.NeedsCustomer), (tooMuch.Outcome, tooMuch.Failure!.Decline));

        await world.ControlAsync($"sandbox/mandates/{methodId}?status=paused");
        var paused = await gateway.ChargeAsync(GatewayWorld.Charge(await world.OrderAsync(GatewayKind.Razorpay, 10, customer), customer, methodId), GatewayWorld.Stop);
        Assert.Equal((GatewayOutcome.Failed, "mandate_paused"), (paused.Outcome, paused.Failure!.Code));

        var noticed = await gateway.CreateOrderAsync(
            new(GatewayWorld.NewReference(), GatewayWorld.Rupees(10), "Bill", customer, Notice: new(methodId, DateTimeOffset.UtcNow.AddHours(25))), GatewayWorld.Stop);
        // Webhooks come in any order.
        await GatewayWorld.UntilAsync(
            () => Task.FromResult(Events(GatewayKind.Razorpay)),
            all => all.Any(e => e.Kind == GatewayEventKind.PreDebitNotice && e.OrderId == noticed.Value!.Id)
                && all.Any(e => e.Method is { Status: MethodStatus.Paused } method && method.Id == methodId));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Webhooks_come_signed_and_tell_what_asking_tells(GatewayKind kind)
    {
        var paymentId = await PaidAsync(kind, 77);
        var refund = await world.Open(kind).RefundAsync(new(paymentId, GatewayWorld.NewReference(), GatewayWorld.Rupees(7), "Back"), GatewayWorld.Stop);
        await world.ControlAsync($"sandbox/disputes/{paymentId}?status=created");
        await world.ControlAsync($"sandbox/disputes/{paymentId}?status=lost");
        var told = await GatewayWorld.UntilAsync(
            () => Task.FromResult(Events(kind).Where(e => e.Payment?.Id == paymentId || e.Refund?.PaymentId == paymentId || e.Dispute?.PaymentId == paymentId).ToList()),
            e => e.Any(x => x.Refund is not null) && e.Any(x => x.Dispute?.Status == DisputeStatus.Lost) && e.Any(x => x.Dispute?.Status == DisputeStatus.Open)
                && e.Any(x => x.Kind == GatewayEventKind.Payment && x.Payment!.Status == GatewayPaymentStatus.Captured));
        Assert.Equal(GatewayWorld.Rupees(77), told.First(e => e.Kind == GatewayEventKind.Payment).Payment!.Amount);
        Assert.Equal(refund.Value!.Id, told.First(e => e.Kind == GatewayEventKind.Refund).Refund!.Id);
        Assert.All(told.Where(e => e.Kind == GatewayEventKind.Refund), e => Assert.Equal(refund.Value.Key, e.Refund!.Key));

        // Changed by one byte, signed with another secret, or too late, it counts for nothing.
        var hook = world.Webhooks.First(w => w.Kind == kind);
        var gateway = world.Open(kind);
        Assert.Equal(WebhookVerdict.Forged, gateway.ReadWebhook([.. hook.Body, (byte)' '], Header(hook.Headers), DateTimeOffset.UtcNow).Verdict);
        Assert.Equal(WebhookVerdict.Forged, gateway.ReadWebhook(hook.Body, _ => null, DateTimeOffset.UtcNow).Verdict);
        var other = world.Patient.Open(SandboxOptions.Credentials(kind, world.Sandbox.Address) with { WebhookSecrets = ["another"] });
        Assert.Equal(WebhookVerdict.Forged, other.ReadWebhook(hook.Body, Header(hook.Headers), DateTimeOffset.UtcNow).Verdict);
        if (kind == GatewayKind.Stripe)
            Assert.Equal(WebhookVerdict.Stale, gateway.ReadWebhook(hook.Body, Header(hook.Headers), DateTimeOffset.UtcNow.AddHours(1)).Verdict);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task The_gateways_books_of_the_day_agree_with_what_was_paid(GatewayKind kind)
    {
        var gateway = world.Open(kind);
        var paymentId = await PaidAsync(kind, 1234);
        var refund = await gateway.RefundAsync(new(paymentId, GatewayWorld.NewReference(), GatewayWorld.Rupees(34), "Back"), GatewayWorld.Stop);
        var payment = (await gateway.FindPaymentAsync(paymentId, GatewayWorld.Stop)).Value!;
        var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(payment.CreatedAt, India).DateTime);

        var settled = await gateway.ReadSettledAsync(day, India, GatewayWorld.Stop);
        Assert.True(settled.Outcome == GatewayOutcome.Succeeded, settled.ToString());
        var taken = settled.Value!.Items.Single(i => i.Kind == SettledKind.Payment && i.PaymentId == paymentId);
        var back = settled.Value.Items.Single(i => i.Kind == SettledKind.Refund && i.RefundId == refund.Value!.Id);
        Assert.Equal((GatewayWorld.Rupees(1234), payment.Fee), (taken.Gross, taken.Fee));
        Assert.Equal(new Money(4_440_000, "INR"), taken.FeeTax);
        Assert.Equal((GatewayWorld.Rupees(-34), paymentId), (back.Gross, back.PaymentId));
        Assert.All(settled.Value.Items, i => Assert.Equal(i.Net, i.Gross - i.Fee));
        Assert.DoesNotContain((await gateway.ReadSettledAsync(day.AddDays(-1), India, GatewayWorld.Stop)).Value!.Items, i => i.PaymentId == paymentId);
    }

    [Fact]
    public async Task Stripes_intents_can_be_given_up()
    {
        var gateway = world.Open(GatewayKind.Stripe);
        var order = await world.OrderAsync(GatewayKind.Stripe, 10);
        Assert.Equal(GatewayOutcome.Succeeded, (await gateway.CancelOrderAsync(order.Id, GatewayWorld.Stop)).Outcome);
        Assert.Equal(GatewayOutcome.Succeeded, (await gateway.CancelOrderAsync(order.Id, GatewayWorld.Stop)).Outcome);
        Assert.Equal(GatewayPaymentStatus.Cancelled, (await gateway.FindPaymentAsync(order.Id, GatewayWorld.Stop)).Value!.Status);
        Assert.Equal(GatewayOutcome.Failed, (await gateway.CancelOrderAsync(await PaidAsync(GatewayKind.Stripe, 10), GatewayWorld.Stop)).Outcome);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_cannot_be_sent_is_our_mistake_and_thrown_before_anything_is(GatewayKind kind)
    {
        var gateway = world.Open(kind);
        await Assert.ThrowsAsync<ArgumentException>(() => gateway.CreateOrderAsync(new("r-1", new Money(1, "INR"), "A millionth"), GatewayWorld.Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => gateway.CreateOrderAsync(new("r 1", GatewayWorld.Rupees(1), "A blank"), GatewayWorld.Stop));
        await Assert.ThrowsAsync<ArgumentException>(() => gateway.RefundAsync(new("p", "short", GatewayWorld.Rupees(1), "A short key"), GatewayWorld.Stop));
    }

    [Fact]
    public async Task The_checkout_page_shows_orders_and_lets_nothing_through_unescaped()
    {
        var order = (await world.Open(GatewayKind.Razorpay).CreateOrderAsync(new(GatewayWorld.NewReference(), GatewayWorld.Rupees(349), "<script>alert(1)</script>"), GatewayWorld.Stop)).Value!;
        Assert.Contains(order.Id, await world.PageAsync(""), StringComparison.Ordinal);
        var page = await world.PageAsync($"checkout/{order.Id}?back=%22%3E%3Cscript%3E");
        Assert.Contains("349.00 INR", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_are_not_printed()
    {
        var text = new GatewayCredentials(GatewayKind.Stripe, "pk_1", "sk_secret", ["whsec_secret"], null, null).ToString();
        Assert.Contains("pk_1", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
    }

    async Task<string> PaidAsync(GatewayKind kind, long rupees)
    {
        var order = await world.OrderAsync(kind, rupees);
        await world.PayAsync(order.Id, "4242 4242 4242 4242");
        return (await world.Open(kind).FindPaymentsAsync(order.Id, GatewayWorld.Stop)).Value!.Single(p => p.Status == GatewayPaymentStatus.Captured).Id;
    }

    List<GatewayEvent> Events(GatewayKind kind) =>
        [.. world.Webhooks.Where(w => w.Kind == kind).Select(w => world.Open(kind).ReadWebhook(w.Body, Header(w.Headers), DateTimeOffset.UtcNow)).Select(r =>
        {
            Assert.Equal(WebhookVerdict.Genuine, r.Verdict);
            return r.Event!;
        })];

    static Func<string, string?> Header(Dictionary<string, string> headers) => name => headers.GetValueOrDefault(name);
}
