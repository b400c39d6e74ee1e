namespace Balatrix.Core.Rating;

/// <summary>The words that decks and traces use for roundings and days.</summary>
static class Names
{
    static readonly (string Name, Rounding Rounding)[] Roundings =
        [("half_up", Rounding.HalfUp), ("up", Rounding.Up), ("half_even", Rounding.HalfEven), ("down", Rounding.Down)];

    static readonly (string Name, RateDays Day)[] Days =
    [
        ("mon", RateDays.Monday), ("tue", RateDays.Tuesday), ("wed", RateDays.Wednesday), ("thu", RateDays.Thursday),
        ("fri", RateDays.Friday), ("sat", RateDays.Saturday), ("sun", RateDays.Sunday),
    ];

    public static string Of(Rounding rounding) => Roundings[Array.FindIndex(Roundings, r => r.Rounding == rounding)].Name;

    public static bool TryParse(string text, out Rounding rounding)
    {
        var at = Array.FindIndex(Roundings, r => string.Equals(r.Name, text, StringComparison.Ordinal));
        rounding = at < 0 ? default : Roundings[at].Rounding;
        return at >= 0;
    }

    public static string Of(RateDays days)
    {
        if (days == RateDays.All)
            return "";
        var names = Days.Where(d => (days & d.Day) != 0).Select(d => d.Name);
        return string.Join(',', days.HasFlag(RateDays.Holiday) ? names.Append("hol") : names);
    }

    /// <summary>Reads <c>mon-fri</c>, <c>sat,sun</c>, <c>hol</c>, and lists of these.</summary>
    public static bool TryParse(string text, out RateDays days)
    {
        days = RateDays.None;
        foreach (var part in text.Split(','))
        {
            var range = part.Trim().Split('-');
            if (range is ["hol"])
            {
                days |= RateDays.Holiday;
                continue;
            }
            var first = Array.FindIndex(Days, d => string.Equals(d.Name, range[0], StringComparison.Ordinal));
            var last = Array.FindIndex(Days, d => string.Equals(d.Name, range[^1], StringComparison.Ordinal));
            if (first < 0 || last < 0 || range.Length > 2)
                return false;
            for (var day = first; ; day = (day + 1) % Days.Length)
            {
                days |= Days[day].Day;
                if (day == last)
                    break;
            }
        }
        return true;
    }
}
