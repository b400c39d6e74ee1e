using System.Collections.Immutable;
using Balatrix.Core.Proration;
using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>Add-ons as subscriptions need them.</summary>
static class AddOnOffers
{
    /// <summary>Prices add-ons for a cycle, or says what is wrong with the first that cannot be had.</summary>
    public static Task<(ImmutableArray<SubscriptionAddOn> AddOns, Problem? Problem)> PriceAsync(
        NpgsqlConnection connection, int tenantId, AddOnRequest[]? wanted, BillingCycle cycle, string currency, CancellationToken cancellationToken) =>
        Task.FromResult<(ImmutableArray<SubscriptionAddOn>, Problem?)>(wanted is null or [] ? ([], null) : ([], Problem.Invalid("addOns", "codes of add-ons")));
}
