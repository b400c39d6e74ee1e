using Balatrix.Core.Charging;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Ledger;

/// <summary>How refusals of charging are told to clients.</summary>
public static class Refusals
{
    /// <summary>The problem that stands for a refusal.</summary>
    public static Problem ToProblem(Refusal refusal) => refusal switch
    {
        Refusal.UnknownAccount => new(404, "unknown_account", "There is no such account.", "account"),
        Refusal.AccountSuspended => new(403, "account_suspended", "The account is suspended."),
        Refusal.AccountRestricted => new(403, "account_restricted", "Outgoing use is barred until overdue invoices are paid."),
        Refusal.AccountClosed => new(403, "account_closed", "The account is closed."),
        Refusal.NoPlan => new(422, "no_plan", "The account has no plan that prices this."),
        Refusal.NoRate => new(422, "no_rate", "The account's plan has no rate for this destination at that time."),
        Refusal.CurrencyMismatch => new(422, "currency_mismatch", "The currency is not the account's.", "currency"),
        Refusal.InsufficientBalance => new(402, "insufficient_balance", "The available balance does not cover it."),
        Refusal.DailyCapReached => new(402, "daily_cap_reached", "The account's daily spend cap would be passed."),
        Refusal.TooManyCalls => new(429, "too_many_calls", "The account has as many calls as it may."),
        Refusal.UnknownReservation => new(404, "unknown_reservation", "There is no such reservation."),
        Refusal.ReservationClosed => new(409, "reservation_closed", "The reservation was settled, released or has expired."),
        Refusal.ReservationNotExpired => new(409, "reservation_not_expired", "The reservation is still valid."),
        Refusal.ExtensionOutOfOrder => new(409, "extension_out_of_order", "Extensions come one by one.", "sequence", "the number of the last extension plus 1"),
        Refusal.Conflict => new(409, "event_id_conflict", "The same id was recorded before with other content.", "id"),
        Refusal.InvalidAmount => new(422, "invalid_amount", "The amount or quantity is zero, negative or too large."),
        _ => throw new ArgumentOutOfRangeException(nameof(refusal), refusal, "Not a refusal."),
    };
}
