namespace Balatrix.Core.Tests;

/// <summary>Days and local times over changes of clocks.</summary>
public sealed class ZoneTimeTests
{
    [Theory]
    [InlineData("Asia/Kolkata", "2026-11-01T00:00:00", "2026-10-31T18:30:00Z")]
    [InlineData("America/New_York", "2026-03-08T02:00:00", "2026-03-08T07:00:00Z")] // skipped: three o'clock of the new time
    [InlineData("America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z")] // comes twice: the first
    [InlineData("America/New_York", "2026-11-01T02:00:00", "2026-11-01T07:00:00Z")]
    public void A_local_time_is_one_instant(string zone, string local, string expected) =>
        Assert.Equal(DateTimeOffset.Parse(expected, null), TimeZoneInfo.FindSystemTimeZoneById(zone).InstantOf(DateTime.Parse(local, null)));

    [Theory]
    [InlineData("Asia/Kolkata", "2026-11-01", "2026-10-31T18:30:00Z")]
    [InlineData("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z")] // the clocks jump from midnight to one
    [InlineData("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z")] // at one they go back to midnight
    public void A_day_begins_at_its_first_instant(string zone, string day, string expected)
    {
        var (at, one) = (TimeZoneInfo.FindSystemTimeZoneById(zone), DateOnly.Parse(day, null));
        Assert.Equal(DateTimeOffset.Parse(expected, null), at.StartOf(one));
        Assert.Equal(one, at.DayOf(at.StartOf(one)));
        Assert.Equal(one.AddDays(-1), at.DayOf(at.StartOf(one).AddTicks(-1)));
    }
}
