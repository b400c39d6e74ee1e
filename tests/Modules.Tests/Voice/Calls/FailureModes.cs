using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Voice.EventSocket;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tests.Voice.Calls;

/// <summary>What may go wrong while a call goes on, one by one: the customer still pays once, and what he should.</summary>
public sealed class FailureModes(VoiceApp app) : IClassFixture<VoiceApp>
{
    [Fact]
    public async Task After_a_crash_in_mid_call_the_call_is_taken_up_again()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(10);
        await lab.EndProcessAsync();
        await lab.PassAsync(25);
        await lab.ControlAsync();
        await Soon.UntilAsync(() => lab.Live.Snapshot(1, lab.Time.GetUtcNow()).Any(c => c.Uuid == call.Uuid), "The call is taken up");
        await lab.PassAsync(90);
        Assert.Null(call.HangupCause);
        await call.HangupAsync();
        await lab.SettledAsync(account);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
        Assert.Single(await lab.ChargesAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_call_that_comes_while_others_are_taken_up_is_controlled_once()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var before = await lab.TalkAsync(account);
        await lab.EndProcessAsync();
        StandInChannel call;
        await using (var connection = await app.Database.Owner.OpenConnectionAsync())
        {
            // Taking up waits for this row, and what comes does not.
            await using var transaction = await connection.BeginTransactionAsync();
            await Database.ExecuteAsync(connection, "select 1 from voice.live_calls where call_id = $1 for update", [before.Uuid], CancellationToken.None);
            await lab.ControlAsync();
            await Soon.UntilAsync(
                async () => (await Database.QueryAsync(
                    connection, "select 1 from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))", [], r => r.GetInt32(0), CancellationToken.None)).Count > 0,
                "Calls are being taken up");
            call = await lab.DialAsync(account);
            await call.RoutedAsync();
            await transaction.CommitAsync();
        }
        await Soon.UntilAsync(() => Live().Contains(before.Uuid), "The earlier call is taken up");
        await lab.AnswerAsync(call);
        Assert.Equal(new[] { before.Uuid, call.Uuid }.Order(), Live().Order());
        await call.HangupAsync();
        await before.HangupAsync();
        await lab.SettledAsync(account, 2);
        Assert.Equal((100 - VoiceLab.PriceOf(before) - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));

        string[] Live() => [.. lab.Live.Snapshot(1, lab.Time.GetUtcNow()).Select(c => c.Uuid)];
    }

    [Fact]
    public async Task A_call_that_its_event_and_a_comparison_meet_at_once_is_let_through_once()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        // Who compares controls the node; no call has asked for the tenant's rules yet.
        await Soon.UntilAsync(() => lab.Switch.Commands.Any(c => c.Contains("show channels", StringComparison.Ordinal)), "The node is controlled");
        // Both wait for a connection to read the rules with.
        var release = new TaskCompletionSource<int>();
        var taken = 0;
        var database = lab.Process.Services.GetRequiredService<Database>();
        var holders = Enumerable.Range(0, Database.LookUpsAtOnce).Select(_ => database.LookUpAsync(
            1,
            (_, _) =>
            {
                Interlocked.Increment(ref taken);
                return release.Task;
            },
            CancellationToken.None)).ToList();
        await Soon.UntilAsync(() => taken == Database.LookUpsAtOnce, "No look-up goes through");
        var call = await lab.DialAsync(account);
        await Soon.UntilAsync(() => lab.Switch.Commands.Any(c => c.Contains($"uuid_dump {call.Uuid} ", StringComparison.Ordinal)), "The comparison asks for the call");
        // Both have what they need to go on; when one of them has not come so far yet, they do not meet, and all is the same.
        await Task.Delay(TimeSpan.FromMilliseconds(200));
        release.SetResult(0);
        await Task.WhenAll(holders);
        await lab.AnswerAsync(call);
        Assert.Single(lab.Switch.Commands, c => c.Contains($"uuid_transfer {call.Uuid} ", StringComparison.Ordinal));
        Assert.Single(lab.Live.Snapshot(1, lab.Time.GetUtcNow()));
        await lab.PassAsync(90);
        await call.HangupAsync();
        await lab.SettledAsync(account);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
    }

    [Theory]
    [InlineData(10.3)]
    [InlineData(100.4)]
    public async Task A_reservation_that_a_crash_of_the_database_undid_is_made_again_and_the_call_is_paid_to_the_second(double seconds)
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.TalkAsync(account);
        // Its commit was not on disk yet.
        await using (var connection = await app.Database.Owner.OpenConnectionAsync())
            foreach (var undo in (string[])[
                "delete from voice.live_calls where account_id = $1", "delete from ledger.reservations where account_id = $1",
                "update ledger.accounts set held_micros = 0, open_calls = 0 where account_id = $1"])
                await Database.ExecuteAsync(connection, undo, [long.Parse(account[4..], System.Globalization.CultureInfo.InvariantCulture)], CancellationToken.None);
        Assert.Equal((100m, 0m), await lab.MoneyAsync(account));
        await lab.PassAsync(seconds);
        Assert.Null(call.HangupCause);
        Assert.Equal(seconds > 60 ? 3.60m : 0, (await lab.MoneyAsync(account)).Held);
        await call.HangupAsync();
        await Soon.UntilAsync(async () => (await lab.ChargesAsync(account)).Count == 1, "The call is charged");
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
        Assert.Equal(200, (await lab.PostRecordAsync(call.Uuid)).Status);
        Assert.Equal(100 - VoiceLab.PriceOf(call), (await lab.MoneyAsync(account)).Balance);
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task While_nobody_is_there_a_call_costs_no_more_than_its_slice()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.TalkAsync(account);
        await lab.EndProcessAsync();
        await lab.PassAsync(300);
        Assert.Equal("ALLOTTED_TIMEOUT", call.HangupCause);
        Assert.InRange(call.BillUsec, 59_000_000, 60_000_000);
        // Whoever comes back finds the call gone; its record tells the rest.
        await lab.ControlAsync();
        Assert.Equal(201, (await lab.PostRecordAsync(call.Uuid)).Status);
        await lab.SettledAsync(account);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
        await lab.PassAsync(150);
        Assert.Single(await lab.ChargesAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task New_calls_are_refused_while_nobody_is_there()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.DialAsync(account);
        await lab.PassAsync(4);
        Assert.Equal("NORMAL_TEMPORARY_FAILURE", await call.EndedAsync());
        Assert.Equal(503, call.SipStatus);
        Assert.Equal((100, 0), await lab.MoneyAsync(account));
    }

    [Fact]
    public async Task A_call_that_waits_when_control_comes_back_is_authorised_then()
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.DialAsync(account, like: new StandInCall { ParkTimeout = null });
        await lab.ControlAsync();
        Assert.Equal(VoiceLab.London, await call.RoutedAsync());
        await lab.AnswerAsync(call);
        await lab.PassAsync(5.6);
        await call.HangupAsync();
        await lab.SettledAsync(account);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
    }

    [Fact]
    public async Task When_FreeSWITCH_starts_anew_its_calls_are_settled_by_estimate()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(45);
        lab.Switch.Restart();
        await lab.SettledAsync(account);
        var (balance, held) = await lab.MoneyAsync(account);
        // To its last sign of life and one heartbeat, and not beyond what was reserved.
        Assert.InRange(100 - balance, 0.80m, 2.40m);
        Assert.Equal(0, held);
        Assert.Equal(call.Uuid, Assert.Single(await lab.ChargesAsync(account)).Id);
        // The new run is controlled like the old one.
        var next = await lab.TalkAsync(account);
        await next.HangupAsync();
        await lab.SettledAsync(account, 2);
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Lost_connections_are_built_again_and_what_was_missed_is_found()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var ringing = await lab.DialAsync(account);
        await ringing.RoutedAsync();
        // Answered while nobody hears it.
        lab.Switch.Misbehaviour.DropsEvent = (_, _) => true;
        lab.Switch.DropConnections();
        await ringing.AnswerAsync();
        lab.Switch.Misbehaviour.DropsEvent = null;
        await Soon.UntilAsync(() => lab.Live.Snapshot(1, lab.Time.GetUtcNow()).Any(c => c.Uuid == ringing.Uuid && c.State == "talking"), "It is found talking");
        await lab.PassAsync(100);
        Assert.Null(ringing.HangupCause);
        await ringing.HangupAsync();
        await lab.SettledAsync(account);
        Assert.Equal((100 - VoiceLab.PriceOf(ringing), 0), await lab.MoneyAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_call_that_is_found_waiting_before_its_event_is_read_is_let_through_once()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        lab.Switch.Misbehaviour.KeepsBack = name => name == "CHANNEL_PARK";
        var call = await lab.TalkAsync(account);
        lab.Switch.Release();
        await lab.PassAsync(70);
        Assert.Null(call.HangupCause);
        Assert.Single(lab.Switch.Commands, line => line.Contains($"uuid_transfer {call.Uuid}", StringComparison.Ordinal));
        await call.HangupAsync();
        await lab.SettledAsync(account);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
    }

    [Fact]
    public async Task When_the_last_events_are_lost_the_record_settles_and_a_second_one_changes_nothing()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(20);
        lab.Switch.Misbehaviour.DropsEvent = (name, _) => name.StartsWith("CHANNEL_HANGUP", StringComparison.Ordinal);
        await call.HangupAsync();
        Assert.Equal(201, (await lab.PostRecordAsync(call.Uuid)).Status);
        Assert.Equal(200, (await lab.PostRecordAsync(call.Uuid)).Status);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
        // The control notices that it is gone, and finds it settled.
        await Soon.UntilAsync(() => lab.Live.Snapshot(1, lab.Time.GetUtcNow()).All(c => c.Uuid != call.Uuid || c.State == "ending"), "It is known to be gone");
        await lab.PassAsync(150);
        Assert.Single(await lab.ChargesAsync(account));
        Assert.Equal(100 - VoiceLab.PriceOf(call), (await lab.MoneyAsync(account)).Balance);
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Without_events_and_record_a_call_is_estimated_and_a_late_record_corrects_it()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.EndUnheardAsync(account);
        await lab.MissedAsync(call);
        Assert.Empty(await lab.ChargesAsync(account));
        await lab.PassAsync(130);
        await lab.SettledAsync(account);
        var estimated = 100 - (await lab.MoneyAsync(account)).Balance;
        Assert.InRange(estimated, VoiceLab.PriceOf(call), 1.20m);
        Assert.NotEqual(VoiceLab.PriceOf(call), estimated);
        for (var i = 0; i < 3; i++)
            Assert.Equal(200, (await lab.PostRecordAsync(call.Uuid)).Status);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
        Assert.Single(await lab.ChargesAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(130)]
    public async Task A_record_from_a_file_settles_or_corrects_a_call_whose_end_was_missed(int secondsLater)
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.EndUnheardAsync(account);
        if (secondsLater > 0)
        {
            await lab.MissedAsync(call);
            await lab.PassAsync(secondsLater);
            await lab.SettledAsync(account);
        }
        var first = await lab.IngestRecordAsync(call.Uuid);
        Assert.Equal((1, 0), (first.Accepted + first.Duplicates, first.Refused));
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
        Assert.Equal(1, (await lab.IngestRecordAsync(call.Uuid)).Duplicates);
        await lab.PassAsync(60);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
        Assert.Single(await lab.ChargesAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_list_of_channels_that_takes_long_holds_up_no_decision()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var (asked, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        lab.Switch.Misbehaviour.HoldsJob = line =>
        {
            if (!line.StartsWith("show channels", StringComparison.Ordinal))
                return Task.CompletedTask;
            asked.TrySetResult();
            return release.Task;
        };
        await asked.Task.WaitAsync(Soon.Limit);
        var call = await lab.TalkAsync(account);
        Assert.False(release.Task.IsCompleted);
        release.SetResult();
        await lab.PassAsync(90);
        Assert.Null(call.HangupCause);
        await call.HangupAsync();
        await lab.SettledAsync(account);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
    }

    [Fact]
    public async Task A_query_that_fails_is_never_taken_for_no_calls()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.TalkAsync(account);
        var answers = new[] { "-ERR SQL Error!\n", "", "{\"row_count\": 3}\n", "{\"row_count\":1,\"rows\":[]}", "{\"row_cou" };
        foreach (var answer in answers)
        {
            lab.Switch.Misbehaviour.Answers = command => command.StartsWith("show channels", StringComparison.Ordinal) ? answer : null;
            var asked = Asked();
            await Soon.UntilAsync(() => Asked() >= asked + 2, "It asks again and again");
            Assert.Equal("talking", Assert.Single(lab.Live.Snapshot(1, lab.Time.GetUtcNow()), c => c.Uuid == call.Uuid).State);
        }
        lab.Switch.Misbehaviour.Answers = null;
        await lab.PassAsync(100);
        Assert.Null(call.HangupCause);
        await call.HangupAsync();
        await lab.SettledAsync(account);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));

        int Asked() => lab.Switch.Commands.Count(c => c.StartsWith("bgapi show channels", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(90)]
    [InlineData(-90)]
    [InlineData(7_200)]
    public async Task Clocks_that_differ_move_no_money(int ahead)
    {
        await using var lab = await VoiceLab.StartAsync(app, isControlled: false);
        lab.Switch.Skew = TimeSpan.FromSeconds(ahead);
        await lab.ControlAsync();
        var account = await lab.AccountAsync("100.00");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(100);
        Assert.Null(call.HangupCause);
        Assert.InRange((await lab.MoneyAsync(account)).Held, 2.40m, 3.60m);
        // Nor for a process that knows nothing of them yet.
        await lab.EndProcessAsync();
        await lab.ControlAsync();
        await Soon.UntilAsync(() => lab.Live.Snapshot(1, lab.Time.GetUtcNow()).Any(c => c.Uuid == call.Uuid && c.State == "talking"), "It is taken up");
        await lab.PassAsync(50);
        Assert.Null(call.HangupCause);
        await call.HangupAsync();
        await lab.SettledAsync(account);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Two_processes_on_one_FreeSWITCH_control_each_call_once_and_take_over_from_each_other()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        await lab.ControlAsync();
        var account = await lab.AccountAsync("100.00");
        var calls = new List<StandInChannel>();
        for (var i = 0; i < 10; i++)
            calls.Add(await lab.DialAsync(account));
        foreach (var call in calls)
            await lab.AnswerAsync(call);
        await lab.PassAsync(5);
        Assert.All(calls, c => Assert.Single(lab.Switch.Commands, line => line.Contains($"uuid_transfer {c.Uuid}", StringComparison.Ordinal)));
        await lab.EndProcessAsync();
        await Soon.UntilAsync(() => lab.Live.Snapshot(1, lab.Time.GetUtcNow()).Count == 10, "The other has them");
        await lab.PassAsync(90);
        Assert.All(calls, c => Assert.Null(c.HangupCause));
        foreach (var call in calls)
            await call.HangupAsync();
        await lab.SettledAsync(account, 10);
        Assert.Equal((100 - calls.Sum(VoiceLab.PriceOf), 0), await lab.MoneyAsync(account));
        await app.AssertBooksProveAsync();
    }
}
