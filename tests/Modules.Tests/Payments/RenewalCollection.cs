using System.Globalization;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Tests.Invoicing;

namespace Balatrix.Modules.Tests.Payments;

/// <summary>Prepaid renewals that find too little in the wallet: what is missing is charged to the saved method, with its tax, once a renewal, and the renewal goes on.</summary>
public sealed class RenewalCollection(PaymentWorld world) : IClassFixture<PaymentWorld>
{
    const string Plan = """{"code":"waits","name":"Waits","currency":"INR","terms":{"prices":{"monthly":"310.00"},"renewal":{"graceDays":3,"endAfterDays":5},"decks":{"voice.outbound":["starter-voice"]}}}""";

    [Fact]
    public async Task What_a_renewal_lacks_is_charged_with_its_tax_and_the_renewal_goes_on_at_once()
    {
        var (account, subscription) = await SubscriberAsync();
        await world.SaveMethodAsync(account);
        await EndPeriodAsync(subscription);
        await world.UntilAsync(async () => await world.StatusAsync(subscription) == "active");
        // 300.00 were missing; with 18 % tax that is 354.00.
        Assert.Equal(["354.00 succeeded subscription"], await PaymentsAsync(account));
        Assert.Equal("0.00", await world.BalanceAsync(account));
        await EndPeriodAsync(subscription);
        await world.UntilAsync(async () => (await PaymentsAsync(account)).Length == 2 && await world.StatusAsync(subscription) == "active");
        Assert.Equal(["354.00 succeeded subscription", "365.80 succeeded subscription"], await PaymentsAsync(account));
        Assert.Equal("0.00", await world.BalanceAsync(account));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_soft_decline_is_tried_again_within_the_same_payment_and_a_hard_one_never()
    {
        world.Stripe.Faults["charge"] = () => new("insufficient_funds", "Declined.", DeclineKind.Soft);
        var (account, subscription) = await SubscriberAsync();
        await world.SaveMethodAsync(account);
        await EndPeriodAsync(subscription);
        await world.UntilAsync(async () => (await PaymentsAsync(account)).SequenceEqual(["354.00 failed subscription"]));
        Assert.Equal("past_due", await world.StatusAsync(subscription));
        world.Stripe.Faults.Clear();
        await world.PassAsync(TimeSpan.FromHours(25));
        await world.UntilAsync(async () => await world.StatusAsync(subscription) == "active");
        Assert.Equal(["354.00 succeeded subscription"], await PaymentsAsync(account));

        world.Stripe.Faults["charge"] = () => new("stolen_card", "Declined.", DeclineKind.Hard);
        await EndPeriodAsync(subscription);
        await world.UntilAsync(async () => (await PaymentsAsync(account)).Length == 2);
        await world.PassAsync(TimeSpan.FromDays(4));
        world.Stripe.Faults.Clear();
        Assert.Equal("suspended", await world.StatusAsync(subscription));
        Assert.Equal(["354.00 succeeded subscription", "365.80 failed subscription"], await PaymentsAsync(account));
        Assert.Single((await world.PaymentAsync(await LastAsync(account))).GetProperty("attempts").EnumerateArray());
    }

    [Fact]
    public async Task A_mandate_is_debited_after_its_notice_once_and_the_renewal_goes_on()
    {
        var (account, subscription) = await SubscriberAsync();
        await MandateAsync(account, subscription);
        var ends = await EndsAsync(subscription);
        await EndPeriodAsync(subscription);
        await world.UntilAsync(async () => (await PaymentsAsync(account)).Length == 2);
        var payment = await world.PaymentAsync(await LastAsync(account));
        var order = payment.GetProperty("attempts")[0].GetProperty("orderId").GetString()!;
        Assert.False(world.Razorpay.Charges.ContainsKey(order));
        Assert.True(payment.GetProperty("debitAfter").GetDateTimeOffset() >= ends.AddHours(25));
        Assert.Equal("past_due", await world.StatusAsync(subscription));
        // The next days' tries find the payment under way.
        await world.PassAsync(TimeSpan.FromHours(50));
        await world.UntilAsync(async () => await world.StatusAsync(subscription) == "active");
        Assert.Equal((1, 2), (world.Razorpay.Charges[order], (await PaymentsAsync(account)).Length));
        await world.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Without_automatic_renewal_or_a_method_nothing_is_charged()
    {
        var (account, subscription) = await SubscriberAsync();
        await EndPeriodAsync(subscription);
        Assert.Equal("past_due", await world.StatusAsync(subscription));
        await world.SaveMethodAsync(account);
        await RenewAsync(subscription, false);
        await world.PassAsync(TimeSpan.FromDays(1));
        Assert.Empty(await PaymentsAsync(account));
        // With it again, the next try asks for the money.
        await RenewAsync(subscription, true);
        await world.PassAsync(TimeSpan.FromDays(1));
        await world.UntilAsync(async () => await world.StatusAsync(subscription) == "active");
        Assert.Single(await PaymentsAsync(account));
    }

    async Task RenewAsync(string subscription, bool autoRenew) => Assert.Equal(200, (await world.SendAsync(HttpMethod.Put, $"/api/v1/subscriptions/{subscription}", new { autoRenew })).Status);

    async Task<DateTimeOffset> EndsAsync(string subscription) =>
        (await world.RowsAsync($"select period_to from subscriptions.subscriptions where subscription_id = {subscription[4..]}", r => r.GetFieldValue<DateTimeOffset>(0)))[0];

    /// <summary>Goes to the end of the period, without living through all of it.</summary>
    async Task EndPeriodAsync(string subscription)
    {
        var ends = await EndsAsync(subscription);
        await world.SetClockAsync(ends.AddMinutes(-1).ToOffset(Subscriptions.TestTenant.Kolkata).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
        await world.PassAsync(TimeSpan.FromMinutes(1));
    }

    /// <summary>A wallet in Karnataka with ₹320, of which the subscription takes ₹310 for its first month.</summary>
    async Task<(string Account, string Subscription)> SubscriberAsync()
    {
        var (changed, settings) = await world.SendAsync(
            HttpMethod.Put, "/api/v1/settings", new { gst = new { legalName = "Balatrix Demo Private Limited", gstin = InvoiceTenant.Gstin, addressLines = new[] { "1 MG Road", "Bengaluru 560001" }, state = "29" } });
        Assert.True(changed == 200, settings.ToString());
        if ((await world.PostAsync("/api/v1/plans", Plan)).Status == 201)
            Assert.Equal(200, (await world.PostAsync("/api/v1/plans/waits/publish", null)).Status);
        var (status, customer) = await world.PostAsync(
            "/api/v1/customers",
            new { name = "Asha Rao", kind = "individual", email = $"{world.NewKey()}@example.com", phone = "+919812345678", billingAddress = new { line1 = "1 High Street", city = "Mysuru", state = "29", postalCode = "570001" } });
        Assert.True(status == 201, customer.ToString());
        var (opened, body) = await world.PostAsync($"/api/v1/customers/{customer.GetProperty("id")}/accounts", new { name = "Wallet", kind = "prepaid", creditLimit = "0.00" });
        Assert.True(opened == 201, body.ToString());
        var account = body.GetProperty("id").GetString()!;
        await world.TopUpAsync(account, "377.60");
        return (account, (await world.SubscribeAsync(account, "waits")).GetProperty("id").GetString()!);
    }

    async Task<string[]> PaymentsAsync(string account) =>
    [
        .. (await world.GetAsync($"/api/v1/payments?account={account}")).Body.GetProperty("items").EnumerateArray().Reverse()
            .Select(p => $"{p.GetProperty("amount").GetString()} {p.GetProperty("status").GetString()} {p.GetProperty("purpose").GetString()}"),
    ];

    async Task<string> LastAsync(string account) => (await world.GetAsync($"/api/v1/payments?account={account}")).Body.GetProperty("items")[0].GetProperty("id").GetString()!;

    /// <summary>A confirmed UPI mandate of the subscription.</summary>
    async Task MandateAsync(string account, string subscription)
    {
        var (status, made) = await world.PostAsync(
            "/api/v1/payments/create-subscription", new { account, subscriptionId = long.Parse(subscription[4..]), kind = "upi", maxAmount = "5000.00", frequency = "as_presented", gateway = "razorpay" }, world.NewKey());
        Assert.True(status == 201, made.ToString());
        var setup = made.GetProperty("checkout").GetProperty("orderId").GetString()!;
        var token = $"token_{world.NewKey()}";
        world.Razorpay.Methods[token] = new(token, $"cust_CUST-{account}", MethodKind.Upi, MethodStatus.Active, "asha@okbank", null, null, null, null, null);
        world.Razorpay.Setups[setup] = world.Razorpay.Setups[setup] with { MethodId = token };
        await world.TellAsync(PaymentWorld.Told($"first-{setup}", world.Razorpay.Pay(setup)));
        await world.TellAsync(new($"setup-{setup}", GatewayEventKind.Setup, "token.confirmed", DateTimeOffset.UtcNow, setup, Setup: world.Razorpay.Setups[setup]));
        await world.WorkAsync();
    }
}
