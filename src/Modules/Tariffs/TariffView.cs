using Balatrix.Core;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Customers;

namespace Balatrix.Modules.Tariffs;

/// <summary>A tariff as the API shows it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Account">Whose prices it has.</param>
/// <param name="Name">Name for staff; traces say it.</param>
/// <param name="Currency">The account's.</param>
/// <param name="Status">scheduled, active or ended.</param>
/// <param name="ValidFrom">First instant that it holds.</param>
/// <param name="ValidTo">First instant that it no longer holds, or null.</param>
/// <param name="Version">Counts changes from 1.</param>
/// <param name="Terms">What it says now.</param>
/// <param name="Credits">Discounts that were credited, latest month first; left out of lists.</param>
/// <param name="UpdatedAt">When it was last changed.</param>
public sealed record TariffView(
    int Id, string Account, string Name, string Currency, string Status, DateTimeOffset ValidFrom, DateTimeOffset? ValidTo, int Version, TariffTerms Terms,
    List<CreditView>? Credits, DateTimeOffset UpdatedAt)
{
    /// <summary>As it is at an instant.</summary>
    internal static TariffView Of(Tariff tariff, DateTimeOffset now, List<DiscountCredit>? credits = null) => new(
        tariff.Id, AccountDirectory.NumberOf(tariff.AccountId), tariff.Name, tariff.Currency,
        tariff.ValidTo <= now ? "ended" : tariff.ValidFrom > now ? "scheduled" : "active",
        tariff.ValidFrom, tariff.ValidTo, tariff.Version, tariff.Terms, credits?.ConvertAll(CreditView.Of), tariff.UpdatedAt);
}

/// <summary>A discount as it was credited. Amounts are decimal strings.</summary>
/// <param name="Month">First day of the month.</param>
/// <param name="Discount">Its name.</param>
/// <param name="Run">1 for the first credit of the month; higher ones make up for use that came late or was priced again.</param>
/// <param name="Quantity">Billed quantity that counted.</param>
/// <param name="Spend">What it cost.</param>
/// <param name="PercentOff">The percent that was reached.</param>
/// <param name="Total">The month's discount.</param>
/// <param name="Amount">What this run posted of it.</param>
/// <param name="PostedAt">When.</param>
public sealed record CreditView(DateOnly Month, string Discount, int Run, long Quantity, string Spend, string PercentOff, string Total, string Amount, DateTimeOffset PostedAt)
{
    internal static CreditView Of(DiscountCredit c) => new(
        c.Month, c.Discount, c.Run, c.Quantity, Money.Format(c.SpendMicros), Money.Format(c.PercentMicros), Money.Format(c.DiscountMicros), Money.Format(c.AmountMicros), c.PostedAt);
}

/// <summary>A page of tariffs.</summary>
/// <param name="Items">By number.</param>
/// <param name="Next">Give it as <c>after</c> to get the next page; null at the end.</param>
public sealed record TariffPage(List<TariffView> Items, int? Next);
