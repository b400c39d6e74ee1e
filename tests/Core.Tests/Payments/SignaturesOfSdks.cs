using System.Globalization;
using System.Text;
using Balatrix.Core.Payments;

namespace Balatrix.Core.Tests.Payments;

/// <summary>Our signatures before the gateways' own packages, and theirs before us.</summary>
public sealed class SignaturesOfSdks(GatewaySdk sdk) : IClassFixture<GatewaySdk>
{
    const string Secret = "whsec_naïve-₹-secret";
    const long Now = 1_700_000_000;

    public static TheoryData<string> Bodies =>
    [
        """{"a":1,"b":2}""",
        "{\n  \"note\": \"बिल का भुगतान ₹1,234.50\",\n  \"who\": \"O‘zbekiston — Ñandú 🧾\"\n}\n",
        "{\"astral\":\"𝄞𠮷👩🏽‍💻\",\"spaces\":\"\\u00a0 \u00a0\\u2028\"}",
        "{\"nul\":\"\\u0000\",\t\"tab\":\r\n\"\\t\"}",
        "{}",
    ];

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Razorpays_package_takes_what_we_sign(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var signature = RazorpaySignatures.Sign(bytes, Secret);
        Assert.True((await sdk.AskAsync(new { kind = "razorpay-webhook", body = Convert.ToBase64String(bytes), signature, secret = Secret })).GetBoolean());
        Assert.False((await sdk.AskAsync(new { kind = "razorpay-webhook", body = Convert.ToBase64String([.. bytes, (byte)' ']), signature, secret = Secret })).GetBoolean());
        Assert.False(RazorpaySignatures.IsWebhook([.. bytes, (byte)' '], signature, [Secret]));
    }

    [Fact]
    public async Task Razorpays_package_and_we_agree_on_checkouts()
    {
        var signature = RazorpaySignatures.SignCheckout("order_1", "pay_1", Secret);
        Assert.True((await sdk.AskAsync(new { kind = "razorpay-checkout", orderId = "order_1", paymentId = "pay_1", signature, secret = Secret })).GetBoolean());
        Assert.False((await sdk.AskAsync(new { kind = "razorpay-checkout", orderId = "order_2", paymentId = "pay_1", signature, secret = Secret })).GetBoolean());

        // Its order is the other way round for subscriptions: what is a checkout's signature with the ids changed over is one of a subscription.
        var swapped = RazorpaySignatures.SignCheckout("pay_1", "sub_1", Secret);
        Assert.True((await sdk.AskAsync(new { kind = "razorpay-subscription", subscriptionId = "sub_1", paymentId = "pay_1", signature = swapped, secret = Secret })).GetBoolean());
        Assert.True(RazorpaySignatures.IsSubscription("sub_1", "pay_1", swapped, Secret));
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Stripes_package_takes_what_we_sign_and_we_what_it_signs(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        var at = DateTimeOffset.FromUnixTimeSeconds(Now);
        var ours = StripeSignatures.Header(bytes, Secret, at);
        Assert.True((await sdk.AskAsync(new { kind = "stripe-webhook", body = Convert.ToBase64String(bytes), header = ours, secret = Secret, now = Now + 100 })).GetBoolean());

        var theirs = (await sdk.AskAsync(new { kind = "stripe-sign", body = Convert.ToBase64String(bytes), secret = Secret, now = Now })).GetString();
        Assert.Equal(SignatureVerdict.Genuine, StripeSignatures.Check(bytes, theirs, [Secret], at));
        Assert.Equal(SignatureVerdict.Forged, StripeSignatures.Check([.. bytes, (byte)'\n'], theirs, [Secret], at));
    }

    [Theory]
    [InlineData("{0},v1=00")]
    [InlineData("v0=11,{0}")]
    [InlineData("{0},v2=later")]
    [InlineData("t=1,v1=00")]
    [InlineData("v1=00")]
    [InlineData("t=x,v1=00")]
    public async Task Stripes_package_and_we_agree_on_headers(string pattern)
    {
        var body = "{}"u8.ToArray();
        var header = string.Format(CultureInfo.InvariantCulture, pattern, StripeSignatures.Header(body, Secret, DateTimeOffset.FromUnixTimeSeconds(Now)));
        var theirs = (await sdk.AskAsync(new { kind = "stripe-webhook", body = Convert.ToBase64String(body), header, secret = Secret, now = Now })).GetBoolean();
        Assert.Equal(theirs, StripeSignatures.Check(body, header, [Secret], DateTimeOffset.FromUnixTimeSeconds(Now)) == SignatureVerdict.Genuine);
    }
}
