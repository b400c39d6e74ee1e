using System.Globalization;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Rating;

/// <summary>Time bands on the two days of a year whose wall clock jumps.</summary>
public sealed class ClockChanges
{
    // London: 01:00 becomes 02:00 on 29 March 2026 and 02:00 becomes 01:00 on 25 October; New York: 02:00 and 03:00 on 8 March and 1 November.
    static readonly (string Zone, DateTimeOffset At)[] Changes =
    [
        ("Europe/London", At("2026-03-29T01:00:00Z")), ("Europe/London", At("2026-10-25T01:00:00Z")),
        ("America/New_York", At("2026-03-08T07:00:00Z")), ("America/New_York", At("2026-11-01T06:00:00Z")),
    ];

    // Each second of a call from 01:00 to 02:00 costs 0.01, each other 0.10: that hour is missing or comes twice where clocks change.
    static readonly Rate SmallHour = new() { Prefix = "1", RateMicros = 600_000, IncrementSeconds = 1, FromTime = 3600, ToTime = 2 * 3600 };

    static readonly Rate Rest = SmallHour with { RateMicros = 6_000_000, FromTime = 2 * 3600, ToTime = 3600 };

    static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    static RateDeck Deck(string zone, params Rate[] rates) => RateDeck.Build("deck", "INR", rates, TimeZoneInfo.FindSystemTimeZoneById(zone), new HashSet<DateOnly>());

    static RatedCharge Price(RateDeck deck, DateTimeOffset at, long seconds) => Rater.Rate([deck], Service.VoiceOutbound, "1", at, seconds * 1000, 0, null);

    [Theory]
    [InlineData("Europe/London", "2026-03-29T00:59:00Z", "12.00")] // 00:59 is followed by 02:00: the cheap hour is missing.
    [InlineData("Europe/London", "2026-10-24T23:59:00Z", "6.60")] // 00:59 is followed by 01:00.
    [InlineData("Europe/London", "2026-10-25T00:59:00Z", "1.20")] // 01:59 is followed by 01:00: the cheap hour comes again.
    [InlineData("Europe/London", "2026-10-25T01:59:00Z", "6.60")] // 01:59 for the second time is followed by 02:00.
    [InlineData("America/New_York", "2026-03-08T06:59:00Z", "6.60")] // 01:59 is followed by 03:00.
    [InlineData("America/New_York", "2026-11-01T05:59:00Z", "1.20")]
    [InlineData("America/New_York", "2026-11-01T06:59:00Z", "6.60")]
    public void Two_minutes_over_the_change_cost_what_the_wall_clock_says(string zone, string start, string amount) =>
        Assert.Equal(amount, Money.Format(Price(Deck(zone, SmallHour, Rest), At(start), 120).AmountMicros));

    [Fact]
    public void The_hour_that_comes_twice_is_charged_twice()
    {
        var deck = Deck("Europe/London", SmallHour, Rest);
        Assert.Equal("72.00", Money.Format(Price(deck, At("2026-10-25T00:00:00Z"), 7_200).AmountMicros));
        Assert.Equal("720.00", Money.Format(Price(deck, At("2026-03-29T00:00:00Z"), 7_200).AmountMicros));
    }

    [Fact]
    public void An_increment_that_is_under_way_at_the_change_is_finished_at_its_own_price()
    {
        var deck = Deck("America/New_York", SmallHour with { IncrementSeconds = 60 }, Rest with { IncrementSeconds = 60 });
        // 01:59:30: one minute at the cheap price, of which half lies behind the jump to 03:00, and a dear one.
        var charge = Price(deck, At("2026-03-08T06:59:30Z"), 61);
        Assert.Equal((120, "6.60"), (charge.BilledQuantity, Money.Format(charge.AmountMicros)));
    }

    [Fact]
    public void Any_call_near_a_change_costs_the_sum_of_its_seconds() => Prop.ForAll(Calls().ToArbitrary(), call =>
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(call.Zone);
        Rate[] rates =
        [
            SmallHour with { RateMicros = 60 },
            Rest with { RateMicros = 600 },
            Rest with { RateMicros = 6_000, Days = RateDays.Sunday, FromTime = 90 * 60, ToTime = 150 * 60 },
            // A day that may be a holiday goes before the Sunday that its night runs into.
            Rest with { RateMicros = 60_000, Days = RateDays.Saturday | RateDays.Holiday, FromTime = 23 * 3600, ToTime = (3 * 3600) + 900 },
        ];
        var charge = Price(Deck(call.Zone, [.. rates.Select(r => r with { Decimals = 6 })]), call.At, call.Seconds);
        return charge.BilledQuantity == call.Seconds && charge.AmountMicros == Expected(zone, call.At, call.Seconds);
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    /// <summary>The price of each second by what a clock on the wall shows, in micro-units.</summary>
    static long Expected(TimeZoneInfo zone, DateTimeOffset at, long seconds)
    {
        var sum = 0L;
        for (var i = 0L; i < seconds; i++)
        {
            var wall = TimeZoneInfo.ConvertTime(at.AddSeconds(i), zone).DateTime;
            var time = TimeOnly.FromDateTime(wall);
            var isSaturdayNight = (wall.DayOfWeek == DayOfWeek.Saturday && time.Hour == 23) || (wall.DayOfWeek == DayOfWeek.Sunday && time < new TimeOnly(3, 15));
            if (isSaturdayNight)
                sum += 1_000;
            else if (wall.DayOfWeek == DayOfWeek.Sunday && time >= new TimeOnly(1, 30) && time < new TimeOnly(2, 30))
                sum += 100;
            else
                sum += time.Hour == 1 ? 1 : 10;
        }
        return sum;
    }

    static Gen<(string Zone, DateTimeOffset At, long Seconds)> Calls() =>
        from change in Gen.Elements(Changes)
        from before in Gen.Choose(-3 * 3600, 30 * 3600)
        from seconds in Gen.Choose(1, 40_000)
        select (change.Zone, change.At.AddSeconds(-before), (long)seconds);
}
