using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;

namespace Balatrix.Modules.Tests.Payments.Gateways;

/// <summary>Razorpay's published sample events through the reader. Data: vectors/razorpay_webhook_samples.json of the facts (razorpay/markdown-docs@ab3bda5).</summary>
public sealed class RazorpaySamples
{
    const string Secret = "webhook_secret";

    static readonly JsonElement File = JsonDocument.Parse(System.IO.File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Payments", "Data", "razorpay_webhook_samples.json"))).RootElement;

    static readonly IPaymentGateway Gateway = new PaymentGateways(TimeProvider.System).Open(new(GatewayKind.Razorpay, "key", "secret", [Secret]));

    public static IEnumerable<TheoryDataRow<string>> Names => File.GetProperty("events").EnumerateObject().Select(e => new TheoryDataRow<string>(e.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_sample_event_is_read(string name)
    {
        var sample = File.GetProperty("events").GetProperty(name);
        var (payload, kind) = (sample.GetProperty("payload"), sample.GetProperty("event").GetString()!);
        var told = Read(JsonSerializer.SerializeToUtf8Bytes(sample), "evt_1");
        Assert.Equal(("evt_1", kind), (told.Id, told.Name));

        var expected = kind.Split('.') switch
        {
            ["payment", "downtime", ..] => GatewayEventKind.Other,
            ["payment", "dispute", ..] => GatewayEventKind.Dispute,
            ["refund", ..] => GatewayEventKind.Refund,
            _ when payload.TryGetProperty("payment", out _) => GatewayEventKind.Payment,
            _ => GatewayEventKind.Other,
        };
        Assert.Equal(expected, told.Kind);
        if (payload.TryGetProperty("payment", out var wrapped) && wrapped.GetProperty("entity") is var payment)
        {
            Assert.Equal(payment.GetProperty("id").GetString(), told.Payment!.Id);
            Assert.Equal(payment.GetProperty("order_id").GetString(), told.Payment.OrderId);
            Assert.Equal(new Money(payment.GetProperty("amount").GetInt64() * 10_000, payment.GetProperty("currency").GetString()!), told.Payment.Amount);
            Assert.Equal(payment.GetProperty("method").GetString(), told.Payment.Method);
            var status = payment.GetProperty("status").GetString();
            Assert.Equal(status == "failed", told.Payment.Status == GatewayPaymentStatus.Failed);
            Assert.Equal(status == "failed", told.Payment.Failure is not null);
        }
        if (expected == GatewayEventKind.Refund)
        {
            var refund = payload.GetProperty("refund").GetProperty("entity");
            Assert.Equal((refund.GetProperty("id").GetString(), refund.GetProperty("payment_id").GetString()), (told.Refund!.Id, told.Refund.PaymentId));
            Assert.Equal(refund.GetProperty("amount").GetInt64() * 10_000, told.Refund.Amount.Micros);
            Assert.Equal(refund.GetProperty("status").GetString() == "failed", told.Refund.Status == GatewayRefundStatus.Failed);
        }
        if (expected == GatewayEventKind.Dispute)
            Assert.Equal(payload.GetProperty("dispute").GetProperty("entity").GetProperty("payment_id").GetString(), told.Dispute!.PaymentId);
        var at = sample.TryGetProperty("created_at", out var created) ? created : payload.GetProperty("created_at");
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(at.GetInt64()), told.At);
    }

    [Fact]
    public void A_failure_has_its_reason_even_without_a_code()
    {
        Assert.Equal("payment_failed", Sample("payment.failed/Netbanking").Payment!.Failure!.Code);
        // Empty codes and no reason at all: still a failure.
        Assert.Equal("payment_failed", Sample("payment.failed/Card").Payment!.Failure!.Code);
        Assert.Equal(DisputeStatus.Won, Sample("payment.dispute.won/Payment Dispute Won").Dispute!.Status);
        Assert.Equal(DisputeStatus.UnderReview, Sample("payment.dispute.under_review/Payment Dispute Under Review").Dispute!.Status);
    }

    [Fact]
    public void Without_the_header_the_body_names_the_event()
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(File.GetProperty("events").GetProperty("order.paid/Netbanking"));
        var told = Read(body, null);
        Assert.StartsWith("sha256:", told.Id, StringComparison.Ordinal);
        Assert.Equal(told.Id, Read(body, " ").Id);
        Assert.NotEqual(told.Id, Read([.. body, (byte)' '], null).Id);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"event\":1,\"payload\":{}}")]
    [InlineData("{\"event\":\"payment.captured\",\"payload\":[]}")]
    [InlineData("{\"event\":\"payment.captured\"")]
    [InlineData("\u0000")]
    public void What_is_signed_and_no_event_is_unreadable(string text)
    {
        var body = System.Text.Encoding.UTF8.GetBytes(text);
        Assert.Equal(WebhookVerdict.Unreadable, Gateway.ReadWebhook(body, name => name == "X-Razorpay-Signature" ? RazorpaySignatures.Sign(body, Secret) : null, DateTimeOffset.UtcNow).Verdict);
    }

    [Theory]
    [InlineData("{\"event\":\"payment.captured\",\"payload\":{\"payment\":{\"entity\":{\"id\":7,\"amount\":\"x\"}}}}")]
    [InlineData("{\"event\":\"payment.captured\",\"payload\":{\"payment\":{\"entity\":{\"id\":\"pay_1\",\"amount\":1e400,\"currency\":\"INR\"}}}}")]
    [InlineData("{\"event\":\"payment.captured\",\"payload\":{\"payment\":{\"entity\":{\"id\":\"pay_1\",\"amount\":9223372036854775807,\"currency\":\"INR\"}}}}")]
    [InlineData("{\"event\":\"payment.captured\",\"payload\":{\"payment\":[]},\"created_at\":99999999999999}")]
    [InlineData("{\"event\":\"something.of.next.year\",\"payload\":{\"thing\":null}}")]
    public void What_has_no_thing_in_it_that_we_know_is_let_pass(string text) => Assert.Equal(GatewayEventKind.Other, Read(System.Text.Encoding.UTF8.GetBytes(text), "evt").Kind);

    static GatewayEvent Sample(string name) => Read(JsonSerializer.SerializeToUtf8Bytes(File.GetProperty("events").GetProperty(name)), "evt");

    static GatewayEvent Read(byte[] body, string? eventId)
    {
        var reading = Gateway.ReadWebhook(body, name => name == "X-Razorpay-Signature" ? RazorpaySignatures.Sign(body, Secret) : name == "x-razorpay-event-id" ? eventId : null, DateTimeOffset.UtcNow);
        Assert.Equal(WebhookVerdict.Genuine, reading.Verdict);
        return reading.Event!;
    }
}
