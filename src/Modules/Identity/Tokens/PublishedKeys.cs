using System.Buffers.Text;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Identity.Tokens;

/// <summary>The public keys of access tokens, as a JSON Web Key Set (RFC 7517).</summary>
public static class PublishedKeys
{
    /// <summary>A public key.</summary>
    public sealed record Key(string Kty, string Crv, string Kid, string Use, string Alg, string X, string Y);

    /// <summary>The keys that tokens may be signed with, now or soon.</summary>
    public sealed record KeySet(IReadOnlyList<Key> Keys);

    internal static async Task<IResult> Handle(HttpContext context, SigningKeys keys, CancellationToken cancellationToken)
    {
        var published = await keys.PublishedAsync(cancellationToken);
        context.Response.Headers.CacheControl = "public, max-age=300";
        return Results.Ok(new KeySet([.. published.Select(k => new Key("EC", "P-256", k.Id, "sig", "ES256", Base64Url.EncodeToString(k.Key.Q.X), Base64Url.EncodeToString(k.Key.Q.Y)))]));
    }
}
