namespace Balatrix.Modules.Ledger;

/// <summary>A reservation as the API shows it.</summary>
/// <param name="Id">Its id, for extending, settling and releasing it.</param>
/// <param name="Account">The account's number.</param>
/// <param name="Status">open, settled, released or expired.</param>
/// <param name="Held">Money that is held.</param>
/// <param name="Quantity">Seconds, segments or events that are reserved; null for a hold of an amount.</param>
/// <param name="AllowanceHeld">Seconds or units of allowances that are held.</param>
/// <param name="Sequence">Number of the last extension; 0 before the first.</param>
/// <param name="ExpiresAt">When it is let go by itself.</param>
/// <param name="Duplicate">True when the same was asked for before.</param>
public sealed record ReservationView(
    string Id, string Account, string Status, string Held, long? Quantity, long AllowanceHeld, int Sequence, DateTimeOffset ExpiresAt, bool Duplicate);

/// <summary>What settling a reservation came to.</summary>
/// <param name="Id">The reservation.</param>
/// <param name="Status">settled.</param>
/// <param name="UsageId">The usage record.</param>
/// <param name="Amount">The charge.</param>
/// <param name="Shortfall">What the balance could not pay, or null.</param>
/// <param name="BilledQuantity">Seconds or units that were billed.</param>
/// <param name="CoveredQuantity">Of those, paid by allowances.</param>
/// <param name="Balance">Balance after it.</param>
/// <param name="Duplicate">True when it was settled before.</param>
public sealed record SettledView(
    string Id, string Status, string UsageId, string Amount, string? Shortfall, long BilledQuantity, long CoveredQuantity, string Balance, bool Duplicate);
