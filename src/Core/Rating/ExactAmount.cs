namespace Balatrix.Core.Rating;

/// <summary>An exact sum of micro-unit fractions, rounded once at the end.</summary>
readonly record struct ExactAmount(Int128 Numerator, long Denominator)
{
    /// <summary>Nothing.</summary>
    public static readonly ExactAmount Zero = new(0, 1);

    /// <summary>A price for some seconds: rate × seconds ÷ unit.</summary>
    public static ExactAmount Of(long rateMicros, long seconds, int unitSeconds) => new((Int128)rateMicros * seconds, unitSeconds);

    /// <summary>The sum; denominators are few and small, so a common one is enough.</summary>
    public ExactAmount Plus(ExactAmount other)
    {
        if (Denominator == other.Denominator)
            return new(Numerator + other.Numerator, Denominator);
        var divisor = GreatestCommonDivisor(Denominator, other.Denominator);
        return new(
            (Numerator * (other.Denominator / divisor)) + (other.Numerator * (Denominator / divisor)),
            Denominator / divisor * other.Denominator);
    }

    /// <summary>Adds whole micro-units.</summary>
    public ExactAmount Plus(long micros) => new(Numerator + ((Int128)micros * Denominator), Denominator);

    /// <summary>Whether it is more than a whole number of micro-units.</summary>
    public bool Exceeds(long micros) => Numerator > (Int128)micros * Denominator;

    /// <summary>Rounds to a number of decimals of the main unit; <see cref="long.MaxValue"/> beyond 64 bits.</summary>
    public long Round(Rounding rounding, int decimals)
    {
        var unit = UnitOf(decimals);
        long quotient;
        bool isHalf, isMore, isExact;
        if (Numerator <= long.MaxValue && Denominator <= long.MaxValue / unit)
        {
            var divisor = Denominator * unit;
            quotient = Math.DivRem((long)Numerator, divisor, out var rest);
            (isExact, isHalf, isMore) = (rest == 0, rest == divisor - rest, rest > divisor - rest);
        }
        else
        {
            var divisor = (Int128)Denominator * unit;
            var (whole, rest) = Int128.DivRem(Numerator, divisor);
            if (whole > long.MaxValue / unit - 1)
                return long.MaxValue;
            quotient = (long)whole;
            (isExact, isHalf, isMore) = (rest == 0, rest == divisor - rest, rest > divisor - rest);
        }
        var raise = !isExact && rounding switch
        {
            Rounding.Up => true,
            Rounding.Down => false,
            Rounding.HalfEven => isMore || (isHalf && (quotient & 1) == 1),
            _ => isMore || isHalf,
        };
        return (quotient + (raise ? 1 : 0)) * unit;
    }

    static long UnitOf(int decimals) => decimals switch
    {
        6 => 1,
        5 => 10,
        4 => 100,
        3 => 1_000,
        2 => 10_000,
        1 => 100_000,
        _ => 1_000_000,
    };

    static long GreatestCommonDivisor(long a, long b)
    {
        while (b != 0)
            (a, b) = (b, a % b);
        return a;
    }
}
