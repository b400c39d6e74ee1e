using System.Text.Json;
using System.Text.Json.Serialization;
using Balatrix.Core;
using Balatrix.Core.Proration;
using Balatrix.Core.Subscriptions;
using Balatrix.Core.Usage;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Catalog;

/// <summary>Recurring prices, without tax, as decimal strings in the plan's currency.</summary>
public sealed record PlanPrices(string? Monthly, string? Quarterly, string? Annual);

/// <summary>Use that a plan includes in every period.</summary>
/// <param name="Name">Shown in traces.</param>
/// <param name="Service">voice.outbound, voice.inbound, sms or event.</param>
/// <param name="DestinationGroup">Destinations of this description, or beginning with it and a blank; empty covers all.</param>
/// <param name="Quantity">Seconds of voice, segments or events.</param>
/// <param name="Rollover">Whether what is left moves to the next period.</param>
public sealed record PlanAllowance(string Name, string Service, string? DestinationGroup, long Quantity, bool Rollover);

/// <summary>How subscriptions to a plan begin, remind, wait for money and give up; what is left out is as <see cref="RenewalRules"/> has it.</summary>
/// <param name="TrialDays">Days in service before the first payment.</param>
/// <param name="RemindDaysBefore">Days before the end of a period that the customer is told; 0 tells nothing.</param>
/// <param name="GraceDays">Days in service without payment.</param>
/// <param name="EndAfterDays">Days that a suspended subscription waits for money.</param>
public sealed record PlanRenewal(int? TrialDays, int? RemindDaysBefore, int? GraceDays, int? EndAfterDays);

/// <summary>What a plan version says; stored as it is and never changed.</summary>
public sealed record PlanTerms
{
    /// <summary>Recurring prices.</summary>
    public PlanPrices? Prices { get; init; }

    /// <summary>How subscriptions to it renew.</summary>
    public PlanRenewal? Renewal { get; init; }

    /// <summary>Included use.</summary>
    public PlanAllowance[] Allowances { get; init; } = [];

    /// <summary>Names of rate decks by service, first preference first.</summary>
    public Dictionary<string, string[]> Decks { get; init; } = [];

    /// <summary>"submit" (the default) or "delivery": whether a message that was not delivered is refunded.</summary>
    public string SmsChargeOn { get; init; } = "submit";

    /// <summary>Price of a minute beyond the allowance, for display; the decks are what is charged.</summary>
    public string? OveragePerMinute { get; init; }

    /// <summary>Features by name.</summary>
    public string[] Features { get; init; } = [];

    /// <summary>Limits by name (concurrentCalls, extensions, dids, tollFreeNumbers).</summary>
    public Dictionary<string, int> Limits { get; init; } = [];

    /// <summary>How terms are written to the database and read from it.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>The first fault of the terms, or null.</summary>
    public Problem? Validate()
    {
        foreach (var (name, price) in new[]
            { ("prices.monthly", Prices?.Monthly), ("prices.quarterly", Prices?.Quarterly), ("prices.annual", Prices?.Annual), ("overagePerMinute", OveragePerMinute) })
            if (price is not null && (!Money.TryParse(price, out var micros) || micros < 0))
                return Problem.Invalid($"terms.{name}", "a decimal string such as \"349.00\"");
        foreach (var (name, days, from, to) in new[]
            { ("trialDays", Renewal?.TrialDays, 0, 365), ("remindDaysBefore", Renewal?.RemindDaysBefore, 0, 27), ("graceDays", Renewal?.GraceDays, 0, 27), ("endAfterDays", Renewal?.EndAfterDays, 1, 365) })
            if (days < from || days > to)
                return Problem.Invalid($"terms.renewal.{name}", $"{from} to {to}");
        if (Allowances is null || Decks is null || Features is null || Limits is null)
            return Problem.Invalid("terms", "allowances, decks, features and limits that are not null");
        if (Features.Length > 100 || Array.Exists(Features, f => !IsName(f, 100)))
            return Problem.Invalid("terms.features", "at most 100 names of 1 to 100 characters");
        foreach (var (name, limit) in Limits)
            if (!IsName(name, 64) || limit < 0)
                return Problem.Invalid($"terms.limits.{name}", "a number not below 0");
        return ValidateAllowances() ?? ValidateDecks();
    }

    /// <summary>The recurring price of a cycle, or null when the plan is not sold by it; a quarter that is not named is three months less 5 %.</summary>
    public long? PriceMicros(BillingCycle cycle) => cycle switch
    {
        BillingCycle.Monthly => Micros(Prices?.Monthly),
        BillingCycle.Quarterly => Micros(Prices?.Quarterly) ?? (Micros(Prices?.Monthly) is { } monthly ? ProratedPrice.QuarterlyOf(monthly) : null),
        _ => Micros(Prices?.Annual),
    };

    /// <summary>How subscriptions to it renew.</summary>
    public RenewalRules RenewalRules()
    {
        var usual = new RenewalRules();
        return new(
            Renewal?.TrialDays ?? usual.TrialDays, Renewal?.RemindDaysBefore ?? usual.RemindDaysBefore, Renewal?.GraceDays ?? usual.GraceDays, Renewal?.EndAfterDays ?? usual.EndAfterDays);
    }

    /// <summary>What an account on these terms is granted for a period.</summary>
    public IEnumerable<AllowanceGrant> AllowancesFor(DateTimeOffset from, DateTimeOffset to)
    {
        foreach (var allowance in Allowances)
            if (Services.TryParse(allowance.Service, out var service))
                yield return new(service, allowance.DestinationGroup ?? "", allowance.Name, allowance.Quantity, from, to);
    }

    /// <summary>The calendar month, in a tenant's zone, that an instant falls in: the period of allowances.</summary>
    public static (DateTimeOffset From, DateTimeOffset To) MonthOf(DateTimeOffset at, TimeZoneInfo zone)
    {
        var day = zone.DayOf(at);
        var first = new DateOnly(day.Year, day.Month, 1);
        return (zone.StartOf(first), zone.StartOf(first.AddMonths(1)));
    }

    Problem? ValidateAllowances()
    {
        if (Allowances.Length > 100)
            return Problem.Invalid("terms.allowances", "at most 100");
        for (var i = 0; i < Allowances.Length; i++)
        {
            var at = $"terms.allowances[{i}]";
            if (Allowances[i] is not { } allowance)
                return Problem.Invalid(at, "an object");
            if (!IsName(allowance.Name, 100))
                return Problem.Invalid($"{at}.name", "1 to 100 characters");
            if (!Services.TryParse(allowance.Service, out _))
                return Problem.Invalid($"{at}.service", Services.Expected);
            if (allowance.DestinationGroup is { Length: > 100 })
                return Problem.Invalid($"{at}.destinationGroup", "at most 100 characters");
            if (allowance.Quantity is <= 0 or > 1_000_000_000_000)
                return Problem.Invalid($"{at}.quantity", "seconds or units, more than 0");
        }
        return null;
    }

    Problem? ValidateDecks()
    {
        foreach (var (service, names) in Decks)
            if (!Services.TryParse(service, out _) || names is null or { Length: > 20 } || Array.Exists(names, n => !IsName(n, 200)))
                return Problem.Invalid($"terms.decks.{service}", $"at most 20 names of rate decks under {Services.Expected}");
        return SmsChargeOn is "submit" or "delivery" ? null : Problem.Invalid("terms.smsChargeOn", "submit or delivery");
    }

    static long? Micros(string? price) => price is not null && Money.TryParse(price, out var micros) ? micros : null;

    static bool IsName(string? text, int longest) => !string.IsNullOrWhiteSpace(text) && text.Length <= longest;
}

/// <summary>An allowance to be given to an account.</summary>
/// <param name="Service">What it covers.</param>
/// <param name="DestinationGroup">Destinations that it covers; empty covers all.</param>
/// <param name="Name">Shown in traces.</param>
/// <param name="Quantity">Seconds of voice, segments or events.</param>
/// <param name="ValidFrom">First instant of its period.</param>
/// <param name="ValidTo">First instant after its period.</param>
public sealed record AllowanceGrant(Service Service, string DestinationGroup, string Name, long Quantity, DateTimeOffset ValidFrom, DateTimeOffset ValidTo);

/// <summary>Names of services as the API shows them.</summary>
public static class Services
{
    /// <summary>What a name must be.</summary>
    public const string Expected = "one of voice.outbound, voice.inbound, sms, event";

    /// <summary>The name.</summary>
    public static string Name(Service service) => service switch
    {
        Service.VoiceOutbound => "voice.outbound",
        Service.VoiceInbound => "voice.inbound",
        Service.Sms => "sms",
        Service.Event => "event",
        _ => throw new ArgumentOutOfRangeException(nameof(service), service, "Not a service."),
    };

    /// <summary>Reads a name.</summary>
    public static bool TryParse(string? name, out Service service)
    {
        service = name switch
        {
            "voice.outbound" => Service.VoiceOutbound,
            "voice.inbound" => Service.VoiceInbound,
            "sms" => Service.Sms,
            "event" => Service.Event,
            _ => default,
        };
        return service != default;
    }
}
