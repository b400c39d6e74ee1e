namespace Balatrix.Core.Charging;

/// <summary>What is to be posted when a use is priced anew after its rate was mended.</summary>
public static class Rerating
{
    /// <summary>
    /// The difference in micro-units: positive is charged in addition, negative is given back. What the balance could not pay
    /// at the time stays unpaid, and a lower price eats into that before anything is given back.
    /// </summary>
    /// <param name="chargedMicros">What the use was charged.</param>
    /// <param name="shortfallMicros">What of its price the balance could not pay.</param>
    /// <param name="adjustedMicros">What earlier re-ratings and corrections charged in addition (negative: gave back).</param>
    /// <param name="priceMicros">The price now.</param>
    public static long Difference(long chargedMicros, long shortfallMicros, long adjustedMicros, long priceMicros)
    {
        var due = Math.Min(priceMicros, Math.Max(chargedMicros, priceMicros - shortfallMicros));
        return due - (chargedMicros + adjustedMicros);
    }
}
