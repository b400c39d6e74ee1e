using Balatrix.Core.Voice.Routing;

namespace Balatrix.Modules.Platform;

/// <summary>How a tenant's calls find a carrier.</summary>
/// <param name="Order">Among carriers of one priority: cheapest (when left out) first, or by weight.</param>
/// <param name="ProtectMargin">Whether nothing is sold under its cost and the least margin; true when left out.</param>
/// <param name="MinimumMarginPercent">The least margin in per cent of the cost, such as "7.5"; 0 when left out.</param>
/// <param name="FreeMinuteWorth">What a minute may cost at most that a plan sells for nothing, a decimal string; when left out it may cost whatever it costs. Minutes of a bundle are held to their price beyond it.</param>
public sealed record RoutingSettings(string? Order, bool? ProtectMargin, string? MinimumMarginPercent, string? FreeMinuteWorth)
{
    /// <summary>What they must be.</summary>
    public const string Expected = "an order (cheapest or weight), a minimumMarginPercent from \"0\" to \"1000\" of at most two decimals and a freeMinuteWorth such as \"0.50\"";

    // A hundredth of a per cent, as money is read: "7.5" is 7,500,000 micro-units.
    const long MicrosPerBasisPoint = Core.Money.MicrosPerUnit / 100;

    /// <summary>The policy, or null when they say none.</summary>
    public RoutePolicy? Read()
    {
        var micros = 0L;
        if (Order is not (null or "cheapest" or "weight") || (MinimumMarginPercent is not null && !Core.Money.TryParse(MinimumMarginPercent, out micros)))
            return null;
        var worth = 0L;
        if (FreeMinuteWorth is not null && (!Core.Money.TryParse(FreeMinuteWorth, out worth) || worth < 0))
            return null;
        return micros is >= 0 and <= 1000 * Core.Money.MicrosPerUnit && micros % MicrosPerBasisPoint == 0
            ? new(ProtectMargin ?? true, (int)(micros / MicrosPerBasisPoint), Order == "weight", FreeMinuteWorth is null ? null : worth)
            : null;
    }
}
