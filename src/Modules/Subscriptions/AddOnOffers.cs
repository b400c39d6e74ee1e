using System.Collections.Immutable;
using Balatrix.Core.Proration;
using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>An add-on and how many of it.</summary>
/// <param name="Code">The add-on.</param>
/// <param name="Quantity">How many; 1 when left out.</param>
public sealed record WantedAddOn(string? Code, int? Quantity);

/// <summary>Add-ons as subscriptions need them.</summary>
static class AddOnOffers
{
    const int MostAddOns = 50;
    const int MostOfOne = 1000;

    /// <summary>Prices add-ons for a plan, or says what is wrong with the first that cannot be had. What is there already keeps its price while the cycle stays.</summary>
    public static async Task<(ImmutableArray<SubscriptionAddOn> AddOns, Problem? Problem)> PriceAsync(
        NpgsqlConnection connection, int tenantId, WantedAddOn[]? wanted, BillingCycle cycle, string currency, Subscription? present, CancellationToken cancellationToken)
    {
        if (wanted is { Length: > MostAddOns })
            return ([], Problem.Invalid("addOns", $"at most {MostAddOns}"));
        var priced = ImmutableArray.CreateBuilder<SubscriptionAddOn>();
        for (var i = 0; i < (wanted?.Length ?? 0); i++)
        {
            if (wanted![i] is not { Code: { Length: > 0 and <= 63 } code } one || code.Contains('\0', StringComparison.Ordinal) || priced.Any(p => p.Code == code))
                return ([], Problem.Invalid($"addOns[{i}].code", "the code of an add-on, each once"));
            if (one.Quantity is < 1 or > MostOfOne)
                return ([], Problem.Invalid($"addOns[{i}].quantity", $"1 to {MostOfOne}"));
            var known = present?.AddOns.FirstOrDefault(a => a.Code == code);
            var price = known is not null && present!.Plan.Cycle == cycle ? known.PriceMicros : await PriceAsync(connection, tenantId, code, cycle, currency, known is not null, cancellationToken);
            if (price is null)
                return ([], Problem.Invalid($"addOns[{i}].code", $"the code of an add-on that is sold in {currency} with a {SubscriptionView.CycleName(cycle)} price"));
            priced.Add(new(code, one.Quantity ?? 1, price.Value));
        }
        return (priced.ToImmutable(), null);
    }

    /// <summary>What each of some add-ons includes every month, under names that begin with its code.</summary>
    public static async Task<Dictionary<string, PlanAllowance[]>> AllowancesAsync(NpgsqlConnection connection, int tenantId, IEnumerable<string> codes, CancellationToken cancellationToken)
    {
        var included = new Dictionary<string, PlanAllowance[]>(StringComparer.Ordinal);
        foreach (var code in codes.Distinct(StringComparer.Ordinal))
        {
            var addOn = await AddOnStore.FindAsync(connection, tenantId, code, toChange: false, cancellationToken);
            included[code] = [.. (addOn?.Terms.Allowances ?? []).Select(a => a with { Name = NamePrefix(code) + a.Name })];
        }
        return included;
    }

    /// <summary>What one of an add-on adds to a limit of the plan.</summary>
    public static async Task<int> LimitAsync(NpgsqlConnection connection, int tenantId, string code, string limit, CancellationToken cancellationToken) =>
        (await AddOnStore.FindAsync(connection, tenantId, code, toChange: false, cancellationToken))?.Terms.Limits.GetValueOrDefault(limit) ?? 0;

    /// <summary>What the names of an add-on's allowances begin with.</summary>
    public static string NamePrefix(string code) => code + ": ";

    static async Task<long?> PriceAsync(
        NpgsqlConnection connection, int tenantId, string code, BillingCycle cycle, string currency, bool evenIfRetired, CancellationToken cancellationToken) =>
        await AddOnStore.FindAsync(connection, tenantId, code, toChange: false, cancellationToken) is { } addOn
        && addOn.Code == code && addOn.Currency == currency && (evenIfRetired || addOn.Status == "active")
            ? new PlanTerms { Prices = addOn.Terms.Prices }.PriceMicros(cycle)
            : null;
}
