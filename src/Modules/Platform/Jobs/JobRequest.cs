namespace Balatrix.Modules.Platform.Jobs;

/// <summary>Work to be enqueued.</summary>
/// <param name="Queue">One of <see cref="JobQueues"/>.</param>
/// <param name="Kind">Names the handler.</param>
/// <param name="PayloadJson">What the handler needs to know.</param>
/// <param name="RunAt">Not before, in the tenant's time; null is at once.</param>
/// <param name="Key">There is at most one job of that kind and key in a tenant, whether it is waiting, done (as long as done ones are kept) or dead.</param>
public sealed record JobRequest(string Queue, string Kind, string PayloadJson, DateTimeOffset? RunAt = null, string? Key = null);
