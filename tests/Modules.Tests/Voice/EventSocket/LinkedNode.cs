using System.Collections.Concurrent;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Voice.EventSocket;
using Microsoft.Extensions.Logging.Abstractions;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>A link to a stand-in with short waits, and a consumer that keeps its events until asked.</summary>
sealed class LinkedNode : IAsyncDisposable
{
    public static readonly LinkTimings Quick = new()
    {
        Handshake = Soon.Limit,
        Reply = Soon.Limit,
        Ping = Soon.Limit,
        FirstRetry = TimeSpan.FromMilliseconds(20),
        LongestRetry = TimeSpan.FromMilliseconds(200),
    };

    readonly CancellationTokenSource stopping = new();
    readonly Task consuming;
    bool isPaused;

    public LinkedNode(FreeSwitchNode node, LinkTimings? timings = null, bool isPaused = false)
    {
        this.isPaused = isPaused;
        Link = new NodeLink(node, TimeProvider.System, NullLogger<NodeLink>.Instance, timings ?? Quick);
        Link.Start();
        consuming = ConsumeAsync();
    }

    public NodeLink Link { get; }

    public ConcurrentQueue<FreeSwitchEvent> Seen { get; } = new();

    public void Resume() => Volatile.Write(ref isPaused, false);

    public static async Task<LinkedNode> UpAsync(StandInFreeSwitch server, LinkTimings? timings = null)
    {
        var node = new LinkedNode(server.Node(), timings);
        await node.SeenAsync(FreeSwitchEvent.LinkUp);
        return node;
    }

    /// <summary>Waits until so many events of that name have come, and gives the last of them.</summary>
    public async Task<FreeSwitchEvent> SeenAsync(string name, int times = 1)
    {
        await Soon.UntilAsync(
            () => Task.FromResult(Seen.Count(e => e.Name == name) >= times), () => $"{times} x {name} among {string.Join(' ', Seen.Select(e => e.Name).Take(50))}; {Link.State} {Link.Reason}");
        return Seen.Where(e => e.Name == name).ElementAt(times - 1);
    }

    public static Task UntilAsync(Func<bool> isSo, string what) => Soon.UntilAsync(isSo, what);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await Link.DisposeAsync();
        await consuming;
    }

    async Task ConsumeAsync()
    {
        try
        {
            await Task.Yield();
            while (true)
            {
                while (Volatile.Read(ref isPaused))
                    await Task.Delay(5, stopping.Token);
                Seen.Enqueue(await Link.Events.ReadAsync(stopping.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or System.Threading.Channels.ChannelClosedException)
        {
            // The test is over.
        }
    }
}
