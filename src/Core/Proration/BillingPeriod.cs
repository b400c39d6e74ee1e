namespace Balatrix.Core.Proration;

/// <summary>How often a recurring price falls due; the value is its months. Numbers are stored.</summary>
public enum BillingCycle : short
{
    /// <summary>Every month.</summary>
    Monthly = 1,

    /// <summary>Every three months.</summary>
    Quarterly = 3,

    /// <summary>Every twelve months.</summary>
    Annual = 12,
}

/// <summary>A span of time, half-open: the next period begins where it ends.</summary>
/// <param name="From">First instant.</param>
/// <param name="To">First instant after it.</param>
public readonly record struct BillingPeriod(DateTimeOffset From, DateTimeOffset To)
{
    /// <summary>Whether an instant is within it.</summary>
    public bool Contains(DateTimeOffset at) => From <= at && at < To;

    /// <summary>What is left of it from an instant on.</summary>
    public BillingPeriod Since(DateTimeOffset at) => at > From ? new(at < To ? at : To, To) : this;

    /// <summary>Its whole seconds.</summary>
    public long Seconds => (To - From).Ticks / TimeSpan.TicksPerSecond;
}
