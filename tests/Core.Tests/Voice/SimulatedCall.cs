using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Core.Voice;

namespace Balatrix.Core.Tests.Voice;

/// <summary>A call, the switch that it is in, and the process that controls it: the process may end at any moment and begin again with what the ledger kept.</summary>
sealed class SimulatedCall(int number, SimulatedLedger ledger, DateTimeOffset start, CallTerms terms)
{
    readonly Guid reservation = new(number + 1, 0, 0, new byte[8]);
    CallState? memory = new();
    DateTimeOffset? wakeAt;
    (DateTimeOffset? AnsweredAt, DateTimeOffset LastSeenAt) kept = (null, start);

    public SimulatedSwitch Switch { get; } = new(start);

    public string Id { get; } = $"call-{number}";

    public bool WasLetThrough { get; private set; }

    public bool IsAlive => memory is not null;

    public bool IsOver => memory?.Phase == CallPhase.Over;

    ReservationState? Reserved => ledger.State.Reservations.FirstOrDefault(r => r.Id == reservation);

    /// <summary>How an operation's answer is lost: 0 not at all, 1 after it was done, 2 before.</summary>
    public int Trouble { get; set; }

    public void Deliver(CallInput input)
    {
        if (memory is null)
            return;
        var inputs = new Queue<CallInput>([input]);
        while (memory is not null && inputs.TryDequeue(out var next))
        {
            var (state, outputs) = CallMachine.Apply(memory, next, Switch.Now, terms);
            memory = state;
            foreach (var output in outputs)
                if (Do(output) is { } answer)
                    inputs.Enqueue(answer);
        }
    }

    public void Crash()
    {
        memory = null;
        wakeAt = null;
    }

    /// <summary>Keeps what was seen, as the process does now and then.</summary>
    public void Keep()
    {
        if (memory is { } state)
            kept = (state.AnsweredAt, state.LastSeenAt);
    }

    public void Restart()
    {
        if (memory is not null || Reserved is not { Status: ReservationStatus.Open } open)
        {
            memory ??= new();
            return;
        }
        memory = CallState.Restored(start, kept.AnsweredAt, null, kept.LastSeenAt, open.Usage.Quantity, open.Sequence);
    }

    /// <summary>A snapshot of the switch that succeeded.</summary>
    public void Snapshot()
    {
        if (memory is null or { Phase: CallPhase.Over })
            return;
        if (!Switch.IsLive)
            Deliver(new CallInput.NotSeen());
        else if (memory.Phase == CallPhase.New)
            Deliver(Switch.IsParked ? new CallInput.Parked() : new CallInput.Found(Switch.AnsweredAt ?? Switch.Now, null));
        else
            Deliver(new CallInput.Seen(Switch.Now, Switch.AnsweredAt, Switch.IsParked));
    }

    public void Wake()
    {
        if (memory is null || wakeAt is null || wakeAt > Switch.Now)
            return;
        wakeAt = null;
        Deliver(new CallInput.Woken());
    }

    /// <summary>The switch's record comes, whether or not the process is there; its answer may be late, and it may come twice.</summary>
    public void Record()
    {
        if (Switch.IsLive || Reserved is null)
            return;
        ledger.Record(reservation, Usage(Switch.Facts.AnsweredAt ?? start, Switch.Facts.TalkMs), Switch.Now);
        Deliver(new CallInput.Ended(Switch.Facts));
    }

    public UsageEvent Usage(DateTimeOffset at, long ms) => new("cdr", Id, Service.VoiceOutbound, at, "919812345678", ms, "", "", null);

    CallInput? Do(CallOutput output)
    {
        switch (output)
        {
            case CallOutput.Ask ask:
                var asked = ledger.Apply(new Reserve(reservation, Usage(start, ask.Ms), null, AcceptLess: true, start.AddDays(1)), Switch.Now);
                return asked.Accepted ? new CallInput.Granted(asked.Reservation!.Usage.Quantity) : new CallInput.Refused(402, "OUTGOING_CALL_BARRED");
            case CallOutput.LetThrough pass:
                var isDone = Switch.LetThrough(pass.GuardMs);
                WasLetThrough |= isDone;
                return new CallInput.Passed(Trouble == 1 ? null : isDone);
            case CallOutput.Reject or CallOutput.Kill:
                Switch.HangUp();
                return null;
            case CallOutput.Extend extend:
                if (Trouble == 2)
                    return new CallInput.SliceUnknown();
                var extended = ledger.Apply(new Extend(reservation, extend.Sequence, extend.Ms, null, AcceptLess: true, start.AddDays(1)), Switch.Now);
                return Trouble == 1 ? new CallInput.SliceUnknown()
                    : extended.Accepted ? new CallInput.SliceGranted(extended.Reservation!.Sequence, extended.Reservation.Usage.Quantity)
                    : new CallInput.SliceRefused();
            case CallOutput.RenewGuard renew:
                if (Trouble != 2)
                    Switch.Renew(renew.Guard, renew.Ms);
                return new CallInput.GuardArmed(renew.Guard, Trouble == 0);
            case CallOutput.Settle settle:
                if (Trouble != 2)
                    ledger.Apply(new Settle(reservation, Usage(settle.End.At, settle.End.TalkMs), null), Switch.Now);
                return new CallInput.Settled(Trouble == 0);
            case CallOutput.Release:
                ledger.Apply(new Release(reservation, false), Switch.Now);
                return null;
            case CallOutput.WakeAt wake:
                wakeAt = wakeAt is null || wake.At < wakeAt ? wake.At : wakeAt;
                return null;
            default:
                return null;
        }
    }
}
