using System.Text.Json;
using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>What the job of an end carries.</summary>
/// <param name="SubscriptionId">The subscription that is over.</param>
public sealed record SubscriptionEnd(long SubscriptionId);

/// <summary>Tells other modules that a subscription is over, by a job that is enqueued in the commit that ends it: what it had there is given back.</summary>
public static class SubscriptionEnds
{
    /// <summary>The job that gives back what an ended subscription had.</summary>
    public const string Queue = "billing";

    /// <inheritdoc cref="Queue"/>
    public const string Kind = "subscription-ended";

    /// <summary>Enqueues the jobs of those that these steps have ended.</summary>
    internal static Task EnqueueAsync(NpgsqlConnection connection, int tenantId, List<TakenStep> taken, CancellationToken cancellationToken) => JobQueue.EnqueueManyAsync(
        connection, tenantId, Queue, Kind,
        [.. taken.Where(t => t.After.State.Status == SubscriptionStatus.Ended).Select(t => JsonSerializer.Serialize(new SubscriptionEnd(t.After.Id), JsonSerializerOptions.Web))], cancellationToken);
}
