namespace Balatrix.Core;

/// <summary>Days and times of day of a zone as instants, over changes of clocks too.</summary>
public static class ZoneTime
{
    /// <summary>The day that an instant falls on.</summary>
    public static DateOnly DayOf(this TimeZoneInfo zone, DateTimeOffset at) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime);

    /// <summary>The instant of a local time, in UTC. One that comes twice is meant the first time; one that is skipped is counted as if the clocks had not changed yet.</summary>
    public static DateTimeOffset InstantOf(this TimeZoneInfo zone, DateTime local) =>
        new DateTimeOffset(local, zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local)).ToUniversalTime();

    /// <summary>The first instant of a day, in UTC; where the clocks jump over midnight, the first after it.</summary>
    public static DateTimeOffset StartOf(this TimeZoneInfo zone, DateOnly day)
    {
        var local = day.ToDateTime(TimeOnly.MinValue);
        while (zone.IsInvalidTime(local))
            local = local.AddMinutes(1);
        return zone.InstantOf(local);
    }
}
