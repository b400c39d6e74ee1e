using System.Security.Cryptography;
using System.Text;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Configuration;

namespace Balatrix.Modules.Identity.Tokens;

/// <summary>
/// The installation's own key, under which secrets are sealed (AES-256-GCM) before they are stored, so that a copy of the database opens nothing.
/// It comes from Balatrix:MasterKey (32 bytes in Base64), or from master.key of the data folder, which is made at its first use.
/// </summary>
public sealed class MasterKey(DataFolder folder, IConfiguration configuration)
{
    const int KeyLength = 32;
    const string Setting = "Balatrix:MasterKey";
    const int NonceLength = 12;
    const int TagLength = 16;
    const int Head = NonceLength + TagLength;

    readonly Lazy<byte[]> key = new(() => Load(folder, configuration));

    /// <summary>Names the key without telling it.</summary>
    public string Id => Convert.ToHexStringLower(Derive("id"))[..16];

    /// <summary>Seals bytes for one purpose: nonce, tag, cipher text.</summary>
    public byte[] Seal(string purpose, ReadOnlySpan<byte> plain)
    {
        var box = new byte[Head + plain.Length];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceLength));
        using var aes = new AesGcm(Derive("seal"), TagLength);
        aes.Encrypt(box.AsSpan(0, NonceLength), plain, box.AsSpan(Head), box.AsSpan(NonceLength, TagLength), Encoding.UTF8.GetBytes(purpose));
        return box;
    }

    /// <summary>Opens what was sealed for the same purpose, or null when it was sealed under another key or changed since.</summary>
    public byte[]? Open(string purpose, ReadOnlySpan<byte> box)
    {
        if (box.Length < Head)
            return null;
        var plain = new byte[box.Length - Head];
        using var aes = new AesGcm(Derive("seal"), TagLength);
        try
        {
            aes.Decrypt(box[..NonceLength], box[Head..], box[NonceLength..Head], plain, Encoding.UTF8.GetBytes(purpose));
            return plain;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    byte[] Derive(string use) => HKDF.DeriveKey(HashAlgorithmName.SHA256, key.Value, KeyLength, info: Encoding.UTF8.GetBytes($"balatrix.{use}"));

    static byte[] Load(DataFolder folder, IConfiguration configuration)
    {
        var text = configuration[Setting] is { Length: > 0 } given
            ? given
            : folder.ReadOrMake("master.key", () => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyLength)));
        var bytes = new byte[KeyLength];
        return Convert.TryFromBase64String(text.Trim(), bytes, out var length) && length == KeyLength
            ? bytes
            : throw new SetupException($"{Setting}, or master.key of the data folder, must be {KeyLength} bytes in Base64.");
    }
}
