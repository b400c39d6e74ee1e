using System.Collections.Frozen;
using System.Collections.Immutable;
using Balatrix.Core;
using Balatrix.Core.Voice.Fraud;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Voice.Fraud;

/// <summary>Fraud rules as they are set; of an account, what is left out is as the tenant's, and of a tenant as usual.</summary>
public sealed record FraudSettings
{
    /// <summary>Whether any rule holds.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Whether premium-rate and personal ranges are blocked.</summary>
    public bool? BlockPremium { get; init; }

    /// <summary>Whether satellite ranges and international networks are blocked.</summary>
    public bool? BlockSatellite { get; init; }

    /// <summary>Prefixes that are blocked, such as +2529.</summary>
    public string[]? Blocked { get; init; }

    /// <summary>Prefixes that are not; of two that match a number, the longer one holds.</summary>
    public string[]? Allowed { get; init; }

    /// <summary>Whether an account's first call to a risky country waits until staff allow it.</summary>
    public bool? HoldFirstCalls { get; init; }

    /// <summary>ISO 3166 codes of risky countries.</summary>
    public string[]? RiskyCountries { get; init; }

    /// <summary>Limits of an hour or a day.</summary>
    public FraudLimit[]? Limits { get; init; }

    /// <summary>When the last hour is not like the account.</summary>
    public SuddenChangeSettings? SuddenChange { get; init; }

    /// <summary>These over others: what is left out here is as there.</summary>
    public FraudSettings Over(FraudSettings others) => new()
    {
        Enabled = Enabled ?? others.Enabled,
        BlockPremium = BlockPremium ?? others.BlockPremium,
        BlockSatellite = BlockSatellite ?? others.BlockSatellite,
        Blocked = Blocked ?? others.Blocked,
        Allowed = Allowed ?? others.Allowed,
        HoldFirstCalls = HoldFirstCalls ?? others.HoldFirstCalls,
        RiskyCountries = RiskyCountries ?? others.RiskyCountries,
        Limits = Limits ?? others.Limits,
        SuddenChange = SuddenChange ?? others.SuddenChange,
    };

    /// <summary>The policy, or what is wrong with it.</summary>
    public (FraudPolicy? Policy, Problem? Problem) Read()
    {
        var usual = new FraudPolicy();
        if (!TryPrefixes(Blocked, out var blocked))
            return (null, Problem.Invalid("blocked", "at most 500 prefixes of 2 to 15 digits, such as +2529"));
        if (!TryPrefixes(Allowed, out var allowed))
            return (null, Problem.Invalid("allowed", "at most 500 prefixes of 2 to 15 digits, such as +8835100"));
        if (RiskyCountries is { } risky && (risky.Length > 300 || Array.Exists(risky, c => c is null || !CallingCodes.IsCountry(c))))
            return (null, Problem.Invalid("riskyCountries", "ISO 3166 codes such as CU"));
        if (Limits is { Length: > 50 })
            return (null, Problem.Invalid("limits", "at most 50"));
        var limits = ImmutableArray.CreateBuilder<VelocityLimit>();
        foreach (var limit in Limits ?? [])
            if (limit is null || !limit.TryRead(limits))
                return (null, Problem.Invalid("limits", FraudLimit.Expected));
        if (!SuddenChangeSettings.TryRead(SuddenChange, usual.SuddenChange!, out var sudden))
            return (null, Problem.Invalid("suddenChange", SuddenChangeSettings.Expected));
        return (new FraudPolicy
        {
            IsEnabled = Enabled ?? true,
            BlocksPremium = BlockPremium ?? true,
            BlocksSatellite = BlockSatellite ?? true,
            Blocked = blocked,
            Allowed = allowed,
            HoldsFirstCalls = HoldFirstCalls ?? true,
            RiskyCountries = RiskyCountries?.ToFrozenSet(StringComparer.Ordinal) ?? usual.RiskyCountries,
            Limits = Limits is null ? usual.Limits : limits.ToImmutable(),
            SuddenChange = sudden,
        }, null);
    }

    /// <summary>A policy with every member told.</summary>
    public static FraudSettings Of(FraudPolicy policy) => new()
    {
        Enabled = policy.IsEnabled,
        BlockPremium = policy.BlocksPremium,
        BlockSatellite = policy.BlocksSatellite,
        Blocked = [.. policy.Blocked.Select(p => "+" + p)],
        Allowed = [.. policy.Allowed.Select(p => "+" + p)],
        HoldFirstCalls = policy.HoldsFirstCalls,
        RiskyCountries = [.. policy.RiskyCountries.Order(StringComparer.Ordinal)],
        Limits = [.. policy.Limits.Select(FraudLimit.Of)],
        SuddenChange = SuddenChangeSettings.Of(policy.SuddenChange),
    };

    static bool TryPrefixes(string[]? texts, out ImmutableArray<string> prefixes)
    {
        prefixes = [];
        if (texts is null)
            return true;
        if (texts.Length > 500 || Array.Exists(texts, t => t?.TrimStart('+') is not { Length: >= 2 and <= 15 } digits || digits.AsSpan().ContainsAnyExceptInRange('0', '9')))
            return false;
        prefixes = [.. texts.Select(t => t.TrimStart('+'))];
        return true;
    }
}

/// <summary>The most that an account may do in an hour or a day; one or more of calls, minutes and spend.</summary>
/// <param name="Name">What staff call it; the destination when left out.</param>
/// <param name="Destination">all, international, premium, satellite, country:XX or group:NAME as in the rate deck; all when left out.</param>
/// <param name="Calls">So many calls.</param>
/// <param name="Minutes">So many answered minutes.</param>
/// <param name="Spend">So much of the account's currency, a decimal string.</param>
/// <param name="Per">hour or day.</param>
/// <param name="Action">alert, throttle or suspend; alert when left out.</param>
public sealed record FraudLimit(string? Name, string? Destination, long? Calls, long? Minutes, string? Spend, string? Per, string? Action)
{
    internal const string Expected = "a destination (all, international, premium, satellite, country:XX, group:NAME), calls, minutes or spend, per hour or day, and alert, throttle or suspend";

    internal bool TryRead(ImmutableArray<VelocityLimit>.Builder limits)
    {
        var destination = Destination ?? "all";
        var name = Name ?? destination;
        if (!LimitScope.TryParse(destination, out var scope) || name.Length is 0 or > 200 || name.Contains('\0', StringComparison.Ordinal) || destination.Contains('\0', StringComparison.Ordinal)
            || Per is not ("hour" or "day") || !FraudActions.TryParse(Action ?? "alert", out var action) || Calls is < 0 or > 1_000_000_000 || Minutes is < 0 or > 1_000_000_000)
            return false;
        var spend = 0L;
        if ((Calls is null && Minutes is null && Spend is null) || (Spend is not null && (!Money.TryParse(Spend, out spend) || spend < 0)))
            return false;
        var isDaily = Per == "day";
        if (Calls is { } calls)
            limits.Add(new(name, scope, LimitMeasure.Calls, calls, isDaily, action));
        if (Minutes is { } minutes)
            limits.Add(new(name, scope, LimitMeasure.Minutes, minutes, isDaily, action));
        if (Spend is not null)
            limits.Add(new(name, scope, LimitMeasure.Spend, spend, isDaily, action));
        return true;
    }

    internal static FraudLimit Of(VelocityLimit limit) => new(
        limit.Name, Show(limit.Scope), limit.Measure == LimitMeasure.Calls ? limit.Most : null, limit.Measure == LimitMeasure.Minutes ? limit.Most : null,
        limit.Measure == LimitMeasure.Spend ? Money.Format(limit.Most) : null, limit.IsDaily ? "day" : "hour", FraudActions.Name(limit.Action));

    static string Show(LimitScope scope) => scope.Kind switch
    {
        LimitScopeKind.Country => "country:" + scope.Name,
        LimitScopeKind.Group => "group:" + scope.Name,
        var kind => kind.ToString().ToLowerInvariant(),
    };
}

/// <summary>When an account's last hour is not like its usual ones (the 95th percentile of the hours of 28 days in which it was used).</summary>
/// <param name="Enabled">Whether it is looked for; true when left out.</param>
/// <param name="Percent">Of the usual hour: 300 is three times as much.</param>
/// <param name="LeastCalls">Fewer calls in an hour are never found.</param>
/// <param name="LeastSpend">Less spent in an hour is never found; spend is not looked at when left out.</param>
/// <param name="LeastHours">How many hours of use make a history.</param>
/// <param name="Action">alert, throttle or suspend.</param>
public sealed record SuddenChangeSettings(bool? Enabled, int? Percent, long? LeastCalls, string? LeastSpend, int? LeastHours, string? Action)
{
    internal const string Expected = "percent 101 to 100000, leastCalls 1 or more, leastSpend a decimal string, leastHours 1 to 672, and alert, throttle or suspend";

    internal static bool TryRead(SuddenChangeSettings? settings, SuddenChange usual, out SuddenChange? sudden)
    {
        sudden = usual;
        if (settings is null)
            return true;
        long? spend = null;
        if (settings.LeastSpend is not null)
        {
            if (!Money.TryParse(settings.LeastSpend, out var micros) || micros <= 0)
                return false;
            spend = micros;
        }
        if (!FraudActions.TryParse(settings.Action ?? FraudActions.Name(usual.Action), out var action))
            return false;
        sudden = new(settings.Percent ?? usual.Percent, settings.LeastCalls ?? usual.LeastCalls, spend, settings.LeastHours ?? usual.LeastHours, action);
        if (sudden.Percent is < 101 or > 100_000 || sudden.LeastCalls is < 1 or > 1_000_000_000 || sudden.LeastHours is < 1 or > 672)
            return false;
        if (settings.Enabled == false)
            sudden = null;
        return true;
    }

    internal static SuddenChangeSettings Of(SuddenChange? sudden) => sudden is null
        ? new(false, null, null, null, null, null)
        : new(true, sudden.Percent, sudden.LeastCalls, sudden.LeastSpendMicros is { } micros ? Money.Format(micros) : null, sudden.LeastHours, FraudActions.Name(sudden.Action));
}

/// <summary>Actions by their names.</summary>
static class FraudActions
{
    public static bool TryParse(string text, out FraudAction action)
    {
        action = text switch { "alert" => FraudAction.Alert, "throttle" => FraudAction.Throttle, "suspend" => FraudAction.Suspend, _ => default };
        return action != default;
    }

    public static string Name(FraudAction action) => action.ToString().ToLowerInvariant();
}
