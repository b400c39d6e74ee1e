using System.Globalization;

namespace Balatrix.Core.Rating;

/// <summary>One line of a deck file; each reader gives the value or notes what was wrong with it.</summary>
sealed class RateRow(int line, string[] columns, List<string> fields)
{
    DateTimeOffset? validFrom;

    public List<RateDeckError> Errors { get; } = [];

    public string Prefix()
    {
        var text = Field("prefix");
        return text == "*" || (text.Length <= 15 && DestinationIndex.IsDigits(text)) ? text : Fault("prefix", text, "1 to 15 digits of E.164 without +, or *");
    }

    public string Network()
    {
        var (mcc, mnc) = (Field("mcc"), Field("mnc"));
        if (mcc == "*" && mnc is "*" or "")
            return "*";
        if (mcc.Length != 3 || !DestinationIndex.IsDigits(mcc))
            return Fault("mcc", mcc, "3 digits, or * for all");
        if (mnc is not ("*" or "") && (mnc.Length is < 2 or > 3 || !DestinationIndex.IsDigits(mnc)))
            return Fault("mnc", mnc, "2 or 3 digits, or *");
        return $"{mcc}-{(mnc.Length == 0 ? "*" : mnc)}";
    }

    public string Channel()
    {
        var text = Field("channel");
        return text == "*" || (text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '_' or '-' or '.'))
            ? text
            : Fault("channel", text, "1 to 64 of a-z, 0-9, _ - . or * alone");
    }

    public string Text(string column, int longest)
    {
        var text = Field(column);
        return text.Length <= longest && !text.Contains('\0', StringComparison.Ordinal) ? text : Fault(column, text, $"at most {longest} characters");
    }

    public long RequiredMicros(string column, long most) =>
        Field(column).Length == 0 ? Fault(column, "", "a decimal, which is required", 0L) : Micros(column, 0, most) ?? 0;

    public long? Micros(string column, long? missing, long most)
    {
        var text = Field(column);
        if (text.Length == 0)
            return missing;
        return Money.TryParse(text, out var micros) && micros >= 0 && micros <= most
            ? micros
            : Fault(column, text, $"a decimal from 0 to {most / Money.MicrosPerUnit} of at most 6 decimals", 0L);
    }

    public int Whole(string column, int missing, int least, int most)
    {
        var text = Field(column);
        if (text.Length == 0)
            return missing;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : Fault(column, text, $"a whole number from {least} to {most}", missing);
    }

    public RateDays Days(string column)
    {
        var text = Field(column);
        return text.Length == 0 ? RateDays.All : Names.TryParse(text, out RateDays days) ? days : Fault(column, text, "days such as mon-fri, sat,sun or hol", RateDays.All);
    }

    public int FromTime() => Time("from_time", 0, "a time from 00:00 to 23:59");

    /// <summary>Midnight as an end is that of the day's end, whichever way it is written.</summary>
    public int ToTime() =>
        Field("to_time") is "24:00" or "00:00" ? Rate.SecondsPerDay : Time("to_time", Rate.SecondsPerDay, "a time from 00:00 to 24:00");

    int Time(string column, int missing, string expected)
    {
        var text = Field(column);
        if (text.Length == 0)
            return missing;
        return TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? (int)(time.Ticks / TimeSpan.TicksPerSecond)
            : Fault(column, text, expected, missing);
    }

    public Rounding Rounding(string column)
    {
        var text = Field(column);
        if (text.Length == 0)
            return Rating.Rounding.HalfUp;
        return Names.TryParse(text, out Rounding rounding) ? rounding : Fault(column, text, "up, half_up, half_even or down", Rating.Rounding.HalfUp);
    }

    public DateTimeOffset? Instant(string column) => validFrom = ReadInstant(column);

    public DateTimeOffset? Validity(string column)
    {
        var to = ReadInstant(column);
        return to is null || validFrom is null || to > validFrom ? to : Fault(column, Field(column), "an instant after valid_from", to);
    }

    DateTimeOffset? ReadInstant(string column)
    {
        var text = Field(column);
        if (text.Length == 0)
            return null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) && text.Length >= 10 && char.IsAsciiDigit(text[3]) && text[4] == '-'
            ? at
            : Fault(column, text, "an ISO 8601 date or instant (2026-11-01T00:00:00+05:30)", (DateTimeOffset?)null);
    }

    string Field(string column)
    {
        var at = Array.IndexOf(columns, column);
        return at < 0 ? "" : fields[at].Trim();
    }

    string Fault(string column, string value, string expected) => Fault(column, value, expected, "");

    T Fault<T>(string column, string value, string expected, T instead)
    {
        Errors.Add(new(line, column, value, expected));
        return instead;
    }
}
