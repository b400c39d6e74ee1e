using System.Net;
using Balatrix.Modules.Identity.Logins;
using Balatrix.Modules.Identity.Tokens;
using Balatrix.Modules.Platform;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Identity;

/// <summary>Keys that are rotated elsewhere, registrations from one address, and the time that records stand in.</summary>
public sealed class RotationAndLimits(IdentityApp app) : IClassFixture<IdentityApp>
{
    [Fact]
    public async Task A_node_signs_by_a_key_that_another_made_within_a_minute_and_still_takes_the_old_ones_tokens()
    {
        var keys = app.Services.GetRequiredService<SigningKeys>();
        var old = (await keys.SignerAsync(CancellationToken.None)).KeyId;
        var token = (await app.LoginAsync(await app.NewUserAsync())).Access();
        // The other node is of the same installation: it opens the same keys.
        using var elsewhere = new SigningKeys(app.Database, app.Services.GetRequiredService<MasterKey>(), app.Now);
        await elsewhere.RotateAsync(CancellationToken.None);
        var fresh = (await elsewhere.SignerAsync(CancellationToken.None)).KeyId;
        Assert.NotEqual(old, fresh);
        app.Now.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(fresh, (await keys.SignerAsync(CancellationToken.None)).KeyId);
        Assert.Equal(200, await app.MeStatusAsync(token));
    }

    [Fact]
    public async Task Many_registrations_from_one_address_are_stopped_whoever_they_are_for()
    {
        var guard = app.Services.GetRequiredService<LoginGuard>();
        for (var n = 0; n < LoginGuard.RegistrationsAllowed; n++)
            await guard.AttemptAsync("register-from", "", "127.0.0.1", CancellationToken.None, LoginGuard.RegistrationsAllowed);
        using (var refused = await app.PostAsync("register", new { email = app.NewEmail(), password = IdentityApp.Password, name = "One too many" }))
        {
            await ApiServer.ProblemAsync(refused, 429, "too_many_attempts");
            Assert.NotNull(refused.Headers.RetryAfter);
        }
        app.Now.Advance(LoginGuard.AttemptWindow);
        using var later = await app.PostAsync("register", new { email = app.NewEmail(), password = IdentityApp.Password, name = "In time" });
        Assert.Equal(HttpStatusCode.Accepted, later.StatusCode);
    }

    [Fact]
    public async Task What_is_written_of_logins_stands_in_the_tenants_time()
    {
        var email = await app.NewUserAsync();
        await using (var command = app.Database.Owner.CreateCommand("update platform.tenants set test_now = '2031-05-06 07:08:09Z' where tenant_id = 1"))
            await command.ExecuteNonQueryAsync();
        await app.LoginAsync(email);
        await using var connection = await app.Database.Owner.OpenConnectionAsync();
        var at = await Database.QueryAsync(
            connection, "select occurred_at from audit.records where action = 'user.logged_in' order by sequence_no desc limit 1", [], r => r.GetFieldValue<DateTimeOffset>(0), CancellationToken.None);
        await Database.ExecuteAsync(connection, "update platform.tenants set test_now = null where tenant_id = 1", [], CancellationToken.None);
        Assert.Equal(new DateTimeOffset(2031, 5, 6, 7, 8, 9, TimeSpan.Zero), at[0]);
    }
}
