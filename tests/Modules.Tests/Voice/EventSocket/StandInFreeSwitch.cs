using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Voice.EventSocket;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>
/// A FreeSWITCH as its Event Socket shows it: a TCP server that speaks the bytes of the captures (Data/esl), with calls that are parked, routed, answered and hung up, timers that fire by
/// the clock it is given, and misbehaviour on demand. It has no media and no SIP: tests play caller and called.
/// </summary>
public sealed class StandInFreeSwitch : IAsyncDisposable
{
    internal readonly object Gate = new();
    readonly ConcurrentDictionary<StandInConnection, Task> connections = [];
    readonly Dictionary<string, StandInChannel> channels = new(StringComparer.Ordinal);
    readonly StandInTimers timers;
    readonly List<(string Name, byte[] Json)> keptBack = [];
    readonly TimeProvider clock;
    TcpListener? listener;
    Task accepting = Task.CompletedTask;
    int port;

    StandInFreeSwitch(TimeProvider clock, string password)
    {
        (this.clock, Password) = (clock, password);
        timers = new(clock, Gate);
        Events = new StandInEvents(this);
        Api = new StandInApi(this);
    }

    /// <summary>Starts one; its calls live by the clock given, or by the machine's.</summary>
    public static StandInFreeSwitch Start(TimeProvider? clock = null, string password = "test-esl-pw")
    {
        var server = new StandInFreeSwitch(clock ?? new ManualClock(), password);
        server.timers.Start();
        server.Revive();
        return server;
    }

    public string Password { get; set; }

    public int Port => port;

    /// <summary>This run; another after a restart.</summary>
    public string CoreUuid { get; private set; } = Guid.NewGuid().ToString();

    public Misbehaviour Misbehaviour { get; } = new();

    /// <summary>Told of each frame that a socket is about to be given.</summary>
    public Action<ReadOnlyMemory<byte>>? FrameWritten { get; set; }

    /// <summary>How far its clock is ahead of the one it was given.</summary>
    public TimeSpan Skew { get => timers.Skew; set => timers.Skew = value; }

    /// <summary>Seconds between two HEARTBEAT events, 0 for none.</summary>
    public int HeartbeatSeconds { get; set; } = 20;

    public DateTimeOffset Now { get { lock (Gate) return timers.Now; } }

    /// <summary>When the next thing happens by itself, by the clock it was given.</summary>
    public DateTimeOffset? NextDue { get { lock (Gate) return timers.NextDue; } }

    /// <summary>Whether all that was said to listeners is on its way.</summary>
    public bool IsSilent => connections.Keys.All(c => c.IsSilent);

    /// <summary>Every command that came, in order, without pings.</summary>
    public ConcurrentQueue<string> Commands { get; } = new();

    /// <summary>The json_cdr bodies of the calls that ended, A legs only, with their uuids.</summary>
    public ConcurrentQueue<(string Uuid, string Json)> Cdrs { get; } = new();

    /// <summary>Live channels, both legs.</summary>
    public IReadOnlyList<StandInChannel> Channels { get { lock (Gate) return [.. channels.Values]; } }

    /// <summary>Connections that have given the password.</summary>
    public int Listeners => connections.Keys.Count(c => c.IsAuthenticated);

    internal StandInEvents Events { get; }

    internal StandInApi Api { get; }

    internal StandInTimers Timers => timers;

    /// <summary>As a node of the configuration.</summary>
    public FreeSwitchNode Node(string name = "fs1", string tenant = "default") => new() { Name = name, Host = "127.0.0.1", Port = port, Password = Password, Tenant = tenant };

    /// <summary>Does what is due by now, without waiting for the scheduler to look.</summary>
    public void CatchUp()
    {
        lock (Gate)
            timers.RunDue();
    }

    /// <summary>A call comes in over SIP, runs through the public context and is parked.</summary>
    public Task<StandInChannel> DialAsync(StandInCall call)
    {
        lock (Gate)
        {
            var channel = new StandInChannel(this, call);
            channels.Add(channel.Uuid, channel);
            channel.Begin();
            return Task.FromResult(channel);
        }
    }

    public StandInChannel? Find(string uuid)
    {
        lock (Gate)
            return channels.GetValueOrDefault(uuid);
    }

    /// <summary>Dies without a word, as by kill -9: connections end, calls are gone without event or record.</summary>
    public void Kill()
    {
        lock (Gate)
        {
            listener?.Dispose();
            listener = null;
            foreach (var channel in channels.Values)
                channel.Vanish();
            channels.Clear();
            timers.Clear();
        }
        DropConnections();
    }

    /// <summary>Shuts down in order: calls end with SYSTEM_SHUTDOWN, then a notice.</summary>
    public async Task ShutDownAsync()
    {
        lock (Gate)
        {
            Events.Plain("SHUTDOWN", "switch_core.c", "switch_core_destroy", [("Event-Info", "System Shutting Down")]);
            foreach (var channel in channels.Values.Where(c => c.Direction == "inbound").ToList())
                channel.Hangup("SYSTEM_SHUTDOWN");
        }
        await Task.WhenAll(connections.Keys.Select(c => c.EndAsync("The system is being shut down.\n")));
        Kill();
    }

    /// <summary>Comes back on the same port as a new run.</summary>
    public void Revive()
    {
        lock (Gate)
        {
            CoreUuid = Guid.NewGuid().ToString();
            listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
            accepting = AcceptAsync(listener);
            BeatNext();
        }
    }

    /// <summary>kill -9 and start again: a new core, no calls.</summary>
    public void Restart()
    {
        Kill();
        Revive();
    }

    /// <summary>The network drops all connections; calls go on.</summary>
    public void DropConnections()
    {
        foreach (var connection in connections.Keys)
            connection.Close();
    }

    /// <summary>Sends so many events at once to whoever listens to events of that name.</summary>
    public void Flood(int count, string name = "HEARTBEAT")
    {
        for (var n = 0; n < count; n++)
            lock (Gate)
                Events.Plain(name, "stand_in.c", "flood", [("Flood-Number", n.ToString())]);
    }

    /// <summary>Writes these bytes to all connections as they are.</summary>
    public void Push(byte[] bytes)
    {
        foreach (var connection in connections.Keys)
            connection.Push(bytes);
    }

    public async ValueTask DisposeAsync()
    {
        Misbehaviour.IsFrozen = false;
        Kill();
        await timers.DisposeAsync();
        await accepting;
        await Task.WhenAll(connections.Values);
    }

    /// <summary>Sends what was kept back.</summary>
    public void Release()
    {
        lock (Gate)
        {
            Misbehaviour.KeepsBack = null;
            foreach (var (name, json) in keptBack)
                Send(name, null, json);
            keptBack.Clear();
        }
    }

    internal void Add(StandInChannel channel) => channels.Add(channel.Uuid, channel);

    internal void Remove(StandInChannel channel) => channels.Remove(channel.Uuid);

    internal bool IsHeard(string name) => connections.Keys.Any(c => c.Hears(name));

    internal void Send(string name, string? uuid, byte[] json)
    {
        if (Misbehaviour.DropsEvent?.Invoke(name, uuid) == true)
            return;
        if (Misbehaviour.KeepsBack?.Invoke(name) == true)
            keptBack.Add((name, json));
        else
            foreach (var connection in connections.Keys)
                connection.Deliver(name, json);
    }

    void BeatNext()
    {
        var core = CoreUuid;
        timers.Add(timers.Now.AddSeconds(HeartbeatSeconds > 0 ? HeartbeatSeconds : 20), "core", "heartbeat", () =>
        {
            if (core != CoreUuid)
                return;
            if (HeartbeatSeconds > 0)
                Events.Plain("HEARTBEAT", "switch_core.c", "send_heartbeat", [("Event-Info", "System Ready"), ("Up-Time", "0 years, 0 days, 0 hours, 0 minutes, 20 seconds, 0 milliseconds, 0 microseconds"),
                    ("FreeSWITCH-Version", "1.11.1-release~64bit"), ("Session-Count", channels.Count.ToString()), ("Max-Sessions", "5000"), ("Heartbeat-Interval", HeartbeatSeconds.ToString())]);
            BeatNext();
        });
    }

    async Task AcceptAsync(TcpListener from)
    {
        try
        {
            while (true)
            {
                var connection = new StandInConnection(this, await from.AcceptTcpClientAsync());
                connections[connection] = connection.RunAsync().ContinueWith(_ => connections.TryRemove(connection, out var _), TaskScheduler.Default);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Killed.
        }
    }
}
