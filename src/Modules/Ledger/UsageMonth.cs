using System.Globalization;

namespace Balatrix.Modules.Ledger;

/// <summary>A calendar month in UTC, the unit that usage records are partitioned by, counted from January 2000.</summary>
public static class UsageMonth
{
    /// <summary>The month of an instant.</summary>
    public static short Of(DateTimeOffset at)
    {
        var utc = at.UtcDateTime;
        return (short)(((utc.Year - 2000) * 12) + utc.Month - 1);
    }

    /// <summary>Its first instant.</summary>
    public static DateTimeOffset Start(int month) => new(2000 + (month / 12), (month % 12) + 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The name of its partition.</summary>
    public static string Partition(int month) =>
        "usage_records_" + Start(month).ToString("yyyyMM", CultureInfo.InvariantCulture);
}
