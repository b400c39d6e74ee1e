using Balatrix.Core;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Catalog;

/// <summary>Published plans side by side, with the bill of each for a given use.</summary>
public static class ComparePlans
{
    const int MostMinutes = 10_000_000;

    /// <summary>Which plans, and for what use.</summary>
    /// <param name="Plans">Codes, separated by commas; all published plans when left out.</param>
    /// <param name="Cycle">monthly (the default), quarterly or annual.</param>
    /// <param name="OutboundMinutes">Minutes called in a month.</param>
    /// <param name="InboundMinutes">Toll-free minutes received in a month.</param>
    public sealed record Query(string? Plans, string? Cycle, int? OutboundMinutes, int? InboundMinutes);

    /// <summary>One plan and its bill. Amounts are decimal strings without tax.</summary>
    /// <param name="Code">The plan.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Currency">ISO 4217 code.</param>
    /// <param name="Price">Of one cycle; null when it is not sold by that cycle.</param>
    /// <param name="OverageMinutes">Minutes of a month beyond the allowances.</param>
    /// <param name="Overage">What those cost a month.</param>
    /// <param name="Total">Price and overage of one cycle.</param>
    /// <param name="PerMonth">The total by its months, rounded half up to the paisa.</param>
    /// <param name="Terms">What the plan says.</param>
    public sealed record Column(string Code, string Name, string Currency, string? Price, long OverageMinutes, string? Overage, string? Total, string? PerMonth, PlanTerms Terms);

    /// <summary>The comparison, cheapest first.</summary>
    public sealed record Response(string Cycle, List<Column> Items);

    internal static async Task<IResult> Handle([AsParameters] Query query, HttpContext context, PlanStore plans, CancellationToken cancellationToken)
    {
        var cycle = query.Cycle ?? "monthly";
        var months = cycle switch { "monthly" => 1, "quarterly" => 3, "annual" => 12, _ => 0 };
        if (months == 0)
            return Problem.Invalid("cycle", "monthly, quarterly or annual").ToResult();
        if (query.OutboundMinutes is < 0 or > MostMinutes)
            return Problem.Invalid("outboundMinutes", $"0 to {MostMinutes}").ToResult();
        if (query.InboundMinutes is < 0 or > MostMinutes)
            return Problem.Invalid("inboundMinutes", $"0 to {MostMinutes}").ToResult();
        var tenantId = (context.Items[typeof(Caller)] as Caller)?.TenantId ?? PlanEndpoints.DefaultTenant;
        var published = await plans.ListAsync(tenantId, all: false, cancellationToken);
        var wanted = query.Plans?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (wanted is { Length: > 0 } && Array.Find(wanted, code => published.TrueForAll(p => p.Code != code)) is { } unknown)
            return Problem.Invalid("plans", $"codes of published plans, not {(unknown.Length > 63 ? "that" : unknown)}").ToResult();
        var columns = published.Where(p => wanted is not { Length: > 0 } || wanted.Contains(p.Code))
            .Select(p => Bill(p, cycle, months, query.OutboundMinutes ?? 0, query.InboundMinutes ?? 0))
            .OrderBy(c => c.Total is null).ThenBy(c => c.Total is { } t && Money.TryParse(t, out var micros) ? micros : 0).ThenBy(c => c.Code, StringComparer.Ordinal);
        return Results.Ok(new Response(cycle, [.. columns]));
    }

    static Column Bill(PlanView plan, string cycle, int months, long outboundMinutes, long inboundMinutes)
    {
        var price = cycle switch { "monthly" => plan.Terms.Prices?.Monthly, "quarterly" => plan.Terms.Prices?.Quarterly, _ => plan.Terms.Prices?.Annual };
        var over = Over(plan.Terms, "voice.outbound", outboundMinutes) + Over(plan.Terms, "voice.inbound", inboundMinutes);
        if (!Money.TryParse(price, out var priceMicros) || (!Money.TryParse(plan.Terms.OveragePerMinute, out var perMinute) && over > 0))
            return new(plan.Code, plan.Name, plan.Currency, price, over, null, null, null, plan.Terms);
        var total = priceMicros + (over * perMinute * months);
        return new(plan.Code, plan.Name, plan.Currency, price, over, Money.Format(over * perMinute), Money.Format(total), Money.Format(ToPaisa(total, months)), plan.Terms);
    }

    static long Over(PlanTerms terms, string service, long minutes) =>
        Math.Max(0, minutes - (terms.Allowances.Where(a => a.Service == service).Sum(a => a.Quantity) / 60));

    /// <summary>A share in whole hundredths, half up.</summary>
    static long ToPaisa(long micros, int months)
    {
        const long Paisa = Money.MicrosPerUnit / 100;
        return ((micros * 2) + (months * Paisa)) / (2 * months * Paisa) * Paisa;
    }
}
