using System.Collections.Concurrent;
using System.Threading.Channels;
using Balatrix.Core.Voice;
using Balatrix.Modules.Voice.EventSocket;
using Balatrix.Modules.Voice.Numbers;
using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>
/// Controls the calls of one FreeSWITCH. One Balatrix does so at a time, the one that holds the node's lock in the database; the others wait to take over.
/// What the machine of a call asks for is done by <see cref="CallEffects"/>; what was missed is found again by comparing with the channels that there are.
/// </summary>
sealed partial class CallControl(NodeLink link, CallServices services, string owner)
{
    readonly ConcurrentDictionary<string, CallSession> sessions = new(StringComparer.Ordinal);
    readonly CallTimers timers = new();
    readonly CallEffects effects = new(link, services);
    readonly Channel<bool> resyncNow = Channel.CreateBounded<bool>(1);
    readonly SwitchClock clock = new();

    readonly ConcurrentDictionary<string, TransferredLeg> transferred = new(StringComparer.Ordinal);

    public NodeLink Link => link;

    public CallServices Services => services;

    public string Owner => owner;

    /// <summary>The sessions, each once.</summary>
    public IEnumerable<CallSession> Sessions
    {
        get
        {
            foreach (var (_, first) in sessions)
                for (var session = first; session is not null; session = session.Also)
                    yield return session;
        }
    }

    /// <summary>FreeSWITCH's clock.</summary>
    public DateTimeOffset Now => clock.Now(services.Time);

    /// <summary>Whether this process is the one that controls the node.</summary>
    public bool IsOwner { get; private set; }

    /// <summary>Controls until stopped.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(ReadAsync(cancellationToken), HoldAsync(cancellationToken), TickAsync(cancellationToken), ResyncAsync(cancellationToken), KeepAsync(cancellationToken));
    }

    public CallSession? Find(string channelId) => sessions.GetValueOrDefault(channelId);

    /// <summary>Begins to control a channel. A leg that is followed keeps its place beside another call on it.</summary>
    public async Task<CallSession> BeginAsync(string channelId, int tenantId, CancellationToken cancellationToken)
    {
        var terms = await TermsAsync(tenantId, cancellationToken);
        return sessions.AddOrUpdate(
            channelId, static (id, a) => new CallSession(a.Control, id, a.tenantId, a.terms),
            static (id, before, a) => new CallSession(a.Control, id, a.tenantId, a.terms) { Also = before.State.Phase == CallPhase.Over ? null : before }, (Control: this, tenantId, terms));
    }

    /// <summary>Begins to control a channel; null when nobody here controlled it, its event and a comparison met it at once, and this one came second.</summary>
    async Task<CallSession?> TryBeginAsync(string channelId, int tenantId, bool isNew, CancellationToken cancellationToken)
    {
        if (!isNew)
            return await BeginAsync(channelId, tenantId, cancellationToken);
        var session = new CallSession(this, channelId, tenantId, await TermsAsync(tenantId, cancellationToken));
        return sessions.TryAdd(channelId, session) ? session : null;
    }

    async Task<CallTerms> TermsAsync(int tenantId, CancellationToken cancellationToken)
    {
        var rules = await services.Rules.OfAsync(tenantId, cancellationToken);
        return services.Timings.GraceMs is { } grace ? rules.Terms with { GraceMs = grace } : rules.Terms;
    }

    /// <summary>Lets one input change a call, and does what follows.</summary>
    public async Task TakeAsync(CallSession session, CallInput input)
    {
        var pending = new Queue<CallInput>(1);
        pending.Enqueue(input);
        while (pending.TryDequeue(out var next))
        {
            var before = session.State;
            var (state, outputs) = CallMachine.Apply(before, next, Now, session.Terms);
            session.State = state;
            Notice(session, before, state);
            foreach (var output in outputs)
            {
                try
                {
                    if (output is CallOutput.WakeAt wake)
                        timers.Set(session, services.Time.GetUtcNow() + (wake.At - Now));
                    else if (await effects.DoAsync(session, output) is { } answer)
                        pending.Enqueue(answer);
                }
                catch (Exception e)
                {
                    // A fault in one call must not end the control of it; the guard bounds what it can cost.
                    LogFault(services.Logger, e, session.ChannelId, output.GetType().Name);
                    if (CallEffects.Failed(output) is { } failed)
                        pending.Enqueue(failed);
                }
            }
        }
        if (session.State.Phase == CallPhase.Over)
            await EndAsync(session);
    }

    void Notice(CallSession session, CallState before, CallState after)
    {
        if (after.AnsweredAt != before.AnsweredAt || after.LastSeenAt != before.LastSeenAt)
            session.IsUnkept = true;
        if (session.Row is not null && (after.Phase != before.Phase || after.GrantedMs != before.GrantedMs))
            services.Live.Changed(session, before.Phase, Now);
    }

    async Task EndAsync(CallSession session)
    {
        Forget(session);
        // The most of what it holds; it may itself be collected much later.
        session.Detail = null;
        if (session is { IsFollowed: true, Row: { } row, PeerId: { } peer, State.End: { } end })
        {
            session.IsFollowed = false;
            await FollowAsync(row, peer, end.At.AddMilliseconds(end.TalkMs));
        }
    }

    /// <summary>The leg that a transferred call talked to goes on, and is paid by whom it was.</summary>
    async Task FollowAsync(CallRow row, string peer, DateTimeOffset from)
    {
        var next = await BeginAsync(peer, row.TenantId, CancellationToken.None);
        next.CoreId = row.CoreId;
        next.Asked = CallAsks.Follow(row, peer, from, owner, Now);
        next.Post(new CallInput.Found(from, from));
        if (transferred.TryGetValue(peer, out var leg) && leg.Followed() is { } end)
        {
            transferred.TryRemove(peer, out _);
            next.Post(new CallInput.Ended(end));
        }
    }

    /// <summary>Begins the way on of a call to a number that is forwarded, unless that is on its way already.</summary>
    internal async Task ForwardAsync(CallSession session, NumberTarget target)
    {
        for (var other = Find(session.ChannelId); other is not null; other = other.Also)
            if (other.Row is { IsForward: true } || other.Asked is { Request.ForwardedBy: not null })
                return;
        var next = await BeginAsync(session.ChannelId, session.TenantId, CancellationToken.None);
        var (answered, meterFrom) = (session.State.AnsweredAt, session.State.MeterFrom);
        next.CoreId = session.CoreId;
        next.Asked = CallAsks.Forward(session.Row!, target, owner, answered, meterFrom);
        next.Post(new CallInput.Parked(false, answered, meterFrom));
    }

    void Forget(CallSession session)
    {
        timers.Remove(session);
        services.Live.Ended(session, Now);
        if (!sessions.TryGetValue(session.ChannelId, out var first))
            return;
        if (ReferenceEquals(first, session))
        {
            if (session.Also is { } other)
                sessions.TryUpdate(session.ChannelId, other, session);
            else
                sessions.TryRemove(KeyValuePair.Create(session.ChannelId, session));
            return;
        }
        for (var before = first; before.Also is { } also; before = also)
            if (ReferenceEquals(also, session))
            {
                before.Also = session.Also;
                return;
            }
    }

    /// <summary>Forgets all calls: another process controls them now.</summary>
    void ForgetAll()
    {
        foreach (var session in Sessions.ToArray())
        {
            timers.Remove(session);
            services.Live.Ended(session, Now);
        }
        sessions.Clear();
    }

    async Task TickAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(services.Timings.Tick, services.Time);
        while (await NextAsync(timer, cancellationToken))
            foreach (var session in timers.Due(services.Time.GetUtcNow()))
                session.Post(new CallInput.Woken());
    }

    internal static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Call {Uuid}: {Action} failed")]
    static partial void LogFault(ILogger logger, Exception exception, string uuid, string action);
}
