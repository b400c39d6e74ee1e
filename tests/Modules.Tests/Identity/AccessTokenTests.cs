using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Balatrix.Modules.Identity.Tokens;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Identity;

/// <summary>Access tokens and the keys that sign them.</summary>
public sealed class AccessTokenTests(IdentityApp app) : IClassFixture<IdentityApp>
{
    [Fact]
    public async Task A_token_is_a_JWT_that_the_published_keys_prove()
    {
        var token = (await app.LoginAsync(await app.NewUserAsync())).Access();
        var (header, claims) = (Part(token, 0), Part(token, 1));
        Assert.Equal("ES256", header["alg"]!.GetValue<string>());
        Assert.Equal(900, claims["exp"]!.GetValue<long>() - claims["iat"]!.GetValue<long>());
        Assert.Equal("admin", claims["role"]!.GetValue<string>());
        Assert.True(Proves(await KeyAsync(header["kid"]!.GetValue<string>()), token));
    }

    [Fact]
    public async Task A_token_ends_after_fifteen_minutes()
    {
        var token = (await app.LoginAsync(await app.NewUserAsync())).Access();
        app.Now.Advance(AccessTokens.LivesFor - TimeSpan.FromSeconds(30));
        Assert.Equal(200, await app.MeStatusAsync(token));
        app.Now.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(401, await app.MeStatusAsync(token));
    }

    [Fact]
    public async Task A_token_that_was_changed_or_signed_by_another_is_refused()
    {
        var token = (await app.LoginAsync(await app.NewUserAsync("support"))).Access();
        var parts = token.Split('.');
        var claims = Part(token, 1);
        claims["role"] = "admin";
        var none = Encode(new JsonObject { ["alg"] = "none", ["typ"] = "at+jwt", ["kid"] = Part(token, 0)["kid"]!.GetValue<string>() });
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var foreign = Base64Url.EncodeToString(other.SignData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), HashAlgorithmName.SHA256));
        // The public key as an HMAC secret, against verifiers that let the token choose its algorithm.
        var key = await KeyAsync(Part(token, 0)["kid"]!.GetValue<string>());
        var hs256 = Encode(new JsonObject { ["alg"] = "HS256", ["typ"] = "at+jwt", ["kid"] = Part(token, 0)["kid"]!.GetValue<string>() });
        var confused = Base64Url.EncodeToString(HMACSHA256.HashData(key.ExportSubjectPublicKeyInfo(), Encoding.ASCII.GetBytes($"{hs256}.{parts[1]}")));
        string[] forged =
        [
            $"{parts[0]}.{Encode(claims)}.{parts[2]}", $"{none}.{Encode(claims)}.", $"{none}.{parts[1]}.{parts[2]}", $"{parts[0]}.{parts[1]}.{foreign}", $"{hs256}.{parts[1]}.{confused}",
            $"{parts[0]}.{parts[1]}.", $"{parts[0]}.{parts[1]}", $"{token}.", "..", "a.b.c", $"{Encode(new JsonObject { ["alg"] = 1 })}.{parts[1]}.{parts[2]}", new string('x', 8000),
        ];
        foreach (var bad in forged)
            Assert.Equal(401, await app.MeStatusAsync(bad));
        Assert.Equal(200, await app.MeStatusAsync(token));
    }

    [Fact]
    public async Task Keys_are_rotated_each_month_with_the_next_published_before_it_signs()
    {
        // Other tests put the same clock forward: the month begins with a key of its own.
        await app.Services.GetRequiredService<SigningKeys>().RotateAsync(CancellationToken.None);
        var email = await app.NewUserAsync();
        var first = KeyId((await app.LoginAsync(email)).Access());
        Assert.Contains(first, await PublishedAsync());

        app.Now.Advance(SigningKeys.SignsFor - SigningKeys.PublishedAhead + TimeSpan.FromMinutes(1));
        var beforeChange = await app.LoginAsync(email);
        Assert.Equal(first, KeyId(beforeChange.Access()));
        var published = await PublishedAsync();
        Assert.Contains(first, published);
        Assert.True(published.Count >= 2, "The next key is not published a day ahead.");

        app.Now.Advance(SigningKeys.PublishedAhead - TimeSpan.FromMinutes(5));
        var last = await app.LoginAsync(email);
        Assert.Equal(first, KeyId(last.Access()));
        app.Now.Advance(TimeSpan.FromMinutes(6));
        var after = await app.LoginAsync(email);
        Assert.NotEqual(first, KeyId(after.Access()));
        Assert.Contains(KeyId(after.Access()), published);
        Assert.Equal(200, await app.MeStatusAsync(last.Access()));

        app.Now.Advance(SigningKeys.PublishedAfter);
        Assert.DoesNotContain(first, await PublishedAsync());
    }

    [Fact]
    public async Task A_key_can_be_rotated_at_once_without_ending_its_tokens()
    {
        var email = await app.NewUserAsync();
        var before = await app.LoginAsync(email);
        await app.Services.GetRequiredService<SigningKeys>().RotateAsync(CancellationToken.None);
        var after = await app.LoginAsync(email);
        Assert.NotEqual(KeyId(before.Access()), KeyId(after.Access()));
        Assert.Equal(200, await app.MeStatusAsync(before.Access()));
        Assert.Equal(200, await app.MeStatusAsync(after.Access()));
    }

    [Fact]
    public async Task Another_node_trusts_the_key_of_this_one_even_without_being_able_to_sign_with_it()
    {
        var token = (await app.LoginAsync(await app.NewUserAsync())).Access();
        var elsewhere = new ConfigurationBuilder().AddInMemoryCollection([new("Balatrix:MasterKey", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)))]).Build();
        using var keys = new SigningKeys(app.Database, new MasterKey(new DataFolder(app.Data), elsewhere), app.Now);
        var tokens = new AccessTokens(keys, app.Now);
        Assert.NotNull(await tokens.VerifyAsync(token, CancellationToken.None));
        var own = await tokens.IssueAsync(1, Guid.NewGuid(), Guid.NewGuid(), "admin", null, CancellationToken.None);
        Assert.NotEqual(KeyId(token), KeyId(own));
        Assert.NotNull(await app.Services.GetRequiredService<AccessTokens>().VerifyAsync(own, CancellationToken.None));
    }

    [Fact]
    public async Task Private_keys_are_sealed_at_rest()
    {
        await app.LoginAsync(await app.NewUserAsync());
        await using var connection = await app.Database.Owner.OpenConnectionAsync();
        var stored = await Database.QueryAsync(connection, "select sealed_key from identity.signing_keys", [], r => r.GetFieldValue<byte[]>(0), CancellationToken.None);
        foreach (var bytes in stored)
        {
            using var key = ECDsa.Create();
            Assert.ThrowsAny<CryptographicException>(() => key.ImportPkcs8PrivateKey(bytes, out _));
        }
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(app.Data, "master.key")));
    }

    async Task<ECDsa> KeyAsync(string id)
    {
        var key = (await JwksAsync()).Single(k => k.GetProperty("kid").GetString() == id);
        return ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new() { X = Base64Url.DecodeFromChars(key.GetProperty("x").GetString()), Y = Base64Url.DecodeFromChars(key.GetProperty("y").GetString()) },
        });
    }

    async Task<List<JsonElement>> JwksAsync()
    {
        using var client = app.NewClient(null);
        using var response = await client.GetAsync("/.well-known/jwks.json");
        return [.. (await ApiServer.BodyAsync(response)).GetProperty("keys").EnumerateArray()];
    }

    async Task<List<string>> PublishedAsync() => [.. (await JwksAsync()).Select(k => k.GetProperty("kid").GetString()!)];

    static bool Proves(ECDsa key, string token)
    {
        var end = token.LastIndexOf('.');
        return key.VerifyData(Encoding.ASCII.GetBytes(token[..end]), Base64Url.DecodeFromChars(token.AsSpan(end + 1)), HashAlgorithmName.SHA256);
    }

    static string KeyId(string token) => Part(token, 0)["kid"]!.GetValue<string>();

    static JsonObject Part(string token, int index) => JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[index]))!.AsObject();

    static string Encode(JsonObject part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));
}
