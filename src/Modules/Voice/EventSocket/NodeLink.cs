using System.Security.Cryptography;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>Whether a link can be used.</summary>
public enum LinkState
{
    /// <summary>Being built.</summary>
    Connecting,

    /// <summary>Commands are taken and events come.</summary>
    Up,

    /// <summary>Lost, or closed; it is built again after a wait.</summary>
    Down,
}

/// <summary>
/// One FreeSWITCH over two TCP connections, events on one and commands on the other, so that a flood of events never holds back a command. Lost links are built again for ever.
/// What happened while a link was down is never told: at LINK_UP its consumer asks for the live channels.
/// </summary>
public sealed partial class NodeLink : IAsyncDisposable
{
    readonly TimeProvider time;
    readonly ILogger<NodeLink> logger;
    readonly LinkTimings timings;
    readonly EventQueue queue;
    readonly CancellationTokenSource stopping = new();
    volatile LinkSession? session;
    int disposals;
    Task running = Task.CompletedTask;

    /// <summary>A link that is not started yet.</summary>
    public NodeLink(FreeSwitchNode node, TimeProvider time, ILogger<NodeLink> logger, LinkTimings? timings = null)
    {
        (Node, this.time, this.logger, this.timings) = (node, time, logger, timings ?? LinkTimings.Default);
        queue = new EventQueue(this.timings, time);
    }

    /// <summary>Where it leads.</summary>
    public FreeSwitchNode Node { get; }

    /// <summary>Whether it can be used now.</summary>
    public LinkState State { get; private set; }

    /// <summary>The run of FreeSWITCH it reaches, or reached last.</summary>
    public string? CoreUuid { get; private set; }

    /// <summary>Why it is not up, for those who look after it.</summary>
    public string? Reason { get; private set; }

    /// <summary>All events in their order, with LINK_UP and LINK_DOWN between them. Whoever takes them too slowly for long has the link dropped and built again.</summary>
    public ChannelReader<FreeSwitchEvent> Events => queue;

    /// <summary>Begins to build the link.</summary>
    public void Start() => running = Task.Run(() => SuperviseAsync(stopping.Token));

    /// <summary>Asks FreeSWITCH, and waits for the answer.</summary>
    /// <exception cref="FreeSwitchUnavailableException">The link is down or the answer did not come: there never is an empty one instead.</exception>
    public async Task<ApiReply> ApiAsync(string command, CancellationToken cancellationToken) => (await ApiAsync([command], cancellationToken))[0];

    /// <summary>Asks several things in one write; the answers stand in the same order.</summary>
    /// <exception cref="FreeSwitchUnavailableException">The link is down or an answer did not come.</exception>
    public Task<ApiReply[]> ApiAsync(IReadOnlyList<string> commands, CancellationToken cancellationToken) => Session.ApiAsync(commands, cancellationToken);

    /// <summary>Asks what takes long, without holding up other commands.</summary>
    /// <exception cref="FreeSwitchUnavailableException">The link is down or was lost before the result came.</exception>
    public Task<JobResult> BackgroundAsync(string command, CancellationToken cancellationToken) => Session.BackgroundAsync(command, cancellationToken);

    /// <summary>Ends it for good.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposals, 1) > 0)
            return;
        await stopping.CancelAsync();
        await running;
        queue.Complete();
        stopping.Dispose();
    }

    LinkSession Session => session ?? throw new FreeSwitchUnavailableException($"The link to {Node.Name} is down: {Reason ?? "not built yet"}");

    async Task SuperviseAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (var attempt = 0; ; attempt++)
            {
                // Nothing more is taken in for a consumer who still has so much to take.
                await queue.DrainAsync(cancellationToken);
                State = LinkState.Connecting;
                var since = time.GetTimestamp();
                var reason = await LiveAsync(cancellationToken);
                // One that keeps falling down at once is not built again at once.
                if (time.GetElapsedTime(since) > timings.LongestRetry)
                    attempt = 0;
                State = LinkState.Down;
                if (reason != Reason)
                    LogLost(logger, Node.Name, reason);
                Reason = reason;
                await Task.Delay(Wait(attempt), time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            State = LinkState.Down;
            Reason = "closed by us";
        }
    }

    async Task<string> LiveAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var opened = await LinkSession.OpenAsync(Node, timings, time, queue, cancellationToken);
            (CoreUuid, Reason, session, State) = (opened.CoreUuid, null, opened, LinkState.Up);
            // Whoever reads of it finds a link that takes commands.
            opened.Announce();
            LogUp(logger, Node.Name, opened.CoreUuid);
            var reason = "closed by us";
            try
            {
                return reason = await opened.RunAsync(cancellationToken);
            }
            finally
            {
                session = null;
                queue.Add(FreeSwitchEvent.Synthetic(FreeSwitchEvent.LinkDown, new("Core-UUID", opened.CoreUuid), new KeyValuePair<string, string>("Reason", reason)));
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException && !(e is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            // Whatever it was, the next attempt may do better; a link that is given up would leave calls without control.
            return e.Message;
        }
    }

    TimeSpan Wait(int attempt)
    {
        var longest = Math.Min(timings.FirstRetry.Ticks << Math.Min(attempt, 16), timings.LongestRetry.Ticks);
        // Half of it by chance, so that not all nodes come at once to a FreeSWITCH that has just started.
        return new TimeSpan(longest / 2000 * (1000 + RandomNumberGenerator.GetInt32(1001)));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The link to FreeSWITCH {Node} is up, core {Core}")]
    static partial void LogUp(ILogger logger, string node, string core);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The link to FreeSWITCH {Node} is down: {Reason}")]
    static partial void LogLost(ILogger logger, string node, string reason);
}
