using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Balatrix.Modules.Identity.Logins;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Identity;

/// <summary>Registering, confirming an address, and forgetting a password, with the mail as its reader gets it.</summary>
public sealed partial class MailedTokenTests(IdentityApp app) : IClassFixture<IdentityApp>
{
    const string Next = "another-lampshade-43";

    [Fact]
    public async Task Who_registers_confirms_the_address_by_the_mailed_link_and_then_logs_in_as_a_new_customer()
    {
        var email = app.NewEmail();
        using (var registered = await app.PostAsync("register", new { email, password = IdentityApp.Password, name = "Asha Rao", company = "Rao Textiles" }))
            Assert.Equal(HttpStatusCode.Accepted, registered.StatusCode);
        await ApiServer.ProblemAsync(await app.TryLoginAsync(email), 403, "email_not_verified");

        var mail = await MailAsync(email, "Confirm your address");
        Assert.Contains("Hello Asha Rao", mail, StringComparison.Ordinal);
        var path = Link().Match(mail).Groups["path"].Value;
        using var client = app.NewClient(null);
        using (var confirmed = await client.GetAsync(path))
            Assert.Equal(HttpStatusCode.OK, confirmed.StatusCode);
        await ApiServer.ProblemAsync(await client.GetAsync(path), 422, "invalid_token");

        var pair = await app.LoginAsync(email);
        var me = await ApiServer.BodyAsync(await app.SendAsync(HttpMethod.Get, "me", null, token: pair.Access()));
        Assert.Equal("Rao Textiles", me.GetProperty("customer").GetProperty("name").GetString());
        Assert.Equal("customer", me.GetProperty("roles")[0].GetString());
    }

    [Fact]
    public async Task A_registration_with_a_known_address_is_answered_alike_and_changes_nothing()
    {
        var email = await app.NewUserAsync();
        using var known = await app.PostAsync("register", new { email, password = Next, name = "Mallory" });
        using var unknown = await app.PostAsync("register", new { email = app.NewEmail(), password = Next, name = "Mallory" });
        Assert.True(known.StatusCode == HttpStatusCode.Accepted, await known.Content.ReadAsStringAsync());
        Assert.Equal(await unknown.Content.ReadAsStringAsync(), await known.Content.ReadAsStringAsync());
        Assert.DoesNotContain("Mallory", await MailAsync(email, "You have an account already"), StringComparison.Ordinal);
        await app.LoginAsync(email);
    }

    [Fact]
    public async Task An_address_that_was_never_confirmed_can_be_registered_anew_and_the_first_mail_is_void()
    {
        var email = app.NewEmail();
        await app.PostAsync("register", new { email, password = "mallory-was-here-1", name = "Mallory" });
        var first = TokenOf(await MailAsync(email, "Confirm your address"));
        await app.PostAsync("register", new { email, password = IdentityApp.Password, name = "Asha" });
        var second = TokenOf(await MailAsync(email, "Confirm your address", number: 1));
        await ApiServer.ProblemAsync(await app.PostAsync("verify-email", new { token = first }), 422, "invalid_token");
        using (var confirmed = await app.PostAsync("verify-email", new { token = second }))
            Assert.Equal(HttpStatusCode.OK, confirmed.StatusCode);
        await ApiServer.ProblemAsync(await app.TryLoginAsync(email, "mallory-was-here-1"), 401, "invalid_credentials");
        await app.LoginAsync(email);
    }

    [Fact]
    public async Task Registrations_of_one_address_at_once_make_one_user()
    {
        var email = app.NewEmail();
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => app.PostAsync("register", new { email, password = IdentityApp.Password, name = "Asha" })));
        Assert.All(answers, a => Assert.Equal(HttpStatusCode.Accepted, a.StatusCode));
        var users = await Database.QueryAsync(await app.Database.Owner.OpenConnectionAsync(), "select 1 from identity.users where email = $1", [email], r => 1, CancellationToken.None);
        Assert.Single(users);
    }

    [Theory]
    [InlineData("""{"email":"x","password":"tangerine-lampshade-42","name":"A"}""", "email")]
    [InlineData("""{"email":"a@example.test","password":"tangerine-lampshade-42","name":" "}""", "name")]
    [InlineData("""{"email":"a@example.test","password":"password123","name":"A"}""", "password")]
    [InlineData("""{"email":"lampshade@example.test","password":"tangerine-lampshade-42","name":"A"}""", "password")]
    [InlineData("""{"email":"a@example.test","password":"tangerine-lampshade-42","name":"A","tenant":"nowhere"}""", "tenant")]
    public async Task A_wrong_registration_is_refused_by_field(string body, string field)
    {
        using var client = app.NewClient(null);
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        Assert.Equal(field, (await ApiServer.ProblemAsync(await client.PostAsync("/api/v1/auth/register", content), 422, "invalid_value")).GetProperty("field").GetString());
    }

    [Fact]
    public async Task A_forgotten_password_is_set_anew_with_the_mailed_token_once()
    {
        var email = await app.NewUserAsync();
        var session = await app.LoginAsync(email);
        for (var i = 0; i < LoginGuard.FailuresAllowed; i++)
            await app.TryLoginAsync(email, "wrong-password-1");
        using (var asked = await app.PostAsync("forgot-password", new { email }))
            Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        var token = TokenOf(await MailAsync(email, "Set a new password"));

        Assert.Equal("newPassword", (await ApiServer.ProblemAsync(await app.PostAsync("reset-password", new { token, newPassword = "short" }), 422, "invalid_value")).GetProperty("field").GetString());
        await ApiServer.ProblemAsync(await app.PostAsync("verify-email", new { token }), 422, "invalid_token");
        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => app.PostAsync("reset-password", new { token, newPassword = Next })));
        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.NoContent);
        Assert.Equal(2, answers.Count(a => (int)a.StatusCode == 422));
        Assert.Equal(401, await app.MeStatusAsync(session.Access()));
        // The lock of those who guessed is gone, too.
        await app.LoginAsync(email, Next);
    }

    [Fact]
    public async Task A_reset_token_ends_after_an_hour_and_with_the_next_one()
    {
        var email = await app.NewUserAsync();
        await app.PostAsync("forgot-password", new { email });
        var first = TokenOf(await MailAsync(email, "Set a new password"));
        await app.PostAsync("forgot-password", new { email });
        var second = TokenOf(await MailAsync(email, "Set a new password", number: 1));
        await ApiServer.ProblemAsync(await app.PostAsync("reset-password", new { token = first, newPassword = Next }), 422, "invalid_token");
        app.Now.Advance(MailTokens.ResetWithin);
        await ApiServer.ProblemAsync(await app.PostAsync("reset-password", new { token = second, newPassword = Next }), 422, "invalid_token");
    }

    [Fact]
    public async Task An_unknown_address_is_answered_like_a_known_one_in_the_same_time()
    {
        var (a, b) = (double.MaxValue, double.MaxValue);
        string? answer = null;
        // The least of many times is hardly disturbed by other work; on a busy machine it takes more of them.
        await Soon.UntilAsync(
            async () =>
            {
                var known = await app.NewUserAsync();
                for (var i = 0; i < 3; i++)
                    (a, b) = (Math.Min(a, await TimeAsync(known)), Math.Min(b, await TimeAsync("nobody-" + known)));
                return Math.Abs(a - b) < 150;
            },
            () => $"{a:0} ms and {b:0} ms");

        async Task<double> TimeAsync(string email)
        {
            var started = Stopwatch.GetTimestamp();
            using var response = await app.PostAsync("forgot-password", new { email });
            var took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
            var text = await response.Content.ReadAsStringAsync();
            Assert.Equal(answer ??= text, text);
            return took;
        }
    }

    [Fact]
    public async Task A_mailed_token_does_not_show_among_the_jobs()
    {
        var email = await app.NewUserAsync();
        await app.PostAsync("forgot-password", new { email });
        var token = TokenOf(await MailAsync(email, "Set a new password"));
        await using var connection = await app.Database.Owner.OpenConnectionAsync();
        var payloads = await Database.QueryAsync(connection, "select payload::text from platform.jobs where kind = 'send-email'", [], r => r.GetString(0), CancellationToken.None);
        Assert.NotEmpty(payloads);
        Assert.All(payloads, p => Assert.DoesNotContain(token, p, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("1.x")]
    [InlineData("999999999999.x")]
    public async Task What_is_no_token_is_refused(string token)
    {
        using var client = app.NewClient(null);
        await ApiServer.ProblemAsync(await client.GetAsync($"/api/v1/auth/verify-email/{token}"), 422, "invalid_token");
    }

    /// <summary>A mail from the spool, as soon as it is there.</summary>
    async Task<string> MailAsync(string to, string subject, int number = 0)
    {
        var folder = Path.Combine(app.Data, "mail");
        return await Soon.AnswerAsync(
            () =>
            {
                var mails = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.eml").Order(StringComparer.Ordinal).Select(File.ReadAllText) : [];
                return Task.FromResult(mails.Where(m => m.Contains($"To: {to}\r\n", StringComparison.Ordinal) && m.Contains($"Subject: {subject}\r\n", StringComparison.Ordinal)).ElementAtOrDefault(number));
            },
            $"a mail \"{subject}\" to {to}");
    }

    static string TokenOf(string mail) => Token().Match(mail).Value;

    [GeneratedRegex(@"http://[^/\s]+(?<path>/api/v1/auth/verify-email/\S+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"\b1\.[\w-]{43}(?=\s)", RegexOptions.None, 1000)]
    private static partial Regex Token();
}
