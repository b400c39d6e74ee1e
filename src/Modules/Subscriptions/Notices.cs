using Balatrix.Core.Subscriptions;

namespace Balatrix.Modules.Subscriptions;

/// <summary>Names of what customers are told.</summary>
static class Notices
{
    /// <summary>The name.</summary>
    public static string Name(SubscriptionNotice notice) => notice switch
    {
        SubscriptionNotice.EndsSoon => "ends_soon",
        SubscriptionNotice.Unpaid => "unpaid",
        SubscriptionNotice.StillUnpaid => "still_unpaid",
        SubscriptionNotice.Suspended => "suspended",
        SubscriptionNotice.Ended => "ended",
        _ => throw new ArgumentOutOfRangeException(nameof(notice), notice, "Not a notice."),
    };
}
