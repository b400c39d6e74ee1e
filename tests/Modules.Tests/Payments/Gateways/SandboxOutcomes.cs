using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Payments.Sandbox;

namespace Balatrix.Modules.Tests.Payments.Gateways;

/// <summary>What every test card and UPI id of the sandbox comes to through the gateway clients.</summary>
public sealed class SandboxOutcomes(GatewayWorld world) : IClassFixture<GatewayWorld>
{
    /// <summary>Code, answer to the charge, where the payment is in the end, and what a refusal means.</summary>
    static readonly (string Code, GatewayOutcome Answer, GatewayPaymentStatus? End, DeclineKind? Decline)[] Charges =
    [
        ("success", GatewayOutcome.Succeeded, GatewayPaymentStatus.Captured, null),
        ("upi_success", GatewayOutcome.Succeeded, GatewayPaymentStatus.Captured, null),
        ("insufficient_funds", GatewayOutcome.Failed, GatewayPaymentStatus.Failed, DeclineKind.Soft),
        ("upi_insufficient_funds", GatewayOutcome.Failed, GatewayPaymentStatus.Failed, DeclineKind.Soft),
        ("expired_card", GatewayOutcome.Failed, GatewayPaymentStatus.Failed, DeclineKind.NeedsCustomer),
        ("stolen_card", GatewayOutcome.Failed, GatewayPaymentStatus.Failed, DeclineKind.Hard),
        ("generic_decline", GatewayOutcome.Failed, GatewayPaymentStatus.Failed, DeclineKind.Unknown),
        ("authentication_required", GatewayOutcome.Failed, GatewayPaymentStatus.Failed, DeclineKind.NeedsCustomer),
        ("authentication_failed", GatewayOutcome.Failed, GatewayPaymentStatus.Failed, DeclineKind.NeedsCustomer),
        ("upi_declined", GatewayOutcome.Failed, GatewayPaymentStatus.Failed, DeclineKind.Unknown),
        ("upi_mandate_cancelled", GatewayOutcome.Failed, GatewayPaymentStatus.Failed, DeclineKind.Hard),
        ("pending_success", GatewayOutcome.Pending, GatewayPaymentStatus.Captured, null),
        ("upi_pending", GatewayOutcome.Pending, GatewayPaymentStatus.Captured, null),
        ("pending_failure", GatewayOutcome.Pending, GatewayPaymentStatus.Failed, null),
        ("failed_then_captured", GatewayOutcome.Failed, GatewayPaymentStatus.Captured, null),
        ("error_charged", GatewayOutcome.Unknown, GatewayPaymentStatus.Captured, null),
        ("timeout_charged", GatewayOutcome.Unknown, GatewayPaymentStatus.Captured, null),
        ("timeout_not_charged", GatewayOutcome.Unknown, null, null),
    ];

    public static IEnumerable<TheoryDataRow<GatewayKind, string>> Codes =>
        from kind in new[] { GatewayKind.Razorpay, GatewayKind.Stripe } from charge in Charges select new TheoryDataRow<GatewayKind, string>(kind, charge.Code);

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task A_charge_without_the_customer_comes_to(GatewayKind kind, string code)
    {
        var (_, expected, end, decline) = Charges.Single(c => c.Code == code);
        var customer = await world.CustomerAsync(kind);
        var order = await world.OrderAsync(kind, 349, customer);
        var gateway = world.Open(kind, code.StartsWith("timeout", StringComparison.Ordinal) ? world.Hasty : world.Patient);

        var answer = await gateway.ChargeAsync(GatewayWorld.Charge(order, customer, GatewayWorld.ReadyMethod(kind, code)), GatewayWorld.Stop);

        // What is decided later may be so by now, on a slow machine.
        if (!(answer.Outcome != expected && expected == GatewayOutcome.Pending && answer.Value?.Status == end))
            Assert.True(answer.Outcome == expected, answer.ToString());
        if (decline is { } kindOfDecline)
            Assert.Equal(kindOfDecline, answer.Failure!.Decline);
        if (expected == GatewayOutcome.Unknown)
            Assert.Null(answer.Value);

        // What became of it is asked by its order, and never is there more than one payment that took money.
        var payments = await GatewayWorld.UntilAsync(() => world.Open(kind).FindPaymentsAsync(order.Id, GatewayWorld.Stop), p => p.Value is { } list && (list.Count == 0 ? null : (GatewayPaymentStatus?)list[^1].Status) == end);
        Assert.True(payments.Value!.Count <= 1);
        if (end == GatewayPaymentStatus.Captured)
        {
            Assert.Equal(order.Amount, payments.Value[0].Amount);
            Assert.True((await world.Open(kind).FindOrderAsync(order.Id, GatewayWorld.Stop)).Value!.IsPaid);
            Assert.True(payments.Value[0].Fee is { Micros: > 0 });
        }
    }

    [Theory]
    [MemberData(nameof(Codes))]
    public async Task A_customer_who_pays_with_it_in_the_checkout_sees_the_same_as_we(GatewayKind kind, string code)
    {
        var order = await world.OrderAsync(kind, 100);
        var proof = await world.PayAsync(order.CheckoutUrl!.Segments[^1], code);
        var status = proof.GetProperty("status").GetString();
        var expected = status switch
        {
            "captured" or "succeeded" => GatewayPaymentStatus.Captured,
            "failed" or "requires_payment_method" => GatewayPaymentStatus.Failed,
            _ => (GatewayPaymentStatus?)null,
        };
        var (_, _, end, _) = Charges.Single(c => c.Code == code);
        // With the customer there, what wants authentication passes, and nothing times out.
        var final = code is "authentication_required" ? GatewayPaymentStatus.Captured : end ?? GatewayPaymentStatus.Failed;
        var payments = await GatewayWorld.UntilAsync(() => world.Open(kind).FindPaymentsAsync(order.Id, GatewayWorld.Stop), p => p.Value is [.., var last] && last.Status == final);
        if (expected == GatewayPaymentStatus.Captured)
            Assert.Equal(expected, final);
        if (kind == GatewayKind.Razorpay && status == "captured")
        {
            var paid = new CheckoutProof(order.Id, proof.GetProperty("razorpay_payment_id").GetString()!, proof.GetProperty("razorpay_signature").GetString()!);
            Assert.Equal(CheckoutVerdict.Genuine, world.Open(kind).VerifyCheckout(paid));
            Assert.Equal(CheckoutVerdict.Forged, world.Open(kind).VerifyCheckout(paid with { OrderId = "order_other" }));
            Assert.Equal(CheckoutVerdict.Forged, world.Open(kind).VerifyCheckout(paid with { Signature = "" }));
        }
        Assert.Single(payments.Value!);
    }

    [Fact]
    public void Every_instrument_is_tried_and_in_the_table_of_the_README()
    {
        Assert.Equal(SandboxInstrument.All.Select(i => i.Code).Order(StringComparer.Ordinal), Charges.Select(c => c.Code).Order(StringComparer.Ordinal));
        var readme = Tidy.SourceFile.All.Where(f => f.Path == "src/Modules/Payments/Sandbox/README.md").Select(f => f.Text).SingleOrDefault()
            ?? File.ReadAllText(Path.Combine(RepositoryRoot(), "src/Modules/Payments/Sandbox/README.md"));
        Assert.All(SandboxInstrument.All, i => Assert.Contains($"| `{i.Typed}` | `{i.Code}` | {i.Shown} |", readme, StringComparison.Ordinal));
    }

    static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Balatrix.slnx")))
            folder = folder.Parent;
        return folder.FullName;
    }
}
