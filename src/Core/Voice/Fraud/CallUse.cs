namespace Balatrix.Core.Voice.Fraud;

/// <summary>What calls came to.</summary>
/// <param name="Calls">How many were let go on.</param>
/// <param name="TalkMs">Milliseconds that they were answered.</param>
/// <param name="SpendMicros">What they were charged.</param>
public readonly record struct CallUse(long Calls, long TalkMs, long SpendMicros)
{
    /// <summary>Both together.</summary>
    public static CallUse operator +(CallUse left, CallUse right) => new(left.Calls + right.Calls, left.TalkMs + right.TalkMs, left.SpendMicros + right.SpendMicros);

    /// <summary>One without the other.</summary>
    public static CallUse operator -(CallUse left, CallUse right) => new(left.Calls - right.Calls, left.TalkMs - right.TalkMs, left.SpendMicros - right.SpendMicros);

    /// <summary>The named form of +.</summary>
    public static CallUse Add(CallUse left, CallUse right) => left + right;

    /// <summary>The named form of -.</summary>
    public static CallUse Subtract(CallUse left, CallUse right) => left - right;
}
