using System.Globalization;
using System.Text.RegularExpressions;
using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices;

/// <summary>
/// Numbers of documents: series, financial year, and a counter without gaps (CGST rule 46(b): at most 16 characters, one or more series, unique in the year).
/// The portal takes capital letters only, and none that begins with 0, / or -.
/// </summary>
public static partial class DocumentNumber
{
    /// <summary>Characters at most.</summary>
    public const int LengthMax = 16;

    /// <summary>Characters of a series at most.</summary>
    public const int SeriesLengthMax = 6;

    const int YearLength = 4;
    const int CounterLength = 7;

    /// <summary>Whether letters can begin numbers.</summary>
    public static bool IsSeries(string? series) => series is not null && Series().IsMatch(series);

    /// <summary>Whether the portal would take a number.</summary>
    public static bool IsValid(string? number) => number is not null && Number().IsMatch(number);

    /// <summary>The last number that a series can have in a year.</summary>
    public static long CounterMax(string series) => long.Parse(new string('9', Room(series)), CultureInfo.InvariantCulture);

    /// <summary>"INV-2627-0000123" for series of up to three letters; longer ones do without hyphens ("INVOIC2627000123").</summary>
    public static string Of(string series, FinancialYear year, long counter)
    {
        if (!IsSeries(series))
            throw new ArgumentException("Not a series.", nameof(series));
        ArgumentOutOfRangeException.ThrowIfLessThan(counter, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(counter, CounterMax(series));
        var hyphen = HasHyphens(series) ? "-" : "";
        var digits = counter.ToString(CultureInfo.InvariantCulture).PadLeft(Math.Min(CounterLength, Room(series)), '0');
        return $"{series}{hyphen}{year.Digits}{hyphen}{digits}";
    }

    static bool HasHyphens(string series) => series.Length <= LengthMax - YearLength - CounterLength - 2;

    static int Room(string series) => LengthMax - series.Length - YearLength - (HasHyphens(series) ? 2 : 0);

    [GeneratedRegex(@"\A[A-Z1-9][A-Z0-9]{0,5}\z", RegexOptions.None, 1000)]
    private static partial Regex Series();

    [GeneratedRegex(@"\A[A-Z1-9][A-Z0-9/-]{0,15}\z", RegexOptions.None, 1000)]
    private static partial Regex Number();
}
