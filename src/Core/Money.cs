using System.Globalization;

namespace Balatrix.Core;

/// <summary>An exact amount: whole micro-units (1 INR = 1,000,000) of an ISO 4217 currency. Amounts of two currencies never add.</summary>
/// <param name="Micros">Millionths of the currency's main unit; may be negative.</param>
/// <param name="Currency">ISO 4217 code, three upper-case letters.</param>
public readonly record struct Money(long Micros, string Currency)
{
    /// <summary>Micro-units in one main unit.</summary>
    public const long MicrosPerUnit = 1_000_000;

    /// <summary>The amount as a plain decimal, at least two and at most six decimals ("349.00", "0.0015").</summary>
    public static string Format(long micros)
    {
        var whole = Math.Abs((decimal)micros) / MicrosPerUnit;
        return (micros < 0 ? "-" : "") + whole.ToString("0.00####", CultureInfo.InvariantCulture);
    }

    /// <summary>Reads a plain decimal of at most six decimals ("349", "-0.000001"); no exponent, grouping, blanks or plus sign.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long micros)
    {
        micros = 0;
        if (text.IsEmpty || text.Length > 20)
            return false;
        var negative = text[0] == '-';
        var digits = negative ? text[1..] : text;
        var dot = digits.IndexOf('.');
        var whole = dot < 0 ? digits : digits[..dot];
        var fraction = dot < 0 ? default : digits[(dot + 1)..];
        if (whole.IsEmpty || (dot >= 0 && fraction.IsEmpty) || fraction.Length > 6 || whole.Length > 12)
            return false;
        if (whole.ContainsAnyExceptInRange('0', '9') || fraction.ContainsAnyExceptInRange('0', '9'))
            return false;
        var value = long.Parse(whole, NumberStyles.None, CultureInfo.InvariantCulture) * MicrosPerUnit;
        for (var (i, unit) = (0, MicrosPerUnit / 10); i < fraction.Length; i++, unit /= 10)
            value += (fraction[i] - '0') * unit;
        micros = negative ? -value : value;
        return true;
    }

    /// <summary>Adds two amounts of one currency.</summary>
    /// <exception cref="InvalidOperationException">The currencies differ.</exception>
    public static Money operator +(Money left, Money right) =>
        new(checked(left.Micros + SameCurrency(left, right).Micros), left.Currency);

    /// <summary>Subtracts two amounts of one currency.</summary>
    /// <exception cref="InvalidOperationException">The currencies differ.</exception>
    public static Money operator -(Money left, Money right) =>
        new(checked(left.Micros - SameCurrency(left, right).Micros), left.Currency);

    /// <summary>The named form of +.</summary>
    public static Money Add(Money left, Money right) => left + right;

    /// <summary>The named form of -.</summary>
    public static Money Subtract(Money left, Money right) => left - right;

    /// <inheritdoc/>
    public override string ToString() => $"{Format(Micros)} {Currency}";

    static Money SameCurrency(Money left, Money right) =>
        string.Equals(left.Currency, right.Currency, StringComparison.Ordinal)
            ? right
            : throw new InvalidOperationException($"Cannot combine {left.Currency} with {right.Currency}.");
}
