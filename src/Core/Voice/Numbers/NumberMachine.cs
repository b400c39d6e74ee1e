namespace Balatrix.Core.Voice.Numbers;

/// <summary>The life of a number: from the pool to a customer, through quarantine back to the pool, and out of the inventory.</summary>
public static class NumberMachine
{
    /// <summary>The longest that a number is held for an account.</summary>
    public static readonly TimeSpan LongestReservation = TimeSpan.FromDays(1);

    static readonly Dictionary<NumberStatus, NumberMove[]> Allowed = new()
    {
        [NumberStatus.Available] = [NumberMove.Reserve, NumberMove.Assign, NumberMove.Retire],
        [NumberStatus.Reserved] = [NumberMove.Reserve, NumberMove.Assign, NumberMove.Release, NumberMove.Retire],
        [NumberStatus.Assigned] = [NumberMove.Release],
        [NumberStatus.Quarantined] = [NumberMove.Assign, NumberMove.Retire],
        [NumberStatus.Retired] = [],
    };

    /// <summary>The moves that a status is open to.</summary>
    public static IReadOnlyList<NumberMove> From(NumberStatus status) => Allowed[status];

    /// <summary>What time has made of it: reservations and quarantines end by themselves.</summary>
    public static NumberState At(NumberState state, DateTimeOffset now) =>
        state.Status is NumberStatus.Reserved or NumberStatus.Quarantined && state.Until <= now ? NumberState.Free : state;

    /// <summary>Makes a move, or says why not.</summary>
    public static (NumberState? After, NumberRefusal? Refusal) Move(NumberState state, NumberCommand command, DateTimeOffset now)
    {
        var present = At(state, now);
        if (!Allowed[present.Status].Contains(command.Move))
            return Refuse("illegal_move", present, $"A number that is {Name(present.Status)} cannot be {Done(command.Move)}.");
        return command switch
        {
            ReserveNumber reserve => Reserve(present, reserve, now),
            AssignNumber assign => Assign(present, assign),
            ReleaseNumber release => (Release(present, release.Quarantine, now), null),
            RetireNumber => (new(NumberStatus.Retired), null),
            _ => throw new ArgumentException("Not a move.", nameof(command)),
        };
    }

    /// <summary>The status as the API shows it.</summary>
    public static string Name(NumberStatus status) => status.ToString().ToLowerInvariant();

    /// <summary>The move as the API shows it.</summary>
    public static string Name(NumberMove move) => move.ToString().ToLowerInvariant();

    static (NumberState?, NumberRefusal?) Reserve(NumberState present, ReserveNumber reserve, DateTimeOffset now)
    {
        if (present.Status == NumberStatus.Reserved && present.AccountId != reserve.AccountId)
            return Refuse("number_reserved", present, "The number is reserved for another account.");
        return reserve.Until <= now || reserve.Until > now + LongestReservation
            ? Refuse("reservation_length", present, "A number is reserved for more than no time and at most a day.")
            : (new(NumberStatus.Reserved, reserve.AccountId, null, reserve.Until), null);
    }

    /// <summary>In quarantine a number goes only to the account that had it: its callers are the ones that still call.</summary>
    static (NumberState?, NumberRefusal?) Assign(NumberState present, AssignNumber assign)
    {
        if (present.Status == NumberStatus.Reserved && present.AccountId != assign.AccountId)
            return Refuse("number_reserved", present, "The number is reserved for another account.");
        if (present.Status == NumberStatus.Quarantined && present.AccountId != assign.AccountId)
            return Refuse("number_quarantined", present, $"The number is quarantined until {present.Until:O}; until then only the account that had it may have it back.");
        return (new(NumberStatus.Assigned, assign.AccountId, assign.SubscriptionId), null);
    }

    static NumberState Release(NumberState present, TimeSpan quarantine, DateTimeOffset now) =>
        present.Status == NumberStatus.Assigned && quarantine > TimeSpan.Zero
            ? new(NumberStatus.Quarantined, present.AccountId, null, now + quarantine)
            : NumberState.Free;

    static (NumberState?, NumberRefusal?) Refuse(string code, NumberState present, string reason) => (null, new(code, reason, Allowed[present.Status]));

    static string Done(NumberMove move) => move switch
    {
        NumberMove.Reserve => "reserved",
        NumberMove.Assign => "assigned",
        NumberMove.Release => "released",
        _ => "retired",
    };
}
