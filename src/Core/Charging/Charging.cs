using System.Collections.Immutable;
using Balatrix.Core.Rating;

namespace Balatrix.Core.Charging;

/// <summary>The moment that a decision is taken at.</summary>
/// <param name="Now">The instant.</param>
/// <param name="BillingDay">Number of the day in the tenant's zone, for the daily spend cap.</param>
public readonly record struct Moment(DateTimeOffset Now, int BillingDay);

/// <summary>The one function that changes balances. Pure and total: every operation on every state has a decision, and a refusal returns the state as it was.</summary>
public static partial class Charging
{
    /// <summary>Largest absolute balance or single amount: 100 billion main units, far inside what sums of 64 bits hold.</summary>
    public const long MaxMicros = 100_000_000_000L * Money.MicrosPerUnit;

    /// <summary>Decides one operation on one account.</summary>
    /// <param name="state">The account as it is.</param>
    /// <param name="operation">What is asked.</param>
    /// <param name="prices">The price book of the account's plan at the time of the use; null when it had none.</param>
    /// <param name="moment">When it is decided.</param>
    /// <param name="trace">Receives the steps that explain a charge; null leaves them out.</param>
    public static Applied Apply(AccountState state, Operation operation, PriceBook? prices, Moment moment, TraceBuffer? trace) => operation switch
    {
        Charge charge => ApplyCharge(state, charge, prices, moment, trace),
        Reserve reserve => ApplyReserve(state, reserve, prices, moment, trace),
        Extend extend => ApplyExtend(state, extend, prices, moment, trace),
        Settle settle => ApplySettle(state, settle, prices, moment, trace),
        Release release => ApplyRelease(state, release, moment),
        Post post => ApplyPost(state, post),
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "Not an operation."),
    };

    static Applied ApplyPost(AccountState state, Post post)
    {
        if (state.Status == AccountStatus.Closed)
            return Refused(state, Refusal.AccountClosed);
        if (!string.Equals(post.Currency, state.Currency, StringComparison.Ordinal))
            return Refused(state, Refusal.CurrencyMismatch);
        if (post.AmountMicros is 0 or > MaxMicros or < -MaxMicros || Math.Abs(state.BalanceMicros + post.AmountMicros) > MaxMicros)
            return Refused(state, Refusal.InvalidAmount);
        if (post.AmountMicros < 0 && !post.IsOwed && state.AvailableMicros < -post.AmountMicros)
            return Refused(state, Refusal.InsufficientBalance);
        var after = state with { BalanceMicros = state.BalanceMicros + post.AmountMicros, EntryNo = state.EntryNo + 1 };
        var posting = post.AmountMicros > 0
            ? new Posting(after.EntryNo, post.Counter, state.OwnBook, post.AmountMicros, after.BalanceMicros)
            : new Posting(after.EntryNo, state.OwnBook, post.Counter, -post.AmountMicros, after.BalanceMicros);
        return new(after, new Decision(Refusal.None, posting));
    }

    static Applied Refused(AccountState state, Refusal refusal) => new(state, new Decision(refusal));

    static long SpentOn(AccountState state, int day) => state.SpentDay == day ? state.SpentMicros : 0;

    static ImmutableArray<AllowanceState> Change(
        ImmutableArray<AllowanceState> allowances, long id, Func<AllowanceState, AllowanceState> change)
    {
        for (var i = 0; i < allowances.Length; i++)
            if (allowances[i].Id == id)
                return allowances.SetItem(i, change(allowances[i]));
        return allowances;
    }
}
