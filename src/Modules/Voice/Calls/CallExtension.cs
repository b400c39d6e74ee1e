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
            return new CallInput.SliceGranted(decision.Reservation.Sequence + session.OpenSlices, reserved);
        }
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
