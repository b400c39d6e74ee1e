using System.Globalization;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Subscriptions;

/// <summary>What every move needs.</summary>
/// <param name="Database">The database.</param>
/// <param name="Clock">The tenant's time.</param>
/// <param name="Store">Reads subscriptions.</param>
/// <param name="Steps">Takes steps.</param>
/// <param name="Due">Brings them up to now.</param>
sealed record SubscriptionTools(Database Database, TenantClock Clock, SubscriptionStore Store, SubscriptionSteps Steps, DueSubscriptions Due)
{
    /// <summary>The ETag of a subscription: its version.</summary>
    public static string ETag(SubscriptionRecord record) => $"\"{record.Version.ToString(CultureInfo.InvariantCulture)}\"";

    /// <summary>Refuses a change to a version that the caller has not seen.</summary>
    public static Problem? CheckVersion(HttpContext context, SubscriptionRecord record) =>
        context.Request.Headers.IfMatch.ToString() is { Length: > 0 } match && match != "*" && match.Trim('"') != record.Version.ToString(CultureInfo.InvariantCulture)
            ? new(412, "version_changed", $"The subscription is at version {record.Version}.", "If-Match", ETag(record))
            : null;
}
