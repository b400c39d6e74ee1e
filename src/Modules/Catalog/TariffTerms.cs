using System.Globalization;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Catalog;

/// <summary>A custom price: a row of a rate deck, named as there; what is left out has a deck's default. It is searched before the plan's decks.</summary>
/// <param name="Service">voice.outbound, voice.inbound, sms or event.</param>
/// <param name="Prefix">Digits of E.164 without +, or *; for voice.</param>
/// <param name="Mcc">Mobile country code, or *; for sms.</param>
/// <param name="Mnc">Mobile network code, or * for all of the country; for sms.</param>
/// <param name="Channel">For events.</param>
/// <param name="Rate">Of a unit of seconds, a message or an event; a decimal string.</param>
/// <param name="Description">Name of the destination, which allowances and discounts go by; the plan's name for it when left out.</param>
/// <param name="ConnectFee">Charged once when anything is.</param>
/// <param name="RateUnitSeconds">Seconds that the rate buys.</param>
/// <param name="MinimumSeconds">Billed at least.</param>
/// <param name="IncrementSeconds">Used seconds are raised to a multiple of it.</param>
/// <param name="FreeSeconds">Calls up to this long cost nothing.</param>
/// <param name="MaxCharge">The most that one use costs.</param>
/// <param name="Rounding">up, half_up, half_even or down.</param>
/// <param name="Decimals">Of the charge, 0 to 6.</param>
public sealed record TariffPrice(
    string? Service, string? Prefix, string? Mcc, string? Mnc, string? Channel, string? Rate, string? Description, string? ConnectFee, int? RateUnitSeconds,
    int? MinimumSeconds, int? IncrementSeconds, int? FreeSeconds, string? MaxCharge, string? Rounding, int? Decimals);

/// <summary>One step of a volume discount, reached by a quantity or by a spend.</summary>
/// <param name="FromQuantity">Billed seconds, segments or events of the month.</param>
/// <param name="FromSpend">Or what they cost, as a decimal string.</param>
/// <param name="PercentOff">Off all of the month's use, as a decimal string.</param>
public sealed record TariffTier(long? FromQuantity, string? FromSpend, string? PercentOff);

/// <summary>Percent off the use of a calendar month, credited when the month is over.</summary>
/// <param name="Name">Shown on the credit.</param>
/// <param name="Service">voice.outbound, voice.inbound, sms or event.</param>
/// <param name="DestinationGroup">Destinations of this description, or beginning with it and a blank; empty counts all.</param>
/// <param name="Tiers">In ascending order, all by quantity or all by spend; the highest that is reached holds for the whole month.</param>
public sealed record TariffDiscount(string? Name, string? Service, string? DestinationGroup, TariffTier[]? Tiers)
{
    /// <summary>Whether its tiers are reached by spend.</summary>
    public bool IsBySpend() => Tiers is [{ FromSpend: not null }, ..];

    /// <summary>Its tiers, once they are valid.</summary>
    public VolumeTier[] VolumeTiers() =>
        [.. (Tiers ?? []).Select(t => new VolumeTier(t.FromQuantity ?? TariffChecks.Micros(t.FromSpend) ?? 0, TariffChecks.Micros(t.PercentOff) ?? 0))];
}

/// <summary>What a tariff version says; stored as it is and never changed.</summary>
public sealed record TariffTerms
{
    /// <summary>Custom prices.</summary>
    public TariffPrice[] Prices { get; init; } = [];

    /// <summary>Volume discounts.</summary>
    public TariffDiscount[] Discounts { get; init; } = [];

    /// <summary>The first fault, or null.</summary>
    public Problem? Validate() => TariffChecks.Check(this);

    /// <summary>The rates of a service.</summary>
    public List<Rate> RatesOf(Service service) => TariffPrices.Read(this, service).Rates;
}

/// <summary>Custom prices are read as lines of a rate deck, so that one set of rules holds for both.</summary>
static class TariffPrices
{
    static readonly (string Column, Func<TariffPrice, string?> Value)[] Terms =
    [
        ("rate", p => p.Rate), ("description", p => p.Description), ("connect_fee", p => p.ConnectFee), ("rate_unit_seconds", p => Text(p.RateUnitSeconds)),
        ("minimum_seconds", p => Text(p.MinimumSeconds)), ("increment_seconds", p => Text(p.IncrementSeconds)), ("free_seconds", p => Text(p.FreeSeconds)),
        ("max_charge", p => p.MaxCharge), ("rounding", p => p.Rounding), ("decimals", p => Text(p.Decimals)),
    ];

    static readonly (string Column, Func<TariffPrice, string?> Value)[] VoiceKey = [("prefix", p => p.Prefix)];

    static readonly (string Column, Func<TariffPrice, string?> Value)[] SmsKey = [("mcc", p => p.Mcc), ("mnc", p => p.Mnc)];

    static readonly (string Column, Func<TariffPrice, string?> Value)[] EventKey = [("channel", p => p.Channel)];

    /// <summary>What decks of a service price.</summary>
    public static DeckKind KindOf(Service service) => service switch
    {
        Service.Sms => DeckKind.Sms,
        Service.Event => DeckKind.Event,
        _ => DeckKind.Voice,
    };

    /// <summary>Reads the prices of a service; price number n of it is line n + 2.</summary>
    public static RateDeckFile Read(TariffTerms terms, Service service)
    {
        var kind = KindOf(service);
        var columns = (kind switch { DeckKind.Sms => SmsKey, DeckKind.Event => EventKey, _ => VoiceKey }).Concat(Terms).ToList();
        var name = Services.Name(service);
        var lines = terms.Prices.Where(p => p.Service == name).Select(p => string.Join(',', columns.Select(c => Quoted(c.Value(p)))));
        using var file = new StringReader(string.Join('\n', lines.Prepend(string.Join(',', columns.Select(c => c.Column)))));
        return RateDeckCsv.Read(file, kind);
    }

    static string Quoted(string? text) => $"\"{text?.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    static string? Text(int? number) => number?.ToString(CultureInfo.InvariantCulture);
}
