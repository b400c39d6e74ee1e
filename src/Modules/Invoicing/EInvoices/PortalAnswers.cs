using System.Globalization;
using System.Text.Json;

namespace Balatrix.Modules.Invoicing.EInvoices;

/// <summary>What the portal registered.</summary>
/// <param name="Irn">Invoice reference number.</param>
/// <param name="AckNumber">Acknowledgement number.</param>
/// <param name="AckAt">When it acknowledged.</param>
/// <param name="SignedInvoice">The whole form, signed.</param>
/// <param name="SignedQrCode">The text of the QR, signed.</param>
/// <param name="IsCancelled">Whether the registration was cancelled since.</param>
sealed record PortalRegistration(string Irn, string AckNumber, DateTimeOffset AckAt, string SignedInvoice, string SignedQrCode, bool IsCancelled);

/// <summary>What the portal answered: a registration, or why there is none.</summary>
/// <param name="Registration">What was registered, or null.</param>
/// <param name="Error">The portal's words, or null.</param>
/// <param name="IsDuplicate">Whether the document is registered already.</param>
sealed record PortalAnswer(PortalRegistration? Registration, string? Error, bool IsDuplicate)
{
    // Duplicate IRN, and duplicate request for one that is being made.
    static readonly string[] DuplicateCodes = ["2150", "DUPIRN", "2295"];

    // The portal's clock shows Indian time without saying so.
    static readonly TimeSpan IndianTime = new(5, 30, 0);

    /// <summary>Reads an answer.</summary>
    /// <exception cref="PortalUnavailableException">It is none that a portal gives.</exception>
    public static PortalAnswer Read(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            if (root.GetProperty("success").GetBoolean())
                return new(root.TryGetProperty("result", out var result) ? ReadRegistration(result) : null, null, false);
            var error = root.TryGetProperty("message", out var message) ? message.ToString() : "no reason given";
            var details = root.TryGetProperty("result", out var list) ? list.GetRawText() : "";
            return new(null, error, Array.Exists(DuplicateCodes, code => error.StartsWith(code, StringComparison.Ordinal) || details.Contains($"\"{code}\"", StringComparison.Ordinal)));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new PortalUnavailableException("The portal's answer cannot be read: " + body[..Math.Min(body.Length, 200)], e);
        }
    }

    static PortalRegistration? ReadRegistration(JsonElement result)
    {
        if (result.ValueKind != JsonValueKind.Object || !result.TryGetProperty("SignedQRCode", out var qr))
            return null;
        var at = DateTime.ParseExact(result.GetProperty("AckDt").GetString()!, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        return new(
            result.GetProperty("Irn").GetString()!, result.GetProperty("AckNo").ToString(), new DateTimeOffset(at, IndianTime).ToUniversalTime(),
            result.TryGetProperty("SignedInvoice", out var invoice) ? invoice.GetString() ?? "" : "", qr.GetString() ?? "",
            result.TryGetProperty("Status", out var status) && status.ValueKind == JsonValueKind.String && status.ValueEquals("CNL"));
    }
}

/// <summary>The portal did not answer, or not as a portal does: it may have done what was asked.</summary>
public sealed class PortalUnavailableException : Exception
{
    /// <summary>Without a reason.</summary>
    public PortalUnavailableException()
    {
    }

    /// <summary>With a reason, which is shown.</summary>
    public PortalUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>With a reason, which is shown, and what caused it.</summary>
    public PortalUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
