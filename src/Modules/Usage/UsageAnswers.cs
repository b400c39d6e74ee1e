using Balatrix.Modules.Ledger;

namespace Balatrix.Modules.Usage;

/// <summary>What a client is told of one use, as <see cref="UsageAnswer.WriteTo"/> writes it: the record when it was charged, or why it was not.</summary>
/// <param name="Status">As HTTP would say it: 201 charged, 200 charged before, 202 kept until it can be rated, from 400 on refused.</param>
/// <param name="Id">The event's id as the client gave it.</param>
/// <param name="UsageId">The record's id.</param>
/// <param name="Duplicate">True when it had been charged before.</param>
/// <param name="Amount">The charge.</param>
/// <param name="BilledQuantity">Seconds or units that were billed.</param>
/// <param name="CoveredQuantity">Of those, paid by allowances.</param>
/// <param name="Shortfall">What the balance could not pay.</param>
/// <param name="Destination">Description of the matched rate.</param>
/// <param name="Balance">Balance after it.</param>
/// <param name="Code">Why it was not charged, for programs.</param>
/// <param name="Title">Why, for people.</param>
/// <param name="Field">Where.</param>
/// <param name="Expected">What was expected there.</param>
public sealed record UsageAnswerView(
    int Status, string? Id, string? UsageId, bool? Duplicate, string? Amount, long? BilledQuantity, long? CoveredQuantity, string? Shortfall,
    string? Destination, string? Balance, string? Code, string? Title, string? Field, string? Expected);

/// <summary>What a client is told of a batch.</summary>
/// <param name="Accepted">Charged now.</param>
/// <param name="Duplicates">Charged before.</param>
/// <param name="Kept">Kept until they can be rated.</param>
/// <param name="Refused">Not taken.</param>
/// <param name="Results">Each element's own outcome, in their order.</param>
public sealed record BatchAnswerView(int Accepted, int Duplicates, int Kept, int Refused, List<UsageAnswerView> Results);

/// <summary>A page of usage records, latest first.</summary>
/// <param name="Items">Without their traces.</param>
/// <param name="Next">Give it as <c>cursor</c> to get the next page; null at the end.</param>
public sealed record UsagePage(List<UsageView> Items, string? Next);
