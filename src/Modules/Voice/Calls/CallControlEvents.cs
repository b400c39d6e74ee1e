using Balatrix.Core.Voice;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Voice.EventSocket;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>What FreeSWITCH tells, as it comes.</summary>
sealed partial class CallControl
{
    async Task ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var taken in link.Events.ReadAllAsync(cancellationToken))
            {
                using var e = taken;
                try
                {
                    await TakeAsync(e, cancellationToken);
                }
                catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
                {
                    LogFault(services.Logger, fault, e.Uuid ?? "-", e.Name);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    async ValueTask TakeAsync(FreeSwitchEvent e, CancellationToken cancellationToken)
    {
        if (e.SentAt() is { } sentAt)
            clock.Heard(sentAt, services.Time);
        if (e.Name == FreeSwitchEvent.LinkUp)
            ResyncNow();
        if (!IsOwner || e.Uuid is not { Length: > 0 } uuid)
            return;
        switch (e.Name)
        {
            case "CHANNEL_PARK":
                await ParkedAsync(e, cancellationToken);
                break;
            case "CHANNEL_ANSWER" when e.AnsweredAt() is { } answered:
                if (Find(uuid) is null && e.IsOurs() && !e.IsBLeg())
                    await AdoptAsync(e, cancellationToken);
                if (e["variable_sip_gateway_name"] is { Length: > 0 } gateway && (e["variable_originator"] ?? e["variable_originating_leg_uuid"]) is { } caller)
                    Carried(caller, gateway);
                Post(uuid, new CallInput.Answered(answered));
                break;
            case "CHANNEL_BRIDGE":
                Bridged(uuid, e["Other-Leg-Unique-ID"] ?? e["Bridge-B-Unique-ID"]);
                break;
            case "SESSION_HEARTBEAT":
                Post(uuid, new CallInput.Seen(e.SentAt() ?? Now, e.AnsweredAt()));
                break;
            case "CHANNEL_HANGUP":
                Post(uuid, new CallInput.HungUp(e.HungUpAt() ?? Now));
                break;
            case "CHANNEL_HANGUP_COMPLETE" when CallEvents.FactsOf(e) is { } facts:
                Ended(uuid, e, facts);
                break;
        }
    }

    void Post(string channelId, CallInput input)
    {
        for (var session = Find(channelId); session is not null; session = session.Also)
            session.Post(input);
    }

    async ValueTask ParkedAsync(FreeSwitchEvent e, CancellationToken cancellationToken)
    {
        var payer = PayerOf(e);
        if (!e.IsOurs() && payer is null)
            return;
        var known = Find(e.Uuid!);
        // It was found waiting before this was read, and is let through since.
        if (known?.CoreId == e.CoreUuid && e.Sequence() <= known?.MetBy)
            return;
        var account = payer is null ? null : AccountDirectory.NumberOf(payer.AccountId);
        if (OwnOf(known) is { Row: { } row } own)
        {
            var isElsewhere = Core.Numbering.E164Number.Normalise(e["Caller-Destination-Number"] ?? "") != row.RatingKey;
            own.Post(new CallInput.Parked(isElsewhere));
            if (isElsewhere)
                await AskAsync(e, row.TenantId, row.Segment + 1, isTransferred: true, cancellationToken, account);
            return;
        }
        if (payer is not null)
        {
            await AskAsync(e, payer.TenantId, 1, isTransferred: true, cancellationToken, account);
            return;
        }
        if (known is not null && known.Row is null)
            return;
        if (await TenantOfAsync(e, cancellationToken) is { } tenantId)
            await AskAsync(e, tenantId, 1, isTransferred: known is not null, cancellationToken);
    }

    /// <summary>Of a leg that is sent on, the call that it was part of; that call's end may be told after it.</summary>
    CallRow? PayerOf(FreeSwitchEvent e) =>
        transferred.TryGetValue(e.Uuid!, out var leg) ? leg.Payer : e.IsBLeg() ? Sessions.FirstOrDefault(s => s.PeerId == e.Uuid && s.Row?.ReservationId is not null)?.Row : null;

    /// <summary>Of what is paid on a channel the call that it makes itself, its latest part.</summary>
    static CallSession? OwnOf(CallSession? session)
    {
        CallSession? own = null;
        for (; session is not null; session = session.Also)
            if (session.Row is { IsForward: false } row && row.ChannelId == row.CallId && row.Segment > (own?.Row!.Segment ?? 0))
                own = session;
        return own;
    }

    async ValueTask AskAsync(FreeSwitchEvent e, int tenantId, int segment, bool isTransferred, CancellationToken cancellationToken, string? account = null)
    {
        var (request, ask, answered, meterFrom) = CallAsks.Of(e, link.Node.Name, tenantId, owner, Now, segment, isTransferred);
        request = account is null ? request : request with { AccountCode = account };
        if (await TryBeginAsync(e.Uuid!, tenantId, isNew: !isTransferred, cancellationToken) is not { } session)
            return;
        (session.CoreId, session.MetBy, session.Asked) = (e.CoreUuid, e.Sequence(), (request, ask));
        session.Post(e.IsWaiting() ? new CallInput.Parked(false, answered, meterFrom) : new CallInput.Found(answered ?? Now, meterFrom));
    }

    async ValueTask<int?> TenantOfAsync(FreeSwitchEvent e, CancellationToken cancellationToken) =>
        await services.Rules.TenantAsync(e["variable_balatrix_tenant"] is { Length: > 0 } named ? named : link.Node.Tenant, cancellationToken);

    void Bridged(string channelId, string? peer)
    {
        if (peer is null || Find(channelId) is not { } session || session.PeerId == peer)
            return;
        (session.PeerId, session.IsUnkept) = (peer, true);
    }

    /// <summary>A carrier answered, the first that was tried or another after it.</summary>
    void Carried(string channelId, string gateway)
    {
        for (var session = Find(channelId); session is not null; session = session.Also)
            if (session.Row is { Carrier: { } first } row && services.Authorizer.CarrierOf(row.TenantId, gateway) is { } carrier && carrier != first)
                (session.Row, session.IsUnkept) = (row with { Carrier = carrier }, true);
    }

    void Ended(string channelId, FreeSwitchEvent e, CallFacts facts)
    {
        var detail = CallEvents.DetailOf(e);
        if (transferred.TryGetValue(channelId, out var leg) && leg.Ended(facts))
            transferred.TryRemove(channelId, out _);
        for (var session = Find(channelId); session is not null; session = session.Also)
        {
            session.Detail = detail;
            // The other leg may live on after a transfer, and somebody has to pay for it.
            session.IsFollowed = e.IsTransfer() && IsPaidTalk(session);
            if (session.IsFollowed)
                transferred[session.PeerId!] = new TransferredLeg(session.Row!);
            session.Post(new CallInput.Ended(facts));
        }
    }

    /// <summary>Whether a call talks to another leg and somebody pays for that.</summary>
    static bool IsPaidTalk(CallSession session) => session is { PeerId: not null, Row.ReservationId: not null, State.AnsweredAt: not null };

    /// <summary>A call that was authorised through another door, and that nobody controls yet.</summary>
    async ValueTask AdoptAsync(FreeSwitchEvent e, CancellationToken cancellationToken)
    {
        if (await TenantOfAsync(e, cancellationToken) is not { } tenantId || (e["variable_bill_account"] ?? e["variable_accountcode"]) is not { } code)
            return;
        foreach (var kept in await services.Records.FindAsync(tenantId, [code, e["variable_" + CallCommands.ForwardedBy]], e.Uuid!, cancellationToken))
            if (kept.State == CallRowState.GoingOn && await services.Ledger.ClaimAsync(kept.Row with { CoreId = e.CoreUuid }, owner, cancellationToken))
                await RestoreAsync(kept, cancellationToken);
    }

    /// <summary>Takes up a call that was reserved before this process knew it.</summary>
    async ValueTask RestoreAsync(KeptCall kept, CancellationToken cancellationToken)
    {
        if (await TryBeginAsync(kept.Row.ChannelId, kept.Row.TenantId, isNew: Find(kept.Row.ChannelId) is null, cancellationToken) is not { } session)
            return;
        (session.Row, session.CoreId, session.PeerId) = (kept.Row, kept.Row.CoreId, kept.PeerId);
        var granted = kept.Row.ReservationId is null || kept.Row.IsOpenFailed ? session.Terms.MostMs : kept.GrantedMs;
        session.State = CallState.Restored(kept.Row.StartedAt, kept.AnsweredAt, kept.MeterFrom, kept.LastSeenAt, granted, kept.Sequence);
        services.Live.Changed(session, CallPhase.New, Now);
    }

    /// <summary>Rows that one statement keeps locked: a call that ends just then waits for it no longer than for another's end.</summary>
    const int KeptAtOnce = 100;

    /// <summary>Writes what was seen of calls, many in a statement.</summary>
    async Task KeepAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(services.Timings.Keep, services.Time);
        while (await NextAsync(timer, cancellationToken))
        {
            try
            {
                await KeepAllAsync(cancellationToken);
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
            {
                LogNotKept(services.Logger, link.Node.Name, e.Message);
            }
        }
    }

    async Task KeepAllAsync(CancellationToken cancellationToken)
    {
        var unkept = Sessions.Where(s => s is { IsUnkept: true, Row: not null }).ToList();
        foreach (var tenant in unkept.GroupBy(s => s.TenantId))
            foreach (var some in tenant.OrderBy(s => s.Row!.AccountId).Chunk(KeptAtOnce))
            {
                foreach (var session in some)
                    session.IsUnkept = false;
                var seen = some.Select(s => new SeenCall(s.Row!.AccountId, s.Row.CallId, s.Row.Segment, s.State.AnsweredAt, s.State.LastSeenAt, s.PeerId, s.Row.Carrier)).ToList();
                try
                {
                    await services.Database.ExecuteInTenantAsync(tenant.Key, CallStore.SaveSeen(tenant.Key, seen), cancellationToken);
                }
                catch
                {
                    foreach (var session in some)
                        session.IsUnkept = true;
                    throw;
                }
            }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What was seen of calls of {Node} was not kept this time: {Reason}")]
    static partial void LogNotKept(ILogger logger, string node, string reason);
}
