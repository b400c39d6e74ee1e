using System.Collections.Immutable;

namespace Balatrix.Core.Voice.Fraud;

/// <summary>What a rule is about, so that staff may allow just that: the prefix of a block, the country of a hold, the name of a limit.</summary>
/// <param name="Rule">blocked_destination, first_call, velocity or sudden_change.</param>
/// <param name="Subject">Of which.</param>
public readonly record struct FraudSubject(string Rule, string Subject);

/// <summary>A rule that found a call.</summary>
/// <param name="Subject">Which, and of what.</param>
/// <param name="Reason">For staff.</param>
/// <param name="Action">What is done.</param>
public sealed record FraudFinding(FraudSubject Subject, string Reason, FraudAction Action)
{
    /// <summary>Whether the call is refused.</summary>
    public bool Refuses => Action != FraudAction.Alert;
}

/// <summary>What is known of an account.</summary>
/// <param name="HomeCountry">ISO 3166 code of the tenant's country.</param>
/// <param name="Use">What it used in the last day.</param>
/// <param name="Usual">Its usual hour, when there is a history.</param>
/// <param name="Permits">What staff, or earlier calls, have allowed, and until when.</param>
public sealed record FraudFacts(string HomeCountry, AccountUse Use, UsualHour? Usual, IReadOnlyDictionary<FraudSubject, DateTimeOffset> Permits);

/// <summary>The rules: pure, and total over every number.</summary>
public static class FraudRules
{
    /// <summary>A prefix that no call may take.</summary>
    public const string BlockedDestination = "blocked_destination";

    /// <summary>The first call to a risky country.</summary>
    public const string FirstCall = "first_call";

    /// <summary>More than a limit.</summary>
    public const string Velocity = "velocity";

    /// <summary>Not like the account.</summary>
    public const string Sudden = "sudden_change";

    /// <summary>All rules.</summary>
    public static ImmutableArray<string> Known { get; } = [BlockedDestination, FirstCall, Velocity, Sudden];

    /// <summary>What the rules find in a call that is to begin; usually nothing. The first that refuses is the last that is looked at.</summary>
    /// <param name="policy">The rules.</param>
    /// <param name="facts">What is known of the account.</param>
    /// <param name="e164">Called number, in digits with or without a plus sign.</param>
    /// <param name="group">The destination group that it is rated by.</param>
    /// <param name="at">When.</param>
    public static ImmutableArray<FraudFinding> Check(FraudPolicy policy, FraudFacts facts, ReadOnlySpan<char> e164, string group, DateTimeOffset at)
    {
        if (!policy.IsEnabled)
            return [];
        var digits = e164.TrimStart('+');
        var to = CalledDestination.Of(digits, group);
        var found = ImmutableArray<FraudFinding>.Empty;
        bool Add(FraudFinding? finding)
        {
            if (finding is null || (facts.Permits.TryGetValue(finding.Subject, out var until) && at < until))
                return false;
            found = found.Add(finding);
            return finding.Refuses;
        }
        if (Add(BlockOf(policy, digits)) || Add(HoldOf(policy, facts, to)))
            return found;
        var bucket = UseWindow.BucketOf(at);
        foreach (var limit in policy.Limits)
            if (Add(PassedLimit(limit, facts, to, bucket)))
                return found;
        if (policy.SuddenChange is { } sudden && facts.Usual is { } usual && usual.Hours >= sudden.LeastHours)
            Add(SuddenIn(sudden, usual, facts.Use.Sum(LimitScope.All, facts.HomeCountry, bucket, UseWindow.Hour)));
        return found;
    }

    static FraudFinding? BlockOf(FraudPolicy policy, ReadOnlySpan<char> digits)
    {
        var allowed = LongestMatch(policy.Allowed, digits);
        var blocked = LongestMatch(policy.Blocked, digits);
        var (range, kind) = SpecialRanges.Of(digits);
        if (kind == DestinationClass.Premium ? !policy.BlocksPremium : !policy.BlocksSatellite)
            range = 0;
        var longest = Math.Max(blocked, range);
        if (longest == 0 || allowed >= longest)
            return null;
        var prefix = $"+{digits[..longest]}";
        var reason = blocked >= range ? $"{prefix} is blocked." : $"{prefix} is a {(kind == DestinationClass.Premium ? "premium-rate" : "satellite")} range.";
        return new(new(BlockedDestination, prefix), reason, FraudAction.Refuse);
    }

    static FraudFinding? HoldOf(FraudPolicy policy, FraudFacts facts, CalledDestination to) =>
        policy.HoldsFirstCalls && to.Country != facts.HomeCountry && policy.RiskyCountries.Contains(to.Country)
            ? new(new(FirstCall, to.Country), $"The account never called {to.Country}, where calls are often fraud.", FraudAction.Refuse)
            : null;

    static FraudFinding? PassedLimit(VelocityLimit limit, FraudFacts facts, CalledDestination to, int bucket)
    {
        if (!limit.Scope.Has(to, facts.HomeCountry))
            return null;
        var used = facts.Use.Sum(limit.Scope, facts.HomeCountry, bucket, limit.IsDaily ? UseWindow.Day : UseWindow.Hour);
        if (!limit.IsPassedBy(used))
            return null;
        var (span, measure) = (limit.IsDaily ? "day" : "hour", limit.Measure switch { LimitMeasure.Calls => "calls", LimitMeasure.Minutes => "minutes", _ => "spend" });
        var most = limit.Measure == LimitMeasure.Spend ? Money.Format(limit.Most) : limit.Most.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return new(new(Velocity, $"{limit.Name} {most} {measure}/{span}"), $"More than {most} {(limit.Measure == LimitMeasure.Spend ? "spent" : measure)} in the last {span} ({limit.Name}).", limit.Action);
    }

    static FraudFinding? SuddenIn(SuddenChange rule, UsualHour usual, CallUse last)
    {
        var calls = last.Calls + 1;
        if (calls >= rule.LeastCalls && (Int128)calls * 100 > (Int128)usual.Calls * rule.Percent)
            return new(new(Sudden, "calls"), $"{calls} calls in the last hour; {usual.Calls} are usual.", rule.Action);
        return rule.LeastSpendMicros is { } least && last.SpendMicros >= least && (Int128)last.SpendMicros * 100 > (Int128)usual.SpendMicros * rule.Percent
            ? new(new(Sudden, "spend"), $"{Money.Format(last.SpendMicros)} spent in the last hour; {Money.Format(usual.SpendMicros)} is usual.", rule.Action)
            : null;
    }

    static int LongestMatch(ImmutableArray<string> prefixes, ReadOnlySpan<char> digits)
    {
        var longest = 0;
        foreach (var prefix in prefixes)
            if (prefix.Length > longest && digits.StartsWith(prefix, StringComparison.Ordinal))
                longest = prefix.Length;
        return longest;
    }
}
