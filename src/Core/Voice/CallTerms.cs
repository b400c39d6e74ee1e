namespace Balatrix.Core.Voice;

/// <summary>The lengths that a call is controlled by, in milliseconds.</summary>
/// <param name="SliceMs">Reserved at a time.</param>
/// <param name="WarnMs">Before the end of the last slice the caller hears that the money runs out; 0 for never.</param>
/// <param name="MostMs">The longest call.</param>
/// <param name="GraceMs">How long a call that is gone waits for its record before it is settled by estimate.</param>
/// <param name="HeartbeatMs">Between two signs of life of a call.</param>
public sealed record CallTerms(int SliceMs = 60_000, int WarnMs = 15_000, int MostMs = 14_400_000, int GraceMs = 120_000, int HeartbeatMs = 20_000)
{
    /// <summary>Pause before something that failed is tried again.</summary>
    public int RetryMs => Math.Clamp(SliceMs / 8, 100, 2_000);
}
