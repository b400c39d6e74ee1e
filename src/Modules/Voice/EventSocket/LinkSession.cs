using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>Both connections to one FreeSWITCH for as long as both live: E brings events, C takes commands, and both are pinged.</summary>
sealed class LinkSession : IAsyncDisposable
{
    /// <summary>What E listens to: what decides over a call, and FreeSWITCH's own sign of life.</summary>
    const string Events = "event json HEARTBEAT CHANNEL_PARK CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_HOLD CHANNEL_UNHOLD CHANNEL_HANGUP CHANNEL_HANGUP_COMPLETE SESSION_HEARTBEAT SHUTDOWN";

    const int MissedHeartbeats = 3;

    static readonly TimeSpan LastWords = TimeSpan.FromSeconds(0.5);

    readonly LinkTimings timings;
    readonly TimeProvider time;
    readonly EventQueue queue;
    readonly ConcurrentDictionary<string, TaskCompletionSource<JobResult>> jobs = new(StringComparer.Ordinal);
    readonly TaskCompletionSource announced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    EventSocketConnection? commands, events;
    TimeSpan heartbeat;
    long lastHeartbeat;

    LinkSession(LinkTimings timings, TimeProvider time, EventQueue queue) =>
        (this.timings, this.time, this.queue, heartbeat, lastHeartbeat) = (timings, time, queue, timings.Heartbeat, time.GetTimestamp());

    /// <summary>Which run of FreeSWITCH this is.</summary>
    public string CoreUuid { get; private set; } = "";

    /// <summary>Connects both and has the events begin; they wait until the link is announced.</summary>
    public static async Task<LinkSession> OpenAsync(FreeSwitchNode node, LinkTimings timings, TimeProvider time, EventQueue queue, CancellationToken cancellationToken)
    {
        var session = new LinkSession(timings, time, queue);
        using var deadline = new CancellationTokenSource(timings.Handshake, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await session.ConnectAsync(node, either.Token);
            return session;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            await session.DisposeAsync();
            throw new EventSocketException($"The handshake took longer than {timings.Handshake.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture)} s.");
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>LINK_UP comes before the first event, and after it none is missed.</summary>
    public void Announce()
    {
        queue.Add(FreeSwitchEvent.Synthetic(FreeSwitchEvent.LinkUp, new KeyValuePair<string, string>("Core-UUID", CoreUuid)));
        announced.SetResult();
    }

    /// <summary>Runs until the link is lost and tells why.</summary>
    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ends = new[] { commands!.Ended, events!.Ended, PingAsync(commands, stop.Token), PingAsync(events, stop.Token), WatchHeartbeatsAsync(stop.Token) };
        var first = await Task.WhenAny(ends);
        // A FreeSWITCH that shuts down closes both; what it had to say of its last calls is still on its way on the other.
        if (first == commands.Ended)
            await Task.WhenAny(events.Ended, Task.Delay(LastWords, time, stop.Token));
        await stop.CancelAsync();
        return await first;
    }

    /// <summary>Sends api commands in one write.</summary>
    public async Task<ApiReply[]> ApiAsync(IReadOnlyList<string> lines, CancellationToken cancellationToken)
    {
        var answers = commands!.Send([.. lines.Select(line => $"api {ApiArgument.Command(line)}")]);
        var texts = await InTime(Task.WhenAll(answers), timings.Reply, cancellationToken);
        return Array.ConvertAll(texts, ApiReply.Of);
    }

    /// <summary>Has a command done in the background and waits for its result.</summary>
    public async Task<JobResult> BackgroundAsync(string line, CancellationToken cancellationToken)
    {
        var id = Guid.NewGuid().ToString();
        var result = jobs[id] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            var begun = ApiReply.Of(await InTime(commands!.Send($"bgapi {ApiArgument.Command(line)}\nJob-UUID: {id}")[0], timings.Reply, cancellationToken));
            if (!begun.IsOk)
                return new(Encoding.UTF8.GetBytes(begun.Text));
            var ended = await Task.WhenAny(result.Task, commands.Ended).WaitAsync(timings.BackgroundResult, time, cancellationToken);
            return ended == result.Task ? await result.Task : throw new FreeSwitchUnavailableException("The connection ended before the result came.");
        }
        catch (TimeoutException e)
        {
            throw new FreeSwitchUnavailableException("The result of a command in the background did not come in time.", e);
        }
        finally
        {
            jobs.TryRemove(id, out _);
        }
    }

    /// <summary>Closes both connections.</summary>
    public async ValueTask DisposeAsync()
    {
        announced.TrySetCanceled();
        if (commands is not null)
            await commands.DisposeAsync();
        if (events is not null)
            await events.DisposeAsync();
    }

    async Task ConnectAsync(FreeSwitchNode node, CancellationToken cancellationToken)
    {
        commands = await EventSocketConnection.OpenAsync(node, FrameReader.LongestBody, OnJobAsync, cancellationToken);
        await OkAsync(commands, "event json BACKGROUND_JOB", cancellationToken);
        events = await EventSocketConnection.OpenAsync(node, FrameReader.LongestEvent, OnEventAsync, cancellationToken);
        CoreUuid = await CoreAsync(commands, cancellationToken);
        // FreeSWITCH may have been started anew between the two.
        if (await CoreAsync(events, cancellationToken) != CoreUuid)
            throw new EventSocketException("The two connections reach two runs of FreeSWITCH.");
        foreach (var filter in node.Filters)
            await OkAsync(events, $"filter {filter}", cancellationToken);
        await OkAsync(events, Events, cancellationToken);
    }

    static async Task OkAsync(EventSocketConnection connection, string command, CancellationToken cancellationToken)
    {
        var reply = ApiReply.Of(await connection.Send(command)[0].WaitAsync(cancellationToken));
        if (!reply.IsOk)
            throw new EventSocketException($"FreeSWITCH refuses \"{command}\": {reply.Text}");
    }

    static async Task<string> CoreAsync(EventSocketConnection connection, CancellationToken cancellationToken)
    {
        var reply = ApiReply.Of(await connection.Send("api global_getvar core_uuid")[0].WaitAsync(cancellationToken));
        return reply.IsOk && Guid.TryParse(reply.Text, out _) ? reply.Text : throw new EventSocketException($"FreeSWITCH does not tell its core: {reply.Text}");
    }

    async ValueTask OnEventAsync(FreeSwitchEvent item, CancellationToken cancellationToken)
    {
        await announced.Task.WaitAsync(cancellationToken);
        if (item.Name == "HEARTBEAT")
        {
            Volatile.Write(ref lastHeartbeat, time.GetTimestamp());
            if (item.Number("Heartbeat-Interval") is > 0 and <= 3600 and var seconds)
                heartbeat = TimeSpan.FromSeconds(seconds);
        }
        await queue.AddAsync(item, cancellationToken);
    }

    ValueTask OnJobAsync(FreeSwitchEvent taken, CancellationToken cancellationToken)
    {
        using var item = taken;
        // The headers are gone once the body is taken.
        var sentMicros = item.Number("Event-Date-Timestamp");
        if (item["Job-UUID"] is { } id && jobs.TryGetValue(id, out var job))
            job.TrySetResult(new(item.TakeBody(), sentMicros));
        return ValueTask.CompletedTask;
    }

    async Task<string> PingAsync(EventSocketConnection connection, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(timings.Ping, time);
        try
        {
            var (answer, missed) = (Task.FromResult(""), 0);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (answer.IsCompleted)
                    (answer, missed) = (connection.Send("api uptime")[0], 0);
                else if (++missed == 2)
                    break;
            }
            return "two pings were not answered";
        }
        catch (OperationCanceledException)
        {
            return "closed by us";
        }
        catch (FreeSwitchUnavailableException e)
        {
            return e.Message;
        }
    }

    async Task<string> WatchHeartbeatsAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (time.GetElapsedTime(Volatile.Read(ref lastHeartbeat)) < heartbeat * MissedHeartbeats)
                await Task.Delay(timings.Ping < heartbeat ? timings.Ping : heartbeat, time, cancellationToken);
            return $"{MissedHeartbeats} heartbeats did not come";
        }
        catch (OperationCanceledException)
        {
            return "closed by us";
        }
    }

    async Task<T> InTime<T>(Task<T> answer, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.WaitAsync(limit, time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            commands!.Abandon("a command was not answered in time");
            throw new FreeSwitchUnavailableException("FreeSWITCH did not answer in time.", e);
        }
    }
}
