using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Balatrix.Modules.Identity.Tokens;

/// <summary>What an access token says of its bearer.</summary>
/// <param name="TenantId">The tenant.</param>
/// <param name="UserId">The user.</param>
/// <param name="SessionId">The session; it ends the token before its time when it is ended itself.</param>
/// <param name="ExpiresAt">The token's end.</param>
public sealed record AccessClaims(int TenantId, Guid UserId, Guid SessionId, DateTimeOffset ExpiresAt);

/// <summary>Access tokens: JWTs (RFC 7519, 9068) signed with ES256. They are short; what may change, such as a role, is asked of the session and not of them.</summary>
public sealed class AccessTokens(SigningKeys keys, TimeProvider time)
{
    /// <summary>How long a token lives.</summary>
    public static readonly TimeSpan LivesFor = TimeSpan.FromMinutes(15);

    const string Name = "balatrix";
    const int LongestToken = 4096;

    // The + of the type as it is, for readers who look at it.
    static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A new token.</summary>
    public async Task<string> IssueAsync(int tenantId, Guid userId, Guid sessionId, string role, long? customerId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        var payload = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["iss"] = Name,
            ["aud"] = Name,
            ["sub"] = userId,
            ["sid"] = sessionId,
            ["tenant"] = tenantId,
            ["role"] = role,
            ["customer"] = customerId,
            ["iat"] = now,
            ["exp"] = now + (long)LivesFor.TotalSeconds,
            ["jti"] = Guid.NewGuid(),
        });
        var signer = await keys.SignerAsync(cancellationToken);
        var content = Part(JsonSerializer.SerializeToUtf8Bytes(new { alg = "ES256", typ = "at+jwt", kid = signer.KeyId }, Plain)) + "." + Part(payload);
        return content + "." + Part(signer.Sign(Encoding.ASCII.GetBytes(content)));

        static string Part(byte[] bytes) => Base64Url.EncodeToString(bytes);
    }

    /// <summary>What a token says, or null when it is not one of ours, was changed, or is past its end.</summary>
    public async ValueTask<AccessClaims?> VerifyAsync(string token, CancellationToken cancellationToken)
    {
        if (token.Length > LongestToken || token.Split('.') is not [var head, var body, var signature])
            return null;
        // The algorithm is ours to choose, never the token's: a header that names another is refused before anything is tried.
        if (Parse(head) is not { } header || Text(header, "alg") != "ES256" || Text(header, "typ") != "at+jwt" || Text(header, "kid") is not { } keyId || Decode(signature) is not { } signed)
            return null;
        if (!await keys.VerifyAsync(keyId, Encoding.ASCII.GetBytes($"{head}.{body}"), signed, cancellationToken) || Parse(body) is not { } claims)
            return null;
        return Text(claims, "iss") == Name && Text(claims, "aud") == Name
            && claims.TryGetProperty("exp", out var exp) && exp.TryGetInt64(out var until) && time.GetUtcNow().ToUnixTimeSeconds() < until
            && Guid.TryParse(Text(claims, "sub"), out var user) && Guid.TryParse(Text(claims, "sid"), out var session)
            && claims.TryGetProperty("tenant", out var t) && t.TryGetInt32(out var tenant)
            ? new(tenant, user, session, DateTimeOffset.FromUnixTimeSeconds(until))
            : null;
    }

    static string? Text(JsonElement fields, string name) => fields.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    static byte[]? Decode(string part) => Base64Url.IsValid(part) ? Base64Url.DecodeFromChars(part) : null;

    static JsonElement? Parse(string part)
    {
        try
        {
            return Decode(part) is { } json && JsonElement.Parse(json) is { ValueKind: JsonValueKind.Object } fields ? fields : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
