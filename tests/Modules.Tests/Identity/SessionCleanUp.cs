using Balatrix.Modules.Identity.Logins;
using Balatrix.Modules.Identity.Users;
using Balatrix.Modules.Operations;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Tests.Harness;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Identity;

/// <summary>The nightly job that takes away what logins leave behind.</summary>
public sealed class SessionCleanUp(IdentityApp app) : IClassFixture<IdentityApp>
{
    [Fact]
    public async Task What_ended_long_ago_goes_and_what_may_still_count_stays()
    {
        var email = await app.NewUserAsync();
        var old = await app.LoginAsync(email);
        await app.PostAsync("forgot-password", new { email });
        for (var i = 0; i < 3; i++)
            await app.TryLoginAsync(email, "wrong-password-1");
        app.Now.Advance(TimeSpan.FromDays(38));
        var open = await app.LoginAsync(email);
        var locked = app.NewEmail();
        for (var i = 0; i < LoginGuard.FailuresAllowed; i++)
            await app.TryLoginAsync(locked, "wrong-password-1");

        await app.Database.InTenantAsync(
            SeedData.DefaultTenant, (connection, ct) => JobQueue.EnqueueAsync(connection, SeedData.DefaultTenant, new("cleanup", "cleanup-expired-sessions", "{}"), ct), CancellationToken.None);
        await Soon.UntilAsync(async () => (await SessionsAsync()).Count <= 1, "the old session is gone");
        Assert.Equal([open.GetProperty("sessionId").GetGuid()], await SessionsAsync());
        Assert.Equal(0, await CountAsync("select count(*) from identity.mail_tokens"));
        await ApiServer.ProblemAsync(await app.PostAsync("refresh", new { refreshToken = old.Refresh() }), 401, "invalid_refresh_token");
        await app.RefreshAsync(open.Refresh());
        await ApiServer.ProblemAsync(await app.TryLoginAsync(locked), 423, "locked_out");
        var guard = app.Services.GetRequiredService<LoginGuard>();
        for (var i = 0; i < LoginGuard.AttemptsAllowed - 1; i++)
            Assert.Null(await guard.AttemptAsync("login", UserDirectory.Normalize(email), "127.0.0.1", CancellationToken.None));
        Assert.NotNull(await guard.AttemptAsync("login", UserDirectory.Normalize(email), "127.0.0.1", CancellationToken.None));
    }

    async Task<List<Guid>> SessionsAsync() => await ReadAsync("select session_id from identity.sessions", r => r.GetGuid(0));

    async Task<long> CountAsync(string sql) => (await ReadAsync(sql, r => r.GetInt64(0)))[0];

    async Task<List<T>> ReadAsync<T>(string sql, Func<Npgsql.NpgsqlDataReader, T> read)
    {
        await using var connection = await app.Database.Owner.OpenConnectionAsync();
        return await Database.QueryAsync(connection, sql, [], read, CancellationToken.None);
    }
}
