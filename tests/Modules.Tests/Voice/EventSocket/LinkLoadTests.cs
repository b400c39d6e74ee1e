using System.Globalization;
using Balatrix.Modules.Voice.EventSocket;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>Many commands, many events, odd packets.</summary>
public sealed class LinkLoadTests
{
    static readonly CancellationToken None = CancellationToken.None;

    public static TheoryData<WriteStyle> Styles => [WriteStyle.Whole, WriteStyle.Split, WriteStyle.Merged];

    [Theory]
    [MemberData(nameof(Styles))]
    public async Task A_thousand_commands_at_once_get_each_its_own_answer_between_events(WriteStyle style)
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server);
        server.Misbehaviour.Writing = style;
        var call = await server.DialAsync(new StandInCall { Variables = Enumerable.Range(0, 1000).ToDictionary(n => $"v{n}", n => $"value {n}") });
        var jobs = Enumerable.Range(0, 20).Select(_ => node.Link.BackgroundAsync("hostname", None)).ToList();
        var replies = await Task.WhenAll(Enumerable.Range(0, 1000).Select(n => node.Link.ApiAsync($"uuid_getvar {call.Uuid} v{n}", None)));
        Assert.Equal(Enumerable.Range(0, 1000).Select(n => $"value {n}"), replies.Select(r => r.Text));
        var inOne = await node.Link.ApiAsync([.. Enumerable.Range(0, 1000).Select(n => $"uuid_getvar {call.Uuid} v{999 - n}")], None);
        Assert.Equal(Enumerable.Range(0, 1000).Select(n => $"value {999 - n}"), inOne.Select(r => r.Text));
        Assert.All(await Task.WhenAll(jobs), job => Assert.Equal("vm", job.Reply.Text));
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public async Task Recorded_events_arrive_byte_for_byte_however_packets_are_cut(WriteStyle style)
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server);
        server.Misbehaviour.Writing = style;
        var frames = EslCapture.All.SelectMany(c => c.EventFrames).Take(style is WriteStyle.Split ? 12 : 400).ToList();
        foreach (var frame in frames)
            server.Push(frame);
        await LinkedNode.UntilAsync(() => node.Seen.Count >= frames.Count + 1, $"{frames.Count} events");
        foreach (var (frame, seen) in frames.Zip(node.Seen.Skip(1)))
        {
            var expected = FreeSwitchEvent.Parse(new(EslCapture.Body(frame)));
            Assert.Equal((expected.Name, expected["Event-Sequence"], expected["variable_end_uepoch"]), (seen.Name, seen["Event-Sequence"], seen["variable_end_uepoch"]));
            Assert.True(expected.Json.Span.SequenceEqual(seen.Json.Span));
        }
        Assert.Equal(LinkState.Up, node.Link.State);
    }

    [Fact]
    public async Task A_slow_peer_is_waited_for()
    {
        await using var server = StandInFreeSwitch.Start();
        server.Misbehaviour.WriteDelay = TimeSpan.FromMilliseconds(30);
        await using var node = await LinkedNode.UpAsync(server);
        await server.DialAsync(new StandInCall());
        await node.SeenAsync("CHANNEL_PARK");
        Assert.Equal("vm", (await node.Link.ApiAsync("hostname", None)).Text);
        Assert.Single(node.Seen, e => e.Name == FreeSwitchEvent.LinkUp);
    }

    [Fact]
    public async Task A_flood_of_events_comes_whole_and_in_order_while_commands_go_on()
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server);
        var flood = Task.Run(() => server.Flood(30_000));
        for (var n = 0; n < 50; n++)
            Assert.Equal("vm", (await node.Link.ApiAsync("hostname", None)).Text);
        await flood;
        await LinkedNode.UntilAsync(() => node.Seen.Count >= 30_001, "30,000 events");
        Assert.Equal(Enumerable.Range(0, 30_000), node.Seen.Where(e => e.Name == "HEARTBEAT").Select(e => int.Parse(e["Flood-Number"]!, CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_consumer_too_slow_for_long_has_the_link_dropped_and_built_again_when_it_has_caught_up()
    {
        var timings = LinkedNode.Quick with { QueuedEvents = 100, ConsumerPatience = TimeSpan.FromMilliseconds(200) };
        await using var server = StandInFreeSwitch.Start();
        await using var node = new LinkedNode(server.Node(), timings, isPaused: true);
        await LinkedNode.UntilAsync(() => node.Link.State is LinkState.Up, "an open link");
        server.Flood(1000);
        await LinkedNode.UntilAsync(() => node.Link.Reason?.Contains("are not taken", StringComparison.Ordinal) == true, "a dropped link");
        await Task.Delay(500);
        Assert.NotEqual(LinkState.Up, node.Link.State);
        Assert.InRange(node.Link.Events.Count, 100, 110);
        node.Resume();
        await node.SeenAsync(FreeSwitchEvent.LinkUp, 2);
        Assert.Equal(FreeSwitchEvent.LinkDown, node.Seen.ElementAt(node.Seen.Count(e => e.Name == "HEARTBEAT") + 1).Name);
    }

    [Fact]
    public async Task Several_nodes_live_and_die_on_their_own()
    {
        await using var one = StandInFreeSwitch.Start();
        await using var two = StandInFreeSwitch.Start(password: "other");
        await using var first = await LinkedNode.UpAsync(one);
        await using var second = await LinkedNode.UpAsync(two);
        one.Kill();
        await first.SeenAsync(FreeSwitchEvent.LinkDown);
        Assert.Equal("vm", (await second.Link.ApiAsync("hostname", None)).Text);
        await two.DialAsync(new StandInCall());
        await second.SeenAsync("CHANNEL_PARK");
        Assert.DoesNotContain(first.Seen, e => e.Name == "CHANNEL_PARK");
    }
}
