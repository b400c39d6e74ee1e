namespace Balatrix.Core.Voice.Fraud;

/// <summary>What kind of number is called. Numbers are stored.</summary>
public enum DestinationClass : short
{
    /// <summary>Any other.</summary>
    Ordinary = 0,

    /// <summary>Premium rate, or personal numbering: the called side earns by the call.</summary>
    Premium = 1,

    /// <summary>Satellite systems and international networks.</summary>
    Satellite = 2,
}

/// <summary>Where a call goes, as far as fraud rules ask.</summary>
/// <param name="Country">ISO 3166 code; empty for what is of no country.</param>
/// <param name="Class">Its kind.</param>
/// <param name="Group">The destination group that it is rated by; may be empty.</param>
public readonly record struct CalledDestination(string Country, DestinationClass Class, string Group)
{
    /// <summary>Where a number is.</summary>
    /// <param name="e164">Digits, with or without a plus sign.</param>
    /// <param name="group">The destination group that it is rated by.</param>
    public static CalledDestination Of(ReadOnlySpan<char> e164, string group)
    {
        var digits = e164.TrimStart('+');
        return new(CallingCodes.CountryOf(digits), SpecialRanges.Of(digits).Class, group);
    }
}
