using System.Globalization;

namespace Balatrix.Core.Tests;

public sealed class WrittenTimeTests
{
    static readonly TimeZoneInfo India = TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata");

    [Theory]
    [InlineData("2026-04-01", "2026-03-31T18:30:00Z")]
    [InlineData("2026-04-01T10:15", "2026-04-01T04:45:00Z")]
    [InlineData("2026-04-01T10:15:30.25", "2026-04-01T04:45:30.25Z")]
    [InlineData("2026-04-01T10:15:30Z", "2026-04-01T10:15:30Z")]
    [InlineData("2026-04-01t10:15:30z", "2026-04-01T10:15:30Z")]
    [InlineData("2026-04-01T10:15:30-02:00", "2026-04-01T12:15:30Z")]
    [InlineData("2026-04-01T10:15:30+05:30", "2026-04-01T04:45:30Z")]
    [InlineData("2026-04-01T10:15:30 05:30", "2026-04-01T04:45:30Z")]
    [InlineData("2028-02-29", "2028-02-28T18:30:00Z")]
    public void A_time_without_an_offset_is_the_zones(string text, string expected)
    {
        Assert.True(WrittenTime.TryRead(text, India, out var instant));
        Assert.Equal(DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture), instant);
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("1,2")]
    [InlineData("02/03/2026")]
    [InlineData("2026-4-1")]
    [InlineData("2026-02-30")]
    [InlineData("2026-13-01T00:00:00Z")]
    [InlineData("2026-04-01 10:15")]
    [InlineData("2026-04-01T24:30:00Z")]
    [InlineData("2026-04-01T10:15:30+05")]
    [InlineData("2026-04-01T10:15:30+25:00")]
    [InlineData("2026-04-01T10:15:30Z\n")]
    [InlineData("0001-01-01")]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59Z")]
    public void Anything_else_is_no_time(string text) => Assert.False(WrittenTime.TryRead(text, India, out _));

    [Theory]
    [InlineData("2026-04-01", true)]
    [InlineData("02/03/2026", false)]
    [InlineData("2026-02-30", false)]
    [InlineData("2026-04-01T00:00:00Z", false)]
    [InlineData("0001-01-01", false)]
    [InlineData("9999-12-31", false)]
    public void A_day_is_year_first(string text, bool isDay) => Assert.Equal(isDay, WrittenTime.TryReadDay(text, out _));

    [Fact]
    public void A_day_begins_when_its_clocks_do()
    {
        // Cairo's clocks go from 0:00 to 1:00 on the last Friday of April.
        Assert.True(WrittenTime.TryRead("2026-04-24", TimeZoneInfo.FindSystemTimeZoneById("Africa/Cairo"), out var instant));
        Assert.Equal(new DateTimeOffset(2026, 4, 23, 22, 0, 0, TimeSpan.Zero), instant);
    }
}
