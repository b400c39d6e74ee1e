namespace Balatrix.Core.Dunning;

/// <summary>How long an amount is overdue, as ageing reports group it.</summary>
public enum AgeBucket
{
    /// <summary>Not overdue: due today or later.</summary>
    Current = 0,

    /// <summary>1 to 30 days.</summary>
    To30 = 1,

    /// <summary>31 to 60 days.</summary>
    To60 = 2,

    /// <summary>61 to 90 days.</summary>
    To90 = 3,

    /// <summary>More than 90 days.</summary>
    Over90 = 4,
}

/// <summary>What is owed, by how long it is overdue, in micro-units of one currency.</summary>
/// <param name="CurrentMicros">Not overdue.</param>
/// <param name="To30Micros">1 to 30 days.</param>
/// <param name="To60Micros">31 to 60 days.</param>
/// <param name="To90Micros">61 to 90 days.</param>
/// <param name="Over90Micros">More than 90 days.</param>
public readonly record struct Ageing(long CurrentMicros, long To30Micros, long To60Micros, long To90Micros, long Over90Micros)
{
    /// <summary>All of it.</summary>
    public long TotalMicros => CurrentMicros + OverdueMicros;

    /// <summary>All of it that is overdue.</summary>
    public long OverdueMicros => To30Micros + To60Micros + To90Micros + Over90Micros;

    /// <summary>Days past the last day to pay; 0 while it is not past.</summary>
    public static int DaysOverdue(DateOnly dueOn, DateOnly today) => Math.Max(0, today.DayNumber - dueOn.DayNumber);

    /// <summary>The bucket of an amount.</summary>
    public static AgeBucket BucketOf(DateOnly dueOn, DateOnly today) => DaysOverdue(dueOn, today) switch
    {
        0 => AgeBucket.Current,
        <= 30 => AgeBucket.To30,
        <= 60 => AgeBucket.To60,
        <= 90 => AgeBucket.To90,
        _ => AgeBucket.Over90,
    };

    /// <summary>With one more amount in its bucket.</summary>
    public Ageing Add(DateOnly dueOn, DateOnly today, long micros) => BucketOf(dueOn, today) switch
    {
        AgeBucket.Current => this with { CurrentMicros = CurrentMicros + micros },
        AgeBucket.To30 => this with { To30Micros = To30Micros + micros },
        AgeBucket.To60 => this with { To60Micros = To60Micros + micros },
        AgeBucket.To90 => this with { To90Micros = To90Micros + micros },
        _ => this with { Over90Micros = Over90Micros + micros },
    };
}
