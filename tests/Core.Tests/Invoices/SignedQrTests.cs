using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Balatrix.Core.Invoices.EInvoice;

namespace Balatrix.Core.Tests.Invoices;

/// <summary>The portal's signature. "signed_qr_decoded" of vectors/einvoice_sample.json: five real ones with what they say; their public keys are not published with them.</summary>
public sealed class SignedQrTests
{
    static readonly JsonElement Vectors = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Invoices", "Data", "einvoice_sample.json"))).RootElement;

    public static IEnumerable<TheoryDataRow<JsonElement>> Decoded => Vectors.GetProperty("signed_qr_decoded").EnumerateArray().Select(v => new TheoryDataRow<JsonElement>(v));

    static string Sign(RSA key, object header, object data)
    {
        var signed = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(header)) + "."
            + Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(new { data = JsonSerializer.Serialize(data), iss = "NIC" }));
        return signed + "." + Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    [Theory]
    [MemberData(nameof(Decoded), DisableDiscoveryEnumeration = true)]
    public void A_real_one_is_read_and_no_other_key_passes(JsonElement vector)
    {
        var jws = vector.GetProperty("signed_qr").GetString()!;
        Assert.Equal(vector.GetProperty("jws_header").GetProperty("kid").GetString(), SignedQr.KeyIdOf(jws));
        var (data, read) = (vector.GetProperty("qr_data"), SignedQr.Read(jws)!);
        Assert.Equal(
            (data.GetProperty("SellerGstin").GetString(), data.GetProperty("DocNo").GetString(), data.GetProperty("DocTyp").GetString(), data.GetProperty("TotInvVal").GetDecimal(), data.GetProperty("Irn").GetString()),
            (read.SellerGstin, read.DocNo, read.DocTyp, read.TotInvVal / 1_000_000m, read.Irn));
        using var other = RSA.Create(2048);
        Assert.False(SignedQr.IsSignedBy(jws, other));
    }

    [Fact]
    public void Only_what_its_key_signed_passes()
    {
        using var key = RSA.Create(2048);
        var jws = Sign(key, new { alg = "RS256", kid = "K1", typ = "JWT" }, new { DocNo = "A" });
        Assert.Equal("K1", SignedQr.KeyIdOf(jws));
        Assert.True(SignedQr.IsSignedBy(jws, key));
        var parts = jws.Split('.');
        var changed = Base64Url.EncodeToString(Encoding.UTF8.GetBytes("""{"data":"{\"DocNo\":\"B\"}","iss":"NIC"}"""));
        Assert.False(SignedQr.IsSignedBy($"{parts[0]}.{changed}.{parts[2]}", key));
        Assert.False(SignedQr.IsSignedBy($"{parts[0]}.{parts[1]}.", key));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("HS256")]
    [InlineData("PS256")]
    public void The_text_does_not_choose_how_it_is_checked(string algorithm)
    {
        using var key = RSA.Create(2048);
        Assert.False(SignedQr.IsSignedBy(Sign(key, new { alg = algorithm, kid = "K1" }, new { DocNo = "A" }), key));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a.b")]
    [InlineData("a.b.c")]
    [InlineData("...")]
    [InlineData("bnVsbA.bnVsbA.bnVsbA")]
    [InlineData("W10.eyJkYXRhIjoieCJ9.AA")]
    public void Rubbish_is_nobodys(string jws)
    {
        using var key = RSA.Create(2048);
        Assert.Null(SignedQr.KeyIdOf(jws));
        Assert.False(SignedQr.IsSignedBy(jws, key));
        Assert.Null(SignedQr.Read(jws));
    }

    [Fact]
    public void It_must_be_of_the_document()
    {
        var document = Documents.Issue("INV-2627-0000001", new() { Gstin = Documents.GstinOf("29") }, [100_000_000]);
        var data = new SignedQrData(Documents.Mumbai, Documents.GstinOf("29"), "INV-2627-0000001", "INV", "21/11/2026", 118_000_000, 1, "998412", Inv01Builder.IrnOf(document), "2026-11-21 10:00:00");
        Assert.Null(SignedQr.Difference(data, document));
        foreach (var wrong in new[] { data with { SellerGstin = "x" }, data with { DocNo = "INV-2627-0000002" }, data with { DocTyp = "CRN" }, data with { TotInvVal = 1 }, data with { Irn = "x" } })
            Assert.NotNull(SignedQr.Difference(wrong, document));
    }
}
