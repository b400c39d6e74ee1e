using Balatrix.Core.Charging;
using Balatrix.Core.Subscriptions;

namespace Balatrix.Modules.Subscriptions;

/// <summary>A subscription as it is stored.</summary>
/// <param name="Id">Its number.</param>
/// <param name="AccountId">Whose wallet or receivable pays, and whose use it rates.</param>
/// <param name="Currency">The account's.</param>
/// <param name="PaymentMethod">How it is to be paid, as the customer named it, or null.</param>
/// <param name="Version">Counts its changes from 1.</param>
/// <param name="CreatedAt">When it was subscribed.</param>
/// <param name="State">Where it stands.</param>
sealed record SubscriptionRecord(long Id, long AccountId, string Currency, string? PaymentMethod, int Version, DateTimeOffset CreatedAt, Subscription State)
{
    /// <summary>Identifies the posting of the next version within the account: a step is paid once, however often it is tried.</summary>
    public Guid NextEventKey => EventKey.Of("subscription", $"{Id}/{Version + 1}");
}
