namespace Balatrix.Core.Rating;

/// <summary>One step of a volume discount.</summary>
/// <param name="From">The quantity or the spend in micro-units that reaches it.</param>
/// <param name="PercentMicros">Percent off, in millionths of a percent.</param>
public readonly record struct VolumeTier(long From, long PercentMicros);

/// <summary>Percent off by volume. It is a function of a whole period's sums, so the order and the splitting of the use make no difference.</summary>
public static class VolumeDiscount
{
    /// <summary>One hundred percent.</summary>
    public const long WholeMicros = 100 * Money.MicrosPerUnit;

    /// <summary>Percent off, in millionths of a percent, that a volume reaches; 0 below the first tier.</summary>
    /// <param name="tiers">In ascending order of <see cref="VolumeTier.From"/>.</param>
    /// <param name="volume">Quantity or spend of the period.</param>
    public static long PercentAt(ReadOnlySpan<VolumeTier> tiers, long volume)
    {
        var percent = 0L;
        foreach (var tier in tiers)
            if (tier.From <= volume)
                percent = tier.PercentMicros;
        return percent;
    }

    /// <summary>What is given back of a period's spend: its one rounding, half up to four decimals as charges are.</summary>
    public static long Of(long spendMicros, long percentMicros) =>
        spendMicros <= 0 ? 0 : Math.Min(spendMicros, new ExactAmount((Int128)spendMicros * percentMicros, WholeMicros).Round(Rounding.HalfUp, 4));
}
