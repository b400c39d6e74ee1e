namespace Balatrix.Core.Voice.Numbers;

/// <summary>Where a number of the inventory stands. Numbers are stored.</summary>
public enum NumberStatus : short
{
    /// <summary>In the pool, for anybody.</summary>
    Available = 1,

    /// <summary>Held for an account for some minutes.</summary>
    Reserved = 2,

    /// <summary>In use by a subscription.</summary>
    Assigned = 3,

    /// <summary>Given back, and left alone until callers of its last holder have forgotten it.</summary>
    Quarantined = 4,

    /// <summary>No longer ours.</summary>
    Retired = 5,
}

/// <summary>What can be done with a number.</summary>
public enum NumberMove
{
    /// <summary>Hold it for an account.</summary>
    Reserve,

    /// <summary>Give it to a subscription.</summary>
    Assign,

    /// <summary>Take it back.</summary>
    Release,

    /// <summary>Take it out of the inventory.</summary>
    Retire,
}

/// <summary>All that the moves of a number depend on.</summary>
/// <param name="Status">As it was last written; <see cref="NumberMachine.At"/> tells what time has made of it.</param>
/// <param name="AccountId">Whom it is reserved for or assigned to; in quarantine, who had it last.</param>
/// <param name="SubscriptionId">What it is assigned to.</param>
/// <param name="Until">When a reservation or a quarantine ends.</param>
public sealed record NumberState(NumberStatus Status, long? AccountId = null, long? SubscriptionId = null, DateTimeOffset? Until = null)
{
    /// <summary>A number that nobody has.</summary>
    public static readonly NumberState Free = new(NumberStatus.Available);
}

/// <summary>A move with what it needs.</summary>
public abstract record NumberCommand(NumberMove Move);

/// <summary>Holds it for an account until an instant; again for the same account prolongs it.</summary>
public sealed record ReserveNumber(long AccountId, DateTimeOffset Until) : NumberCommand(NumberMove.Reserve);

/// <summary>Gives it to a subscription of an account.</summary>
public sealed record AssignNumber(long AccountId, long SubscriptionId) : NumberCommand(NumberMove.Assign);

/// <summary>Takes it back; after an assignment it rests for so long.</summary>
public sealed record ReleaseNumber(TimeSpan Quarantine) : NumberCommand(NumberMove.Release);

/// <summary>Takes it out of the inventory.</summary>
public sealed record RetireNumber() : NumberCommand(NumberMove.Retire);

/// <summary>Why a move is not made, and what could be.</summary>
/// <param name="Code">Stable, for programs.</param>
/// <param name="Reason">For people.</param>
/// <param name="Allowed">The moves that are open.</param>
public sealed record NumberRefusal(string Code, string Reason, IReadOnlyList<NumberMove> Allowed);
