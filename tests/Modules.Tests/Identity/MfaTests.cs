using System.Globalization;
using System.Net;
using System.Text;
using System.Xml.Linq;
using Balatrix.Modules.Identity.Logins;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Tests.Identity;

/// <summary>The second factor.</summary>
public sealed class MfaTests(IdentityApp app) : IClassFixture<IdentityApp>
{
    /// <summary>RFC 6238, appendix B, SHA1; of its eight digits an authenticator shows the last six.</summary>
    [Theory]
    [InlineData(59, 94287082)]
    [InlineData(1111111109, 07081804)]
    [InlineData(1111111111, 14050471)]
    [InlineData(1234567890, 89005924)]
    [InlineData(2000000000, 69279037)]
    [InlineData(20000000000, 65353130)]
    public void Codes_are_those_of_the_standard(long seconds, int expected)
    {
        var at = DateTimeOffset.FromUnixTimeSeconds(seconds);
        Assert.Equal(expected, Totp.CodeOf("12345678901234567890"u8.ToArray(), Totp.StepAt(at), 100_000_000));
        // The same secret in Base32.
        Assert.Equal((expected % 1_000_000).ToString("D6", CultureInfo.InvariantCulture), Totp.CodeOf("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", Totp.StepAt(at)));
    }

    [Fact]
    public async Task A_second_factor_is_set_up_used_and_disabled()
    {
        var email = await app.NewUserAsync();
        var pair = await app.LoginAsync(email);
        var setup = await ApiServer.BodyAsync(await app.SendAsync(HttpMethod.Post, "mfa/setup", null, token: pair.Access()));
        var secret = setup.GetProperty("secret").GetString()!;
        Assert.StartsWith($"otpauth://totp/Balatrix:{Uri.EscapeDataString(email)}?secret={secret}&issuer=Balatrix", setup.GetProperty("otpauthUri").GetString(), StringComparison.Ordinal);
        Assert.Equal("svg", XDocument.Parse(setup.GetProperty("qrSvg").GetString()!).Root!.Name.LocalName);
        // Until it is confirmed nothing has changed.
        pair = await app.LoginAsync(email);

        await ApiServer.ProblemAsync(await app.PostAsync("mfa/verify", new { code = Other(CodeNow(secret)) }, token: pair.Access()), 422, "invalid_value");
        var confirming = CodeNow(secret);
        var codes = await ApiServer.BodyAsync(await app.PostAsync("mfa/verify", new { code = confirming }, token: pair.Access()));
        Assert.Equal(10, codes.GetProperty("recoveryCodes").EnumerateArray().Select(c => c.GetString()).Distinct().Count());
        await ApiServer.ProblemAsync(await app.SendAsync(HttpMethod.Post, "mfa/setup", null, token: pair.Access()), 409, "mfa_enabled");

        await ApiServer.ProblemAsync(await app.TryLoginAsync(email), 401, "mfa_required");
        await ApiServer.ProblemAsync(await LoginAsync(email, code: "000000"), 401, "invalid_credentials");
        // The code that confirmed it was used up by that.
        await ApiServer.ProblemAsync(await LoginAsync(email, code: confirming), 401, "invalid_credentials");
        app.Now.Advance(TimeSpan.FromSeconds(60));
        var code = CodeNow(secret);
        Assert.Equal(HttpStatusCode.OK, (await LoginAsync(email, code: code)).StatusCode);
        await ApiServer.ProblemAsync(await LoginAsync(email, code: code), 401, "invalid_credentials");

        app.Now.Advance(TimeSpan.FromSeconds(60));
        await ApiServer.ProblemAsync(await app.PostAsync("mfa/disable", new { password = "wrong-password-1", code = CodeNow(secret) }, token: pair.Access()), 422, "invalid_value");
        using (var disabled = await app.PostAsync("mfa/disable", new { password = IdentityApp.Password, code = CodeNow(secret) }, token: pair.Access()))
            Assert.Equal(HttpStatusCode.NoContent, disabled.StatusCode);
        await app.LoginAsync(email);
    }

    [Fact]
    public async Task A_recovery_code_is_good_once_also_when_used_twice_at_once()
    {
        var (email, codes, _) = await EnabledAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LoginAsync(email, recoveryCode: codes[0])));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.OK, (await LoginAsync(email, recoveryCode: codes[1].ToLowerInvariant())).StatusCode);
        await ApiServer.ProblemAsync(await LoginAsync(email, recoveryCode: codes[1]), 401, "invalid_credentials");
    }

    [Fact]
    public async Task A_code_used_twice_at_once_is_good_once()
    {
        var (email, _, secret) = await EnabledAsync();
        app.Now.Advance(TimeSpan.FromSeconds(60));
        var code = CodeNow(secret);
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LoginAsync(email, code: code)));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Guessing_codes_locks_the_account_like_guessing_passwords()
    {
        var (email, _, _) = await EnabledAsync();
        for (var i = 0; i < LoginGuard.FailuresAllowed; i++)
        {
            await ApiServer.ProblemAsync(await LoginAsync(email, code: "00000" + i), 401, "invalid_credentials");
            if (i == 1)
                await ApiServer.ProblemAsync(await app.TryLoginAsync(email), 401, "mfa_required");
        }
        await ApiServer.ProblemAsync(await app.TryLoginAsync(email), 423, "locked_out");
    }

    [Fact]
    public async Task Secrets_are_sealed_at_rest()
    {
        var (_, codes, secret) = await EnabledAsync();
        await using var connection = await app.Database.Owner.OpenConnectionAsync();
        var stored = await Database.QueryAsync(connection, "select value from identity.user_tokens", [], r => r.GetString(0), CancellationToken.None);
        Assert.NotEmpty(stored);
        Assert.All(stored, value =>
        {
            var text = Encoding.UTF8.GetString(Convert.FromBase64String(value));
            Assert.DoesNotContain(secret, text, StringComparison.Ordinal);
            Assert.DoesNotContain(codes[0], text, StringComparison.Ordinal);
        });
    }

    async Task<(string Email, string[] Codes, string Secret)> EnabledAsync()
    {
        var email = await app.NewUserAsync();
        var pair = await app.LoginAsync(email);
        var setup = await ApiServer.BodyAsync(await app.SendAsync(HttpMethod.Post, "mfa/setup", null, token: pair.Access()));
        var secret = setup.GetProperty("secret").GetString()!;
        using var verified = await app.PostAsync("mfa/verify", new { code = CodeNow(secret) }, token: pair.Access());
        var body = await ApiServer.BodyAsync(verified);
        Assert.True(verified.IsSuccessStatusCode, body.ToString());
        return (email, [.. body.GetProperty("recoveryCodes").EnumerateArray().Select(c => c.GetString()!)], secret);
    }

    Task<HttpResponseMessage> LoginAsync(string email, string? code = null, string? recoveryCode = null) =>
        app.PostAsync("login", new { email, password = IdentityApp.Password, code, recoveryCode });

    string CodeNow(string secret) => Totp.CodeOf(secret, Totp.StepAt(app.Now.GetUtcNow()));

    static string Other(string code) => (code[0] == '9' ? '0' : (char)(code[0] + 1)) + code[1..];
}
