using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Voice.EventSocket;

namespace Balatrix.Modules.Tests.Voice.Calls;

/// <summary>The database is away while FreeSWITCH is there: what goes on is bounded, and is paid afterwards, whoever lives to see it.</summary>
public sealed class FailOpenCalls(VoiceApp app) : IClassFixture<VoiceApp>
{
    [Fact]
    public async Task New_calls_go_on_within_the_bound_and_are_charged_when_the_database_is_back()
    {
        await using var lab = await RiskAsync("5.00", 60);
        var (account, other) = (await lab.AccountAsync("100.00"), await lab.AccountAsync("1.30"));
        await SeenAsync(lab, account, other);
        lab.Relay.Cut();
        // A minute costs 1.20: one of the account that has 1.30, three of the other, and then the bound is reached.
        var calls = new List<StandInChannel> { await LetThroughAsync(lab, other) };
        Assert.Equal("NORMAL_TEMPORARY_FAILURE", await RefusedAsync(lab, other));
        for (var i = 0; i < 3; i++)
            calls.Add(await LetThroughAsync(lab, account));
        Assert.Equal("NORMAL_TEMPORARY_FAILURE", await RefusedAsync(lab, account));
        foreach (var call in calls)
            await call.AnswerAsync();
        // No longer than was risked.
        await lab.PassAsync(60);
        Assert.All(calls, c => Assert.Equal("ALLOTTED_TIMEOUT", c.HangupCause));
        lab.Relay.Mend();
        await PaidAsync(lab, account, 100, calls[1..]);
        await PaidAsync(lab, other, 1.30m, calls[..1]);
        Assert.InRange(calls.Sum(VoiceLab.PriceOf), 0, 5.00m);
        // Their records find them paid.
        foreach (var call in calls)
            Assert.Equal(200, (await lab.PostRecordAsync(call.Uuid)).Status);
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task After_a_restart_in_the_outage_calls_that_go_on_are_taken_up_and_records_charge_the_others()
    {
        await using var lab = await RiskAsync("50.00", 300);
        var account = await lab.AccountAsync("100.00");
        await SeenAsync(lab, account);
        lab.Relay.Cut();
        var (ended, goesOn) = (await LetThroughAsync(lab, account), await LetThroughAsync(lab, account));
        await ended.AnswerAsync();
        await goesOn.AnswerAsync();
        await lab.PassAsync(20);
        lab.Crash();
        await ended.HangupAsync();
        await lab.PassAsync(10);
        await lab.ControlAsync();
        await Soon.UntilAsync(() => lab.Live.Snapshot(1, lab.Time.GetUtcNow()).Any(c => c.Uuid == goesOn.Uuid && c.State == "talking"), "It is taken up");
        // FreeSWITCH could not post the record and left it in a file.
        Assert.Equal((1, 0), ((await lab.IngestRecordAsync(ended.Uuid)) is var one ? one.Accepted : 0, one.Refused));
        Assert.Equal(1, (await lab.IngestRecordAsync(ended.Uuid)).Duplicates);
        // Whoever charges from files tells the fraud rules too.
        await using (var connection = await app.Database.Owner.OpenConnectionAsync())
            await Soon.UntilAsync(
                async () =>
                {
                    await lab.PassAsync(1);
                    return (await Database.QueryAsync(
                        connection, "select coalesce(sum(talk_ms), 0)::bigint from voice.fraud_use where account_id = $1", [long.Parse(account[4..], System.Globalization.CultureInfo.InvariantCulture)],
                        r => r.GetInt64(0), CancellationToken.None))[0] == (ended.BillUsec + 999) / 1000;
                },
                "The file's call is counted");
        await lab.PassAsync(60);
        Assert.Null(goesOn.HangupCause);
        await goesOn.HangupAsync();
        await PaidAsync(lab, account, 100, [ended, goesOn]);
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_call_from_before_goes_on_past_its_slice_and_is_reserved_again_when_the_database_is_back()
    {
        await using var lab = await RiskAsync("5.00", 300, 10);
        var account = await lab.AccountAsync("100.00");
        await SeenAsync(lab, account);
        var call = await lab.TalkAsync(account);
        lab.Relay.Cut();
        // Past the ten seconds that are reserved.
        await lab.PassAsync(14);
        Assert.Null(call.HangupCause);
        Assert.Equal(0.20m, (await lab.MoneyAsync(account)).Held);
        lab.Relay.Mend();
        await Soon.UntilAsync(
            async () =>
            {
                await lab.PassAsync(2);
                return (await lab.MoneyAsync(account)).Held >= 0.60m;
            },
            "All that it used is reserved");
        await call.HangupAsync();
        await PaidAsync(lab, account, 100, [call]);
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_tenant_that_risks_nothing_refuses_and_its_calls_end_with_their_slice()
    {
        await using var lab = await RiskAsync(null, 60);
        var account = await lab.AccountAsync("100.00");
        await SeenAsync(lab, account);
        var call = await lab.TalkAsync(account);
        lab.Relay.Cut();
        Assert.Equal("NORMAL_TEMPORARY_FAILURE", await RefusedAsync(lab, account));
        lab.Time.Advance(TimeSpan.FromSeconds(61));
        lab.Switch.CatchUp();
        Assert.Equal("ALLOTTED_TIMEOUT", call.HangupCause);
        lab.Relay.Mend();
        await PaidAsync(lab, account, 100, [call]);
        await app.AssertBooksProveAsync();
    }

    /// <summary>A lab whose tenant risks so much; null for nothing.</summary>
    async Task<VoiceLab> RiskAsync(string? limit, int seconds, int sliceSeconds = 60)
    {
        var calls = new { sliceSeconds, failOpen = limit is not null, failOpenLimit = limit ?? "0.00", failOpenSeconds = seconds };
        Assert.Equal(200, (await app.SendAsync(HttpMethod.Put, "/api/v1/settings", new { calls })).Status);
        return await VoiceLab.StartAsync(app);
    }

    /// <summary>Accounts that the process has seen in use, so that it knows them when the database is away.</summary>
    static async Task SeenAsync(VoiceLab lab, params string[] accounts)
    {
        foreach (var account in accounts)
        {
            var call = await lab.DialAsync(account);
            await call.RoutedAsync();
            await call.HangupAsync("ORIGINATOR_CANCEL");
            await lab.SettledAsync(account);
        }
    }

    static async Task<StandInChannel> LetThroughAsync(VoiceLab lab, string account)
    {
        var call = await lab.DialAsync(account);
        await call.RoutedAsync();
        return call;
    }

    static async Task<string> RefusedAsync(VoiceLab lab, string account)
    {
        var call = await lab.DialAsync(account);
        return await call.EndedAsync();
    }

    /// <summary>Each call is paid once and exactly.</summary>
    static async Task PaidAsync(VoiceLab lab, string account, decimal opened, IReadOnlyList<StandInChannel> calls)
    {
        await Soon.UntilAsync(
            async () =>
            {
                await lab.PassAsync(1);
                return (await lab.ChargesAsync(account)).Count(c => c.Ms > 0) == calls.Count && (await lab.MoneyAsync(account)).Held == 0;
            },
            "All are paid");
        var charges = (await lab.ChargesAsync(account)).Where(c => c.Ms > 0).ToDictionary(c => c.Id, c => c.Amount);
        Assert.All(calls, c => Assert.Equal(VoiceLab.PriceOf(c), charges[c.Uuid]));
        Assert.Equal(opened - calls.Sum(VoiceLab.PriceOf), (await lab.MoneyAsync(account)).Balance);
    }
}
