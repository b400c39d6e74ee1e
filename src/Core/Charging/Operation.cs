using Balatrix.Core.Usage;

namespace Balatrix.Core.Charging;

/// <summary>Something that is to be done to one account.</summary>
/// <param name="Key">Identifies the operation within its account: done once, however often it is asked for.</param>
public abstract record Operation(Guid Key);

/// <summary>Charge one use.</summary>
/// <param name="Usage">The use.</param>
/// <param name="HasHappened">True for use that can no longer be refused: what the balance cannot pay is recorded as a shortfall. False refuses the whole use when it cannot be paid in full.</param>
public sealed record Charge(UsageEvent Usage, bool HasHappened) : Operation(EventKey.Of(Usage.Source, Usage.Id));

/// <summary>Hold what a use will cost. The key is the reservation's id.</summary>
/// <param name="ReservationId">Given by the caller, so that a repeated request finds the first answer.</param>
/// <param name="Usage">What is going to be used; its quantity is how much of it to hold.</param>
/// <param name="AmountMicros">Holds this amount instead of the price of the quantity.</param>
/// <param name="AcceptLess">True to hold as much as can be paid for when it is not enough for all (voice in whole seconds).</param>
/// <param name="ExpiresAt">When the hold is let go by itself.</param>
public sealed record Reserve(Guid ReservationId, UsageEvent Usage, long? AmountMicros, bool AcceptLess, DateTimeOffset ExpiresAt) : Operation(ReservationId);

/// <summary>Hold more.</summary>
/// <param name="ReservationId">Which.</param>
/// <param name="Sequence">1 for the first extension, then counting up; one that was already applied is answered again and holds nothing more.</param>
/// <param name="Quantity">How much more of the use, in its unit.</param>
/// <param name="AmountMicros">How much more money, for a reservation of an amount.</param>
/// <param name="AcceptLess">As for <see cref="Reserve"/>.</param>
/// <param name="ExpiresAt">The new expiry.</param>
public sealed record Extend(Guid ReservationId, int Sequence, long Quantity, long? AmountMicros, bool AcceptLess, DateTimeOffset ExpiresAt) : Operation(ReservationId);

/// <summary>Charge what was really used and let the rest go.</summary>
/// <param name="ReservationId">Which.</param>
/// <param name="Usage">The use as it was; charged once under its own source and id, through whatever door it comes again.</param>
/// <param name="AmountMicros">The amount to capture, for a reservation of an amount; null rates the use.</param>
public sealed record Settle(Guid ReservationId, UsageEvent Usage, long? AmountMicros) : Operation(EventKey.Of(Usage.Source, Usage.Id));

/// <summary>Let a reservation go.</summary>
/// <param name="ReservationId">Which.</param>
/// <param name="OnlyIfExpired">True for the sweep: does nothing when the reservation was extended meanwhile.</param>
public sealed record Release(Guid ReservationId, bool OnlyIfExpired) : Operation(ReservationId);

/// <summary>Post an amount that is not use: top-up, adjustment, transfer, refund, invoice, payment.</summary>
/// <param name="Key">Identifies the posting within its account.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Counter">The other book.</param>
/// <param name="AmountMicros">Positive raises the balance, negative lowers it; never zero.</param>
/// <param name="Currency">ISO 4217 code; must be the account's.</param>
/// <param name="Reference">The outside's name of the movement (bank reference, voucher).</param>
/// <param name="Detail">A JSON object of further facts, or null.</param>
/// <param name="IsOwed">True for what the law or a gateway already made due, such as the tax of an invoice: it is posted whatever the balance, also below the credit limit.</param>
public sealed record Post(Guid Key, EntryKind Kind, Book Counter, long AmountMicros, string Currency, string Reference, string? Detail, bool IsOwed = false) : Operation(Key);
