using Balatrix.Core.Charging;
using Balatrix.Core.Voice;
using Balatrix.Modules.Ledger;
using Npgsql;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>Reserves more of a call. While charging is away a tenant that risks it grants more all the same; once charging is back that is reserved with the next slice.</summary>
readonly struct CallExtension(CallServices services, CallSession session)
{
    public async Task<CallInput> DoAsync(CallOutput.Extend extend)
    {
        if (session.Row is not { ReservationId: not null, IsOpenFailed: false })
            return new CallInput.SliceRefused();
        try
        {
            return await ReserveAsync(extend);
        }
        catch (Exception e) when (e is ChargingUnavailableException or ChargingQueueFullException or NpgsqlException or IOException or TimeoutException)
        {
            return await OpenAsync(extend) ?? new CallInput.SliceUnknown();
        }
    }

    async Task<CallInput> ReserveAsync(CallOutput.Extend extend)
    {
        while (true)
        {
            var decision = await services.Ledger.ExtendAsync(session.Row!, extend.Sequence - session.OpenSlices, extend.Ms + session.OpenMs, CancellationToken.None);
            if (decision.Refusal == Refusal.UnknownReservation)
                return await ReserveAgainAsync(extend);
            if (!decision.Accepted)
                return new CallInput.SliceRefused();
            var reserved = decision.Reservation!.Usage.Quantity;
            if (decision.IsRepeat && session.OpenSlices > 0)
            {
                // It was reserved after all when its answer was lost.
                session.OpenSlices--;
                session.OpenMs = Math.Max(0, session.State.GrantedMs - reserved);
                continue;
            }
            session.OpenMs = 0;
            // A process that took it up does not know yet what it costs.
            session.Price ??= await services.Authorizer.PriceAsync(session.Row!, decision.Reservation.Allowances.Sum(a => a.Quantity));
            return new CallInput.SliceGranted(decision.Reservation.Sequence + session.OpenSlices, reserved);
        }
    }

    /// <summary>A crash of the database's machine has undone its reservation: all of it is reserved anew, and its extensions are counted from here.</summary>
    async Task<CallInput> ReserveAgainAsync(CallOutput.Extend extend)
    {
        var (row, state) = (session.Row!, session.State);
        var ask = new CallAsk(null, session.Control.Owner, row.CallId, row.Segment, row.ChannelId, state.AnsweredAt, state.MeterFrom);
        var decision = await services.Ledger.ReserveAsync(row, ask, state.GrantedMs + extend.Ms, CancellationToken.None);
        if (!decision.Accepted)
            return new CallInput.SliceRefused();
        (session.OpenMs, session.OpenSlices) = (0, extend.Sequence - decision.Reservation!.Sequence);
        return new CallInput.SliceGranted(extend.Sequence, decision.Reservation.Usage.Quantity);
    }

    /// <summary>Charging was tried for some seconds before it says that it is away.</summary>
    async Task<CallInput?> OpenAsync(CallOutput.Extend extend)
    {
        if (await services.Authorizer.ExtendOpenAsync(session, extend.Ms) is not (> 0 and var ms))
            return null;
        session.OpenSlices++;
        session.OpenMs += ms;
        return new CallInput.SliceGranted(extend.Sequence, session.State.GrantedMs + ms);
    }
}
