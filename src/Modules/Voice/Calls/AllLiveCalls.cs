using Balatrix.Modules.Platform;
using Balatrix.Modules.Voice.EventSocket;
using Npgsql;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>The live calls of all nodes: those that this one controls from memory, the others as they stand in the database.</summary>
public sealed class AllLiveCalls(LiveCalls here, Database database)
{
    /// <summary>Those of a tenant in no order, and whether the others could be asked for.</summary>
    public async Task<(List<LiveCall> Calls, bool IsWhole)> ListAsync(int tenantId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var own = here.Snapshot(tenantId, now);
        try
        {
            var known = here.Rows(tenantId);
            var others = await database.InTenantAsync(tenantId, (connection, ct) => CallStore.GoingOnAsync(connection, tenantId, ct), cancellationToken);
            return ([.. own.Concat(others.Where(o => !known.Contains((o.Row.AccountId, o.Row.CallId, o.Row.Segment))).Select(o => View(o, now)))], true);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            return ([.. own], false);
        }
    }

    /// <summary>A tenant's call on a channel, on whatever node; null when there is none.</summary>
    public async Task<LiveCall?> FindAsync(int tenantId, string uuid, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (here.Find(tenantId, uuid, now) is { } own)
            return own;
        var others = await database.InTenantAsync(tenantId, (connection, ct) => CallStore.GoingOnAsync(connection, tenantId, uuid, ct), cancellationToken);
        return others is [var other, ..] ? View(other, now) : null;
    }

    /// <summary>Ends a call, on whatever node; false when it is gone. A tenant may have named another's channel to a door: that is not its call.</summary>
    /// <exception cref="FreeSwitchUnavailableException">Its FreeSWITCH does not answer, or nobody here is linked to it.</exception>
    public async Task<bool> HangupAsync(int tenantId, LiveCall call, string cause, CancellationToken cancellationToken)
    {
        if (call.IsHere)
            return await here.HangupAsync(tenantId, call.Uuid, cause, cancellationToken);
        return here.Find(call.Uuid) is null && !await CallStore.IsOfOthersAsync(database, tenantId, call.Node, call.Uuid, cancellationToken)
            && await here.HangupOnAsync(call.Node, call.Uuid, cause, cancellationToken);
    }

    static LiveCall View(KeptCall kept, DateTimeOffset now)
    {
        var row = kept.Row;
        var from = kept.MeterFrom ?? kept.AnsweredAt;
        var cost = row.ReservationId is null || from is null ? 0 : row.MinutesMicros((long)(now - from.Value).TotalMilliseconds);
        return LiveCalls.View(row, kept.AnsweredAt, kept.GrantedMs, cost, kept.AnsweredAt is null ? "ringing" : "talking", isHere: false);
    }
}
