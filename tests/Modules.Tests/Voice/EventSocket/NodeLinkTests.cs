using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Voice.EventSocket;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

public sealed class NodeLinkTests
{
    static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_link_comes_up_and_tells_the_core_before_any_event()
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server);
        await server.DialAsync(new StandInCall());
        await node.SeenAsync("CHANNEL_PARK");
        Assert.Equal((FreeSwitchEvent.LinkUp, server.CoreUuid), (node.Seen.First().Name, node.Seen.First().CoreUuid));
        Assert.Equal((LinkState.Up, server.CoreUuid), (node.Link.State, node.Link.CoreUuid));
    }

    [Fact]
    public async Task A_call_from_park_to_the_last_event()
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server);
        var call = await server.DialAsync(new StandInCall { SipUser = "alice", FromName = "Zoë 😀 \"quoted\"" });
        var parked = await node.SeenAsync("CHANNEL_PARK");
        Assert.Equal((call.Uuid, "alice", "Zoë 😀 \"quoted\""), (parked.Uuid, parked["variable_sip_auth_username"], parked["Caller-Caller-ID-Name"]));
        var replies = await node.Link.ApiAsync([$"uuid_setvar_multi {call.Uuid} bill_session=s1;accountcode=acme", $"uuid_transfer {call.Uuid} {call.Call.To} XML billed"], None);
        Assert.All(replies, r => Assert.Equal(new ApiReply(true, "+OK"), r));
        Assert.Equal(call.Call.To, await call.RoutedAsync());
        await call.AnswerAsync();
        Assert.Equal("acme", (await node.SeenAsync("CHANNEL_ANSWER", 2))["variable_accountcode"]);
        await call.HangupAsync();
        var last = await node.SeenAsync("CHANNEL_HANGUP_COMPLETE", 2);
        Assert.Equal((call.Uuid, "NORMAL_CLEARING", call.BillUsec.ToString()), (last.Uuid, last["variable_hangup_cause"], last["variable_billusec"]));
    }

    [Fact]
    public async Task A_wrong_password_is_told_and_tried_again()
    {
        await using var server = StandInFreeSwitch.Start(password: "right");
        await using var node = new LinkedNode(server.Node() with { Password = "wrong" });
        await LinkedNode.UntilAsync(() => node.Link.Reason?.Contains("refuses the password", StringComparison.Ordinal) == true, "a refused password");
        await Assert.ThrowsAsync<FreeSwitchUnavailableException>(() => node.Link.ApiAsync("status", None));
        server.Password = "wrong";
        await node.SeenAsync(FreeSwitchEvent.LinkUp);
        Assert.DoesNotContain(node.Seen, e => e.Name == FreeSwitchEvent.LinkDown);
    }

    [Fact]
    public async Task A_refused_address_is_told_and_tried_again()
    {
        await using var server = StandInFreeSwitch.Start();
        server.Misbehaviour.RefusesAddress = true;
        await using var node = new LinkedNode(server.Node());
        await LinkedNode.UntilAsync(() => node.Link.Reason?.Contains("Access Denied", StringComparison.Ordinal) == true, "a refused address");
        server.Misbehaviour.RefusesAddress = false;
        await node.SeenAsync(FreeSwitchEvent.LinkUp);
    }

    [Fact]
    public async Task Who_never_greets_is_left_after_the_handshakes_time()
    {
        await using var server = StandInFreeSwitch.Start();
        server.Misbehaviour.NeverGreets = true;
        await using var node = new LinkedNode(server.Node(), LinkedNode.Quick with { Handshake = TimeSpan.FromSeconds(1) });
        await LinkedNode.UntilAsync(() => node.Link.Reason?.Contains("handshake", StringComparison.Ordinal) == true, "the end of a handshake");
        server.Misbehaviour.NeverGreets = false;
        await node.SeenAsync(FreeSwitchEvent.LinkUp);
    }

    [Fact]
    public async Task A_shutdown_ends_calls_in_order_then_the_link()
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server);
        await server.DialAsync(new StandInCall());
        await server.ShutDownAsync();
        var down = await node.SeenAsync(FreeSwitchEvent.LinkDown);
        Assert.Equal("SYSTEM_SHUTDOWN", node.Seen.Single(e => e.Name == "CHANNEL_HANGUP_COMPLETE")["Hangup-Cause"]);
        Assert.Contains("The system is being shut down.", down["Reason"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_FreeSWITCH_is_found_again_with_its_new_core()
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server);
        var before = server.CoreUuid;
        server.Kill();
        Assert.Equal(before, (await node.SeenAsync(FreeSwitchEvent.LinkDown)).CoreUuid);
        await Assert.ThrowsAsync<FreeSwitchUnavailableException>(() => node.Link.ApiAsync("status", None));
        await Task.Delay(300);
        server.Revive();
        Assert.Equal(server.CoreUuid, (await node.SeenAsync(FreeSwitchEvent.LinkUp, 2)).CoreUuid);
        Assert.NotEqual(before, server.CoreUuid);
        Assert.True((await node.Link.ApiAsync("status", None)).IsOk);
    }

    [Fact]
    public async Task Commands_under_way_fail_when_the_link_is_lost()
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server);
        var waiting = node.Link.ApiAsync("msleep 600000", None);
        var behind = node.Link.ApiAsync("hostname", None);
        var job = node.Link.BackgroundAsync("msleep 600000", None);
        await LinkedNode.UntilAsync(() => !server.Commands.IsEmpty, "a command");
        server.DropConnections();
        await Assert.ThrowsAsync<FreeSwitchUnavailableException>(() => waiting);
        await Assert.ThrowsAsync<FreeSwitchUnavailableException>(() => behind);
        await Assert.ThrowsAsync<FreeSwitchUnavailableException>(() => job);
        await node.SeenAsync(FreeSwitchEvent.LinkUp, 2);
    }

    [Fact]
    public async Task A_half_open_peer_is_found_out_by_pings()
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server, LinkedNode.Quick with { Ping = TimeSpan.FromMilliseconds(100) });
        server.Misbehaviour.IsFrozen = true;
        Assert.Contains("pings", (await node.SeenAsync(FreeSwitchEvent.LinkDown))["Reason"], StringComparison.Ordinal);
        server.Misbehaviour.IsFrozen = false;
        await node.SeenAsync(FreeSwitchEvent.LinkUp, 2);
    }

    [Fact]
    public async Task Three_heartbeats_that_do_not_come_end_the_link()
    {
        await using var server = StandInFreeSwitch.Start();
        server.HeartbeatSeconds = 0;
        await using var node = await LinkedNode.UpAsync(server, LinkedNode.Quick with { Heartbeat = TimeSpan.FromMilliseconds(400) });
        Assert.Contains("heartbeats", (await node.SeenAsync(FreeSwitchEvent.LinkDown))["Reason"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_does_not_come_fails_and_is_never_taken_for_the_next_ones()
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server, LinkedNode.Quick with { Reply = TimeSpan.FromMilliseconds(500) });
        server.Misbehaviour.Ignores = line => line == "hostname";
        await Assert.ThrowsAsync<FreeSwitchUnavailableException>(() => node.Link.ApiAsync("hostname", None));
        await node.SeenAsync(FreeSwitchEvent.LinkUp, 2);
        Assert.Equal("false", await Soon.AnswerAsync(() => AskAsync("uuid_exists x"), "an answer in time"));

        // On a busy machine other answers may not come in time either.
        async Task<string?> AskAsync(string command)
        {
            try
            {
                return (await node.Link.ApiAsync(command, None)).Text;
            }
            catch (FreeSwitchUnavailableException)
            {
                return null;
            }
        }
    }

    [Fact]
    public async Task A_result_in_the_background_comes_by_its_own_id_and_holds_up_nothing()
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server);
        var gate = new TaskCompletionSource();
        server.Misbehaviour.HoldsJob = line => line == "status" ? gate.Task : Task.CompletedTask;
        var slow = node.Link.BackgroundAsync("status", None);
        var quick = node.Link.BackgroundAsync("hostname", None);
        Assert.Equal("vm", (await node.Link.ApiAsync("hostname", None)).Text);
        Assert.Equal("vm", (await quick).Reply.Text);
        Assert.False(slow.IsCompleted);
        gate.SetResult();
        Assert.True((await slow).Reply.IsOk);
    }

    [Theory]
    [InlineData("nosuchcommand", "-ERR nosuchcommand Command not found!")]
    [InlineData("uuid_kill 00000000-0000-0000-0000-000000000000", "-ERR No such channel!")]
    [InlineData("uuid_setvar", "-USAGE: uuid_setvar <uuid>")]
    public async Task What_fails_is_not_ok(string command, string text)
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server);
        Assert.Equal(new ApiReply(false, text), await node.Link.ApiAsync(command, None));
    }

    [Fact]
    public async Task A_link_that_is_closed_says_so_and_ends_its_events()
    {
        await using var server = StandInFreeSwitch.Start();
        var node = await LinkedNode.UpAsync(server);
        await node.DisposeAsync();
        await node.DisposeAsync().AsTask();
        Assert.Equal(LinkState.Down, node.Link.State);
        await Assert.ThrowsAsync<FreeSwitchUnavailableException>(() => node.Link.ApiAsync("status", None));
        await LinkedNode.UntilAsync(() => server.Listeners == 0, "no listeners");
    }
}
