using Balatrix.Core.Voice;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>A leg that goes on without the call that made it. Whoever paid for that pays for the leg, and for where it goes next.</summary>
sealed class TransferredLeg(CallRow payer)
{
    readonly Lock gate = new();
    CallFacts? end;
    bool isFollowed;

    /// <summary>The call that it was a leg of.</summary>
    public CallRow Payer { get; } = payer;

    /// <summary>It has ended; true when whoever follows it hears of that by itself.</summary>
    public bool Ended(CallFacts facts)
    {
        lock (gate)
        {
            end = facts;
            return isFollowed;
        }
    }

    /// <summary>It is paid for from now on; its end when it came before that.</summary>
    public CallFacts? Followed()
    {
        lock (gate)
        {
            isFollowed = true;
            return end;
        }
    }
}
