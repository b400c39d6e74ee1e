using System.Globalization;

namespace Balatrix.Core.Tax;

/// <summary>A financial year of India: 1 April to 31 March. Document numbers and letters of undertaking go by it.</summary>
/// <param name="FirstYear">The calendar year that it begins in.</param>
public readonly record struct FinancialYear(int FirstYear)
{
    const int April = 4;

    /// <summary>The one that a day is in.</summary>
    public static FinancialYear Of(DateOnly day) => new(day.Month >= April ? day.Year : day.Year - 1);

    /// <summary>First day.</summary>
    public DateOnly From => new(FirstYear, April, 1);

    /// <summary>Last day.</summary>
    public DateOnly To => new(FirstYear + 1, 3, 31);

    /// <summary>As document numbers have it ("2627").</summary>
    public string Digits => string.Create(CultureInfo.InvariantCulture, $"{FirstYear % 100:00}{(FirstYear + 1) % 100:00}");

    /// <summary>As the portal and letters of undertaking have it ("2026-27").</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{FirstYear:0000}-{(FirstYear + 1) % 100:00}");
}
