using System.Diagnostics;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Voice.Fraud;
using Balatrix.Web;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Voice.Fraud;

/// <summary>The guard, its memory and its alerts, on the real database.</summary>
public sealed class FraudGuardTests(FraudTenant app) : IClassFixture<FraudTenant>
{
    const string Cuba = "5352123456";

    [Fact]
    public async Task A_satellite_number_is_refused_until_staff_allow_its_range()
    {
        var account = await app.OpenAccountAsync("10.00");
        var verdict = await app.CheckAsync(account, "870773111632");
        Assert.Equal((false, "blocked_destination"), (verdict.Allowed, verdict.Rule));
        var alert = await app.AlertSoonAsync(account);
        Assert.Equal(("+870", "refuse", "870773111632"), (alert.GetProperty("subject").GetString(), alert.GetProperty("action").GetString(), alert.GetProperty("called").GetString()));
        var (status, body) = await app.PostAsync($"/api/v1/fraud/alerts/{alert.GetProperty("id")}/allow", new { note = "A ship" });
        Assert.True(status == 200, body.ToString());
        await FraudTenant.SoonAsync(async () => (await app.CheckAsync(account, "870773111632")).Allowed);
        Assert.False((await app.CheckAsync(account, "881612345678")).Allowed);
    }

    [Fact]
    public async Task The_first_call_to_a_risky_country_waits_and_a_country_that_was_called_does_not()
    {
        var (held, known) = (await app.OpenAccountAsync("10.00"), await app.OpenAccountAsync("10.00"));
        Assert.Equal("first_call", (await app.CheckAsync(held, Cuba)).Rule);
        // A call of before, when the account was not held.
        app.Guard.Ended(1, FraudTenant.Call(known, Cuba), TimeSpan.FromSeconds(30), 1_000_000);
        Assert.True((await app.CheckAsync(known, Cuba)).Allowed);
        await FraudTenant.SoonAsync(async () => await app.CountAsync($"select count(*) from voice.fraud_permits where account_id = {FraudTenant.Id(known)} and subject = 'CU' and given_by = 'call'") == 1);
        var alert = await app.AlertSoonAsync(held);
        Assert.Equal(200, (await app.PostAsync($"/api/v1/fraud/alerts/{alert.GetProperty("id")}/allow", new { hours = 2 })).Status);
        await FraudTenant.SoonAsync(async () => (await app.CheckAsync(held, Cuba)).Allowed);
        Assert.False((await app.CheckAsync(held, Cuba, DateTimeOffset.UtcNow.AddHours(3))).Allowed);
    }

    [Fact]
    public async Task A_limit_that_throttles_lets_no_more_calls_through_and_is_told_once()
    {
        var account = await app.OpenAccountAsync("10.00");
        await app.SetRulesAsync(account, new { limits = new[] { new { name = "few", calls = 5, per = "hour", action = "throttle" } } });
        await FraudTenant.SoonAsync(() => Task.FromResult(app.Guard.Policies.ContainsKey((1, FraudTenant.Id(account)))));
        Assert.Equal(5, await app.CallUntilRefusedAsync(account, "442071838750"));
        var alert = await app.AlertSoonAsync(account);
        Assert.Equal(("velocity", "few 5 calls/hour", "throttle"), (alert.GetProperty("rule").GetString(), alert.GetProperty("subject").GetString(), alert.GetProperty("action").GetString()));
        await app.CheckAsync(account, "442071838750");
        await FraudTenant.SoonAsync(async () => (await app.OpenAlertAsync(account))?.GetProperty("repeats").GetInt64() == 2);
        Assert.Equal(1, await app.CountAsync($"select count(*) from audit.records where action = 'fraud.alert-raised' and entity_id = '{alert.GetProperty("id")}'"));
        Assert.True((await app.CheckAsync(account, "442071838750", DateTimeOffset.UtcNow.AddMinutes(70))).Allowed);
    }

    [Fact]
    public async Task A_limit_that_suspends_stops_the_account_and_staff_start_it_again()
    {
        var account = await app.OpenAccountAsync("10.00");
        await app.SetRulesAsync(account, new { limits = new[] { new { spend = "5.00", per = "day", action = "suspend" } } });
        await FraudTenant.SoonAsync(() => Task.FromResult(app.Guard.Policies.ContainsKey((1, FraudTenant.Id(account)))));
        app.Guard.Ended(1, FraudTenant.Call(account, "442071838750", DateTimeOffset.UtcNow.AddMinutes(-4)), TimeSpan.FromMinutes(3), 5_000_000);
        Assert.Equal("velocity", (await app.CheckAsync(account, "919812345678")).Rule);
        await FraudTenant.SoonAsync(async () => (await app.GetAsync($"/api/v1/accounts/{account}")).Body.GetProperty("status").GetString() == "suspended");
        var (refused, problem) = await app.PostAsync($"/api/v1/accounts/{account}/reservations", new { service = "voice.outbound", to = "+919812345678", quantity = 60 });
        Assert.Equal((403, "account_suspended"), (refused, problem.GetProperty("code").GetString()));
        var alert = await app.AlertSoonAsync(account);
        Assert.Equal(200, (await app.PostAsync($"/api/v1/fraud/alerts/{alert.GetProperty("id")}/allow", new { note = "Real", reactivate = true })).Status);
        Assert.Equal("active", (await app.GetAsync($"/api/v1/accounts/{account}")).Body.GetProperty("status").GetString());
        await FraudTenant.SoonAsync(async () => (await app.CheckAsync(account, "919812345678")).Allowed);
        Assert.Equal(2, await app.CountAsync($"select count(*) from audit.records where action in ('account.suspended', 'account.activated') and entity_id = '{account}'"));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task An_hour_unlike_the_accounts_own_is_found_and_the_same_hour_of_a_busy_account_is_not()
    {
        var (quiet, busy) = (await app.OpenAccountAsync("10.00"), await app.OpenAccountAsync("10.00"));
        var at = DateTimeOffset.UtcNow;
        var hour = at.ToUnixTimeSeconds() / 3600;
        foreach (var (account, calls) in new[] { (quiet, 2), (busy, 20) })
        {
            await app.CountAsync($"insert into voice.fraud_hours select 1, {FraudTenant.Id(account)}, {hour} - n * 5, {calls}, 0, 0 from generate_series(1, 40) n; select 1");
            await app.SetRulesAsync(account, new { suddenChange = new { percent = 300, leastCalls = 10, leastHours = 24, action = "throttle" } });
        }
        await FraudTenant.SoonAsync(() => Task.FromResult(app.Guard.Policies.ContainsKey((1, FraudTenant.Id(busy)))));
        await app.CheckAsync(quiet, "442071838750", at);
        await app.CheckAsync(busy, "442071838750", at);
        await FraudTenant.SoonAsync(() => Task.FromResult(!app.Guard.Accounts[(1, FraudTenant.Id(quiet))].NeedsUsual && !app.Guard.Accounts[(1, FraudTenant.Id(busy))].NeedsUsual));
        Assert.Equal(9, await app.CallUntilRefusedAsync(quiet, "919812345678", at));
        Assert.Equal(50, await app.CallUntilRefusedAsync(busy, "919812345678", at));
        Assert.Equal("sudden_change", (await app.AlertSoonAsync(quiet)).GetProperty("rule").GetString());
    }

    [Fact]
    public async Task Records_count_once_also_when_they_come_again()
    {
        var account = await app.OpenAccountAsync("100.00");
        var record = new { account, id = Guid.NewGuid(), called = "+442071838750", startTime = DateTimeOffset.UtcNow.AddMinutes(-1), durationSeconds = 60 };
        Assert.Equal(201, (await app.PostAsync("/api/v1/cdrs", record)).Status);
        Assert.Equal(200, (await app.PostAsync("/api/v1/cdrs", record)).Status);
        Assert.Equal(200, (await app.PostAsync("/api/v1/cdrs/batch", new[] { record })).Status);
        await FraudTenant.SoonAsync(async () => await app.CountAsync($"select count(*) from (select sum(calls) c, sum(talk_ms) t, sum(spend_micros) s from voice.fraud_use where account_id = {FraudTenant.Id(account)} and country = 'GB') x where c = 1 and t = 60000 and s > 0") == 1);
        Assert.Equal(1, await app.CountAsync($"select coalesce(sum(calls), 0) from voice.fraud_hours where account_id = {FraudTenant.Id(account)}"));
    }

    [Fact]
    public async Task Two_nodes_know_of_each_others_calls_within_seconds_and_a_third_one_from_its_start()
    {
        var account = await app.OpenAccountAsync("10.00");
        await app.SetRulesAsync(account, new { limits = new[] { new { calls = 10, per = "hour", action = "throttle" } } });
        await using var database = new Database(app.ConnectionString);
        await using var other = BalatrixServer.Build(database, "http://127.0.0.1:0", TimeProvider.System);
        await other.StartAsync();
        var second = other.Services.GetRequiredService<FraudGuard>();
        await FraudTenant.SoonAsync(() => Task.FromResult(app.Guard.Policies.ContainsKey((1, FraudTenant.Id(account)))));
        for (var i = 0; i < 6; i++)
            app.Guard.Started(1, FraudTenant.Call(account, "442071838750"));
        for (var i = 0; i < 4; i++)
            second.Started(1, FraudTenant.Call(account, "442071838750"));
        await FraudTenant.SoonAsync(async () => !(await app.CheckAsync(account, "442071838750")).Allowed);
        await FraudTenant.SoonAsync(async () => !(await second.CheckAsync(1, FraudTenant.Call(account, "442071838750"), CancellationToken.None)).Allowed);
        // Both have told all they had: no more calls are known than there were.
        await Task.Delay(2500);
        await app.SetRulesAsync(account, new { limits = new[] { new { calls = 11, per = "hour", action = "throttle" } } });
        await FraudTenant.SoonAsync(async () => (await app.CheckAsync(account, "442071838750")).Allowed);
        await FraudTenant.SoonAsync(async () => (await second.CheckAsync(1, FraudTenant.Call(account, "442071838750"), CancellationToken.None)).Allowed);
        await other.StopAsync();
        await using var third = BalatrixServer.Build(database, "http://127.0.0.1:0", TimeProvider.System);
        await third.StartAsync();
        var call = FraudTenant.Call(account, "442071838750");
        var late = third.Services.GetRequiredService<FraudGuard>();
        Assert.True((await late.CheckAsync(1, call, CancellationToken.None)).Allowed);
        late.Started(1, call);
        Assert.False((await late.CheckAsync(1, call, CancellationToken.None)).Allowed);
        await third.StopAsync();
    }

    [Fact]
    public async Task Use_of_before_there_were_rules_is_known_once()
    {
        var account = await app.OpenAccountAsync("1000.00");
        await app.SetRulesAsync(account, new { holdFirstCalls = false });
        // Its start and its end are in one hour.
        var hour = DateTimeOffset.FromUnixTimeSeconds(DateTimeOffset.UtcNow.AddDays(-3).ToUnixTimeSeconds() / 3600 * 3600);
        Assert.Equal(201, (await app.PostAsync("/api/v1/cdrs", new { account, id = Guid.NewGuid(), called = "+442071838750", startTime = hour.AddMinutes(10), durationSeconds = 60 })).Status);
        await FraudTenant.SoonAsync(async () => await app.CountAsync($"select count(*) from voice.fraud_hours where account_id = {FraudTenant.Id(account)}") == 1);
        await app.CountAsync("delete from voice.fraud_seeds; delete from voice.fraud_hours; delete from voice.fraud_permits; select 1");
        await using var database = new Database(app.ConnectionString);
        for (var start = 0; start < 2; start++)
        {
            await using var other = BalatrixServer.Build(database, "http://127.0.0.1:0", TimeProvider.System);
            await other.StartAsync();
            var guard = other.Services.GetRequiredService<FraudGuard>();
            await guard.CheckAsync(1, FraudTenant.Call(account, "919812345678"), CancellationToken.None);
            Assert.True(guard.PermitsOf(1, FraudTenant.Id(account)).ContainsKey(new("first_call", "GB")));
            Assert.Equal(1, await app.CountAsync($"select sum(calls) from voice.fraud_hours where account_id = {FraudTenant.Id(account)}"));
            await other.StopAsync();
        }
    }

    [Fact]
    public async Task A_check_takes_less_than_a_millisecond_for_an_account_that_calls_everywhere()
    {
        var account = await app.OpenAccountAsync("10.00");
        var now = DateTimeOffset.UtcNow;
        for (var minute = 0; minute < 1440; minute += 5)
            for (var to = 0; to < 20; to++)
                app.Guard.Started(1, FraudTenant.Call(account, $"{44 + to}20718387{to:00}", now.AddMinutes(-minute), $"Group {to}"));
        var call = FraudTenant.Call(account, "442071838750", now);
        await app.Guard.CheckAsync(1, call, CancellationToken.None);
        // Undisturbed by other work it is so; on a busy machine that may take some attempts.
        var took = TimeSpan.Zero;
        await Soon.UntilAsync(
            async () =>
            {
                var began = Stopwatch.GetTimestamp();
                for (var i = 0; i < 100; i++)
                    await app.Guard.CheckAsync(1, call, CancellationToken.None);
                return (took = Stopwatch.GetElapsedTime(began)) < TimeSpan.FromMilliseconds(100);
            },
            () => $"100 checks took {took}");
    }
}
