using System.Collections.Immutable;
using Balatrix.Core.Proration;

namespace Balatrix.Core.Subscriptions;

/// <summary>The lines that a subscription's items come to.</summary>
static class SubscriptionPrices
{
    /// <summary>The plan, or an add-on, with its price for a whole period.</summary>
    public readonly record struct Item(string Code, int? PlanVersionId, int Quantity, long PriceMicros);

    /// <summary>What is subscribed to: the plan first.</summary>
    public static ImmutableArray<Item> Of(SubscriptionPlan plan, ImmutableArray<SubscriptionAddOn> addOns) =>
        [new(plan.Code, plan.PlanVersionId, 1, plan.PriceMicros), .. addOns.Select(a => new Item(a.Code, null, a.Quantity, checked(a.Quantity * a.PriceMicros)))];

    /// <inheritdoc cref="Of(SubscriptionPlan, ImmutableArray{SubscriptionAddOn})"/>
    public static ImmutableArray<Item> Of(Subscription subscription) => Of(subscription.Plan, subscription.AddOns);

    /// <summary>Charges for whole periods.</summary>
    public static IEnumerable<SubscriptionLine> Whole(IEnumerable<Item> items, BillingPeriod period) => Part(items, SubscriptionLineKind.Period, period, period);

    /// <summary>Charges for a part of a period.</summary>
    public static IEnumerable<SubscriptionLine> Part(IEnumerable<Item> items, SubscriptionLineKind kind, BillingPeriod part, BillingPeriod whole) =>
        from item in items
        let amount = ProratedPrice.Of(item.PriceMicros, part, whole)
        where amount != 0
        select new SubscriptionLine(kind, item.Code, item.PlanVersionId, item.Quantity, part, amount);

    /// <summary>Gives back what was charged for a part of a period.</summary>
    public static IEnumerable<SubscriptionLine> Unused(IEnumerable<Item> items, BillingPeriod part, BillingPeriod whole) =>
        Part(items, SubscriptionLineKind.Unused, part, whole).Select(line => line with { AmountMicros = -line.AmountMicros });
}
