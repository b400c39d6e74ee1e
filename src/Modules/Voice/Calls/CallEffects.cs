using Balatrix.Core.Voice;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Voice.EventSocket;
using Npgsql;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>Does what the machine of a call asks for, and says what came of it.</summary>
sealed class CallEffects(NodeLink link, CallServices services)
{
    /// <summary>What the machine is told when something could not be done.</summary>
    public static CallInput? Failed(CallOutput output) => output switch
    {
        CallOutput.Ask => new CallInput.Refused(503, "NORMAL_TEMPORARY_FAILURE"),
        CallOutput.LetThrough => new CallInput.Passed(null),
        CallOutput.Extend => new CallInput.SliceUnknown(),
        CallOutput.RenewGuard renew => new CallInput.GuardArmed(renew.Guard, false),
        CallOutput.Settle => new CallInput.Settled(false),
        _ => null,
    };

    public async Task<CallInput?> DoAsync(CallSession session, CallOutput output)
    {
        try
        {
            return output switch
            {
                CallOutput.Ask ask => await AskAsync(session, ask),
                CallOutput.LetThrough pass => await LetThroughAsync(session, pass),
                CallOutput.SendOn => await TellAsync(CallCommands.SendOn(session.Row!, session.Permit ?? await services.Authorizer.PermitAsync(session.Row!, CancellationToken.None))),
                CallOutput.Reject reject => await TellAllAsync(session is { Refusal.Announcement: { } file, State.AnsweredAt: null }
                    ? CallCommands.Announce(session.ChannelId, reject.SipStatus, reject.Cause, file)
                    : CallCommands.Reject(session.ChannelId, reject.SipStatus, reject.Cause)),
                CallOutput.Kill kill => await TellAsync(CallCommands.Kill(session.ChannelId, kill.Cause)),
                CallOutput.Warn => await TellAsync(CallCommands.Warn(session.ChannelId, (await services.Rules.OfAsync(session.TenantId, CancellationToken.None)).Announcements?.GetValueOrDefault(CallSettings.LowBalance))),
                CallOutput.Extend extend => await new CallExtension(services, session).DoAsync(extend),
                CallOutput.RenewGuard renew => await RenewAsync(session, renew),
                CallOutput.DropGuard drop => await TellAsync(CallCommands.Drop(session.Row!, drop.Guard)),
                CallOutput.Settle settle => await SettleAsync(session, settle.End),
                CallOutput.Release => await ReleaseAsync(session),
                _ => null,
            };
        }
        catch (Exception e) when (e is FreeSwitchUnavailableException or ChargingUnavailableException or ChargingQueueFullException or NpgsqlException or IOException or TimeoutException)
        {
            return Failed(output);
        }
        catch (ArgumentException) when (output is CallOutput.LetThrough)
        {
            // Something of the call may not stand in a command.
            return new CallInput.Passed(false);
        }
    }

    async Task<CallInput?> AskAsync(CallSession session, CallOutput.Ask ask)
    {
        var (request, asked) = session.Asked!.Value;
        var grant = await services.Authorizer.AuthorizeAsync(request, asked with { Ms = ask.Ms }, CancellationToken.None);
        session.Asked = null;
        if (grant.IsTaken)
            return new CallInput.Taken();
        if ((session.Refusal = grant.Refusal) is { } refusal)
            return new CallInput.Refused(refusal.SipStatus, refusal.Cause);
        (session.Row, session.Price, session.Permit) = (grant.Row, grant.Price, grant.Permit);
        return new CallInput.Granted(grant.GrantedMs);
    }

    async Task<CallInput?> LetThroughAsync(CallSession session, CallOutput.LetThrough pass)
    {
        var row = session.Row!;
        // Known again after a restart, it goes to where it was dialled to; its carriers are asked for anew.
        var permit = session.Permit ?? await services.Authorizer.PermitAsync(row, CancellationToken.None);
        var replies = await link.ApiAsync(CallCommands.LetThrough(row, permit, pass.GuardMs, session.State.AnsweredAt is not null), CancellationToken.None);
        session.Permit = null;
        var isDone = Array.TrueForAll(replies, r => r.IsOk);
        // It waits on until the way on is paid for too.
        if (isDone && !row.IsForward && permit.ForwardedTo is { } target)
            await session.Control.ForwardAsync(session, target);
        return new CallInput.Passed(isDone);
    }

    async Task<CallInput?> RenewAsync(CallSession session, CallOutput.RenewGuard renew)
    {
        var armed = await link.ApiAsync(CallCommands.Arm(session.Row!, renew.Guard, renew.Ms), CancellationToken.None);
        if (armed.IsOk && renew.Guard > 0)
            await link.ApiAsync(CallCommands.Drop(session.Row!, renew.Guard - 1), CancellationToken.None);
        return new CallInput.GuardArmed(renew.Guard, armed.IsOk);
    }

    async Task<CallInput?> SettleAsync(CallSession session, CallEnd end)
    {
        var row = session.Row!;
        var answer = await services.Ledger.SettleAsync(row, end, session.State.AnsweredAt, session.Detail, CancellationToken.None);
        if (answer is { Status: 201, Decision: { } decision })
            services.Fraud.Ended(row.TenantId, CallAuthorizer.FraudCallOf(row), TimeSpan.FromMilliseconds(end.TalkMs), decision.Posting?.AmountMicros ?? 0);
        return new CallInput.Settled(true);
    }

    async Task<CallInput?> ReleaseAsync(CallSession session)
    {
        await services.Ledger.ReleaseAsync(session.Row!, session.State.LastSeenAt, CancellationToken.None);
        return null;
    }

    async Task<CallInput?> TellAsync(string command)
    {
        await link.ApiAsync(command, CancellationToken.None);
        return null;
    }

    async Task<CallInput?> TellAllAsync(List<string> commands)
    {
        await link.ApiAsync(commands, CancellationToken.None);
        return null;
    }
}
