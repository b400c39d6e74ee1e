namespace Balatrix.Core.Voice;

/// <summary>Something that is to be done for a call.</summary>
public abstract record CallOutput
{
    /// <summary>Find out whether it may go on, and reserve so much of it.</summary>
    public sealed record Ask(long Ms) : CallOutput;

    /// <summary>Let it through, with a guard that cuts it so long after the answer.</summary>
    public sealed record LetThrough(long GuardMs) : CallOutput;

    /// <summary>It was transferred to where it went before: send it there again.</summary>
    public sealed record SendOn : CallOutput;

    /// <summary>Turn it away.</summary>
    public sealed record Reject(int SipStatus, string Cause) : CallOutput;

    /// <summary>End it.</summary>
    public sealed record Kill(string Cause) : CallOutput;

    /// <summary>Reserve more.</summary>
    public sealed record Extend(int Sequence, long Ms) : CallOutput;

    /// <summary>Arm a guard, and then, not before, take away the one of the number before it.</summary>
    public sealed record RenewGuard(int Guard, long Ms) : CallOutput;

    /// <summary>Take away the guard of a call that has ended.</summary>
    public sealed record DropGuard(int Guard) : CallOutput;

    /// <summary>Let the caller hear that the money runs out.</summary>
    public sealed record Warn : CallOutput;

    /// <summary>Charge it.</summary>
    public sealed record Settle(CallEnd End) : CallOutput;

    /// <summary>Let its reservation go: it never went on.</summary>
    public sealed record Release : CallOutput;

    /// <summary>Say when this time has come.</summary>
    public sealed record WakeAt(DateTimeOffset At) : CallOutput;
}

/// <summary>A call after an input, and what is to be done, in this order.</summary>
public readonly record struct CallStep(CallState State, IReadOnlyList<CallOutput> Outputs);
