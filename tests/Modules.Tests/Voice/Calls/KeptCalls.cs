using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Voice.Calls;

namespace Balatrix.Modules.Tests.Voice.Calls;

/// <summary>What is seen of calls while they go on, as it is kept for whoever takes them up.</summary>
public sealed class KeptCalls(VoiceApp app) : IClassFixture<VoiceApp>
{
    [Fact]
    public async Task An_answer_in_an_outage_of_the_database_is_kept_when_that_is_over()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.DialAsync(account);
        await call.RoutedAsync();
        lab.Relay.Cut();
        await lab.AnswerAsync(call);
        // It is tried to keep it several times meanwhile.
        await Task.Delay(1_000);
        Assert.Equal(0, await AnsweredAsync(lab));
        lab.Relay.Mend();
        await Soon.UntilAsync(async () => await AnsweredAsync(lab) == 1, "The answer is kept");
    }

    [Fact]
    public async Task All_of_many_calls_are_seen_by_one_comparison()
    {
        const int Calls = 230;
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("10000.00");
        foreach (var call in await Task.WhenAll(Enumerable.Range(0, Calls).Select(_ => lab.DialAsync(account))))
        {
            await call.RoutedAsync();
            await call.AnswerAsync();
        }
        await Soon.UntilAsync(async () => await AnsweredAsync(lab) == Calls, "All talk");
        lab.Time.Advance(TimeSpan.FromSeconds(3));
        await Soon.UntilAsync(async () => await SeenAsync(lab) == Calls, "All are seen");
    }

    [Fact]
    public async Task A_call_that_another_process_let_through_is_shown_by_its_price_once_it_was_extended()
    {
        await using var lab = await VoiceLab.StartAsync(app, "prefix,description,rate,increment_seconds\n4420,London,1.20,60\n");
        var account = await lab.AccountAsync("100.00");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(10);
        await lab.EndProcessAsync();
        await lab.ControlAsync();
        await Soon.UntilAsync(() => Shown().Any(), "The call is taken up");
        await lab.PassAsync(60);
        Assert.Equal("2.40", Assert.Single(Shown()).RunningCost);
        await call.HangupAsync();
        await lab.SettledAsync(account);
        Assert.Equal((97.60m, 0), await lab.MoneyAsync(account));

        IEnumerable<LiveCall> Shown() => lab.Live.Snapshot(1, lab.Time.GetUtcNow()).Where(c => c.Uuid == call.Uuid);
    }

    Task<long> AnsweredAsync(VoiceLab lab) => CountAsync(lab, "answered_at is not null");

    Task<long> SeenAsync(VoiceLab lab) => CountAsync(lab, "last_seen_at >= $2", lab.Time.GetUtcNow());

    async Task<long> CountAsync(VoiceLab lab, string where, params object[] values)
    {
        await using var connection = await app.Database.Owner.OpenConnectionAsync();
        return (await Database.QueryAsync(
            connection, $"select count(*) from voice.live_calls where node = $1 and state = 1 and {where}", [lab.NodeName, .. values], r => r.GetInt64(0), CancellationToken.None))[0];
    }
}
