using System.Security.Cryptography;
using System.Text;

namespace Balatrix.Core.Payments;

/// <summary>What both gateways sign with: HMAC-SHA256 in lower-case hexadecimal, compared in constant time.</summary>
static class GatewayHmac
{
    public static string Sign(string secret, ReadOnlySpan<byte> message) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), message));

    /// <summary>Whether the signature is of this message, with one of the secrets. All of them are tried, so that time tells nothing; a blank secret never fits.</summary>
    public static bool Fits(IEnumerable<string> secrets, ReadOnlySpan<byte> message, string signature)
    {
        var given = Encoding.UTF8.GetBytes(signature);
        var fits = false;
        foreach (var secret in secrets)
            fits |= !string.IsNullOrWhiteSpace(secret) && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Sign(secret, message)), given);
        return fits;
    }
}
