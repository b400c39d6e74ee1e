using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Voice.EventSocket;

namespace Balatrix.Modules.Tests.Voice.Calls;

/// <summary>Calls of more than two parties, and what FreeSWITCH makes of them: every leg that costs is paid, once.</summary>
public sealed class TransfersAndLegs(VoiceApp app) : IClassFixture<VoiceApp>
{
    [Fact]
    public async Task After_an_attended_transfer_both_legs_are_paid_until_they_end()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var first = await lab.TalkAsync(account);
        await lab.PassAsync(20.25);
        await first.HoldAsync();
        var second = await lab.TalkAsync(account);
        await lab.PassAsync(10);
        var (one, two) = (first.Peer!, second.Peer!);
        await first.AttendedTransferAsync(second);
        await lab.SettledAfterTransferAsync(account, 2);
        // They talk for longer than a slice, and nobody of the customer's is on the line.
        await lab.PassAsync(90);
        Assert.Null(one.HangupCause);
        await one.HangupAsync();
        await lab.SettledAsync(account, 4);
        var charges = await lab.ChargesAsync(account);
        Assert.Equal(4, charges.Count);
        Assert.Equal(charges.Sum(c => c.Amount), 100 - (await lab.MoneyAsync(account)).Balance);
        Assert.Equal(one.BillUsec + two.BillUsec, 1000 * charges.Sum(c => c.Ms));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Legs_of_an_attended_transfer_that_nobody_heard_of_are_found_and_paid()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var first = await lab.TalkAsync(account);
        var second = await lab.TalkAsync(account);
        await lab.PassAsync(10);
        var (one, two) = (first.Peer!, second.Peer!);
        lab.Switch.Misbehaviour.DropsEvent = (_, _) => true;
        lab.Switch.DropConnections();
        await first.AttendedTransferAsync(second);
        lab.Switch.Misbehaviour.DropsEvent = null;
        await Soon.UntilAsync(
            async () =>
            {
                await lab.PassAsync(5);
                return new[] { one, two }.All(leg => lab.Live.Snapshot(1, lab.Time.GetUtcNow()).Any(c => c.Uuid == leg.Uuid && c.State == "talking"));
            },
            "Both legs are controlled");
        Assert.Null(one.HangupCause);
        await lab.PassAsync(90);
        await one.HangupAsync();
        await lab.SettledAsync(account, 4);
        var charges = await lab.ChargesAsync(account);
        // When the calls ended nobody heard; from there on the legs are paid, so that in all no second is lost or paid twice.
        Assert.Equal(one.BillUsec + two.BillUsec, 1000 * charges.Sum(c => c.Ms));
        Assert.Equal(charges.Sum(c => c.Amount), 100 - (await lab.MoneyAsync(account)).Balance);
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_leg_that_goes_on_alone_is_cut_when_the_money_ends()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("4.00");
        var first = await lab.TalkAsync(account);
        var second = await lab.TalkAsync(account);
        await lab.PassAsync(10);
        var (one, two) = (first.Peer!, second.Peer!);
        await first.AttendedTransferAsync(second);
        await lab.SettledAfterTransferAsync(account, 2);
        await lab.PassAsync(200);
        Assert.NotNull(one.HangupCause);
        Assert.NotNull(two.HangupCause);
        await lab.SettledAsync(account, 4);
        Assert.InRange((await lab.MoneyAsync(account)).Balance, 0, 4);
        Assert.Equal((await lab.ChargesAsync(account)).Sum(c => c.Amount), 4 - (await lab.MoneyAsync(account)).Balance);
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task After_a_blind_transfer_the_leg_is_paid_on_and_so_is_where_it_goes()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(20.375);
        var other = await call.BlindTransferAsync("919812345678");
        await Soon.UntilAsync(() => other.Context == "billed", "It is let through");
        await lab.PassAsync(15);
        await other.HangupAsync();
        await lab.SettledAsync(account, 3);
        var charges = await lab.ChargesAsync(account);
        Assert.Equal(3, charges.Count);
        Assert.Equal(charges.Sum(c => c.Amount), 100 - (await lab.MoneyAsync(account)).Balance);
        // The first leg to its end, and the way on from the transfer.
        Assert.Equal(other.BillUsec + (other.BillUsec - call.BillUsec), 1000 * charges.Sum(c => c.Ms));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_leg_that_is_sent_on_twice_is_paid_on_each_way()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(20);
        var other = await call.BlindTransferAsync("919812345678");
        await Soon.UntilAsync(() => other.Context == "billed", "It is let through");
        await lab.PassAsync(15);
        await other.SendOnAsync(VoiceLab.London);
        await Soon.UntilAsync(() => other.Context == "billed", "It is let through again");
        await lab.PassAsync(15);
        Assert.Null(other.HangupCause);
        await other.HangupAsync();
        await lab.SettledAsync(account, 4);
        var charges = await lab.ChargesAsync(account);
        Assert.Equal([call.Uuid, $"{call.Uuid}/2", other.Uuid, $"{other.Uuid}/2"], charges.Select(c => c.Id).OrderBy(id => !id.StartsWith(call.Uuid, StringComparison.Ordinal)).ThenBy(id => id, StringComparer.Ordinal));
        Assert.Equal(charges.Sum(c => c.Amount), 100 - (await lab.MoneyAsync(account)).Balance);
        Assert.Equal(50_000 + 30_000, charges.Sum(c => c.Ms));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_leg_that_is_met_before_its_call_is_known_to_end_is_paid_by_the_same_account()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(20);
        lab.Switch.Misbehaviour.KeepsBack = name => name == "CHANNEL_HANGUP_COMPLETE";
        var other = await call.BlindTransferAsync("919812345678");
        await Soon.UntilAsync(() => other.Context == "billed" || other.HangupCause is not null, "It is decided");
        lab.Switch.Misbehaviour.KeepsBack = null;
        lab.Switch.Release();
        Assert.Equal(("billed", account), (other.Context, other["bill_account"]));
        await lab.PassAsync(15);
        await other.HangupAsync();
        await lab.SettledAsync(account, 3);
        Assert.Equal(35_000 + 15_000, (await lab.ChargesAsync(account)).Sum(c => c.Ms));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_leg_that_may_not_go_where_it_is_sent_is_paid_to_its_end_and_no_longer()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(20);
        var other = await call.BlindTransferAsync("99980000001");
        await other.EndedAsync();
        await lab.PassAsync(200);
        await lab.SettledAsync(account, 2);
        Assert.Equal(20_000, (await lab.ChargesAsync(account)).Sum(c => c.Ms));
        Assert.Equal((99.60m, 0), await lab.MoneyAsync(account));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task Time_on_hold_is_paid_like_any_other()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var account = await lab.AccountAsync("100.00");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(10);
        await call.HoldAsync();
        await lab.PassAsync(70);
        await call.UnholdAsync();
        await lab.PassAsync(10);
        Assert.Null(call.HangupCause);
        await call.HangupAsync();
        await lab.SettledAsync(account);
        Assert.Equal((100 - VoiceLab.PriceOf(call), 0), await lab.MoneyAsync(account));
    }

    [Fact]
    public async Task Calls_side_by_side_are_paid_each_by_itself_and_a_B_leg_never_is()
    {
        await using var lab = await VoiceLab.StartAsync(app);
        var accounts = new[] { await lab.AccountAsync("10.00"), await lab.AccountAsync("10.00"), await lab.AccountAsync("1.00") };
        var calls = new List<StandInChannel>();
        foreach (var account in accounts)
            calls.Add(await lab.TalkAsync(account));
        await lab.PassAsync(70);
        // The third had money for 50 seconds; the others talk on.
        Assert.Equal(["", "", "ALLOTTED_TIMEOUT"], calls.Select(c => c.HangupCause ?? ""));
        foreach (var call in calls)
            await call.HangupAsync();
        for (var i = 0; i < calls.Count; i++)
        {
            await lab.SettledAsync(accounts[i]);
            Assert.Equal((i == 2 ? 1 : 10) - VoiceLab.PriceOf(calls[i]), (await lab.MoneyAsync(accounts[i])).Balance);
            Assert.Equal(calls[i].Uuid, Assert.Single(await lab.ChargesAsync(accounts[i])).Id);
        }
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_call_across_midnight_changes_its_price_there()
    {
        // A rupee a second by day, ten paisa by night; midnight in India is soon.
        var deck = "prefix,description,rate,increment_seconds,from_time,to_time\n4420,London,60.00,1,06:00,24:00\n4420,London,6.00,1,00:00,06:00\n";
        // A link would take so long a silence for its end: there is none yet.
        var local = app.Time.GetUtcNow().ToOffset(TimeSpan.FromHours(5.5));
        app.Time.Advance(local.Date.AddDays(1) - local.DateTime - TimeSpan.FromSeconds(40));
        await using var lab = await VoiceLab.StartAsync(app, deck);
        var account = await lab.AccountAsync("1000.00");
        var call = await lab.TalkAsync(account);
        await lab.PassAsync(100);
        await call.HangupAsync();
        await lab.SettledAsync(account);
        var answered = call.AnsweredAt!.Value.ToOffset(TimeSpan.FromHours(5.5));
        var seconds = (int)Math.Ceiling(call.BillUsec / 1_000_000m);
        var byDay = Enumerable.Range(0, seconds).Count(s => answered.AddSeconds(s).Hour >= 6);
        Assert.Equal(40, byDay);
        Assert.Equal(byDay * 1.00m + (seconds - byDay) * 0.10m, 1000 - (await lab.MoneyAsync(account)).Balance);
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_call_across_a_change_of_rates_keeps_the_rate_of_its_start()
    {
        var change = app.Time.GetUtcNow().AddSeconds(90);
        var deck = $"prefix,description,rate,increment_seconds,valid_from,valid_to\n4420,London,1.20,1,,{change:yyyy-MM-ddTHH:mm:ssZ}\n4420,London,2.40,1,{change:yyyy-MM-ddTHH:mm:ssZ},\n";
        await using var lab = await VoiceLab.StartAsync(app, deck);
        var account = await lab.AccountAsync("100.00");
        var before = await lab.TalkAsync(account);
        await lab.PassAsync(150);
        Assert.True(before.AnsweredAt < change && lab.Switch.Now > change);
        var after = await lab.TalkAsync(account);
        await lab.PassAsync(20);
        await before.HangupAsync();
        await after.HangupAsync();
        await lab.SettledAsync(account, 2);
        Assert.Equal((100 - VoiceLab.PriceOf(before) - (2 * VoiceLab.PriceOf(after)), 0), await lab.MoneyAsync(account));
        await app.AssertBooksProveAsync();
    }
}
