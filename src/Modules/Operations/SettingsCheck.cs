using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Balatrix.Core.Tax;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Operations;

/// <summary>What settings may be.</summary>
static partial class SettingsCheck
{
    static readonly string[] Services = ["voice", "sms", "event", "recurring", "fee", "recharge"];

    /// <summary>The first fault, or null.</summary>
    public static Problem? Fault(TenantSettings s)
    {
        if (s.Name is not { Length: > 0 and <= 200 } || s.Name.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("name", "1 to 200 characters");
        if (s.Zone is null || !TimeZoneInfo.TryFindSystemTimeZoneById(s.Zone, out _))
            return Problem.Invalid("zone", "an IANA zone such as Asia/Kolkata");
        if (s.Country is null || !Country().IsMatch(s.Country))
            return Problem.Invalid("country", "an ISO 3166 code such as IN");
        if (s.TaxMode is not ("exclusive" or "inclusive"))
            return Problem.Invalid("taxMode", "exclusive or inclusive");
        if (s.PrepaidTaxMode is not ("recharge" or "usage"))
            return Problem.Invalid("prepaidTaxMode", "recharge or usage");
        if (s.InvoiceSeries is null || !Series().IsMatch(s.InvoiceSeries))
            return Problem.Invalid("invoiceSeries", "1 to 6 characters of A-Z and 0-9, the first not 0");
        if (s.PaymentTermsDays is not (>= 0 and <= 365))
            return Problem.Invalid("paymentTermsDays", "0 to 365");
        if (s.Branding is { } brand && (brand.Name is { Length: > 200 } || !IsLogo(brand.LogoUrl) || (brand.Color is not null && !Color().IsMatch(brand.Color))))
            return Problem.Invalid("branding", "a name, a logo (an address, or data:image/png;base64, or data:image/jpeg;base64, of at most 200 kB, which is printed on invoices) and a colour such as #0a4d8c");
        if (s.RechargesPerDay is not (>= 0 and <= 100))
            return Problem.Invalid("rechargesPerDay", "0 to 100");
        if (s.NumberQuarantineDays is not (>= 0 and <= 365))
            return Problem.Invalid("numberQuarantineDays", "0 to 365");
        if (s.Routing is { } routing && routing.Read() is null)
            return Problem.Invalid("routing", RoutingSettings.Expected);
        if (s.Calls?.AreValid() == false)
            return Problem.Invalid("calls", CallSettings.Expected);
        return DunningSettings.Read(s.Dunning).Problem ?? OfSupplier(s.Gst, s.Country) ?? OfTaxes(s) ?? OfPortal(s.EInvoice) ?? OfBank(s.Bank);
    }

    static bool IsLogo(string? url)
    {
        if (url is null or { Length: <= 500 })
            return true;
        var begin = Array.Find(["data:image/png;base64,", "data:image/jpeg;base64,"], b => url.StartsWith(b, StringComparison.Ordinal));
        return begin is not null && url.Length <= 270_000 && Convert.TryFromBase64String(url[begin.Length..], new byte[url.Length], out _);
    }

    static Problem? OfSupplier(GstIdentity? gst, string country)
    {
        if (gst is null)
            return null;
        if (!IsText(gst.LegalName, 200))
            return Problem.Invalid("gst.legalName", "1 to 200 characters");
        if (country == "IN" ? gst.Gstin is not null && Gstin.Fault(gst.Gstin) is not null : gst.Gstin is not null && !IsText(gst.Gstin, 30))
            return Problem.Invalid("gst.gstin", country == "IN" ? Gstin.Fault(gst.Gstin!)! : "a registration of 1 to 30 characters");
        if (country == "IN" ? GstState.Find(gst.State) is not { IsCurrent: true } || (gst.Gstin is not null && gst.Gstin[..2] != gst.State) : gst.State is not null)
            return Problem.Invalid("gst.state", country == "IN" ? "the GST state code that the GSTIN begins with" : "nothing outside India");
        if (gst.AddressLines is not { Length: >= 1 and <= 5 } lines || Array.Exists(lines, l => !IsText(l, 100)))
            return Problem.Invalid("gst.addressLines", "1 to 5 lines of 1 to 100 characters");
        if (gst.Town is not null && !IsText(gst.Town, 50))
            return Problem.Invalid("gst.town", "1 to 50 characters");
        if (gst.PostalCode is not null && !(country == "IN" ? Pin().IsMatch(gst.PostalCode) : IsText(gst.PostalCode, 12)))
            return Problem.Invalid("gst.postalCode", "a PIN code of six digits");
        return gst.Email is { Length: > 254 } || gst.Phone is { Length: > 20 } ? Problem.Invalid("gst.email", "an e-mail address, and a telephone number of at most 20 characters") : null;
    }

    static Problem? OfTaxes(TenantSettings s)
    {
        if (s.Lut is { } letters && (letters.Length > 50 || Array.Exists(letters, l => l is null || !IsFinancialYear(l.FinancialYear) || !IsText(l.Number, 50))
            || letters.DistinctBy(l => l.FinancialYear).Count() != letters.Length))
            return Problem.Invalid("lut", "one number for a financial year such as 2026-27");
        if (s.SacCodes is { } codes && codes.Any(c => !Services.Contains(c.Key) || c.Value is null || !Sac().IsMatch(c.Value)))
            return Problem.Invalid("sacCodes", $"codes of 4 to 8 digits for {string.Join(", ", Services)}");
        if (s.TaxRates is { } rates && (rates.Length > 50 || Array.Exists(rates, r => r is not { BasisPoints: >= 0 and <= 10_000 }) || rates.DistinctBy(r => r.From).Count() != rates.Length))
            return Problem.Invalid("taxRates", "basis points of 0 to 10000, one rate from a day");
        return null;
    }

    static Problem? OfPortal(EInvoiceSettings? portal)
    {
        if (portal is null)
            return null;
        if (portal.PortalUrl is { Length: > 500 } || (portal.PortalUrl is not null && !IsSafe(portal.PortalUrl)) || (portal.Enabled == true && portal.PortalUrl is null))
            return Problem.Invalid("eInvoice.portalUrl", "an https address");
        if (portal.UserName is { Length: > 200 } || portal.Password is { Length: > 1000 })
            return Problem.Invalid("eInvoice.userName", "at most 200 characters, as the password");
        return portal.PublicKeys is { } keys && (keys.Count > 20 || keys.Any(k => !IsText(k.Key, 100) || !IsKey(k.Value)))
            ? Problem.Invalid("eInvoice.publicKeys", "at most 20 certificates or RSA public keys in PEM by key id")
            : null;
    }

    static Problem? OfBank(BankDetails? bank)
    {
        if (bank is null)
            return null;
        if (bank.AccountName is { Length: > 200 } || bank.AccountNumber is { Length: > 34 } || bank.BankName is { Length: > 200 })
            return Problem.Invalid("bank", "a name, number and bank of at most 200 characters");
        if (bank.Ifsc is not null && !Ifsc().IsMatch(bank.Ifsc))
            return Problem.Invalid("bank.ifsc", "a code such as HDFC0000240");
        return bank.UpiId is not null && !Upi().IsMatch(bank.UpiId) ? Problem.Invalid("bank.upiId", "an id such as billing@hdfcbank") : null;
    }

    static bool IsText(string? text, int most) => !string.IsNullOrWhiteSpace(text) && text.Length <= most && !text.Contains('\0', StringComparison.Ordinal);

    static bool IsFinancialYear(string? text) =>
        text is not null && Year().IsMatch(text) && (int.Parse(text.AsSpan(2, 2), System.Globalization.CultureInfo.InvariantCulture) + 1) % 100 == int.Parse(text.AsSpan(5, 2), System.Globalization.CultureInfo.InvariantCulture);

    // What is sent there has customers' data and a password; a portal on this machine is one for trials.
    static bool IsSafe(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));

    static bool IsKey(string? pem)
    {
        if (pem is null || pem.Length > 10_000)
            return false;
        try
        {
            if (pem.Contains("BEGIN CERTIFICATE", StringComparison.Ordinal))
            {
                using var certificate = X509Certificate2.CreateFromPem(pem);
                using var key = certificate.GetRSAPublicKey();
                return key is not null;
            }
            using var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return true;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    [GeneratedRegex("^[A-Z]{2}$", RegexOptions.None, 1000)]
    private static partial Regex Country();

    // NIC refuses numbers that begin with 0, / or - and folds case (facts: GST invoice numbering).
    [GeneratedRegex("^[A-Z1-9][A-Z0-9]{0,5}$", RegexOptions.None, 1000)]
    private static partial Regex Series();

    [GeneratedRegex("^#[0-9a-fA-F]{6}$", RegexOptions.None, 1000)]
    private static partial Regex Color();

    [GeneratedRegex("^[1-9][0-9]{5}$", RegexOptions.None, 1000)]
    private static partial Regex Pin();

    [GeneratedRegex("^20[0-9]{2}-[0-9]{2}$", RegexOptions.None, 1000)]
    private static partial Regex Year();

    [GeneratedRegex("^[0-9]{4,8}$", RegexOptions.None, 1000)]
    private static partial Regex Sac();

    [GeneratedRegex("^[A-Z]{4}0[A-Z0-9]{6}$", RegexOptions.None, 1000)]
    private static partial Regex Ifsc();

    [GeneratedRegex(@"^[A-Za-z0-9._-]{2,256}@[A-Za-z][A-Za-z0-9]{1,63}$", RegexOptions.None, 1000)]
    private static partial Regex Upi();
}
