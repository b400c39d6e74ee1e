namespace Balatrix.Core.Payments;

/// <summary>The whole numbers that gateways speak of: paisa, cents; yen, which have no part; thousandths of a dinar.</summary>
/// <remarks>As Stripe and Razorpay count them: ISK and UGX have no part in use but are sent with two decimals, and thousandths must end in zero.</remarks>
public static class MinorUnits
{
    static readonly HashSet<string> Whole = new(StringComparer.Ordinal)
    {
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
    };

    static readonly HashSet<string> Thousandths = new(StringComparer.Ordinal) { "BHD", "JOD", "KWD", "OMR", "TND" };

    /// <summary>The amount as a gateway takes it; false when it is not exactly that, which is the caller's mistake.</summary>
    public static bool TryFrom(Money amount, out long minor)
    {
        var (micros, unit) = (amount.Micros, MicrosPerMinor(amount.Currency));
        minor = micros / unit;
        return micros % unit == 0 && (!Thousandths.Contains(amount.Currency) || minor % 10 == 0);
    }

    /// <summary>What a gateway means by so many minor units of a currency, in either case; false when it is more than we can count.</summary>
    public static bool TryToMoney(long minor, string currency, out Money amount)
    {
        var code = currency.ToUpperInvariant();
        var unit = MicrosPerMinor(code);
        var isCountable = minor <= long.MaxValue / unit && minor >= -(long.MaxValue / unit) && code.Length == 3 && code.All(char.IsAsciiLetterUpper);
        amount = isCountable ? new Money(minor * unit, code) : default;
        return isCountable;
    }

    static long MicrosPerMinor(string currency) => Whole.Contains(currency) ? Money.MicrosPerUnit : Money.MicrosPerUnit / (Thousandths.Contains(currency) ? 1000 : 100);
}
