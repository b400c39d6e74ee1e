using Balatrix.Core.Rating;
using Balatrix.Core.Usage;

namespace Balatrix.Core.Charging;

public static partial class Charging
{
    static Applied ApplyCharge(AccountState state, Charge charge, PriceBook? prices, Moment moment, TraceBuffer? trace)
    {
        if (state.Status == AccountStatus.Closed)
            return Refused(state, Refusal.AccountClosed);
        var refusal = charge.HasHappened ? Refusal.None : state.UseRefusal(charge.Usage.Service);
        if (refusal != Refusal.None)
            return Refused(state, refusal);
        refusal = Price(state, charge.Usage, charge.Usage.Quantity, prices, trace, out var price);
        if (refusal != Refusal.None)
            return Refused(state, refusal);
        if (!charge.HasHappened && price.AmountMicros > 0)
        {
            if (price.AmountMicros > state.AvailableMicros)
                return Refused(state, Refusal.InsufficientBalance);
            if (state.DailyCapMicros is { } cap && SpentOn(state, moment.BillingDay) + price.AmountMicros > cap)
                return Refused(state, Refusal.DailyCapReached);
        }
        return PostUsage(state, charge.Usage, price, prices!.PlanVersionId, moment, trace);
    }

    /// <summary>What a use would cost on the account's price book after its allowances, and the matched destination.</summary>
    readonly record struct UsagePrice(long AmountMicros, long BilledQuantity, long CoveredQuantity, string Destination);

    static Refusal Price(
        AccountState state, UsageEvent usage, long quantity, PriceBook? prices, TraceBuffer? trace, out UsagePrice price)
    {
        price = default;
        if (prices is null)
            return Refusal.NoPlan;
        if (!string.Equals(prices.Currency, state.Currency, StringComparison.Ordinal))
            return Refusal.CurrencyMismatch;
        if (quantity < 0)
            return Refusal.InvalidAmount;
        var decks = prices.Decks(usage.Service);
        if (!Rater.TryFind(decks, usage.RatingKey, usage.OccurredAt, out var deck, out var rate))
            return Refusal.NoRate;
        var destination = decks[deck].DescriptionOf(rate, usage.OccurredAt);
        var charge = Rater.Price(decks[deck], deck, rate, usage.Service, usage.OccurredAt, quantity, AllowanceLeft(state, usage, destination), trace);
        if (charge.AmountMicros is < 0 or > MaxMicros)
            return Refusal.InvalidAmount;
        price = new(charge.AmountMicros, charge.BilledQuantity, charge.CoveredQuantity, destination);
        return Refusal.None;
    }

    static long AllowanceLeft(AccountState state, UsageEvent usage, string destination)
    {
        var left = 0L;
        foreach (var allowance in state.Allowances)
            if (allowance.Covers(usage.Service, destination, usage.OccurredAt))
                left += allowance.Left;
        return left;
    }

    static Applied PostUsage(
        AccountState state, UsageEvent usage, UsagePrice price, int planVersionId, Moment moment, TraceBuffer? trace)
    {
        var after = TakeFromAllowances(state, usage, price, trace, hold: false, holds: null);
        var charged = Math.Clamp(state.AvailableMicros, 0, price.AmountMicros);
        var shortfall = price.AmountMicros - charged;
        if (state.BalanceMicros - charged < -MaxMicros)
            return Refused(state, Refusal.InvalidAmount);
        if (shortfall > 0)
            trace?.AddShortfall(shortfall);
        after = after with
        {
            BalanceMicros = state.BalanceMicros - charged,
            EntryNo = state.EntryNo + 1,
            SpentMicros = SpentOn(state, moment.BillingDay) + charged,
            SpentDay = moment.BillingDay,
        };
        trace?.AddBalance(after.BalanceMicros);
        var posting = new Posting(after.EntryNo, state.OwnBook, Books.RevenueOf(usage.Service), charged, after.BalanceMicros);
        var outcome = new UsageOutcome(planVersionId, price.Destination, price.BilledQuantity, price.CoveredQuantity, shortfall);
        return new(after, new Decision(Refusal.None, posting, outcome));
    }

    /// <summary>Uses or holds the covered quantity, from the allowance that expires first.</summary>
    static AccountState TakeFromAllowances(
        AccountState state, UsageEvent usage, UsagePrice price, TraceBuffer? trace, bool hold, List<AllowanceHold>? holds)
    {
        var left = price.CoveredQuantity;
        while (left > 0)
        {
            var first = FirstToExpire(state, usage, price.Destination)
                ?? throw new InvalidOperationException("More was covered than the allowances have left.");
            var taken = Math.Min(left, first.Left);
            left -= taken;
            state = state with
            {
                Allowances = Change(state.Allowances, first.Id, hold
                    ? a => a with { Held = a.Held + taken }
                    : a => a with { Used = a.Used + taken }),
            };
            holds?.Add(new(first.Id, taken));
            trace?.AddAllowance(first.Name, taken);
        }
        return state;
    }

    static AllowanceState? FirstToExpire(AccountState state, UsageEvent usage, string destination)
    {
        AllowanceState? first = null;
        foreach (var allowance in state.Allowances)
        {
            if (allowance.Left <= 0 || !allowance.Covers(usage.Service, destination, usage.OccurredAt))
                continue;
            if (first is null || (allowance.ValidTo, allowance.Id).CompareTo((first.ValidTo, first.Id)) < 0)
                first = allowance;
        }
        return first;
    }
}
