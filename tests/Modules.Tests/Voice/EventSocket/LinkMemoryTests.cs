using System.Text;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Voice.EventSocket;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>The memory that a peer can make a link take. The whole process's is measured, so that nothing else may run meanwhile.</summary>
[Collection<Alone>]
public sealed class LinkMemoryTests
{
    static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Noise_on_open_connections_costs_no_more_than_the_connection()
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server, LinkedNode.Quick with { FirstRetry = TimeSpan.FromMilliseconds(1), LongestRetry = TimeSpan.FromMilliseconds(5), Handshake = TimeSpan.FromSeconds(1), QueuedEvents = 100_000 });
        var chance = new Random(20261122);
        var sources = EslCapture.All.Select(c => c.Frames.Take(10).SelectMany(f => f).ToArray()).Where(b => b.Length is > 0 and < 60_000).ToArray();
        var before = GC.GetTotalMemory(true);
        for (var n = 0; n < 400; n++)
        {
            server.Push(EslMutator.Next(chance, sources));
            if (n % 4 == 0)
                await Task.Delay(10);
        }
        // Noise that came while a link was being built again cost nothing; some more of it.
        await Soon.UntilAsync(
            () =>
            {
                server.Push(EslMutator.Next(chance, sources));
                return Ups() > 4;
            },
            "links that noise has cost");
        await LinkedNode.UntilAsync(() => node.Link.State is LinkState.Up, "an open link");
        var ups = Ups();
        server.DropConnections();
        await node.SeenAsync(FreeSwitchEvent.LinkUp, ups + 1);
        await LinkedNode.UntilAsync(() => node.Link.State is LinkState.Up, "an open link");
        Assert.Equal("vm", (await node.Link.ApiAsync("hostname", None)).Text);
        node.Seen.Clear();
        Assert.InRange(GC.GetTotalMemory(true) - before, long.MinValue, 64 << 20);

        int Ups() => node.Seen.Count(e => e.Name == FreeSwitchEvent.LinkUp);
    }

    [Fact]
    public async Task A_body_that_is_announced_and_never_comes_takes_no_memory()
    {
        await using var server = StandInFreeSwitch.Start();
        await using var node = await LinkedNode.UpAsync(server, LinkedNode.Quick with { Ping = TimeSpan.FromMilliseconds(100) });
        var before = GC.GetTotalMemory(true);
        server.Push(Encoding.ASCII.GetBytes($"Content-Type: api/response\nContent-Length: {FrameReader.LongestBody}\n\nx"));
        Assert.Contains("pings", (await node.SeenAsync(FreeSwitchEvent.LinkDown))["Reason"], StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalMemory(true) - before, long.MinValue, 8 << 20);
        await node.SeenAsync(FreeSwitchEvent.LinkUp, 2);
    }
}
