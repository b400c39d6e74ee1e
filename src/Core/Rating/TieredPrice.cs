namespace Balatrix.Core.Rating;

/// <summary>One tier of a tiered price. Quantities are thousandths of a unit, so that tiers and intervals of fractions are exact.</summary>
/// <param name="FromMilli">The tier begins after this much.</param>
/// <param name="ToMilli">And ends at this much; null is without end.</param>
/// <param name="IntervalMilli">Price of each started interval.</param>
/// <param name="PriceMicros">Micro-units for one interval.</param>
public readonly record struct PriceTier(long FromMilli, long? ToMilli, long IntervalMilli, long PriceMicros);

/// <summary>Prices by quantity: graduated, volume and package. All exact; a charge of zero use is zero.</summary>
public static class TieredPrice
{
    /// <summary>Each part of the quantity at the price of its own tier; each tier takes its own length of what is left.</summary>
    public static long Graduated(ReadOnlySpan<PriceTier> tiers, long quantityMilli)
    {
        if (quantityMilli < 0)
            return -Graduated(tiers, -quantityMilli);
        long total = 0, left = quantityMilli;
        foreach (var tier in tiers)
        {
            if (left <= 0)
                break;
            var part = tier.ToMilli is { } end ? Math.Min(left, end - tier.FromMilli) : left;
            total = checked(total + (Started(part, tier.IntervalMilli) * tier.PriceMicros));
            left -= part;
        }
        return total;
    }

    /// <summary>The whole quantity at the price of the tier that it reaches; beyond the last tier, of the last.</summary>
    public static long Volume(ReadOnlySpan<PriceTier> tiers, long quantityMilli)
    {
        if (tiers.IsEmpty || quantityMilli <= 0)
            return 0;
        var reached = tiers[^1];
        foreach (var tier in tiers)
        {
            if (tier.ToMilli is null || quantityMilli <= tier.ToMilli)
            {
                reached = tier;
                break;
            }
        }
        return checked(Started(quantityMilli, reached.IntervalMilli) * reached.PriceMicros);
    }

    /// <summary>Whole packages, each begun one in full.</summary>
    public static long Package(long sizeMilli, long priceMicros, long quantityMilli) =>
        quantityMilli <= 0 ? 0 : checked(Started(quantityMilli, sizeMilli) * priceMicros);

    static long Started(long quantity, long interval) => (quantity + interval - 1) / interval;
}
