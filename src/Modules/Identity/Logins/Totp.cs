using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Balatrix.Modules.Identity.Logins;

/// <summary>Time-based one-time passwords (RFC 6238) as authenticator apps make them: HMAC-SHA1, 30 seconds, six digits.</summary>
public static class Totp
{
    const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const int StepSeconds = 30;
    const int Digits = 6;
    const int Modulus = 1_000_000;

    /// <summary>Steps that a clock may be ahead or behind.</summary>
    const int Tolerance = 1;

    /// <summary>A new secret in Base32: 160 bits, as RFC 4226 asks.</summary>
    public static string NewSecret() => RandomNumberGenerator.GetString(Base32, 32);

    /// <summary>The address that authenticator apps read from a QR code.</summary>
    public static string UriOf(string secret, string email) =>
        $"otpauth://totp/Balatrix:{Uri.EscapeDataString(email)}?secret={secret}&issuer=Balatrix&algorithm=SHA1&digits={Digits}&period={StepSeconds}";

    /// <summary>The step that an instant is in.</summary>
    public static long StepAt(DateTimeOffset at) => at.ToUnixTimeSeconds() / StepSeconds;

    /// <summary>The code of a step.</summary>
    public static string CodeOf(string secret, long step) => CodeOf(Decode(secret), step, Modulus).ToString($"D{Digits}", CultureInfo.InvariantCulture);

    /// <summary>The step around an instant whose code was given, or null.</summary>
    public static long? Match(string secret, string code, DateTimeOffset at)
    {
        var given = Encoding.UTF8.GetBytes(code);
        long? matched = null;
        // All are compared, whichever matches, so that the time tells nothing.
        for (var step = StepAt(at) - Tolerance; step <= StepAt(at) + Tolerance; step++)
            if (CryptographicOperations.FixedTimeEquals(given, Encoding.UTF8.GetBytes(CodeOf(secret, step))))
                matched = step;
        return matched;
    }

    internal static int CodeOf(byte[] key, long step, int modulus)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, step);
        Span<byte> hash = stackalloc byte[HMACSHA1.HashSizeInBytes];
#pragma warning disable CA5350 // RFC 6238's algorithm: authenticator apps know no other.
        HMACSHA1.HashData(key, counter, hash);
#pragma warning restore CA5350
        var offset = hash[^1] & 0xF;
        return (BinaryPrimitives.ReadInt32BigEndian(hash[offset..]) & int.MaxValue) % modulus;
    }

    static byte[] Decode(string secret)
    {
        var (bytes, buffer, bits) = (new List<byte>(secret.Length * 5 / 8), 0, 0);
        foreach (var letter in secret)
        {
            buffer = (buffer << 5) | Base32.IndexOf(letter, StringComparison.Ordinal);
            bits += 5;
            if (bits < 8)
                continue;
            bits -= 8;
            bytes.Add((byte)(buffer >> bits));
            buffer &= (1 << bits) - 1;
        }
        return [.. bytes];
    }
}
