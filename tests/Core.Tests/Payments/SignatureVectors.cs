using System.Text;
using System.Text.Json;
using Balatrix.Core.Payments;

namespace Balatrix.Core.Tests.Payments;

/// <summary>Published signatures. Data: vectors/razorpay_signatures.json and stripe_signatures.json of the facts, where each names its source.</summary>
public sealed class SignatureVectors
{
    static readonly JsonElement Razorpay = Read("razorpay_signatures.json");
    static readonly JsonElement Stripe = Read("stripe_signatures.json");

    /// <summary>Those whose secret was published.</summary>
    public static IEnumerable<TheoryDataRow<string>> RazorpayIds =>
        Ids(Razorpay.GetProperty("vectors").EnumerateArray().Where(v => v.GetProperty("secret").ValueKind == JsonValueKind.String));

    public static IEnumerable<TheoryDataRow<string>> StripeIds => Ids(Stripe.GetProperty("vectors").EnumerateArray());

    public static IEnumerable<TheoryDataRow<string>> MalformedHeaders =>
        Stripe.GetProperty("malformed_headers").EnumerateArray().Select(h => new TheoryDataRow<string>(h.GetProperty("header").GetString()!));

    [Theory]
    [MemberData(nameof(RazorpayIds))]
    public void RazorpayVector(string id)
    {
        var vector = Find(Razorpay, id);
        Assert.True(Fits(vector, Text(vector, "signature"), Text(vector, "secret")));
        Assert.False(Fits(vector, Text(vector, "signature"), Text(vector, "secret") + "x"));
        Assert.False(Fits(vector, "sddsfdsfs", Text(vector, "secret")));
        Assert.False(Fits(vector, "", Text(vector, "secret")));
        Assert.False(Fits(vector, Text(vector, "signature").ToUpperInvariant(), Text(vector, "secret")));
    }

    [Fact]
    public void Razorpay_signatures_do_not_fit_ids_that_have_changed_places()
    {
        var negative = Razorpay.GetProperty("negative").EnumerateArray().Single(n => Text(n, "id") == "neg-swapped-order");
        var parts = Text(negative, "message").Split('|');
        Assert.NotEqual(Text(negative, "must_not_equal"), RazorpaySignatures.SignCheckout(parts[0], parts[1], Text(negative, "secret")));
    }

    [Fact]
    public void A_body_that_was_read_and_written_again_does_not_fit()
    {
        var vector = Find(Razorpay, "webhook-ruby");
        var again = JsonSerializer.SerializeToUtf8Bytes(JsonDocument.Parse(vector.GetProperty("body_base64").GetBytesFromBase64()).RootElement);
        Assert.False(RazorpaySignatures.IsWebhook(again, Text(vector, "signature"), [Text(vector, "secret")]));
    }

    [Fact]
    public void Either_of_two_secrets_fits_while_they_are_changed_and_a_blank_one_never()
    {
        var body = "{}"u8;
        Assert.True(RazorpaySignatures.IsWebhook(body, RazorpaySignatures.Sign(body, "old"), ["new", "old"]));
        Assert.False(RazorpaySignatures.IsWebhook(body, RazorpaySignatures.Sign(body, "old"), ["new"]));
        Assert.False(RazorpaySignatures.IsWebhook(body, RazorpaySignatures.Sign(body, ""), [""]));
        Assert.False(RazorpaySignatures.IsWebhook(body, RazorpaySignatures.Sign(body, "old"), []));
        Assert.False(RazorpaySignatures.IsWebhook(body, null, ["old"]));
        Assert.Equal(SignatureVerdict.Genuine, StripeSignatures.Check(body, StripeSignatures.Header(body, "old", DateTimeOffset.UnixEpoch), ["new", "old"], DateTimeOffset.UnixEpoch));
        Assert.Equal(SignatureVerdict.Forged, StripeSignatures.Check(body, StripeSignatures.Header(body, "", DateTimeOffset.UnixEpoch), [""], DateTimeOffset.UnixEpoch));
    }

    [Theory]
    [MemberData(nameof(StripeIds))]
    public void StripeVector(string id)
    {
        var vector = Find(Stripe, id);
        var (body, secret) = (vector.GetProperty("body_base64").GetBytesFromBase64(), Text(vector, "secret"));
        var now = DateTimeOffset.FromUnixTimeSeconds(vector.GetProperty("now").GetInt64());
        var expected = Text(vector, "expect") switch { "accept" => SignatureVerdict.Genuine, "reject_timestamp" => SignatureVerdict.Stale, var other => throw new InvalidOperationException(other) };
        Assert.Equal(expected, StripeSignatures.Check(body, Text(vector, "header"), [secret], now));
        Assert.Equal(SignatureVerdict.Forged, StripeSignatures.Check(body, Text(vector, "header"), [secret + "x"], now));
        Assert.Equal($"t={vector.GetProperty("timestamp")},v1={Text(vector, "v1")}", StripeSignatures.Header(body, secret, DateTimeOffset.FromUnixTimeSeconds(vector.GetProperty("timestamp").GetInt64())));
    }

    [Theory]
    [MemberData(nameof(MalformedHeaders))]
    [InlineData("t=1,t=2,v1=00")]
    [InlineData("t=99999999999999999999,v1=00")]
    [InlineData("t=-1,v1=00")]
    [InlineData("t=1,v0=00")]
    public void A_malformed_header_is_refused(string header) =>
        Assert.Equal(SignatureVerdict.Malformed, StripeSignatures.Check("{}"u8, header, ["test_secret"], DateTimeOffset.UnixEpoch));

    [Fact]
    public void A_v0_that_would_fit_does_not_count()
    {
        var header = StripeSignatures.Header("{}"u8, "test_secret", DateTimeOffset.UnixEpoch);
        Assert.Equal(SignatureVerdict.Forged, StripeSignatures.Check("{}"u8, header.Replace("v1=", "v0=", StringComparison.Ordinal) + ",v1=00", ["test_secret"], DateTimeOffset.UnixEpoch));
    }

    [Theory]
    [InlineData(-301, SignatureVerdict.Stale)]
    [InlineData(-300, SignatureVerdict.Genuine)]
    [InlineData(300, SignatureVerdict.Genuine)]
    [InlineData(301, SignatureVerdict.Stale)]
    public void Five_minutes_either_way(int seconds, SignatureVerdict expected)
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
        Assert.Equal(expected, StripeSignatures.Check("{}"u8, StripeSignatures.Header("{}"u8, "s", at), ["s"], at.AddSeconds(seconds)));
    }

    static bool Fits(JsonElement vector, string signature, string secret)
    {
        var parts = vector.TryGetProperty("message", out var message) ? message.GetString()!.Split('|') : [];
        return Text(vector, "kind") switch
        {
            "payment" => RazorpaySignatures.IsCheckout(parts[0], parts[1], signature, secret),
            "subscription" => RazorpaySignatures.IsSubscription(parts[1], parts[0], signature, secret),
            "payment_link" => RazorpaySignatures.IsPaymentLink(parts[0], parts[1], parts[2], parts[3], signature, secret),
            "webhook" => RazorpaySignatures.IsWebhook(vector.GetProperty("body_base64").GetBytesFromBase64(), signature, [secret]),
            var other => throw new InvalidOperationException(other),
        };
    }

    static JsonElement Read(string name) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Payments", "Data", name), Encoding.UTF8)).RootElement;

    static IEnumerable<TheoryDataRow<string>> Ids(IEnumerable<JsonElement> vectors) => vectors.Select(v => new TheoryDataRow<string>(Text(v, "id")));

    static JsonElement Find(JsonElement file, string id) => file.GetProperty("vectors").EnumerateArray().Single(v => Text(v, "id") == id);

    static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
