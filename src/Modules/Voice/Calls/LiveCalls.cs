using System.Collections.Concurrent;
using System.Threading.Channels;
using Balatrix.Core;
using Balatrix.Core.Usage;
using Balatrix.Core.Voice;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Voice.EventSocket;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>A call that goes on.</summary>
/// <param name="Uuid">Its channel.</param>
/// <param name="Node">The FreeSWITCH that has it.</param>
/// <param name="Account">Number of the account that pays.</param>
/// <param name="Direction">inbound or outbound, as the account sees it.</param>
/// <param name="From">The caller.</param>
/// <param name="To">The number called.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="AnsweredAt">When it was answered, or null.</param>
/// <param name="PaidSeconds">Reserved by now.</param>
/// <param name="RunningCost">What it costs by now, decimal string.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Carrier">Who carries it first, when that is known.</param>
/// <param name="State">asking, ringing, talking or ending.</param>
/// <param name="IsHere">Whether the answering node controls it and knows it to the second; what others control is as they wrote it some seconds ago.</param>
public sealed record LiveCall(
    string Uuid, string Node, string Account, string Direction, string From, string To, DateTimeOffset StartedAt, DateTimeOffset? AnsweredAt, int PaidSeconds, string RunningCost,
    string Currency, string? Carrier, string State, bool IsHere);

/// <summary>Something that became of a live call.</summary>
/// <param name="Kind">started, answered, extended or ended.</param>
/// <param name="Call">The call after it.</param>
public sealed record LiveCallChange(string Kind, LiveCall Call);

/// <summary>The calls that this process controls, from memory.</summary>
public sealed class LiveCalls
{
    const int MostWaiting = 1_000;

    readonly ConcurrentDictionary<CallControl, byte> controls = new();
    readonly ConcurrentDictionary<ChannelWriter<LiveCallChange>, int> watchers = new();

    /// <summary>How many there are, of all tenants.</summary>
    internal int Count => controls.Keys.Sum(c => c.Sessions.Count(IsLive));

    /// <summary>Those of a tenant.</summary>
    public IReadOnlyCollection<LiveCall> Snapshot(int tenantId, DateTimeOffset now) =>
        [.. controls.Keys.SelectMany(c => c.Sessions).Where(s => s.TenantId == tenantId && IsLive(s)).Select(s => View(s, now))];

    /// <summary>A tenant's call on a channel.</summary>
    internal LiveCall? Find(int tenantId, string uuid, DateTimeOffset now)
    {
        for (var session = Find(uuid); session is not null; session = session.Also)
            if (session.TenantId == tenantId && IsLive(session))
                return View(session, now);
        return null;
    }

    /// <summary>What becomes of a tenant's calls from now on. A reader who is too slow loses the oldest.</summary>
    public ChannelReader<LiveCallChange> Watch(int tenantId, CancellationToken cancellationToken)
    {
        var channel = Channel.CreateBounded<LiveCallChange>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest });
        watchers[channel.Writer] = tenantId;
        cancellationToken.Register(() =>
        {
            watchers.TryRemove(channel.Writer, out _);
            channel.Writer.TryComplete();
        });
        return channel.Reader;
    }

    /// <summary>Ends a call; false when the tenant has no such call here.</summary>
    /// <exception cref="FreeSwitchUnavailableException">Its FreeSWITCH does not answer.</exception>
    public async Task<bool> HangupAsync(int tenantId, string uuid, string cause, CancellationToken cancellationToken)
    {
        foreach (var control in controls.Keys)
            if (control.Find(uuid) is { } session && session.TenantId == tenantId)
                return (await control.Link.ApiAsync(CallCommands.Kill(uuid, cause), cancellationToken)).IsOk;
        return false;
    }

    /// <summary>Ends a channel of a FreeSWITCH that this process is linked to, whoever controls its calls; false when it is gone.</summary>
    /// <exception cref="FreeSwitchUnavailableException">It does not answer, or this process is not linked to it.</exception>
    internal async Task<bool> HangupOnAsync(string node, string uuid, string cause, CancellationToken cancellationToken) =>
        controls.Keys.FirstOrDefault(c => c.Link.Node.Name == node) is { } control
            ? (await control.Link.ApiAsync(CallCommands.Kill(uuid, cause), cancellationToken)).IsOk
            : throw new FreeSwitchUnavailableException($"This process is not linked to {node}.");

    /// <summary>The rows of those of a tenant.</summary>
    internal HashSet<(long AccountId, string CallId, int Segment)> Rows(int tenantId) =>
        [.. controls.Keys.SelectMany(c => c.Sessions).Where(s => s.TenantId == tenantId && s.Row is not null).Select(s => (s.Row!.AccountId, s.Row.CallId, s.Row.Segment))];

    internal void Attach(CallControl control) => controls[control] = 0;

    internal void Detach(CallControl control) => controls.TryRemove(control, out _);

    /// <summary>The sessions on a channel, wherever it is.</summary>
    internal CallSession? Find(string channelId)
    {
        foreach (var control in controls.Keys)
            if (control.Find(channelId) is { } session)
                return session;
        return null;
    }

    internal void Changed(CallSession session, CallPhase before, DateTimeOffset now)
    {
        if (watchers.IsEmpty || session.State.Phase is CallPhase.Settling or CallPhase.Over)
            return;
        Tell(session, now, session.State.Phase == before ? "extended" : session.State.Phase == CallPhase.Talking ? "answered" : "started");
    }

    internal void Ended(CallSession session, DateTimeOffset now)
    {
        if (!watchers.IsEmpty && session.Row is not null)
            Tell(session, now, "ended");
    }

    void Tell(CallSession session, DateTimeOffset now, string kind)
    {
        LiveCallChange? change = null;
        foreach (var (writer, tenantId) in watchers)
            if (tenantId == session.TenantId)
                writer.TryWrite(change ??= new(kind, View(session, now)));
    }

    static bool IsLive(CallSession session) => session is { Row: not null, State.Phase: not CallPhase.Over };

    static LiveCall View(CallSession session, DateTimeOffset now)
    {
        var (row, state) = (session.Row!, session.State);
        var name = state.Phase switch
        {
            CallPhase.New or CallPhase.Asking or CallPhase.Passing => "asking",
            CallPhase.Ringing => "ringing",
            CallPhase.Talking => "talking",
            _ => "ending",
        };
        return View(row, state.AnsweredAt, state.GrantedMs, CostMicros(session, now), name, isHere: true);
    }

    internal static LiveCall View(CallRow row, DateTimeOffset? answeredAt, long grantedMs, long costMicros, string state, bool isHere) => new(
        row.ChannelId, row.Node, AccountDirectory.NumberOf(row.AccountId), row.Service == Service.VoiceInbound ? "inbound" : "outbound", row.Calling, row.Called, row.StartedAt, answeredAt,
        (int)(grantedMs / 1000), Money.Format(costMicros), row.Currency, row.Carrier, state, isHere);

    static long CostMicros(CallSession session, DateTimeOffset now)
    {
        var (row, state) = (session.Row!, session.State);
        if (row.ReservationId is null || state.MeteredFrom is not { } from)
            return 0;
        var talkMs = state.End?.TalkMs ?? (long)((state.HungUpAt ?? now) - from).TotalMilliseconds;
        // Of a call from before a restart the price of a minute is what is known until its next slice.
        return session.Price?.CostMicros(row.Service, row.RatingKey, from, talkMs) ?? row.MinutesMicros(talkMs);
    }
}
