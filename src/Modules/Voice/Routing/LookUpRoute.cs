using Balatrix.Core;
using Balatrix.Core.Voice.Numbers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Voice.Routing;

/// <summary>Says which carriers a number would be tried over, at what cost and margin, and why in that order.</summary>
public static class LookUpRoute
{
    /// <summary>What to look up.</summary>
    /// <param name="Number">The called number.</param>
    /// <param name="Price">What a minute is sold for; without it costs are shown, and no margin is protected.</param>
    /// <param name="Currency">Of the price; INR when left out.</param>
    /// <param name="At">When; now when left out.</param>
    public sealed record Query(string? Number, string? Price, string? Currency, DateTimeOffset? At);

    /// <summary>A carrier that was considered.</summary>
    /// <param name="Place">In the order of trying, from 1; null when it is not tried, as after the first eight.</param>
    /// <param name="CarrierId">Its number.</param>
    /// <param name="Carrier">Its name.</param>
    /// <param name="Prefix">The prefix of its deck that the number matches.</param>
    /// <param name="Cost">What a minute of a call of ten costs there, with all its fees.</param>
    /// <param name="Margin">What is left of the price.</param>
    /// <param name="MarginPercent">The same in per cent of the cost.</param>
    /// <param name="DialString">What FreeSWITCH bridges to.</param>
    /// <param name="Reason">Why it stands there, or why it is not tried: disabled, no_deck, no_rate, other_currency, not_dialable, full, below_margin.</param>
    public sealed record Candidate(int? Place, int CarrierId, string Carrier, string? Prefix, string? Cost, string? Margin, string? MarginPercent, string? DialString, string Reason);

    /// <summary>The plan of a call.</summary>
    /// <param name="Number">The called number in E.164.</param>
    /// <param name="At">The instant whose costs hold.</param>
    /// <param name="Price">What a minute of a call of ten is sold for.</param>
    /// <param name="Currency">Of price and costs.</param>
    /// <param name="LeastMarginPercent">What must be left at least, in per cent of the cost; null when no margin is protected.</param>
    /// <param name="Order">cheapest or weight.</param>
    /// <param name="Refusal">no_route or below_cost, when the call has no route.</param>
    /// <param name="Candidates">Those that are tried, in their order, and then the others.</param>
    public sealed record Response(
        string Number, DateTimeOffset At, string? Price, string Currency, string? LeastMarginPercent, string Order, string? Refusal, List<Candidate> Candidates);

    internal static async Task<IResult> Handle([AsParameters] Query query, HttpContext context, RoutePlanner planner, TenantClock clock, CancellationToken cancellationToken)
    {
        if (NumberKinds.Digits(query.Number) is not { } digits)
            return Problem.Invalid("number", "an E.164 number of 7 to 15 digits").ToResult();
        var price = 0L;
        if (query.Price is not null && (!Money.TryParse(query.Price, out price) || price < 0))
            return Problem.Invalid("price", "a decimal string such as \"1.20\"").ToResult();
        var currency = query.Currency ?? "INR";
        if (currency.Length != 3 || !currency.All(char.IsAsciiLetterUpper))
            return Problem.Invalid("currency", "an ISO 4217 code such as INR").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var at = query.At ?? await clock.NowAsync(tenantId, cancellationToken);
        var (decision, carriers, policy) = await planner.ExplainAsync(tenantId, digits, query.Price is null ? null : price, currency, at, cancellationToken);
        return Results.Ok(new Response(
            "+" + digits, at, query.Price is null ? null : Money.Format(price), currency, policy.ProtectMargin ? Percent(policy.MarginBasisPoints) : null, policy.ByWeight ? "weight" : "cheapest",
            decision.Refusal, [.. carriers.Select((c, i) => View(c, i < Math.Min(decision.Routes.Count, RoutePlanner.MostRoutes) ? i + 1 : null, query.Price is not null, digits))]));
    }

    static Candidate View(JudgedCarrier judged, int? place, bool isPriced, string digits)
    {
        var (offer, margin, reason) = judged.Judged;
        return new(
            place, judged.Carrier.Id, judged.Carrier.Name, judged.Prefix, offer.CostMicros is { } cost ? Money.Format(cost) : null, isPriced && margin is { } left ? Money.Format(left) : null,
            isPriced && margin is { } part && offer.CostMicros > 0 ? Percent((long)((Int128)part * 10_000 / offer.CostMicros.Value)) : null, judged.Carrier.DialString(digits), reason);
    }

    /// <summary>Hundredths of a per cent as a decimal string.</summary>
    static string Percent(long basisPoints) => Money.Format(basisPoints * (Money.MicrosPerUnit / 100));
}
