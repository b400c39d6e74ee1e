namespace Balatrix.Core.Jobs;

/// <summary>How long to wait after a failure: twice as long each time, up to a longest, less a share by chance so that not all come at once.</summary>
public static class Backoff
{
    /// <summary>Chance is given in thousandths.</summary>
    public const int Whole = 1000;

    /// <summary>The first wait, before chance.</summary>
    public static readonly TimeSpan First = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(6);

    // 5 s doubled so often passes the longest wait; no shift goes beyond.
    const int MostDoublings = 13;

    /// <summary>The wait after an attempt.</summary>
    /// <param name="attempt">The attempt that failed, from 1.</param>
    /// <param name="chance">From 0 to <see cref="Whole"/>: 0 waits half as long as <see cref="Whole"/>.</param>
    public static TimeSpan After(int attempt, int chance)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(attempt, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(chance);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chance, Whole);
        var longest = Math.Min(First.Ticks << Math.Min(attempt - 1, MostDoublings), Longest.Ticks);
        return new TimeSpan(longest / (2 * Whole) * (Whole + chance));
    }
}
