using Balatrix.Modules.Platform.Jobs;

namespace Balatrix.Modules.Subscriptions;

/// <summary>The job process-subscription-renewal: one chunk of what is due; a full one is followed by two more, so that all lanes and nodes join in.</summary>
sealed class RenewSubscriptions(DueSubscriptions due) : IJobHandler
{
    /// <summary>Its queue.</summary>
    public const string Queue = "billing";

    /// <summary>Its kind.</summary>
    public const string Kind = "process-subscription-renewal";

    /// <summary>Does one chunk; a few subscriptions are gone through until nothing is due for them any more.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        for (var all = 0; all < DueSubscriptions.Chunk;)
        {
            var taken = await due.TakeChunkAsync(run.Connection, run.TenantId, run.Now, cancellationToken);
            if (taken == 0)
                return;
            all += taken;
        }
        await JobQueue.EnqueueAsync(run.Connection, run.TenantId, new JobRequest(Queue, Kind, "{}"), cancellationToken);
        await JobQueue.EnqueueAsync(run.Connection, run.TenantId, new JobRequest(Queue, Kind, "{}"), cancellationToken);
    }
}
