using Balatrix.Core.Dunning;
using Balatrix.Core.Payments;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Dunning;

/// <summary>Days and limits of india.md section 9 (NPCI's UPI AutoPay hours, RBI's notice, Razorpay's 36 hours, networks' 15 in 30 days).</summary>
public sealed class RetryScheduleRules
{
    static readonly TimeZoneInfo Kolkata = TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata");
    static readonly HashSet<DateOnly> NoHolidays = [];

    /// <summary>Fails again and again, each time as soon as it was tried, until there is no next attempt.</summary>
    static List<DateTimeOffset> Life(RetryMethod method, DateTimeOffset first, DeclineKind decline, IReadOnlySet<DateOnly>? holidays = null, TimeZoneInfo? zone = null, TimeSpan late = default)
    {
        var attempts = new List<DateTimeOffset> { first };
        while (attempts.Count < 100 && RetrySchedule.Next(new(method, attempts.Count, first, attempts[^1], decline, []), zone ?? Kolkata, holidays ?? NoHolidays).At is { } at)
            attempts.Add(at + late);
        return attempts;
    }

    static string[] LocalDays(IEnumerable<DateTimeOffset> attempts, TimeZoneInfo? zone = null) =>
        [.. attempts.Select(a => TimeZoneInfo.ConvertTime(a, zone ?? Kolkata).ToString("MM-dd HH:mm"))];

    [Theory]
    [InlineData(RetryMethod.Card, "2026-04-01T09:00:00+05:30", "04-01 09:00,04-02 09:00,04-04 09:00,04-06 09:00,04-08 09:00,04-11 09:00,04-15 09:00")]
    [InlineData(RetryMethod.CardMandate, "2026-04-01T09:00:00+05:30", "04-01 09:00,04-03 09:00,04-05 09:00,04-08 09:00")]
    // Month end and leap day.
    [InlineData(RetryMethod.Card, "2028-02-28T23:30:00+05:30", "02-28 23:30,02-29 23:30,03-02 23:30,03-04 23:30,03-06 23:30,03-09 23:30,03-13 23:30")]
    [InlineData(RetryMethod.CardMandate, "2027-02-27T00:10:00+05:30", "02-27 00:10,03-01 00:10,03-03 00:10,03-06 00:10")]
    // UPI: one attempt and three retries, 25 hours after the notice that follows each failure.
    [InlineData(RetryMethod.Upi, "2026-04-01T06:00:00+05:30", "04-01 06:00,04-02 07:00,04-03 08:00,04-04 09:00")]
    // 09:30 + 25 h is 10:30, at the peak: put off to 13:00, and the day after to 14:00.
    [InlineData(RetryMethod.Upi, "2026-04-01T09:30:00+05:30", "04-01 09:30,04-02 13:00,04-03 14:00,04-04 15:00")]
    [InlineData(RetryMethod.Upi, "2026-04-01T16:30:00+05:30", "04-01 16:30,04-02 21:30,04-03 22:30,04-04 23:30")]
    // eNACH: from a Wednesday to the Monday after, and no further.
    [InlineData(RetryMethod.Bank, "2026-04-01T09:00:00+05:30", "04-01 09:00,04-06 09:00")]
    [InlineData(RetryMethod.Bank, "2026-04-03T09:00:00+05:30", "04-03 09:00,04-08 09:00")]
    public void A_soft_decline_is_tried_again_on_these_days(RetryMethod method, string first, string expected) =>
        Assert.Equal(expected.Split(','), LocalDays(Life(method, DateTimeOffset.Parse(first), DeclineKind.Soft)));

    [Fact]
    public void A_bank_holiday_is_no_working_day()
    {
        var attempts = Life(RetryMethod.Bank, DateTimeOffset.Parse("2026-04-01T09:00:00+05:30"), DeclineKind.Soft, new HashSet<DateOnly> { new(2026, 4, 3), new(2026, 4, 6) });
        Assert.Equal(["04-01 09:00", "04-08 09:00"], LocalDays(attempts));
    }

    [Fact]
    public void The_time_of_day_stays_over_a_change_of_clocks()
    {
        var london = TimeZoneInfo.FindSystemTimeZoneById("Europe/London");
        var attempts = Life(RetryMethod.Card, DateTimeOffset.Parse("2026-03-27T09:00:00+00:00"), DeclineKind.Soft, zone: london);
        Assert.Equal(["03-27 09:00", "03-28 09:00", "03-30 09:00", "04-01 09:00", "04-03 09:00", "04-06 09:00", "04-10 09:00"], LocalDays(attempts, london));
    }

    [Theory]
    [InlineData(DeclineKind.Hard, RetryStop.HardDecline)]
    [InlineData(DeclineKind.NeedsCustomer, RetryStop.NeedsCustomer)]
    public void What_cannot_pass_is_never_tried_again(DeclineKind decline, RetryStop stop)
    {
        foreach (var method in Enum.GetValues<RetryMethod>())
            for (var attempts = 1; attempts < 10; attempts++)
            {
                var next = RetrySchedule.Next(new(method, attempts, default, default, decline, []), Kolkata, NoHolidays);
                Assert.Equal((null, null, stop), (next.At, next.NoticeBy, next.Stop));
            }
    }

    [Theory]
    [InlineData(RetryMethod.Card, 7, 3)]
    [InlineData(RetryMethod.CardMandate, 4, 3)]
    [InlineData(RetryMethod.Upi, 4, 3)]
    [InlineData(RetryMethod.Bank, 2, 2)]
    public void Attempts_end(RetryMethod method, int soft, int unknown)
    {
        var first = DateTimeOffset.Parse("2026-04-01T09:00:00+05:30");
        Assert.Equal(soft, Life(method, first, DeclineKind.Soft).Count);
        Assert.Equal(soft, RetrySchedule.AttemptsOf(method));
        Assert.Equal(unknown, Life(method, first, DeclineKind.Unknown).Count);
        Assert.Equal(RetryStop.AttemptsUsed, RetrySchedule.Next(new(method, soft, first, first, DeclineKind.Soft, []), Kolkata, NoHolidays).Stop);
    }

    [Fact]
    public void A_sixteenth_attempt_with_a_card_waits_until_thirty_days_are_over()
    {
        var first = DateTimeOffset.Parse("2026-04-20T09:00:00+05:30");
        DateTimeOffset[] ofThirtyDays = [.. Enumerable.Range(0, 14).Select(i => first.AddDays(-14 + i)), first];
        var next = RetrySchedule.Next(new(RetryMethod.Card, 1, first, first, DeclineKind.Soft, ofThirtyDays), Kolkata, NoHolidays);
        Assert.Equal(first.AddDays(-14 + 30), next.At);
        next = RetrySchedule.Next(new(RetryMethod.Card, 1, first, first, DeclineKind.Soft, ofThirtyDays[1..]), Kolkata, NoHolidays);
        Assert.Equal(first.AddDays(1), next.At);
    }

    static Gen<(RetryMethod Method, DateTimeOffset First, DeclineKind Decline, TimeSpan Late, HashSet<DateOnly> Holidays)> Lives() =>
        from method in Gen.Elements(Enum.GetValues<RetryMethod>())
        from minute in Gen.Choose(0, 6 * 366 * 1440)
        from decline in Gen.Elements(DeclineKind.Soft, DeclineKind.Unknown)
        from late in Gen.OneOf(Gen.Constant(0), Gen.Choose(0, 5 * 1440))
        from holidays in Gen.ListOf(Gen.Choose(0, 6 * 366), 30)
        select (method, new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(minute), decline, TimeSpan.FromMinutes(late),
            holidays.Select(d => new DateOnly(2024, 1, 1).AddDays(d)).ToHashSet());

    [Fact]
    public void Limits_of_the_methods_hold_whenever_attempts_are_made() => Prop.ForAll(Lives().ToArbitrary(), l =>
    {
        var attempts = new List<DateTimeOffset> { l.First };
        while (RetrySchedule.Next(new(l.Method, attempts.Count, l.First, attempts[^1], l.Decline, attempts), Kolkata, l.Holidays) is { At: { } at } next)
        {
            var apart = at - attempts[^1];
            var holds = l.Method switch
            {
                RetryMethod.Card => apart >= TimeSpan.FromDays(1) && next.NoticeBy is null,
                RetryMethod.CardMandate => apart >= TimeSpan.FromHours(36) && at - next.NoticeBy >= TimeSpan.FromHours(36),
                RetryMethod.Upi => at - next.NoticeBy >= TimeSpan.FromHours(24) && IsAllowedByNpci(at),
                _ => at - next.NoticeBy >= TimeSpan.FromHours(24) && WorkingDays(attempts[^1], at, l.Holidays) >= 3,
            };
            if (!holds || next.NoticeBy < attempts[^1] || attempts.Count(a => a > at - RetrySchedule.NetworkWindow) >= RetrySchedule.NetworkCap)
                return false;
            attempts.Add(at + l.Late);
        }
        return attempts.Count <= (l.Decline == DeclineKind.Soft ? RetrySchedule.AttemptsOf(l.Method) : 3);
    }).QuickCheckThrowOnFailure();

    /// <summary>Said anew: before 10:00, from 13:00 to 17:00, from 21:30 on.</summary>
    static bool IsAllowedByNpci(DateTimeOffset at)
    {
        var minute = (int)at.ToOffset(new(5, 30, 0)).TimeOfDay.TotalMinutes;
        return minute is < 600 or (>= 780 and < 1020) or >= 1290;
    }

    static int WorkingDays(DateTimeOffset after, DateTimeOffset until, HashSet<DateOnly> holidays)
    {
        var (from, to) = (DateOnly.FromDateTime(after.ToOffset(new(5, 30, 0)).DateTime), DateOnly.FromDateTime(until.ToOffset(new(5, 30, 0)).DateTime));
        return Enumerable.Range(from.DayNumber + 1, to.DayNumber - from.DayNumber).Select(DateOnly.FromDayNumber)
            .Count(d => d.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday) && !holidays.Contains(d));
    }
}
