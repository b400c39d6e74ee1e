namespace Balatrix.Core.Rating;

/// <summary>Local days and times of day of the tenant, and its holidays.</summary>
sealed class LocalCalendar(TimeZoneInfo zone, IReadOnlySet<DateOnly> holidays)
{
    /// <summary>The local wall clock at an instant.</summary>
    public DateTime Local(DateTimeOffset at) => (at.UtcDateTime + zone.GetUtcOffset(at)).ToUniversalKind();

    /// <summary>Whether the offset stays the same over the coming day, so that wall clock and elapsed time run alike.</summary>
    public bool IsSteady(DateTimeOffset at) => zone.GetUtcOffset(at) == zone.GetUtcOffset(at.AddHours(25));

    /// <summary>The days that a local date counts as.</summary>
    public RateDays DaysOf(DateTime local)
    {
        var day = (RateDays)(1 << (int)local.DayOfWeek);
        return holidays.Contains(DateOnly.FromDateTime(local)) ? day | RateDays.Holiday : day;
    }
}

static class WallClock
{
    /// <summary>A wall clock reading is no instant; its kind must not suggest the machine's zone.</summary>
    public static DateTime ToUniversalKind(this DateTime value) => DateTime.SpecifyKind(value, DateTimeKind.Unspecified);
}
