using Balatrix.Core.Voice;

namespace Balatrix.Core.Tests.Voice;

/// <summary>A channel inside a FreeSWITCH that keeps its promises: guards cut at their time, and what happens is queued as events, which may never arrive.</summary>
sealed class SimulatedSwitch(DateTimeOffset begin)
{
    readonly DateTimeOffset startedAt = begin;
    readonly Dictionary<int, DateTimeOffset> guards = [];
    long? guardAtAnswer;

    public Queue<CallInput> Events { get; } = new([new CallInput.Parked()]);

    public DateTimeOffset Now { get; private set; } = begin;

    public bool IsParked { get; private set; } = true;

    public DateTimeOffset? AnsweredAt { get; private set; }

    public DateTimeOffset? EndedAt { get; private set; }

    public bool IsLive => EndedAt is null;

    public CallFacts Facts => new(startedAt, AnsweredAt, EndedAt!.Value, AnsweredAt is { } a ? (EndedAt.Value - a).Ticks / TimeSpan.TicksPerMillisecond : 0);

    public void Advance(TimeSpan by)
    {
        var until = Now + by;
        if (IsLive && IsParked && until > startedAt.AddSeconds(3))
            HangUp(Max(startedAt.AddSeconds(3), Now));
        if (IsLive && guards.Count > 0 && guards.Values.Min() <= until)
            HangUp(Max(guards.Values.Min(), Now));
        Now = until;
    }

    public bool LetThrough(long guardMs)
    {
        if (!IsLive || !IsParked)
            return false;
        IsParked = false;
        guardAtAnswer = guardMs;
        return true;
    }

    public void Answer()
    {
        if (!IsLive || IsParked || AnsweredAt is not null)
            return;
        AnsweredAt = Now;
        if (guardAtAnswer is { } ms)
            guards[0] = Now.AddMilliseconds(ms);
        Events.Enqueue(new CallInput.Answered(Now));
    }

    public void HangUp(DateTimeOffset? at = null)
    {
        if (!IsLive)
            return;
        EndedAt = at ?? Now;
        Events.Enqueue(new CallInput.HungUp(EndedAt.Value));
        Events.Enqueue(new CallInput.Ended(Facts));
    }

    public void Heartbeat()
    {
        if (IsLive && AnsweredAt is not null)
            Events.Enqueue(new CallInput.Seen(Now, AnsweredAt));
    }

    public void Renew(int guard, long ms)
    {
        // The later of two tasks of one group does nothing once the earlier has cut.
        var at = Now.AddMilliseconds(ms);
        if (!guards.TryGetValue(guard, out var known) || at < known)
            guards[guard] = at;
        guards.Remove(guard - 1);
    }

    static DateTimeOffset Max(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
