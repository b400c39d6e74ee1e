namespace Balatrix.Core.Rating;

/// <summary>One step of a call's price: from a second of the call on.</summary>
readonly record struct RateStep(int FromSecond, long RateMicros, int UnitSeconds, int MinimumSeconds, int IncrementSeconds);

/// <summary>Steps that hold on some days at some hours, and the terms of a use that starts in them.</summary>
sealed record RateBand(RateDays Days, int FromTime, int ToTime, Rate Terms, RateStep[] Steps)
{
    /// <summary>Whether it holds around the clock on all days.</summary>
    public bool IsAlways => Days == RateDays.All && FromTime == 0 && ToTime == Rate.SecondsPerDay;

    /// <summary>More special bands go before general ones: holidays, then some days, then some hours.</summary>
    public int Rank => RankOf(Days, FromTime, ToTime);

    /// <summary>The rank of a band with these days and hours.</summary>
    public static int RankOf(RateDays days, int fromTime, int toTime) =>
        (days.HasFlag(RateDays.Holiday) ? 4 : 0) + (days == RateDays.All ? 0 : 2) + (toTime - fromTime == Rate.SecondsPerDay ? 0 : 1);

    /// <summary>The hours after midnight of a band that crosses it belong to the day on which it began.</summary>
    public bool Holds(DateTime local, LocalCalendar calendar)
    {
        var second = (int)(local.TimeOfDay.Ticks / TimeSpan.TicksPerSecond);
        if (FromTime < ToTime)
            return second >= FromTime && second < ToTime && On(local, calendar);
        return (second >= FromTime && On(local, calendar)) || (second < ToTime && On(local.AddDays(-1), calendar));
    }

    bool On(DateTime local, LocalCalendar calendar) => (Days & calendar.DaysOf(local)) != 0;
}

/// <summary>The terms of one destination over one stretch of validity.</summary>
sealed class RateSchedule
{
    readonly long fromTicks;
    readonly long toTicks;
    readonly RateBand[] bands;
    readonly LocalCalendar calendar;

    RateSchedule(long fromTicks, long toTicks, RateBand[] bands, LocalCalendar calendar)
    {
        this.fromTicks = fromTicks;
        this.toTicks = toTicks;
        this.bands = bands;
        this.calendar = calendar;
    }

    /// <summary>Groups the rows of one destination by validity, band and step.</summary>
    public static RateSchedule[] Compile(List<Rate> rows, LocalCalendar calendar)
    {
        if (rows.Count == 1)
            return [new(From(rows[0]), To(rows[0]), [Band(rows)], calendar)];
        var schedules = new List<RateSchedule>();
        var valid = new List<Rate>();
        var next = 0;
        rows = [.. rows.OrderBy(From)];
        for (var at = From(rows[0]); ;)
        {
            while (next < rows.Count && From(rows[next]) <= at)
                valid.Add(rows[next++]);
            valid.RemoveAll(r => To(r) <= at);
            if (valid.Count == 0 && next == rows.Count)
                return [.. schedules];
            var until = next < rows.Count ? From(rows[next]) : long.MaxValue;
            foreach (var rate in valid)
                until = Math.Min(until, To(rate));
            if (valid.Count > 0)
                schedules.Add(new(at, until, Bands(valid), calendar));
            if (until == long.MaxValue)
                return [.. schedules];
            at = until;
        }
    }

    /// <summary>Whether one set of steps holds whatever the hour.</summary>
    public bool IsSimple => bands.Length == 1 && bands[0].IsAlways;

    /// <summary>The only band of a simple schedule.</summary>
    public RateBand Only => bands[0];

    /// <summary>The most general terms, for a name when none hold.</summary>
    public Rate FirstTerms => bands[^1].Terms;

    /// <summary>Whether its validity has not begun at the instant.</summary>
    public bool BeginsAfter(DateTimeOffset at) => fromTicks > at.UtcTicks;

    /// <summary>The terms of a use that starts at an instant, or null.</summary>
    public Rate? TermsAt(DateTimeOffset at) => (IsSimple ? Only : BandAt(at))?.Terms;

    /// <summary>Whether a use that starts at the instant is priced by it.</summary>
    public bool IsValidAt(DateTimeOffset at)
    {
        var ticks = at.UtcTicks;
        return ticks >= fromTicks && ticks < toTicks && (IsSimple || BandAt(at) is not null);
    }

    /// <summary>The band at an instant, or null.</summary>
    public RateBand? BandAt(DateTimeOffset at)
    {
        var local = calendar.Local(at);
        foreach (var band in bands)
            if (band.Holds(local, calendar))
                return band;
        return null;
    }

    /// <summary>Whole seconds until another band holds, at most a day ahead. Where none holds in between, the last one goes on.</summary>
    public long SecondsToNextBand(DateTimeOffset at, RateBand current)
    {
        // Bands begin and end on whole minutes of the wall clock, so its minutes are where to look.
        var local = calendar.Local(at);
        var toMinute = 60 - local.Second;
        if (!calendar.IsSteady(at))
        {
            for (var seconds = toMinute; seconds < Rate.SecondsPerDay; seconds += 60)
                if (BandAt(at.AddSeconds(seconds)) is { } other && !ReferenceEquals(other, current))
                    return seconds;
            return Rate.SecondsPerDay;
        }
        var now = (int)(local.TimeOfDay.Ticks / TimeSpan.TicksPerSecond);
        var next = (long)Rate.SecondsPerDay;
        Consider(0);
        foreach (var band in bands)
        {
            Consider(band.FromTime);
            Consider(band.ToTime);
        }
        return next;

        void Consider(int edge)
        {
            var seconds = ((edge - now + (2 * Rate.SecondsPerDay) - 1) % Rate.SecondsPerDay) + 1;
            if (seconds < next && BandAt(at.AddSeconds(seconds)) is { } other && !ReferenceEquals(other, current))
                next = seconds;
        }
    }

    /// <summary>Special bands first; the order among equals is fixed, though a file in which equals overlap is refused.</summary>
    static RateBand[] Bands(List<Rate> rows) =>
    [
        .. rows.GroupBy(r => (r.Days, r.FromTime, r.ToTime)).OrderBy(g => g.Key).Select(g => Band([.. g])).OrderByDescending(b => b.Rank),
    ];

    static RateBand Band(List<Rate> rows)
    {
        rows.Sort((a, b) => a.FromSecond.CompareTo(b.FromSecond));
        var steps = rows.Select(r => new RateStep(
            r.FromSecond, r.RateMicros, r.RateUnitSeconds, Math.Max(r.MinimumSeconds, r.IncrementSeconds), r.IncrementSeconds));
        return new(rows[0].Days, rows[0].FromTime, rows[0].ToTime, rows[0], [.. steps]);
    }

    /// <summary>First tick of a rate's validity.</summary>
    public static long From(Rate rate) => rate.ValidFrom?.UtcTicks ?? 0;

    /// <summary>First tick after it.</summary>
    public static long To(Rate rate) => rate.ValidTo?.UtcTicks ?? long.MaxValue;
}
