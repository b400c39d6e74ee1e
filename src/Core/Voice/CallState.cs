namespace Balatrix.Core.Voice;

/// <summary>How far a call is.</summary>
public enum CallPhase : byte
{
    /// <summary>Nothing is known of it yet.</summary>
    New,

    /// <summary>It is being asked whether it may go on.</summary>
    Asking,

    /// <summary>It may, and FreeSWITCH is being told so.</summary>
    Passing,

    /// <summary>Goes on, not answered yet.</summary>
    Ringing,

    /// <summary>Answered: the meter runs.</summary>
    Talking,

    /// <summary>Hung up; how long it was is not told yet.</summary>
    HungUp,

    /// <summary>Its channel is gone without a word.</summary>
    Missing,

    /// <summary>Its length is known and is being charged.</summary>
    Settling,

    /// <summary>Nothing more to be done.</summary>
    Over,
}

/// <summary>What a leg came to, as FreeSWITCH tells it at its end.</summary>
/// <param name="StartedAt">Start of the leg.</param>
/// <param name="AnsweredAt">Answer, or null.</param>
/// <param name="EndedAt">End.</param>
/// <param name="TalkMs">Milliseconds from answer to end.</param>
public sealed record CallFacts(DateTimeOffset StartedAt, DateTimeOffset? AnsweredAt, DateTimeOffset EndedAt, long TalkMs);

/// <summary>The end of a call as it is to be charged.</summary>
/// <param name="At">Answer, or start when it was not answered: the time whose prices hold.</param>
/// <param name="TalkMs">What is charged.</param>
/// <param name="IsEstimated">True when FreeSWITCH did not tell, so that its record corrects it should it come.</param>
public readonly record struct CallEnd(DateTimeOffset At, long TalkMs, bool IsEstimated);

/// <summary>One call as its control knows it. All instants are FreeSWITCH's clock, so that another clock here moves no money.</summary>
public sealed record CallState
{
    /// <summary>How far it is.</summary>
    public CallPhase Phase { get; init; }

    /// <summary>When it was seen first.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When it was answered.</summary>
    public DateTimeOffset? AnsweredAt { get; init; }

    /// <summary>Paid from here on, when what was before is paid otherwise (after a transfer).</summary>
    public DateTimeOffset? MeterFrom { get; init; }

    /// <summary>Whether it waits inside FreeSWITCH to be let through.</summary>
    public bool IsParked { get; init; }

    /// <summary>Milliseconds that are reserved.</summary>
    public long GrantedMs { get; init; }

    /// <summary>Number of the last extension, and of the guard that stands for it; 0 is the guard that arms itself at the answer.</summary>
    public int Sequence { get; init; }

    /// <summary>Whether the guard is to be armed anew, since it is not known to stand.</summary>
    public bool NeedsGuard { get; init; }

    /// <summary>Whether more is being reserved.</summary>
    public bool IsExtending { get; init; }

    /// <summary>Whether the last attempt to reserve more got less than it asked for.</summary>
    public bool IsDenied { get; init; }

    /// <summary>Whether the caller was told that the money runs out.</summary>
    public bool IsWarned { get; init; }

    /// <summary>When more is reserved next.</summary>
    public DateTimeOffset NextAskAt { get; init; }

    /// <summary>Its last sign of life.</summary>
    public DateTimeOffset LastSeenAt { get; init; }

    /// <summary>Successful snapshots in a row that did not have it.</summary>
    public int Misses { get; init; }

    /// <summary>When it was hung up.</summary>
    public DateTimeOffset? HungUpAt { get; init; }

    /// <summary>When waiting for its record ends.</summary>
    public DateTimeOffset? WaitsUntil { get; init; }

    /// <summary>Its end, once that is known.</summary>
    public CallEnd? End { get; init; }

    /// <summary>When the meter began.</summary>
    public DateTimeOffset? MeteredFrom => AnsweredAt is { } answered && MeterFrom > answered ? MeterFrom : AnsweredAt;

    /// <summary>When the guard cuts the call.</summary>
    public DateTimeOffset? Deadline => MeteredFrom?.AddMilliseconds(GrantedMs);

    /// <summary>What is left of what is reserved.</summary>
    public long LeftMs(DateTimeOffset now) => MeteredFrom is { } from ? GrantedMs - (long)(now - from).TotalMilliseconds : GrantedMs;

    /// <summary>A call that was reserved before this process began to know it.</summary>
    public static CallState Restored(DateTimeOffset startedAt, DateTimeOffset? answeredAt, DateTimeOffset? meterFrom, DateTimeOffset lastSeenAt, long grantedMs, int sequence) => new()
    {
        Phase = answeredAt is null ? CallPhase.Ringing : CallPhase.Talking,
        StartedAt = startedAt,
        AnsweredAt = answeredAt,
        MeterFrom = meterFrom,
        LastSeenAt = lastSeenAt,
        GrantedMs = grantedMs,
        Sequence = sequence,
        NeedsGuard = true,
    };
}
