using System.Security.Cryptography;
using System.Text;

namespace Balatrix.Core.Charging;

/// <summary>The fixed-size identity of an event within its account.</summary>
public static class EventKey
{
    /// <summary>The first 128 bits of SHA-256 over source, a zero byte and id: equal for equal pairs, and not to be met by chance or on purpose.</summary>
    public static Guid Of(string source, string id)
    {
        var size = Encoding.UTF8.GetMaxByteCount(source.Length + id.Length) + 1;
        var buffer = size <= 1024 ? stackalloc byte[size] : new byte[size];
        var length = Encoding.UTF8.GetBytes(source, buffer);
        buffer[length++] = 0;
        length += Encoding.UTF8.GetBytes(id, buffer[length..]);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(buffer[..length], hash);
        return new Guid(hash[..16], bigEndian: true);
    }
}
