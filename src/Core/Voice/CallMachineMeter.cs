using static Balatrix.Core.Voice.CallOutput;

namespace Balatrix.Core.Voice;

public static partial class CallMachine
{
    /// <summary>Does what the meter asks for now, and says when to look again.</summary>
    static CallStep GoOn(CallState state, DateTimeOffset now, CallTerms terms)
    {
        if (state.Phase != CallPhase.Talking)
            return new(state, None);
        var outputs = new List<CallOutput>(3);
        var left = state.LeftMs(now);
        if (state.NeedsGuard)
        {
            // A guard of the same number has the same end, so that arming it twice, by two processes, cuts no earlier.
            outputs.Add(new RenewGuard(state.Sequence, Math.Max(0, left)));
            state = state with { NeedsGuard = false };
        }
        if (left < -terms.RetryMs)
            outputs.Add(new Kill("ALLOTTED_TIMEOUT"));
        var wanted = WantedMs(state, terms);
        var ask = AskAt(state, terms);
        if (!state.IsExtending && wanted > 0 && now >= ask && left > 0)
        {
            outputs.Add(new Extend(state.Sequence + 1, wanted));
            state = state with { IsExtending = true };
        }
        if ((state.IsDenied || wanted == 0) && !state.IsWarned && terms.WarnMs > 0 && left > 0 && left <= terms.WarnMs)
        {
            outputs.Add(new Warn());
            state = state with { IsWarned = true };
        }
        outputs.Add(new WakeAt(NextLook(state, now, left, wanted > 0 && left > 0 ? ask : null, terms)));
        return new(state, outputs);
    }

    static DateTimeOffset NextLook(CallState state, DateTimeOffset now, long left, DateTimeOffset? ask, CallTerms terms)
    {
        // After the guard should have cut it, it is looked at again and again until it is gone.
        var next = now.AddMilliseconds(left > 0 ? left + terms.RetryMs + 1 : terms.RetryMs);
        if (!state.IsExtending && ask < next)
            next = ask.Value;
        var warn = now.AddMilliseconds(left - terms.WarnMs);
        if (!state.IsWarned && terms.WarnMs > 0 && warn > now && warn < next)
            next = warn;
        return next > now ? next : now.AddMilliseconds(1);
    }

    /// <summary>Half a slice before the end; later when the last attempt said so.</summary>
    static DateTimeOffset AskAt(CallState state, CallTerms terms)
    {
        var half = state.Deadline!.Value.AddMilliseconds(-terms.SliceMs / 2);
        return state.NextAskAt > half ? state.NextAskAt : half;
    }

    static long WantedMs(CallState state, CallTerms terms) => Math.Clamp(terms.MostMs - state.GrantedMs, 0, terms.SliceMs);

    /// <summary>Waits for the record of a call that is gone.</summary>
    static CallStep Wait(CallState state, DateTimeOffset now, CallTerms terms)
    {
        var until = state.WaitsUntil ?? now.AddMilliseconds(terms.GraceMs);
        return Wake(state with { WaitsUntil = until }, until);
    }

    static CallStep Wake(CallState state, DateTimeOffset at) => new(state, [new WakeAt(at)]);

    static CallStep End(CallState state, CallEnd end)
    {
        var outputs = new List<CallOutput>(2);
        if (state.AnsweredAt is not null)
            outputs.Add(new DropGuard(state.Sequence));
        outputs.Add(new Settle(end));
        return new(state with { Phase = CallPhase.Settling, End = end }, outputs);
    }

    /// <summary>What is charged for a leg that ended so.</summary>
    /// <param name="facts">Its end.</param>
    /// <param name="meterFrom">Paid from here on; null for from the answer.</param>
    public static CallEnd EndOf(CallFacts facts, DateTimeOffset? meterFrom)
    {
        if (facts.AnsweredAt is not { } answered)
            return new(facts.StartedAt, 0, IsEstimated: false);
        return meterFrom is { } from && from > answered
            ? new(from, Math.Max(0, Ms(facts.EndedAt - from)), IsEstimated: false)
            : new(answered, facts.TalkMs, IsEstimated: false);
    }

    /// <summary>FreeSWITCH did not tell: to its hang-up if that was seen, else to its last sign of life and one interval, and never beyond its guard.</summary>
    static CallEnd GuessedEnd(CallState state, CallTerms terms)
    {
        if (state.MeteredFrom is not { } from)
            return new(state.StartedAt, 0, IsEstimated: true);
        var to = state.HungUpAt ?? state.LastSeenAt.AddMilliseconds(terms.HeartbeatMs);
        return new(from, Math.Clamp(Ms(to - from), 0, state.GrantedMs), IsEstimated: true);
    }

    static long UsedMs(this CallState state, DateTimeOffset now) => state.MeteredFrom is { } from ? Math.Max(0, Ms(now - from)) : 0;

    static long Ms(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMillisecond;

    static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
