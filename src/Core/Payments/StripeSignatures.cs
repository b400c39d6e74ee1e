using System.Globalization;
using System.Text;

namespace Balatrix.Core.Payments;

/// <summary>What a webhook's signature is worth.</summary>
public enum SignatureVerdict
{
    /// <summary>Right, and in time.</summary>
    Genuine,

    /// <summary>Not a header that could be checked.</summary>
    Malformed,

    /// <summary>Fits no secret.</summary>
    Forged,

    /// <summary>Right, but too old or from the future: maybe a replay.</summary>
    Stale,
}

/// <summary>Stripe's signatures of webhooks: "t=1533204620,v1=…", made over the time, a dot and the body.</summary>
public static class StripeSignatures
{
    /// <summary>How far the time of a signature may be from ours, in seconds, either way.</summary>
    public const long ToleranceSeconds = 300;

    /// <summary>The header for a body.</summary>
    public static string Header(ReadOnlySpan<byte> body, string secret, DateTimeOffset at)
    {
        var time = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        return $"t={time},v1={GatewayHmac.Sign(secret, Signed(time, body))}";
    }

    /// <summary>Checks a header: one of its v1 must fit one of the secrets (v0 is for tests and never counts), and then its time must be near.</summary>
    public static SignatureVerdict Check(ReadOnlySpan<byte> body, string? header, IEnumerable<string> secrets, DateTimeOffset now)
    {
        if (!TryRead(header, out var time, out var signatures))
            return SignatureVerdict.Malformed;
        var (message, known, fits) = (Signed(time, body), secrets.ToArray(), false);
        foreach (var signature in signatures)
            fits |= GatewayHmac.Fits(known, message, signature);
        if (!fits)
            return SignatureVerdict.Forged;
        // The time that was signed is the text as it came; only then is it read as a number.
        return long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(now.ToUnixTimeSeconds() - seconds) <= ToleranceSeconds
            ? SignatureVerdict.Genuine
            : SignatureVerdict.Stale;
    }

    static bool TryRead(string? header, out string time, out List<string> signatures)
    {
        (time, signatures) = ("", []);
        foreach (var item in (header ?? "").Split(','))
        {
            var equals = item.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1)
                return false;
            var (name, value) = (item[..equals].Trim(), item[(equals + 1)..].Trim());
            if (name == "t" && time.Length == 0)
                time = value;
            else if (name == "t")
                return false;
            else if (name == "v1" && value.Length > 0)
                signatures.Add(value);
        }
        return signatures.Count > 0 && time.Length is > 0 and <= 18 && !time.AsSpan().ContainsAnyExceptInRange('0', '9');
    }

    static byte[] Signed(string time, ReadOnlySpan<byte> body) => [.. Encoding.ASCII.GetBytes(time), (byte)'.', .. body];
}
