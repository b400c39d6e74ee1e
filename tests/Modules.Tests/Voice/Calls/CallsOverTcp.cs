using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Voice.EventSocket;

namespace Balatrix.Modules.Tests.Voice.Calls;

/// <summary>Calls as they should go: authorised before they ring, ended when the money does, paid to the second.</summary>
public sealed class CallsOverTcp(VoiceApp app) : IClassFixture<VoiceApp>
{
    [Fact]
    public async Task A_call_is_reserved_slice_by_slice_and_paid_to_the_second()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.DialAsync(account);
        Assert.Equal(VoiceLab.London, await call.RoutedAsync());
        // Nothing may go on before its guard stands.
        var commands = lab.Switch.Commands.Where(c => c.Contains(call.Uuid, StringComparison.Ordinal)).ToList();
        Assert.True(commands.FindIndex(c => c.Contains("api_on_answer sched_api +60 ", StringComparison.Ordinal)) < commands.FindIndex(c => c.Contains("uuid_transfer", StringComparison.Ordinal)));
        Assert.Equal((100.00m, 1.20m), await lab.MoneyAsync(account));
        await lab.AnswerAsync(call);
        await lab.PassAsync(100.4);
        Assert.Null(call.HangupCause);
        Assert.Equal(3.60m, (await lab.MoneyAsync(account)).Held);
        await call.HangupAsync();
        await lab.SettledAsync(account);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
        // The record comes after the last event, and comes twice.
        for (var i = 0; i < 2; i++)
            Assert.Equal(200, (await lab.PostRecordAsync(call.Uuid)).Status);
        Assert.Equal([(call.Uuid, (call.BillUsec + 999) / 1000, VoiceLab.PriceOf(call))], await lab.ChargesAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_call_ends_when_the_money_does_and_is_warned_before()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        // Pays for 80 seconds.
        var account = await lab.AccountAsync("1.60");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(62);
        Assert.Empty(call.Played);
        await lab.PassAsync(8);
        await Soon.UntilAsync(() => call.Played.Count == 1, "The caller hears a tone");
        await lab.PassAsync(15);
        Assert.Equal("ALLOTTED_TIMEOUT", call.HangupCause);
        await lab.SettledAsync(account);
        Assert.InRange(call.BillUsec, 79_000_000, 80_000_000);
        Assert.Equal((1.60m - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Money_that_comes_in_mid_call_lets_it_go_on()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("1.30");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(40);
        Assert.Equal(201, (await app.PostAsync($"/api/v1/accounts/{account}/top-up", new { amount = "10.00", reference = "t" }, Guid.NewGuid().ToString())).Status);
        await lab.PassAsync(60);
        Assert.Null(call.HangupCause);
        await call.HangupAsync();
        await lab.SettledAsync(account);
        Assert.Equal((11.30m - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
    }

    [Fact]
    public async Task What_may_not_go_on_is_refused_with_the_right_status()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var broke = await lab.AccountAsync("0.00");
        var suspended = await lab.AccountAsync("10.00");
        await using (var connection = await app.Database.Owner.OpenConnectionAsync())
            await Balatrix.Modules.Platform.Database.ExecuteAsync(connection, $"update ledger.accounts set status = 2 where account_id = {suspended[4..]}", [], CancellationToken.None);
        Assert.Equal((402, "OUTGOING_CALL_BARRED"), await RefusedAsync(lab, broke, VoiceLab.London));
        Assert.Equal((403, "OUTGOING_CALL_BARRED"), await RefusedAsync(lab, suspended, VoiceLab.London));
        Assert.Equal((404, "UNALLOCATED_NUMBER"), await RefusedAsync(lab, account, "12125550100"));
        Assert.Equal((403, "CALL_REJECTED"), await RefusedAsync(lab, "", VoiceLab.London));
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/limits", new { concurrentCalls = 1 })).Status);
        var first = await lab.TalkAsync(account);
        Assert.Equal((503, "NORMAL_CIRCUIT_CONGESTION"), await RefusedAsync(lab, account, VoiceLab.London));
        await first.HangupAsync();
        await lab.SettledAsync(account);
        Assert.Equal(0, (await lab.MoneyAsync(broke)).Held);
        await app.AssertBooksProveAsync();
    }

    static async Task<(int SipStatus, string Cause)> RefusedAsync(VoiceLab lab, string account, string to)
    {
        var call = await lab.DialAsync(account, to);
        var cause = await call.EndedAsync();
        return (call.SipStatus, cause);
    }

    [Fact]
    public async Task Calls_that_share_a_balance_never_spend_more_than_it()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        // Three slices and a half.
        var account = await lab.AccountAsync("4.20");
        var calls = new List<StandInChannel>();
        for (var i = 0; i < 6; i++)
            calls.Add(await lab.DialAsync(account));
        await Soon.UntilAsync(() => calls.All(c => c.HangupCause is not null || c.Context == "billed"), "All are answered");
        foreach (var call in calls.Where(c => c.HangupCause is null))
            await lab.AnswerAsync(call);
        await lab.PassAsync(180);
        Assert.All(calls, c => Assert.NotNull(c.HangupCause));
        await lab.SettledAsync(account, 4);
        var talked = calls.Where(c => c.AnsweredAt is not null).ToList();
        Assert.Equal(4, talked.Count);
        Assert.Equal((4.20m - talked.Sum(VoiceLab.PriceOf), 0), await lab.MoneyAsync(account));
        Assert.InRange(talked.Sum(VoiceLab.PriceOf), 3.90m, 4.20m);
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_caller_who_hangs_up_before_the_answer_pays_nothing()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var ringing = await lab.DialAsync(account);
        await ringing.RoutedAsync();
        await lab.PassAsync(20);
        await ringing.HangupAsync("ORIGINATOR_CANCEL");
        await lab.SettledAsync(account);
        Assert.Equal((100, 0), await lab.MoneyAsync(account));
        Assert.Equal(200, (await lab.PostRecordAsync(ringing.Uuid)).Status);
        Assert.Equal([(ringing.Uuid, 0L, 0m)], await lab.ChargesAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Live_calls_are_seen_with_their_cost_and_ended_by_request()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        using var stop = new CancellationTokenSource();
        var news = lab.Live.Watch(1, stop.Token);
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(20);
        var seen = Assert.Single(lab.Live.Snapshot(1, lab.Time.GetUtcNow()), c => c.Uuid == call.Uuid);
        Assert.Equal((account, "outbound", VoiceLab.London, 60, "talking", "INR"), (seen.Account, seen.Direction, seen.To, seen.PaidSeconds, seen.State, seen.Currency));
        Assert.Equal("0.40", seen.RunningCost);
        Assert.Empty(lab.Live.Snapshot(2, lab.Time.GetUtcNow()));
        Assert.False(await lab.Live.HangupAsync(2, call.Uuid, "MANAGER_REQUEST", CancellationToken.None));
        Assert.True(await lab.Live.HangupAsync(1, call.Uuid, "MANAGER_REQUEST", CancellationToken.None));
        Assert.Equal("MANAGER_REQUEST", await call.EndedAsync());
        await lab.SettledAsync(account);
        await Soon.UntilAsync(() => lab.Live.Snapshot(1, lab.Time.GetUtcNow()).All(c => c.Uuid != call.Uuid), "It is no longer live");
        await stop.CancelAsync();
        var kinds = new List<string>();
        await foreach (var change in news.ReadAllAsync())
            kinds.Add(change.Kind);
        Assert.Equal(["started", "answered", "ended"], kinds.Distinct());
    }
}
