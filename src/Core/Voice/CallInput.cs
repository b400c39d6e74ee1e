namespace Balatrix.Core.Voice;

/// <summary>Something that a call's control learns.</summary>
public abstract record CallInput
{
    /// <summary>The call waits to be let through. Of a call that is going on: it was transferred.</summary>
    /// <param name="IsElsewhere">Whether it is to go to another number than before.</param>
    /// <param name="AnsweredAt">When it was answered, if it talks already.</param>
    /// <param name="MeterFrom">Paid from here on; null for from the answer.</param>
    public sealed record Parked(bool IsElsewhere = false, DateTimeOffset? AnsweredAt = null, DateTimeOffset? MeterFrom = null) : CallInput;

    /// <summary>A channel is there that nobody controls and that talks already.</summary>
    /// <param name="AnsweredAt">Since when.</param>
    /// <param name="MeterFrom">Paid from here on; null for from the answer.</param>
    public sealed record Found(DateTimeOffset AnsweredAt, DateTimeOffset? MeterFrom) : CallInput;

    /// <summary>It may go on, and so much of it is reserved.</summary>
    public sealed record Granted(long Ms) : CallInput;

    /// <summary>It may not.</summary>
    /// <param name="SipStatus">How SIP says so.</param>
    /// <param name="Cause">How FreeSWITCH says so.</param>
    public sealed record Refused(int SipStatus, string Cause) : CallInput;

    /// <summary>Another node has it.</summary>
    public sealed record Taken : CallInput;

    /// <summary>What letting it through came to: null when FreeSWITCH's answer was lost.</summary>
    public sealed record Passed(bool? IsDone) : CallInput;

    /// <summary>It was answered.</summary>
    public sealed record Answered(DateTimeOffset At) : CallInput;

    /// <summary>More is reserved.</summary>
    /// <param name="Sequence">Number of the extension.</param>
    /// <param name="GrantedMs">In all.</param>
    public sealed record SliceGranted(int Sequence, long GrantedMs) : CallInput;

    /// <summary>No more is reserved.</summary>
    public sealed record SliceRefused : CallInput;

    /// <summary>Whether more is reserved is not known; asking again under the same number is safe.</summary>
    public sealed record SliceUnknown : CallInput;

    /// <summary>What arming the guard came to.</summary>
    public sealed record GuardArmed(int Guard, bool IsDone) : CallInput;

    /// <summary>A sign of life: a heartbeat, or its channel in a snapshot.</summary>
    /// <param name="At">When.</param>
    /// <param name="AnsweredAt">Answer, when the sign tells it.</param>
    /// <param name="IsParked">Whether it still waits to be let through.</param>
    public sealed record Seen(DateTimeOffset At, DateTimeOffset? AnsweredAt, bool IsParked = false) : CallInput;

    /// <summary>A snapshot that succeeded does not have it.</summary>
    public sealed record NotSeen : CallInput;

    /// <summary>It was hung up.</summary>
    public sealed record HungUp(DateTimeOffset At) : CallInput;

    /// <summary>FreeSWITCH told its end, by the last event or by its record.</summary>
    public sealed record Ended(CallFacts Facts) : CallInput;

    /// <summary>FreeSWITCH was started anew: all its calls are gone.</summary>
    public sealed record CoreChanged : CallInput;

    /// <summary>The time that was asked for has come.</summary>
    public sealed record Woken : CallInput;

    /// <summary>What settling came to.</summary>
    public sealed record Settled(bool IsDone) : CallInput;
}
