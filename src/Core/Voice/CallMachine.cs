using static Balatrix.Core.Voice.CallInput;
using static Balatrix.Core.Voice.CallOutput;

namespace Balatrix.Core.Voice;

/// <summary>
/// Controls one call. Pure and total: any input in any phase has an answer, since events come late, twice, in another order or not at all.
/// What is reserved bounds what can be used: the guard inside FreeSWITCH cuts the call at the end of it, whether or not anybody is here to see.
/// </summary>
public static partial class CallMachine
{
    static readonly IReadOnlyList<CallOutput> None = [];

    /// <summary>Takes one input.</summary>
    /// <param name="state">The call.</param>
    /// <param name="input">What was learnt.</param>
    /// <param name="now">FreeSWITCH's clock.</param>
    /// <param name="terms">Its lengths.</param>
    public static CallStep Apply(CallState state, CallInput input, DateTimeOffset now, CallTerms terms) => state.Phase switch
    {
        CallPhase.New => OfNew(state, input, now, terms),
        CallPhase.Asking => OfAsking(state, input, now, terms),
        CallPhase.Passing => OfPassing(state, input, now, terms),
        CallPhase.Ringing or CallPhase.Talking => OfGoingOn(state, input, now, terms),
        CallPhase.HungUp or CallPhase.Missing => OfGone(state, input, now, terms),
        CallPhase.Settling => OfSettling(state, input, now, terms),
        _ => new(state, None),
    };

    static CallStep OfNew(CallState state, CallInput input, DateTimeOffset now, CallTerms terms)
    {
        switch (input)
        {
            case Parked parked:
                return Ask(state with { IsParked = true, AnsweredAt = parked.AnsweredAt, MeterFrom = parked.MeterFrom }, now, terms);
            case Found found:
                return Ask(state with { AnsweredAt = found.AnsweredAt, MeterFrom = found.MeterFrom }, now, terms);
            default:
                return new(state, None);
        }
    }

    /// <summary>What it has used by now is reserved with the first slice, so that it pays for all of it.</summary>
    static CallStep Ask(CallState state, DateTimeOffset now, CallTerms terms) => new(
        state with { Phase = CallPhase.Asking, StartedAt = now, LastSeenAt = now }, [new Ask(state.UsedMs(now) + Math.Min(terms.SliceMs, terms.MostMs))]);

    static CallStep OfAsking(CallState state, CallInput input, DateTimeOffset now, CallTerms terms)
    {
        switch (input)
        {
            case Granted granted when state.End is { } end:
                return new(state with { Phase = CallPhase.Settling, GrantedMs = granted.Ms }, [new Settle(end)]);
            case Granted granted when state.IsParked:
                var passing = state with { Phase = CallPhase.Passing, IsParked = false, GrantedMs = granted.Ms };
                return state.AnsweredAt is null
                    ? new(passing, [new LetThrough(granted.Ms)])
                    : new(passing, [new RenewGuard(0, Math.Max(0, passing.LeftMs(now))), new LetThrough(granted.Ms)]);
            case Granted granted:
                return GoOn(state with { Phase = CallPhase.Talking, GrantedMs = granted.Ms, NeedsGuard = true, IsDenied = granted.Ms < terms.SliceMs + state.UsedMs(now) }, now, terms);
            case Refused refused:
                return new(state with { Phase = CallPhase.Over }, state.End is not null ? None : state.IsParked ? [new Reject(refused.SipStatus, refused.Cause)] : [new Kill(refused.Cause)]);
            case Taken:
                return new(state with { Phase = CallPhase.Over }, None);
            case Ended ended:
                return new(state with { End = EndOf(ended.Facts, state.MeterFrom) }, None);
            case HungUp hungUp:
                return new(state with { End = state.End ?? GuessedEnd(state with { HungUpAt = hungUp.At }, terms) }, None);
            case CoreChanged:
                return new(state with { End = state.End ?? GuessedEnd(state, terms) }, None);
            default:
                return new(state, None);
        }
    }

    static CallStep OfPassing(CallState state, CallInput input, DateTimeOffset now, CallTerms terms)
    {
        switch (input)
        {
            case Passed { IsDone: true }:
                return GoOn(state with { Phase = state.AnsweredAt is null ? CallPhase.Ringing : CallPhase.Talking }, now, terms);
            case Passed { IsDone: false } when state.AnsweredAt is not null:
                var (gone, wait) = Wait(state with { Phase = CallPhase.HungUp }, now, terms);
                return new(gone, [new Kill("NORMAL_TEMPORARY_FAILURE"), .. wait]);
            case Passed { IsDone: false }:
                // The channel is gone, or would stay parked: in either case it never went on.
                return new(state with { Phase = CallPhase.Over }, [new Kill("NORMAL_TEMPORARY_FAILURE"), new Release()]);
            case Seen { IsParked: true } seen:
                return new(state with { LastSeenAt = Later(state.LastSeenAt, seen.At), Misses = 0 }, [new LetThrough(state.GrantedMs)]);
            case Answered answered:
                return new(state with { AnsweredAt = state.AnsweredAt ?? answered.At }, None);
            case Parked:
                return new(state, None);
            default:
                return OfGoingOn(state, input, now, terms);
        }
    }

    static CallStep OfGoingOn(CallState state, CallInput input, DateTimeOffset now, CallTerms terms)
    {
        switch (input)
        {
            case Answered answered:
                return GoOn(Answer(state, answered.At), now, terms);
            case Seen seen:
                return See(state, seen, now, terms);
            case Parked parked:
                return parked.IsElsewhere
                    ? End(state, new(state.MeteredFrom ?? state.StartedAt, state.UsedMs(now), IsEstimated: false))
                    : new(state, [new SendOn()]);
            case SliceGranted slice when state.IsExtending:
                return GoOn(
                    state with
                    {
                        IsExtending = false,
                        IsDenied = slice.GrantedMs < state.GrantedMs + WantedMs(state, terms),
                        IsWarned = false,
                        Sequence = slice.Sequence,
                        GrantedMs = slice.GrantedMs,
                        NeedsGuard = true,
                        NextAskAt = now.AddMilliseconds(terms.RetryMs),
                    }, now, terms);
            case SliceRefused when state.IsExtending:
                return GoOn(state with { IsExtending = false, IsDenied = true, NextAskAt = now.AddMilliseconds(Math.Max(terms.RetryMs, state.LeftMs(now) / 2)) }, now, terms);
            case SliceUnknown when state.IsExtending:
                return GoOn(state with { IsExtending = false, NextAskAt = now.AddMilliseconds(terms.RetryMs) }, now, terms);
            case GuardArmed { IsDone: false } armed when armed.Guard == state.Sequence:
                return Wake(state with { NeedsGuard = true }, now.AddMilliseconds(terms.RetryMs));
            case Woken:
                return GoOn(state, now, terms);
            case NotSeen:
                var misses = state.Misses + 1;
                return misses < 2 ? new(state with { Misses = misses }, None) : Wait(state with { Phase = CallPhase.Missing, Misses = misses }, now, terms);
            case HungUp hungUp:
                return Wait(state with { Phase = CallPhase.HungUp, HungUpAt = hungUp.At }, now, terms);
            default:
                return OfGone(state, input, now, terms);
        }
    }

    static CallStep OfGone(CallState state, CallInput input, DateTimeOffset now, CallTerms terms)
    {
        switch (input)
        {
            case Ended ended:
                return End(state, EndOf(ended.Facts, state.MeterFrom));
            case CoreChanged:
                return End(state, GuessedEnd(state, terms));
            case HungUp hungUp:
                return Wait(state with { Phase = CallPhase.HungUp, HungUpAt = state.HungUpAt ?? hungUp.At }, now, terms);
            case Answered answered:
                return new(state with { AnsweredAt = state.AnsweredAt ?? answered.At }, None);
            case Seen seen when state.Phase == CallPhase.Missing:
                return See(state with { Phase = state.AnsweredAt is null ? CallPhase.Ringing : CallPhase.Talking, WaitsUntil = null, NeedsGuard = true }, seen, now, terms);
            case SliceGranted slice when state.IsExtending:
                return new(state with { IsExtending = false, Sequence = slice.Sequence, GrantedMs = slice.GrantedMs }, None);
            case Woken when state.WaitsUntil is { } until:
                return now >= until ? End(state, GuessedEnd(state, terms)) : Wake(state, until);
            default:
                return new(state, None);
        }
    }

    static CallStep OfSettling(CallState state, CallInput input, DateTimeOffset now, CallTerms terms) => input switch
    {
        Settled { IsDone: true } => new(state with { Phase = CallPhase.Over }, None),
        Settled => Wake(state, now.AddMilliseconds(terms.RetryMs)),
        Woken when state.End is { } end => new(state, [new Settle(end)]),
        _ => new(state, None),
    };

    static CallStep See(CallState state, Seen seen, DateTimeOffset now, CallTerms terms)
    {
        var isRestored = state.NeedsGuard && state.Phase != CallPhase.Talking;
        state = state with { LastSeenAt = Later(state.LastSeenAt, seen.At), Misses = 0 };
        if (seen.AnsweredAt is { } answered)
            state = Answer(state, answered);
        // Reserved, and then this process ended before it let the call through.
        if (seen.IsParked && isRestored && state.AnsweredAt is null)
            return new(state with { Phase = CallPhase.Passing, NeedsGuard = false }, [new LetThrough(state.GrantedMs)]);
        return GoOn(state.Phase == CallPhase.Passing ? state with { Phase = state.AnsweredAt is null ? CallPhase.Ringing : CallPhase.Talking } : state, now, terms);
    }

    static CallState Answer(CallState state, DateTimeOffset at) => state with
    {
        AnsweredAt = state.AnsweredAt ?? at,
        Phase = state.Phase == CallPhase.Passing ? CallPhase.Passing : CallPhase.Talking,
        LastSeenAt = Later(state.LastSeenAt, at),
    };
}
