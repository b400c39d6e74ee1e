namespace Balatrix.Core.Charging;

/// <summary>Why an operation was refused. A refusal changes nothing.</summary>
public enum Refusal : byte
{
    /// <summary>It was not.</summary>
    None = 0,

    /// <summary>No such account.</summary>
    UnknownAccount,

    /// <summary>The account is suspended.</summary>
    AccountSuspended,

    /// <summary>The account is closed.</summary>
    AccountClosed,

    /// <summary>The account has no plan at the time of the use.</summary>
    NoPlan,

    /// <summary>No deck of the plan has a rate for the destination at that time.</summary>
    NoRate,

    /// <summary>The plan's or the posting's currency is not the account's.</summary>
    CurrencyMismatch,

    /// <summary>The available balance does not cover it.</summary>
    InsufficientBalance,

    /// <summary>The account's daily spend cap would be passed.</summary>
    DailyCapReached,

    /// <summary>The account has as many calls as it may.</summary>
    TooManyCalls,

    /// <summary>No such reservation.</summary>
    UnknownReservation,

    /// <summary>The reservation was settled, released or has expired.</summary>
    ReservationClosed,

    /// <summary>The reservation is still valid, so the sweep leaves it.</summary>
    ReservationNotExpired,

    /// <summary>Extensions come in order, one by one.</summary>
    ExtensionOutOfOrder,

    /// <summary>The event or operation was recorded before with other content.</summary>
    Conflict,

    /// <summary>Negative, zero where it may not be, or beyond what a balance can hold.</summary>
    InvalidAmount,

    /// <summary>Outgoing use is barred until overdue invoices are paid.</summary>
    AccountRestricted,
}

/// <summary>One movement between two books, numbered within its account.</summary>
/// <param name="EntryNo">Gapless within the account.</param>
/// <param name="Debit">The book that gives.</param>
/// <param name="Credit">The book that receives.</param>
/// <param name="AmountMicros">Never negative.</param>
/// <param name="BalanceAfterMicros">The account's balance after it.</param>
public readonly record struct Posting(long EntryNo, Book Debit, Book Credit, long AmountMicros, long BalanceAfterMicros);

/// <summary>What a use came to.</summary>
/// <param name="PlanVersionId">The plan version that priced it.</param>
/// <param name="Destination">Description of the matched rate.</param>
/// <param name="BilledQuantity">Seconds or units after minimum and increments.</param>
/// <param name="CoveredQuantity">Of those, paid by allowances.</param>
/// <param name="ShortfallMicros">Of the price, what the balance could not pay.</param>
public sealed record UsageOutcome(int PlanVersionId, string Destination, long BilledQuantity, long CoveredQuantity, long ShortfallMicros);

/// <summary>What became of an operation.</summary>
/// <param name="Refusal">None when accepted.</param>
/// <param name="Posting">What is to be written to the ledger, if anything.</param>
/// <param name="Usage">Given with the posting of a use.</param>
/// <param name="Reservation">The reservation after the operation, if it concerned one.</param>
/// <param name="IsRepeat">True when it had been done before and this is the first answer again.</param>
public sealed record Decision(
    Refusal Refusal, Posting? Posting = null, UsageOutcome? Usage = null, ReservationState? Reservation = null, bool IsRepeat = false)
{
    /// <summary>Whether it was done.</summary>
    public bool Accepted => Refusal == Refusal.None;
}

/// <summary>The account after an operation, and the decision.</summary>
public readonly record struct Applied(AccountState State, Decision Decision);
