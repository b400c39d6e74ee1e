using System.Globalization;
using System.Text.RegularExpressions;

namespace Balatrix.Core;

/// <summary>Times and days as RFC 3339 writes them, year first; 02/03/2026 is one day in India and another in America, so it is none here.</summary>
public static partial class WrittenTime
{
    /// <summary>Reports reckon some months to both sides; calendars end there.</summary>
    const int FirstYear = 1900, LastYear = 9998;

    /// <summary>Reads an instant. A time without an offset is the zone's, and a day alone is its first instant there.</summary>
    public static bool TryRead(string text, TimeZoneInfo zone, out DateTimeOffset instant)
    {
        instant = default;
        if (Shape().Match(text) is not { Success: true } shape || !IsYear(text))
            return false;
        var offset = shape.Groups["offset"];
        // In a query a plus means a blank, and many forget it.
        var written = offset.Value.StartsWith(' ') ? string.Concat(text.AsSpan(0, offset.Index), "+", offset.ValueSpan[1..]) : text;
        if (offset.Success)
            return DateTimeOffset.TryParse(written, CultureInfo.InvariantCulture, out instant);
        if (!DateTime.TryParse(written, CultureInfo.InvariantCulture, out var local))
            return false;
        instant = text.Length == 10 ? zone.StartOf(DateOnly.FromDateTime(local)) : zone.InstantOf(local);
        return true;
    }

    /// <summary>Reads a day.</summary>
    public static bool TryReadDay(string text, out DateOnly day) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day) && IsYear(text);

    static bool IsYear(string text) => int.Parse(text.AsSpan(0, 4), CultureInfo.InvariantCulture) is >= FirstYear and <= LastYear;

    [GeneratedRegex(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,7})?)?(?<offset>Z|[-+ ][0-9]{2}:[0-9]{2})?)?\z", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase, 1000)]
    private static partial Regex Shape();
}
