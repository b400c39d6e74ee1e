namespace Balatrix.Core.Proration;

/// <summary>The share of a period's price that a part of the period comes to. Here alone subscriptions round.</summary>
public static class ProratedPrice
{
    /// <summary>Amounts of a part are whole hundredths of the currency's main unit (paisa), as invoices need them.</summary>
    public const long UnitMicros = Money.MicrosPerUnit / 100;

    /// <summary>Price × seconds of the part ÷ seconds of the whole, half up to <see cref="UnitMicros"/>; the whole period costs exactly its price, and no part costs more.</summary>
    /// <param name="priceMicros">Of the whole period; not negative.</param>
    /// <param name="part">Within the whole period.</param>
    /// <param name="whole">The period that the price is for.</param>
    public static long Of(long priceMicros, BillingPeriod part, BillingPeriod whole)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(priceMicros);
        if (part.From < whole.From || part.To > whole.To)
            throw new ArgumentOutOfRangeException(nameof(part), part, "Not within the whole period.");
        if (part == whole)
            return priceMicros;
        var (units, rest) = Int128.DivRem((Int128)priceMicros * part.Seconds, (Int128)whole.Seconds * UnitMicros);
        if (rest * 2 >= (Int128)whole.Seconds * UnitMicros)
            units++;
        return Math.Min(priceMicros, (long)units * UnitMicros);
    }

    /// <summary>The share of included use that a part of the period brings, raised to whole seconds or units: what is lost in rounding is the customer's.</summary>
    /// <param name="quantity">Of the whole period; not negative.</param>
    /// <param name="part">Within the whole period.</param>
    /// <param name="whole">The period that the quantity is for.</param>
    public static long QuantityOf(long quantity, BillingPeriod part, BillingPeriod whole)
    {
        if (part == whole)
            return quantity;
        var (shares, rest) = Int128.DivRem((Int128)quantity * part.Seconds, whole.Seconds);
        return (long)(rest > 0 ? shares + 1 : shares);
    }

    /// <summary>Three months less five percent, half up to <see cref="UnitMicros"/>: the quarterly price of a plan that names none.</summary>
    public static long QuarterlyOf(long monthlyMicros)
    {
        var (units, rest) = Int128.DivRem((Int128)monthlyMicros * 3 * 95, 100 * UnitMicros);
        return (long)(rest * 2 >= 100 * UnitMicros ? units + 1 : units) * UnitMicros;
    }
}
