using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Catalog;

/// <summary>What is wrong with a tariff, named by the field.</summary>
static class TariffChecks
{
    const int MostPrices = 10_000;
    const int Most = 100;

    /// <summary>The first fault, or null.</summary>
    public static Problem? Check(TariffTerms terms)
    {
        if (terms.Prices is null or { Length: > MostPrices } || terms.Discounts is null or { Length: > Most })
            return Problem.Invalid("terms", $"at most {MostPrices} prices and {Most} discounts, none of them null");
        if (terms is { Prices: [], Discounts: [] })
            return Problem.Invalid("terms", "a price or a discount");
        return CheckPrices(terms) ?? CheckDiscounts(terms.Discounts);
    }

    static Problem? CheckPrices(TariffTerms terms)
    {
        for (var i = 0; i < terms.Prices.Length; i++)
        {
            if (terms.Prices[i] is not { } price || !Services.TryParse(price.Service, out _))
                return Problem.Invalid($"terms.prices[{i}].service", Services.Expected);
            if (new[] { price.Prefix, price.Mcc, price.Mnc, price.Channel, price.Rate, price.Description, price.ConnectFee, price.MaxCharge, price.Rounding }
                .Any(t => t is not null && (t.Length > 100 || t.Any(char.IsControl))))
                return Problem.Invalid($"terms.prices[{i}]", "texts of at most 100 characters without line breaks");
        }
        foreach (var service in Enum.GetValues<Service>())
        {
            if (TariffPrices.Read(terms, service) is not { ErrorCount: > 0, Errors: [var error, ..] })
                continue;
            var name = Services.Name(service);
            var index = terms.Prices.Index().Where(p => p.Item.Service == name).ElementAt(error.Line - 2).Index;
            return Problem.Invalid($"terms.prices[{index}].{FieldOf(error.Column)}", error.Expected);
        }
        return null;
    }

    static Problem? CheckDiscounts(TariffDiscount[] discounts)
    {
        for (var i = 0; i < discounts.Length; i++)
        {
            var at = $"terms.discounts[{i}]";
            if (discounts[i] is not { Name.Length: > 0 and <= 100 } discount || discount.Name.Any(char.IsControl))
                return Problem.Invalid($"{at}.name", "1 to 100 characters");
            if (!Services.TryParse(discount.Service, out _))
                return Problem.Invalid($"{at}.service", Services.Expected);
            if (discount.DestinationGroup is { } group && (group.Length > 100 || group.Any(char.IsControl)))
                return Problem.Invalid($"{at}.destinationGroup", "at most 100 characters");
            if (Array.Exists(discounts[..i], d => d.Name == discount.Name))
                return Problem.Invalid($"{at}.name", "a name that no other discount of the tariff has");
            // Two discounts on one use could give more than it cost.
            if (Array.Exists(discounts[..i], d => d.Service == discount.Service && (Contains(d, discount) || Contains(discount, d))))
                return Problem.Invalid($"{at}.destinationGroup", "destinations that no other discount of the service has");
            if (CheckTiers(at, discount.Tiers) is { } problem)
                return problem;
        }
        return null;
    }

    static Problem? CheckTiers(string at, TariffTier[]? tiers)
    {
        if (tiers is null or { Length: 0 or > Most })
            return Problem.Invalid($"{at}.tiers", $"1 to {Most} tiers");
        var bySpend = tiers[0]?.FromSpend is not null;
        var last = -1L;
        for (var i = 0; i < tiers.Length; i++)
        {
            var field = $"{at}.tiers[{i}].{(bySpend ? "fromSpend" : "fromQuantity")}";
            if (tiers[i] is not { } tier || tier.FromQuantity is null == tier.FromSpend is null || tier.FromSpend is not null != bySpend)
                return Problem.Invalid(field, "fromQuantity in all tiers, or fromSpend in all");
            if ((bySpend ? Micros(tier.FromSpend) : tier.FromQuantity) is not (>= 0 and <= Charging.MaxMicros and var from) || from <= last)
                return Problem.Invalid(field, bySpend ? "a decimal string above the tier before" : "a whole number above the tier before");
            if (Micros(tier.PercentOff) is not (> 0 and <= VolumeDiscount.WholeMicros))
                return Problem.Invalid($"{at}.tiers[{i}].percentOff", "a decimal string above 0, at most \"100\"");
            last = from;
        }
        return null;
    }

    /// <summary>A decimal string in millionths, or null.</summary>
    public static long? Micros(string? text) => Money.TryParse(text, out var micros) ? micros : null;

    static bool Contains(TariffDiscount outer, TariffDiscount inner) => AllowanceState.IsInGroup(outer.DestinationGroup ?? "", inner.DestinationGroup ?? "");

    /// <summary>"rate_unit_seconds" as "rateUnitSeconds".</summary>
    static string FieldOf(string column) =>
        JsonNamingPolicy.CamelCase.ConvertName(string.Concat(column.Split('_').Select(w => w.Length == 0 ? w : char.ToUpperInvariant(w[0]) + w[1..])));
}
