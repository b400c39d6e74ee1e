namespace Balatrix.Core.Proration;

/// <summary>
/// The instant that all periods are counted from. Each one is counted from here, never from the one before, so that an anchor on
/// the 31st falls on the 28th in February and on the 31st again in March.
/// </summary>
/// <param name="Start">First instant of the first period, a whole second.</param>
/// <param name="Zone">Where months are counted: periods begin at the same local time of day on both sides of a change of clocks.</param>
public sealed record BillingAnchor(DateTimeOffset Start, TimeZoneInfo Zone)
{
    /// <summary>The whole second that an instant falls in: subscriptions count nothing smaller.</summary>
    public static DateTimeOffset WholeSecond(DateTimeOffset at) => new(at.UtcTicks - (at.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);

    /// <summary>The instant so many months after the start.</summary>
    public DateTimeOffset After(int months) => months == 0 ? Start : Zone.InstantOf(TimeZoneInfo.ConvertTime(Start, Zone).DateTime.AddMonths(months));

    /// <summary>The period of a number, from 0 on.</summary>
    public BillingPeriod Period(int number, BillingCycle cycle) => new(After(number * (int)cycle), After((number + 1) * (int)cycle));

    /// <summary>The number of the period that an instant falls in.</summary>
    public int NumberAt(DateTimeOffset at, BillingCycle cycle)
    {
        if (at < Start)
            throw new ArgumentOutOfRangeException(nameof(at), at, "Before the first period.");
        var (from, to) = (TimeZoneInfo.ConvertTime(Start, Zone), TimeZoneInfo.ConvertTime(at, Zone));
        var number = Math.Max(0, (((to.Year - from.Year) * 12) + to.Month - from.Month) / (int)cycle);
        while (number > 0 && at < After(number * (int)cycle))
            number--;
        while (at >= After((number + 1) * (int)cycle))
            number++;
        return number;
    }

    /// <summary>The period that an instant falls in.</summary>
    public BillingPeriod PeriodAt(DateTimeOffset at, BillingCycle cycle) => Period(NumberAt(at, cycle), cycle);
}
