using System.Net;
using Balatrix.Modules.Identity.Logins;

namespace Balatrix.Modules.Tests.Identity;

/// <summary>Sessions, and the family of refresh tokens of each.</summary>
public sealed class SessionTests(IdentityApp app) : IClassFixture<IdentityApp>
{
    [Fact]
    public async Task A_refresh_token_is_exchanged_for_the_next_and_its_second_use_ends_the_family()
    {
        var first = await app.LoginAsync(await app.NewUserAsync());
        var second = await app.RefreshAsync(first.Refresh());
        var third = await app.RefreshAsync(second.Refresh());
        Assert.Equal(200, await app.MeStatusAsync(third.Access()));

        await ApiServer.ProblemAsync(await app.PostAsync("refresh", new { refreshToken = first.Refresh() }), 401, "refresh_token_reused");
        await ApiServer.ProblemAsync(await app.PostAsync("refresh", new { refreshToken = third.Refresh() }), 401, "invalid_refresh_token");
        foreach (var pair in new[] { first, second, third })
            Assert.Equal(401, await app.MeStatusAsync(pair.Access()));
    }

    [Fact]
    public async Task A_reuse_ends_no_other_session_of_the_user()
    {
        var email = await app.NewUserAsync();
        var (stolen, other) = (await app.LoginAsync(email), await app.LoginAsync(email));
        await app.RefreshAsync(stolen.Refresh());
        await ApiServer.ProblemAsync(await app.PostAsync("refresh", new { refreshToken = stolen.Refresh() }), 401, "refresh_token_reused");
        await app.RefreshAsync(other.Refresh());
    }

    [Fact]
    public async Task Of_requests_that_use_a_refresh_token_at_once_one_wins()
    {
        for (var round = 0; round < 3; round++)
        {
            var pair = await app.LoginAsync(await app.NewUserAsync());
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => app.PostAsync("refresh", new { refreshToken = pair.Refresh() })));
            Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
            Assert.All(answers, a => Assert.True(a.StatusCode is HttpStatusCode.OK or HttpStatusCode.Conflict or HttpStatusCode.Unauthorized, a.StatusCode.ToString()));
        }
    }

    [Fact]
    public async Task A_refresh_token_from_another_device_ends_the_session()
    {
        var pair = await app.LoginAsync(await app.NewUserAsync());
        await ApiServer.ProblemAsync(await app.PostAsync("refresh", new { refreshToken = pair.Refresh() }, device: "thief"), 401, "invalid_refresh_token");
        await ApiServer.ProblemAsync(await app.PostAsync("refresh", new { refreshToken = pair.Refresh() }), 401, "invalid_refresh_token");
        Assert.Equal(401, await app.MeStatusAsync(pair.Access()));
    }

    [Fact]
    public async Task A_session_lives_seven_days_from_its_last_refresh()
    {
        var pair = await app.LoginAsync(await app.NewUserAsync());
        app.Now.Advance(Sessions.LivesFor - TimeSpan.FromMinutes(1));
        pair = await app.RefreshAsync(pair.Refresh());
        app.Now.Advance(Sessions.LivesFor - TimeSpan.FromMinutes(1));
        pair = await app.RefreshAsync(pair.Refresh());
        app.Now.Advance(Sessions.LivesFor);
        await ApiServer.ProblemAsync(await app.PostAsync("refresh", new { refreshToken = pair.Refresh() }), 401, "invalid_refresh_token");
    }

    [Theory]
    [InlineData("x")]
    [InlineData("bxr_1_x")]
    [InlineData("bxr_99999999999_x")]
    [InlineData("bxr_2_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    public async Task What_is_no_refresh_token_is_refused(string token) =>
        await ApiServer.ProblemAsync(await app.PostAsync("refresh", new { refreshToken = token }), 401, "invalid_refresh_token");

    [Fact]
    public async Task A_logout_ends_its_session_only()
    {
        var email = await app.NewUserAsync();
        var (here, there) = (await app.LoginAsync(email), await app.LoginAsync(email));
        Assert.Equal(HttpStatusCode.NoContent, (await app.SendAsync(HttpMethod.Post, "logout", null, token: here.Access())).StatusCode);
        Assert.Equal(401, await app.MeStatusAsync(here.Access()));
        await ApiServer.ProblemAsync(await app.PostAsync("refresh", new { refreshToken = here.Refresh() }), 401, "invalid_refresh_token");
        Assert.Equal(200, await app.MeStatusAsync(there.Access()));
    }

    [Fact]
    public async Task Sessions_are_listed_with_their_devices_and_ended_by_their_user_only()
    {
        var email = await app.NewUserAsync();
        var here = await app.LoginAsync(email);
        app.Now.Advance(TimeSpan.FromSeconds(1));
        var phone = await app.LoginAsync(email, device: "phone");
        var stranger = await app.LoginAsync(await app.NewUserAsync());
        var items = (await ApiServer.BodyAsync(await app.SendAsync(HttpMethod.Get, "sessions", null, token: here.Access()))).GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(["phone", "test"], items.Select(i => i.GetProperty("device").GetString()));
        Assert.Equal([false, true], items.Select(i => i.GetProperty("current").GetBoolean()));
        Assert.All(items, i => Assert.Contains(i.GetProperty("address").GetString(), new[] { "127.0.0.1", "::ffff:127.0.0.1" }));

        var path = $"sessions/{phone.GetProperty("sessionId").GetString()}";
        await ApiServer.ProblemAsync(await app.SendAsync(HttpMethod.Delete, path, null, token: stranger.Access()), 404, "not_found");
        Assert.Equal(HttpStatusCode.NoContent, (await app.SendAsync(HttpMethod.Delete, path, null, token: here.Access())).StatusCode);
        Assert.Equal(401, await app.MeStatusAsync(phone.Access()));
        await ApiServer.ProblemAsync(await app.SendAsync(HttpMethod.Delete, path, null, token: here.Access()), 404, "not_found");
    }

    [Fact]
    public async Task A_changed_password_ends_the_other_sessions()
    {
        var email = await app.NewUserAsync();
        var (here, there) = (await app.LoginAsync(email), await app.LoginAsync(email));
        const string Next = "another-lampshade-43";
        using var wrong = await app.PostAsync("change-password", new { currentPassword = "wrong-password-1", newPassword = Next }, token: here.Access());
        Assert.Equal("currentPassword", (await ApiServer.ProblemAsync(wrong, 422, "invalid_value")).GetProperty("field").GetString());
        using var changed = await app.PostAsync("change-password", new { currentPassword = IdentityApp.Password, newPassword = Next }, token: here.Access());
        Assert.Equal(HttpStatusCode.NoContent, changed.StatusCode);
        Assert.Equal(200, await app.MeStatusAsync(here.Access()));
        Assert.Equal(401, await app.MeStatusAsync(there.Access()));
        await ApiServer.ProblemAsync(await app.TryLoginAsync(email), 401, "invalid_credentials");
        await app.LoginAsync(email, Next);
    }

    [Theory]
    [InlineData("short-pw1")]
    [InlineData("password123")]
    [InlineData("Qwertyuiop")]
    [InlineData("aaaaaaaaaaaaaa")]
    [InlineData(IdentityApp.Password)]
    public async Task A_new_password_that_is_short_common_or_the_same_is_refused(string password)
    {
        var pair = await app.LoginAsync(await app.NewUserAsync());
        using var response = await app.PostAsync("change-password", new { currentPassword = IdentityApp.Password, newPassword = password }, token: pair.Access());
        Assert.Equal("newPassword", (await ApiServer.ProblemAsync(response, 422, "invalid_value")).GetProperty("field").GetString());
    }

    [Fact]
    public async Task An_API_key_has_no_session() =>
        await ApiServer.ProblemAsync(await app.Client.GetAsync("/api/v1/auth/sessions"), 403, "users_only");
}
