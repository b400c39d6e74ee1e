using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Balatrix.Core.Voice.Fraud;

/// <summary>What is done about a call that a rule finds.</summary>
public enum FraudAction : byte
{
    /// <summary>Staff are told; the call goes on.</summary>
    Alert = 1,

    /// <summary>Calls are refused for as long as the rule finds them.</summary>
    Throttle,

    /// <summary>The account is suspended.</summary>
    Suspend,

    /// <summary>This call is refused; blocks and holds do so.</summary>
    Refuse,
}

/// <summary>What a limit measures.</summary>
public enum LimitMeasure : byte
{
    /// <summary>Number of calls.</summary>
    Calls = 1,

    /// <summary>Answered minutes.</summary>
    Minutes,

    /// <summary>What they were charged, in micro-units of the account's currency.</summary>
    Spend,
}

/// <summary>The most of something in the last hour or day.</summary>
/// <param name="Name">What staff call it.</param>
/// <param name="Scope">The calls that it counts.</param>
/// <param name="Measure">What of them.</param>
/// <param name="Most">So many calls, minutes or micro-units; the call that would pass it is found.</param>
/// <param name="IsDaily">Whether in a day; otherwise in an hour.</param>
/// <param name="Action">What is done.</param>
public sealed record VelocityLimit(string Name, LimitScope Scope, LimitMeasure Measure, long Most, bool IsDaily, FraudAction Action)
{
    /// <summary>Whether one more call is more than the limit, after what was used.</summary>
    public bool IsPassedBy(CallUse used) => Measure switch
    {
        LimitMeasure.Calls => used.Calls + 1 > Most,
        LimitMeasure.Minutes => used.TalkMs / 60_000 >= Most,
        _ => used.SpendMicros >= Most,
    };
}

/// <summary>
/// When the last hour is not like the account. Its usual hour is the 95th percentile (nearest rank) of those hours of the last 28 days in which it was used; the last hour
/// is a sudden change when it is at least <c>Least…</c> and, times 100, more than the usual one times <paramref name="Percent"/>. All of it in whole numbers.
/// </summary>
/// <param name="Percent">300 is three times as much.</param>
/// <param name="LeastCalls">Fewer calls in an hour are never found.</param>
/// <param name="LeastSpendMicros">Less spent in an hour is never found; null looks at calls alone.</param>
/// <param name="LeastHours">An account that was used in fewer hours has no history to go by, and is held by limits alone.</param>
/// <param name="Action">What is done.</param>
public sealed record SuddenChange(int Percent, long LeastCalls, long? LeastSpendMicros, int LeastHours, FraudAction Action);

/// <summary>The account's usual hour.</summary>
/// <param name="Hours">In how many hours of the last weeks it was used.</param>
/// <param name="Calls">Calls of such an hour.</param>
/// <param name="SpendMicros">Spend of such an hour.</param>
public sealed record UsualHour(int Hours, long Calls, long SpendMicros);

/// <summary>The rules that hold for an account.</summary>
public sealed record FraudPolicy
{
    /// <summary>
    /// Countries whose ranges are often called only to earn by the calls. Named most often: Cuba, Latvia, Lithuania, Somalia (commsrisk.com/what-is-new-with-irsf-fraud), and since 2021
    /// the Dominican Republic, Morocco and Sri Lanka (iconxsolutions.com/combat-telecom-fraud-iprn), of which Sri Lanka, India's neighbour, is left out here; the others are small states and
    /// territories with high termination rates. Such lists grow old: numbers of all countries are offered today (commsrisk.com, 2020), which is what limits are for. A tenant sets its own.
    /// </summary>
    public static readonly FrozenSet<string> UsualRiskyCountries = FrozenSet.Create(
        StringComparer.Ordinal,
        "AF", "AL", "AZ", "BA", "BI", "BY", "CD", "CF", "CK", "CU", "DJ", "DO", "EE", "ER", "FK", "FM", "GM", "GN", "GW", "GY", "HT", "IO", "JM", "KI", "KM", "KP", "LR", "LT",
        "LV", "LY", "MA", "MD", "MG", "MH", "ML", "MR", "MV", "NE", "NF", "NR", "NU", "PG", "PS", "PW", "SB", "SH", "SL", "SM", "SO", "ST", "TD", "TK", "TL", "TN", "TO", "TV",
        "VU", "WF", "WS", "XK", "ZW");

    /// <summary>Whether any rule holds.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>Whether premium-rate ranges are blocked.</summary>
    public bool BlocksPremium { get; init; } = true;

    /// <summary>Whether satellite ranges are blocked.</summary>
    public bool BlocksSatellite { get; init; } = true;

    /// <summary>Prefixes that are blocked, in digits.</summary>
    public ImmutableArray<string> Blocked { get; init; } = [];

    /// <summary>Prefixes that are not, in digits; of two that match, the longer one holds.</summary>
    public ImmutableArray<string> Allowed { get; init; } = [];

    /// <summary>Whether an account's first call to a risky country waits for staff.</summary>
    public bool HoldsFirstCalls { get; init; } = true;

    /// <summary>ISO 3166 codes.</summary>
    public FrozenSet<string> RiskyCountries { get; init; } = UsualRiskyCountries;

    /// <summary>Limits.</summary>
    public ImmutableArray<VelocityLimit> Limits { get; init; } =
    [
        new("international", new(LimitScopeKind.International, ""), LimitMeasure.Calls, 100, false, FraudAction.Alert),
        new("international", new(LimitScopeKind.International, ""), LimitMeasure.Calls, 500, true, FraudAction.Alert),
    ];

    /// <summary>Sudden change, or null.</summary>
    public SuddenChange? SuddenChange { get; init; } = new(500, 100, null, 24, FraudAction.Alert);
}
