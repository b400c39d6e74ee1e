using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Tests.Voice.EventSocket;

namespace Balatrix.Modules.Tests.Voice.Calls;

/// <summary>A room in FreeSWITCH that several calls lead into: no leg is dialled for any of them, and each is paid for by itself.</summary>
public sealed class Conferences(VoiceApp app) : IClassFixture<VoiceApp>
{
    const string Deck = "prefix,description,rate,increment_seconds\n9180,Own numbers,0.60,1\n4420,London,1.20,1\n";

    [Fact]
    public async Task Each_member_is_charged_by_his_own_seconds_also_on_hold_and_after_a_transfer()
    {
        await using var lab = await VoiceLab.StartAsync(app, Deck);
        var (one, two, host) = (await lab.AccountAsync("100.00"), await lab.AccountAsync("100.00"), await lab.AccountAsync("100.00"));
        var room = await RoomAsync(host);
        // Two customers call for themselves; a caller from outside is paid for by whom the number is.
        var first = await EnterAsync(lab, one, room);
        await lab.PassAsync(10);
        var second = await EnterAsync(lab, two, room);
        await lab.PassAsync(10);
        var guest = await EnterAsync(lab, "", room);
        Assert.All([first, second, guest], c => Assert.Null(c.Peer));
        await lab.PassAsync(20);
        await first.HoldAsync();
        await lab.PassAsync(40);
        await first.UnholdAsync();
        // The second is sent out of the room to an outside number: from now on at its price.
        lab.Switch.Api.Run($"uuid_transfer {second.Uuid} {VoiceLab.London} XML public");
        await Soon.UntilAsync(() => second.Context == "billed" && second.Destination == VoiceLab.London, "It is let through anew");
        await lab.PassAsync(35);
        Assert.All([first, second, guest], c => Assert.Null(c.HangupCause));
        await guest.HangupAsync();
        await lab.SettledAsync(host);
        Assert.Null(first.HangupCause);
        await lab.PassAsync(5);
        await first.HangupAsync();
        await second.HangupAsync();
        await lab.SettledAsync(one);
        await lab.SettledAsync(two, 2);
        Assert.Equal((100 - (VoiceLab.PriceOf(first) / 2), 0), await lab.MoneyAsync(one));
        Assert.Equal((100 - (VoiceLab.PriceOf(guest) / 2), 0), await lab.MoneyAsync(host));
        var parts = (await lab.ChargesAsync(two)).OrderBy(c => c.Id).ToList();
        Assert.Equal([second.Uuid, $"{second.Uuid}/2"], parts.Select(p => p.Id));
        Assert.InRange(parts.Sum(p => p.Ms) - (second.BillUsec / 1000), -3, 3);
        Assert.Equal([0.01m * Math.Ceiling(parts[0].Ms / 1000m), 0.02m * Math.Ceiling(parts[1].Ms / 1000m)], parts.Select(p => p.Amount));
        await app.AssertBooksProveAsync();
    }

    [Fact]
    public async Task A_member_whose_money_ends_leaves_and_the_room_goes_on()
    {
        await using var lab = await VoiceLab.StartAsync(app, Deck);
        // Thirty seconds at a paisa a second.
        var (poor, rich, host) = (await lab.AccountAsync("0.30"), await lab.AccountAsync("100.00"), await lab.AccountAsync("100.00"));
        var room = await RoomAsync(host);
        var (leaves, stays, third) = (await EnterAsync(lab, poor, room), await EnterAsync(lab, rich, room), await EnterAsync(lab, rich, room));
        await lab.PassAsync(45);
        Assert.Equal(["ALLOTTED_TIMEOUT", null, null], new[] { leaves, stays, third }.Select(c => c.HangupCause));
        await stays.HangupAsync();
        await third.HangupAsync();
        await lab.SettledAsync(poor);
        await lab.SettledAsync(rich, 2);
        Assert.Equal(0.30m - (VoiceLab.PriceOf(leaves) / 2), (await lab.MoneyAsync(poor)).Balance);
        Assert.Equal(100 - ((VoiceLab.PriceOf(stays) + VoiceLab.PriceOf(third)) / 2), (await lab.MoneyAsync(rich)).Balance);
        await app.AssertBooksProveAsync();
    }

    static async Task<StandInChannel> EnterAsync(VoiceLab lab, string account, string room)
    {
        var call = await lab.DialAsync(account, room);
        Assert.Equal("conference-7", await call.RoutedAsync());
        await Soon.UntilAsync(() => lab.Live.Snapshot(1, lab.Time.GetUtcNow()).Any(c => c.Uuid == call.Uuid && c.State == "talking"), "He is in");
        return call;
    }

    async Task<string> RoomAsync(string holder)
    {
        var digits = $"91805567{holder[^4..]}";
        await using var connection = await app.Database.Owner.OpenConnectionAsync();
        await Database.ExecuteAsync(
            connection,
            """
            insert into voice.numbers (tenant_id, number, kind, status, account_id, subscription_id, target_kind, target, created_at, updated_at)
            values (1, $1, 1, 3, $2, 1, 'dialplan', 'conference-7', now(), now())
            """,
            [digits, long.Parse(holder[4..], System.Globalization.CultureInfo.InvariantCulture)], CancellationToken.None);
        return digits;
    }
}
