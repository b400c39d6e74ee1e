using System.Diagnostics;
using System.Net;
using Balatrix.Modules.Identity.Logins;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Identity;

/// <summary>Logging in, and what is refused.</summary>
public sealed class LoginTests(IdentityApp app) : IClassFixture<IdentityApp>
{
    [Theory]
    [InlineData("admin@balatrix.com", "Admin@123", "admin", null)]
    [InlineData("support@balatrix.com", "Admin@123", "support", null)]
    [InlineData("john.doe@example.com", "Demo@123", "customer", "John Doe")]
    [InlineData("JANE.SMITH@EXAMPLE.COM", "Demo@123", "customer", "Smith Consulting")]
    [InlineData("admin@acmecorp.com", "Demo@123", "customer", "Acme Corporation")]
    public async Task A_seeded_user_logs_in_and_is_told_who_that_is(string email, string password, string role, string? customer)
    {
        var pair = await app.LoginAsync(email, password);
        Assert.Equal(900, pair.GetProperty("expiresIn").GetInt32());
        using var response = await app.SendAsync(HttpMethod.Get, "me", null, token: pair.Access());
        var me = await ApiServer.BodyAsync(response);
        Assert.Equal(email, me.GetProperty("email").GetString(), ignoreCase: true);
        Assert.Equal(role, Assert.Single(me.GetProperty("roles").EnumerateArray()).GetString());
        Assert.Equal("default", me.GetProperty("tenant").GetProperty("slug").GetString());
        Assert.Equal(customer, me.GetProperty("customer") is { ValueKind: System.Text.Json.JsonValueKind.Object } c ? c.GetProperty("name").GetString() : null);
    }

    [Fact]
    public async Task A_customer_sees_its_own_accounts_and_no_other()
    {
        var pair = await app.LoginAsync(await app.NewUserAsync(UserRole.Customer));
        using var client = app.NewClient(pair.Access());
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/accounts/ACC-10001")).StatusCode);
        await ApiServer.ProblemAsync(await client.GetAsync("/api/v1/accounts/ACC-10002"), 404, "not_found");
        await ApiServer.ProblemAsync(await client.GetAsync("/api/v1/auth/api-keys"), 403, "insufficient_role");
    }

    [Fact]
    public async Task An_unknown_address_and_a_wrong_password_are_answered_alike_and_take_the_same_time()
    {
        var (a, b) = (double.MaxValue, double.MaxValue);
        string? answer = null;
        // The least of many times is hardly disturbed by other work; on a busy machine it takes more of them.
        await Soon.UntilAsync(
            async () =>
            {
                var known = await app.NewUserAsync();
                for (var i = 0; i < LoginGuard.FailuresAllowed - 1; i++)
                    (a, b) = (Math.Min(a, await TimeAsync(known)), Math.Min(b, await TimeAsync("nobody-" + known)));
                return Math.Abs(a - b) < 0.35 * Math.Max(a, b);
            },
            () => $"a known address takes {a:0} ms, an unknown one {b:0} ms");
        Assert.True(b > 10, $"An unknown address is refused in {b:0} ms: no password was hashed.");

        async Task<double> TimeAsync(string email)
        {
            var started = Stopwatch.GetTimestamp();
            using var response = await app.TryLoginAsync(email, "wrong-password-1");
            var took = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            var title = (await ApiServer.ProblemAsync(response, 401, "invalid_credentials")).GetProperty("title").GetString();
            Assert.Equal(answer ??= title, title);
            return took;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Five_failures_lock_for_half_an_hour_whether_or_not_the_address_is_known(bool known)
    {
        var email = known ? await app.NewUserAsync() : app.NewEmail();
        for (var i = 0; i < LoginGuard.FailuresAllowed; i++)
            await ApiServer.ProblemAsync(await app.TryLoginAsync(email, "wrong-password-1"), 401, "invalid_credentials");
        using (var locked = await app.TryLoginAsync(email))
        {
            await ApiServer.ProblemAsync(locked, 423, "locked_out");
            Assert.InRange(locked.Headers.RetryAfter!.Delta!.Value.TotalMinutes, 29, 30);
        }
        app.Now.Advance(TimeSpan.FromMinutes(29));
        await ApiServer.ProblemAsync(await app.TryLoginAsync(email), 423, "locked_out");
        app.Now.Advance(TimeSpan.FromMinutes(1));
        if (known)
            await app.LoginAsync(email);
        else
            await ApiServer.ProblemAsync(await app.TryLoginAsync(email), 401, "invalid_credentials");
    }

    [Fact]
    public async Task A_success_forgives_the_failures_before_it()
    {
        var email = await app.NewUserAsync();
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < LoginGuard.FailuresAllowed - 1; i++)
                await ApiServer.ProblemAsync(await app.TryLoginAsync(email, "wrong-password-1"), 401, "invalid_credentials");
            await app.LoginAsync(email);
        }
    }

    [Fact]
    public async Task Guesses_made_at_once_are_no_more_than_guesses_made_in_turn()
    {
        var email = await app.NewUserAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 9).Select(i => app.TryLoginAsync(email, $"wrong-password-{i}")));
        Assert.Equal(LoginGuard.FailuresAllowed, answers.Count(a => (int)a.StatusCode == 401));
        Assert.Equal(9 - LoginGuard.FailuresAllowed, answers.Count(a => (int)a.StatusCode == 423));
    }

    [Fact]
    public async Task Ten_attempts_an_hour_are_taken_from_one_address_for_one_account()
    {
        var email = await app.NewUserAsync();
        for (var i = 0; i < LoginGuard.AttemptsAllowed; i++)
            Assert.Null(await app.Services.GetRequiredService<LoginGuard>().AttemptAsync("login", UserDirectory.Normalize(email), "127.0.0.1", CancellationToken.None));
        using (var refused = await app.TryLoginAsync(email))
        {
            await ApiServer.ProblemAsync(refused, 429, "too_many_attempts");
            Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalMinutes, 55, 60);
        }
        await app.LoginAsync(await app.NewUserAsync());
        app.Now.Advance(LoginGuard.AttemptWindow);
        await app.LoginAsync(email);
    }

    [Theory]
    [InlineData("""{"password":"x"}""", "email")]
    [InlineData("""{"email":"nobody","password":"x"}""", "email")]
    [InlineData("""{"email":"a@b\u0000.test","password":"x"}""", "email")]
    [InlineData("""{"email":"a@example.test"}""", "password")]
    public async Task A_login_without_its_parts_is_refused_by_field(string body, string field)
    {
        using var client = app.NewClient(null);
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        var problem = await ApiServer.ProblemAsync(await client.PostAsync("/api/v1/auth/login", content), 422, "invalid_value");
        Assert.Equal(field, problem.GetProperty("field").GetString());
    }

    [Fact]
    public async Task A_password_that_must_be_changed_is_good_for_nothing_else()
    {
        var email = await app.NewUserAsync(mustChangePassword: true);
        var pair = await app.LoginAsync(email);
        Assert.True(pair.GetProperty("mustChangePassword").GetBoolean());
        using var client = app.NewClient(pair.Access());
        await ApiServer.ProblemAsync(await client.GetAsync("/api/v1/auth/api-keys"), 403, "password_change_required");
        Assert.Equal(200, await app.MeStatusAsync(pair.Access()));
        using var changed = await app.PostAsync("change-password", new { currentPassword = IdentityApp.Password, newPassword = "another-lampshade-43" }, token: pair.Access());
        Assert.Equal(HttpStatusCode.NoContent, changed.StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/auth/api-keys")).StatusCode);
    }
}
