using Balatrix.Modules.Platform.Schedules;

namespace Balatrix.Modules.Tests.Platform.Schedules;

/// <summary>When schedules run: in their own words of spec, and on the days when clocks change.</summary>
public sealed class ScheduleTests
{
    static readonly DateTimeOffset NewYear = new(2025, 12, 31, 23, 59, 59, TimeSpan.Zero);

    [Theory]
    [InlineData("billing-cycle", "02:00:00", 365)]
    [InlineData("overdue-reminders", "09:00:00", 365)]
    [InlineData("session-cleanup", "03:00:00", 365)]
    [InlineData("database-backup", "01:00:00", 365)]
    [InlineData("ledger-verification", "05:00:00", 365)]
    [InlineData("cdr-cleanup", "04:00:00", 12)]
    [InlineData("monthly-reports", "06:00:00", 12)]
    public void Daily_and_monthly_schedules_run_at_their_hour_of_the_zone(string name, string hour, int times)
    {
        var runs = RunsOf2026(name, "Asia/Kolkata");
        Assert.Equal(times, runs.Count);
        Assert.All(runs, r => Assert.Equal(TimeSpan.Parse(hour, System.Globalization.CultureInfo.InvariantCulture), r.TimeOfDay));
        Assert.All(runs, r => Assert.True(times != 12 || r.Day == 1));
    }

    [Theory]
    [InlineData("cdr-retry", 6 * 60)]
    [InlineData("subscription-renewals", 60)]
    [InlineData("health-checks", 15)]
    [InlineData("operator-health", 1)]
    [InlineData("reservation-sweep", 1)]
    public void Others_run_at_even_distances(string name, int minutes)
    {
        var schedule = Schedule.All.Single(s => s.Name == name);
        var kolkata = TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata");
        var at = schedule.NextAfter(NewYear, kolkata)!.Value;
        for (var n = 0; n < 200; n++)
        {
            var next = schedule.NextAfter(at, kolkata)!.Value;
            Assert.Equal(TimeSpan.FromMinutes(minutes), next - at);
            Assert.Equal(0, TimeZoneInfo.ConvertTime(next, kolkata).TimeOfDay.TotalMinutes % minutes);
            at = next;
        }
    }

    [Theory]
    [InlineData("America/New_York")]
    [InlineData("Europe/London")]
    [InlineData("Africa/Cairo")]
    [InlineData("Australia/Lord_Howe")]
    public void A_daily_schedule_runs_once_on_each_day_also_when_clocks_change(string zone)
    {
        foreach (var name in new[] { "database-backup", "billing-cycle", "session-cleanup" })
            Assert.Equal(Enumerable.Range(0, 365).Select(d => new DateOnly(2026, 1, 1).AddDays(d)), RunsOf2026(name, zone).Select(r => DateOnly.FromDateTime(r.DateTime)));
    }

    [Fact]
    public void Every_schedule_has_a_name_and_a_job_of_its_own() =>
        Assert.Equal((12, 12), (Schedule.All.Select(s => s.Name).Distinct(StringComparer.Ordinal).Count(), Schedule.All.Select(s => s.Kind).Distinct(StringComparer.Ordinal).Count()));

    static List<DateTimeOffset> RunsOf2026(string name, string zoneId)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(zoneId);
        var schedule = Schedule.All.Single(s => s.Name == name);
        var runs = new List<DateTimeOffset>();
        for (var at = schedule.NextAfter(NewYear.AddDays(-2), zone)!.Value; at < NewYear.AddYears(1).AddDays(2); at = schedule.NextAfter(at, zone)!.Value)
            if (TimeZoneInfo.ConvertTime(at, zone) is { Year: 2026 } local)
                runs.Add(local);
        return runs;
    }
}
