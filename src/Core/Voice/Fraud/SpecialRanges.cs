using System.Collections.Frozen;

namespace Balatrix.Core.Voice.Fraud;

/// <summary>
/// Ranges that are called for their price. ITU-T E.164 assigns +870 to Inmarsat, +881 to global mobile satellite systems, +882 and +883 to international networks,
/// +878 to personal telecommunications and +979 to international premium rate; the others are national premium-rate and personal ranges of the regulators' numbering plans.
/// </summary>
public static class SpecialRanges
{
    const int Longest = 7;

    const string Satellite = "870 881 882 883";

    const string Premium = """
        878 979 1900 3069 30901 30909 31900 31906 31909 3290 3389 34803 34806 34807 34905 34907 35315 351760 351761 351762 358600 358700 35990 3690 370900 3719 372900
        39892 39894 39895 39899 40900 40903 40906 41900 41901 41906 420900 420906 420909 421900 43900 43901 43930 43931 4470 4487 449 4590 46900 46939 46944 47820 47829
        48700 48701 48703 48704 48708 49137 49900 61190 7803 7809 81990
        """;

    static readonly FrozenDictionary<string, DestinationClass>.AlternateLookup<ReadOnlySpan<char>> Ranges = Satellite.Split(' ').Select(p => (p, DestinationClass.Satellite))
        .Concat(Premium.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(p => (p, DestinationClass.Premium)))
        .ToFrozenDictionary(r => r.Item1, r => r.Item2, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The longest range that a number in E.164 digits is in, by its length and kind; length 0 when it is in none.</summary>
    public static (int Length, DestinationClass Class) Of(ReadOnlySpan<char> digits)
    {
        for (var length = Math.Min(Longest, digits.Length); length > 1; length--)
            if (Ranges.TryGetValue(digits[..length], out var kind))
                return (length, kind);
        return (0, DestinationClass.Ordinary);
    }
}
