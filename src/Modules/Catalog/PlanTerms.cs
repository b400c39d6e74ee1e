using System.Text.Json;
using System.Text.Json.Serialization;
using Balatrix.Core;
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

/// <summary>What a plan version says; stored as it is and never changed.</summary>
public sealed record PlanTerms
{
    /// <summary>Recurring prices.</summary>
    public PlanPrices? Prices { get; init; }

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
        foreach (var (name, price) in new[] { ("monthly", Prices?.Monthly), ("quarterly", Prices?.Quarterly), ("annual", Prices?.Annual) })
            if (price is not null && (!Money.TryParse(price, out var micros) || micros < 0))
                return Problem.Invalid($"terms.prices.{name}", "a decimal string such as \"349.00\"");
        for (var i = 0; i < Allowances.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(Allowances[i].Name))
                return Problem.Invalid($"terms.allowances[{i}].name", "a name");
            if (!Services.TryParse(Allowances[i].Service, out _))
                return Problem.Invalid($"terms.allowances[{i}].service", Services.Expected);
            if (Allowances[i].Quantity is <= 0 or > 1_000_000_000_000)
                return Problem.Invalid($"terms.allowances[{i}].quantity", "seconds or units, more than 0");
        }
        foreach (var (service, names) in Decks)
            if (!Services.TryParse(service, out _) || names is null || Array.Exists(names, string.IsNullOrWhiteSpace))
                return Problem.Invalid($"terms.decks.{service}", $"names of rate decks under {Services.Expected}");
        return SmsChargeOn is "submit" or "delivery" ? null : Problem.Invalid("terms.smsChargeOn", "submit or delivery");
    }
}

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
