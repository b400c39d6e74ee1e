namespace Balatrix.Modules.Platform;

/// <summary>The time that a list or a report covers.</summary>
/// <param name="From">First instant.</param>
/// <param name="To">First instant after; at most 400 days later.</param>
public readonly record struct ReportPeriod(DateTimeOffset From, DateTimeOffset To)
{
    static readonly TimeSpan Longest = TimeSpan.FromDays(400);

    /// <summary>Reads the parameters "from" and "to" of a request; what is left out is the given number of days up to the given end.</summary>
    public static (ReportPeriod Period, Problem? Problem) Of(DateTimeOffset? from, DateTimeOffset? to, DateTimeOffset end, int days)
    {
        end = to ?? end;
        var begin = from ?? end.AddDays(-days);
        return begin < end && end - begin <= Longest ? (new(begin, end), null) : (default, Problem.Invalid("from", "an instant before to, at most 400 days"));
    }
}
