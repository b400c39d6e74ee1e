namespace Balatrix.Modules.Catalog;

/// <summary>When a version of a tariff holds for an account.</summary>
/// <param name="From">First instant.</param>
/// <param name="To">First instant after it, or null.</param>
/// <param name="TariffVersionId">The version.</param>
public readonly record struct TariffSpan(DateTimeOffset From, DateTimeOffset? To, int TariffVersionId)
{
    /// <summary>The version that holds for use at a time, or null.</summary>
    public static int? At(List<TariffSpan>? spans, DateTimeOffset at)
    {
        if (spans is not null)
            foreach (var span in spans)
                if (span.From <= at && (span.To is null || at < span.To))
                    return span.TariffVersionId;
        return null;
    }
}
