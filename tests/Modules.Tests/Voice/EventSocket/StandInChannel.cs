using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>One channel of the stand-in. What a SIP phone or carrier would do to it, tests do by its methods; all that it causes has happened when they return.</summary>
public sealed partial class StandInChannel
{
    readonly StandInFreeSwitch server;
    readonly Dictionary<string, string> variables = new(StringComparer.Ordinal);
    readonly TaskCompletionSource<string> routed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly TaskCompletionSource<string> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    DateTimeOffset? heldSince;
    TimeSpan held;
    long parkTimer;

    internal StandInChannel(StandInFreeSwitch server, StandInCall call, StandInChannel? originator = null)
    {
        (this.server, Call, Originator) = (server, call, originator);
        (Uuid, Destination, Direction, CreatedAt, SessionNumber) = (call.Uuid, call.To, originator is null ? "inbound" : "outbound", server.Timers.Now, Interlocked.Increment(ref sessions));
        foreach (var (name, value) in SipVariables())
            variables[name] = value;
        foreach (var (name, value) in call.Variables)
            variables[name] = value;
    }

    static int sessions;

    public StandInCall Call { get; }
    public string Uuid { get; }
    public string Direction { get; }
    public string Destination { get; private set; }
    public string Context { get; private set; } = "public";

    /// <summary>The other side of the bridge, ringing or talking.</summary>
    public StandInChannel? Peer { get; private set; }

    /// <summary>Of a B leg, the A leg that dialled it.</summary>
    public StandInChannel? Originator { get; }
    public DateTimeOffset CreatedAt { get; }
    public DateTimeOffset? RingingAt { get; private set; }
    public DateTimeOffset? AnsweredAt { get; private set; }
    public DateTimeOffset? BridgedAt { get; private set; }
    public DateTimeOffset? EndedAt { get; private set; }
    public bool IsParked { get; private set; }
    public bool IsHeld => heldSince is not null;
    public string? HangupCause { get; private set; }

    /// <summary>The SIP status a caller got who was refused, 0 for calls that were answered.</summary>
    public int SipStatus { get; private set; }

    /// <summary>What the stand-in was told to play on it.</summary>
    public IReadOnlyList<string> Played { get { lock (server.Gate) return [.. played]; } }

    /// <summary>Answered time in microseconds, as variable_billusec says.</summary>
    public long BillUsec => AnsweredAt is { } from ? ((EndedAt ?? server.Timers.Now) - from).Ticks / TimeSpan.TicksPerMicrosecond : 0;

    /// <summary>The json_cdr body, once it has ended.</summary>
    public string? Cdr { get; private set; }

    internal long SessionNumber { get; }
    internal string Application { get; private set; } = "";

    readonly List<string> played = [];

    /// <summary>A variable's value, or null.</summary>
    public string? this[string variable] { get { lock (server.Gate) return variables.GetValueOrDefault(variable); } }

    /// <summary>Waits until it was let through, and gives the destination it was sent to.</summary>
    public Task<string> RoutedAsync(TimeSpan? patience = null) => routed.Task.WaitAsync(patience ?? Soon.Limit);

    /// <summary>Waits for its end, and gives the cause.</summary>
    public Task<string> EndedAsync(TimeSpan? patience = null) => ended.Task.WaitAsync(patience ?? Soon.Limit);

    /// <summary>The called side answers.</summary>
    public Task AnswerAsync() => Locked(Answer);

    /// <summary>One side hangs up, or the call fails.</summary>
    public Task HangupAsync(string cause = "NORMAL_CLEARING") => Locked(() => Hangup(cause));

    /// <summary>The customer puts the call on hold.</summary>
    public Task HoldAsync() => Locked(() =>
    {
        heldSince = server.Timers.Now;
        server.Events.Of("CHANNEL_HOLD", this);
    });

    /// <summary>And takes it back.</summary>
    public Task UnholdAsync() => Locked(() =>
    {
        (held, heldSince) = (held + (server.Timers.Now - (heldSince ?? server.Timers.Now)), null);
        server.Events.Of("CHANNEL_UNHOLD", this);
    });

    /// <summary>The customer's phone refers the called side to another number and hangs up: the B leg comes through the public context by itself.</summary>
    public Task<StandInChannel> BlindTransferAsync(string to)
    {
        lock (server.Gate)
        {
            var other = Peer ?? throw new InvalidOperationException("There is no other leg.");
            (Peer, other.Peer) = (null, null);
            server.Events.Of("CHANNEL_UNBRIDGE", this);
            Hangup("BLIND_TRANSFER");
            other.Transfer(to, "public");
            return Task.FromResult(other);
        }
    }

    /// <summary>The called side sends the caller elsewhere and leaves.</summary>
    public Task SendOnAsync(string to) => Locked(() =>
    {
        var other = Peer;
        Peer = null;
        if (other is not null)
            other.Peer = null;
        server.Events.Of("CHANNEL_UNBRIDGE", this);
        other?.Hangup("BLIND_TRANSFER");
        Transfer(to, "public");
    });

    /// <summary>The customer joins the called sides of two calls of his and leaves both.</summary>
    public Task AttendedTransferAsync(StandInChannel second) => Locked(() =>
    {
        var (one, two) = (Peer ?? throw new InvalidOperationException("There is no other leg."), second.Peer ?? throw new InvalidOperationException("There is no other leg."));
        (one.Peer, two.Peer, Peer, second.Peer) = (two, one, null, null);
        server.Events.Of("CHANNEL_BRIDGE", one, isBridge: true);
        Hangup("ATTENDED_TRANSFER");
        second.Hangup("ATTENDED_TRANSFER");
    });

    Task Locked(Action action)
    {
        lock (server.Gate)
            action();
        return Task.CompletedTask;
    }

    internal void Begin()
    {
        server.Events.Of("CHANNEL_CREATE", this);
        Park();
    }

    internal void Vanish()
    {
        EndedAt = server.Timers.Now;
        ended.TrySetResult("CRASH");
        routed.TrySetCanceled();
    }

    void Park()
    {
        IsParked = true;
        Application = "park";
        variables["current_application"] = "park";
        if (Call.HeartbeatSeconds > 0)
            variables["enable_heartbeat_events"] = Call.HeartbeatSeconds.ToString();
        server.Events.Of("CHANNEL_PARK", this);
        if (Call.ParkTimeout?.Split(':') is [var seconds, var cause])
            parkTimer = server.Timers.Add(server.Timers.Now.AddSeconds(int.Parse(seconds)), $"park-{Uuid}", "park_timeout", () => Hangup(cause));
    }

    void Unpark()
    {
        if (!IsParked)
            return;
        IsParked = false;
        server.Timers.Remove(parkTimer.ToString());
        server.Events.Of("CHANNEL_UNPARK", this);
    }

    internal void Transfer(string to, string context)
    {
        variables["transfer_history"] = $"{server.Timers.Now.ToUnixTimeSeconds()}:{Guid.NewGuid()}:bl_xfer:{to}/{context}/XML";
        (Destination, Context) = (to, context);
        Unpark();
        if (Peer is { } other && context != "public")
            other.Hangup("NORMAL_CLEARING");
        if (context == "public")
            Park();
        else if (context == "refused")
            Announce();
        else
            Route();
    }

    /// <summary>The refused context: early media, and then the end.</summary>
    void Announce()
    {
        Application = variables["current_application"] = "playback";
        Play(variables["bill_announcement"]);
        server.Timers.Add(server.Timers.Now.AddSeconds(4), Uuid, "playback", () => Hangup(variables["bill_refusal"]));
    }

    void Route()
    {
        if (Destination.StartsWith("conference-", StringComparison.Ordinal))
        {
            Application = variables["current_application"] = "conference";
            routed.TrySetResult(Destination);
            Answer();
            return;
        }
        Application = variables["current_application"] = "bridge";
        var leg = new StandInChannel(server, new StandInCall { From = Call.From, To = Destination, HeartbeatSeconds = Call.HeartbeatSeconds, Carrier = Call.Carrier }, this) { Context = Context };
        if (variables.GetValueOrDefault("bill_dial")?.Split('|') is { } dials && dials.Length > Call.Gateway && dials[Call.Gateway].Split('/') is ["sofia", "gateway", var gateway, ..])
            leg.variables["sip_gateway_name"] = gateway;
        server.Add(leg);
        (Peer, leg.Peer) = (leg, this);
        server.Events.Of("CHANNEL_CREATE", leg);
        server.Events.Of("CHANNEL_ORIGINATE", leg);
        RingingAt = leg.RingingAt = server.Timers.Now;
        server.Events.Of("CHANNEL_PROGRESS", leg);
        server.Events.Of("CHANNEL_PROGRESS", this);
        routed.TrySetResult(Destination);
        if (Call.Carrier is { } carrier)
            server.Timers.Add(server.Timers.Now + carrier.Rings, $"carrier-{Uuid}", "carrier", () => Play(carrier));
    }

    void Play(StandInCarrier carrier)
    {
        if (EndedAt is not null)
            return;
        if (carrier.FailsWith is { } cause)
        {
            Hangup(cause);
            return;
        }
        Answer();
        if (carrier.Talks is { } talks)
            server.Timers.Add(server.Timers.Now + talks, $"carrier-{Uuid}", "carrier", () => Hangup("NORMAL_CLEARING"));
    }

    void Answer()
    {
        if (AnsweredAt is not null || EndedAt is not null)
            return;
        var now = server.Timers.Now;
        if (Peer is { } other)
        {
            other.AnsweredAt ??= now;
            server.Events.Of("CHANNEL_ANSWER", other);
        }
        AnsweredAt = now;
        server.Events.Of("CHANNEL_ANSWER", this);
        foreach (var command in variables.Where(v => v.Key.StartsWith("api_on_answer", StringComparison.Ordinal)).Select(v => v.Value).ToList())
            server.Api.Run(command);
        if (variables.GetValueOrDefault("execute_on_answer")?.Split(' ') is ["sched_hangup", ['+', .. var seconds], .. var cause])
            server.Api.Run($"sched_hangup +{seconds} {Uuid} {(cause is [var name] ? name : "ALLOTTED_TIMEOUT")}");
        if (Peer is { } bridged)
        {
            (BridgedAt, bridged.BridgedAt) = (now, now);
            server.Events.Of("CHANNEL_BRIDGE", this, isBridge: true);
        }
        BeatNext();
        Peer?.BeatNext();
    }

    void BeatNext()
    {
        if (int.TryParse(variables.GetValueOrDefault("enable_heartbeat_events"), out var seconds) && seconds > 0)
            server.Timers.Add(server.Timers.Now.AddSeconds(seconds), Uuid, "switch_core_session_sched_heartbeat", () =>
            {
                if (EndedAt is not null)
                    return;
                server.Events.Of("SESSION_HEARTBEAT", this);
                BeatNext();
            });
    }

    /// <summary>An empty value unsets, as in FreeSWITCH.</summary>
    internal void Set(string name, string value)
    {
        if (value.Length > 0)
            variables[name] = value;
        else
            variables.Remove(name);
    }

    internal void Play(string what) => played.Add(what);

    internal void Hangup(string cause, int sipStatus = 0)
    {
        if (EndedAt is not null)
            return;
        EndedAt = server.Timers.Now;
        HangupCause = cause;
        server.Timers.Remove(Uuid);
        server.Timers.Remove($"carrier-{Uuid}");
        if (AnsweredAt is null)
            SipStatus = sipStatus > 0 ? sipStatus : variables.GetValueOrDefault("last_bridge_proto_specific_hangup_cause") is ['s', 'i', 'p', ':', .. var told] ? int.Parse(told) : StandInCauses.Sip(cause);
        variables["sip_hangup_disposition"] = AnsweredAt is null ? "send_refuse" : "send_bye";
        server.Events.Of("CHANNEL_HANGUP", this);
        Unpark();
        var other = Peer;
        if (other is { EndedAt: null })
        {
            if (AnsweredAt is not null)
                server.Events.Of("CHANNEL_UNBRIDGE", this, isBridge: true);
            // Whoever hangs up, the leg that was dialled ends with it, and a leg that dialled does unless it goes on alone.
            other.Peer = null;
            other.Hangup(AnsweredAt is null ? cause : "NORMAL_CLEARING");
        }
        server.Remove(this);
        Cdr = StandInCdr.Of(server, this);
        if (Originator is null)
            server.Cdrs.Enqueue((Uuid, Cdr));
        server.Events.Of("CHANNEL_HANGUP_COMPLETE", this);
        ended.TrySetResult(cause);
        routed.TrySetException(new InvalidOperationException($"The call ended before it was routed: {cause}, SIP {SipStatus}."));
        _ = routed.Task.Exception;
    }
}
