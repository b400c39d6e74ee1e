using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Balatrix.Core.Invoices.EInvoice;

/// <summary>What the portal's signed QR says of a document.</summary>
public sealed record SignedQrData(
    string SellerGstin, string BuyerGstin, string DocNo, string DocTyp, string DocDt, [property: JsonConverter(typeof(RupeesConverter))] long TotInvVal, int ItemCnt, string MainHsnCode, string Irn,
    string IrnDt);

/// <summary>
/// The portal's signature (JWS, RS256) over what is printed as QR: a JSON text within its claim <c>data</c>. It is stored and printed as it came, never made anew,
/// and only after it was checked.
/// </summary>
public static class SignedQr
{
    const int LengthMax = 100_000;

    /// <summary>Which of the portal's keys signed; null when the text is no signature of a portal.</summary>
    public static string? KeyIdOf(string jws)
    {
        if (Part(jws, 0) is not { } header)
            return null;
        var isRs256 = header.TryGetProperty("alg", out var algorithm) && algorithm.ValueKind == JsonValueKind.String && algorithm.ValueEquals("RS256");
        return isRs256 && header.TryGetProperty("kid", out var key) && key.ValueKind == JsonValueKind.String ? key.GetString() : null;
    }

    /// <summary>Whether a key signed it. Only RS256 is taken, whatever the text asks for.</summary>
    public static bool IsSignedBy(string jws, RSA key)
    {
        var parts = jws.Split('.');
        return KeyIdOf(jws) is not null && Bytes(parts[2]) is { } signature
            && key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    /// <summary>What it says; null when it says nothing that can be read. Says nothing about who signed it.</summary>
    public static SignedQrData? Read(string jws)
    {
        if (Part(jws, 1) is not { } claims || !claims.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return JsonSerializer.Deserialize<SignedQrData>(data.GetString()!, PortalJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What in it is not the document's; null when all is.</summary>
    public static string? Difference(SignedQrData data, InvoiceDocument document)
    {
        var seller = document.Supplier.Gstin;
        if (data.SellerGstin != seller)
            return $"SellerGstin {data.SellerGstin} is not {seller}";
        if (!string.Equals(data.DocNo, document.Number, StringComparison.OrdinalIgnoreCase) || data.DocTyp != Inv01Builder.TypeOf(document.Kind))
            return $"{data.DocTyp} {data.DocNo} is not {Inv01Builder.TypeOf(document.Kind)} {document.Number}";
        if (data.TotInvVal != document.Totals.TotalMicros)
            return $"TotInvVal {Money.Format(data.TotInvVal)} is not {Money.Format(document.Totals.TotalMicros)}";
        var irn = Inv01Builder.IrnOf(document);
        return data.Irn == irn ? null : $"Irn {data.Irn} is not {irn}";
    }

    static JsonElement? Part(string jws, int index)
    {
        if (jws.Length > LengthMax || jws.Split('.') is not { Length: 3 } parts || Bytes(parts[index]) is not { } bytes)
            return null;
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static byte[]? Bytes(string part)
    {
        try
        {
            return Base64Url.DecodeFromChars(part);
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
