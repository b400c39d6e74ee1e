using System.Globalization;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform.Jobs;
using Npgsql;

namespace Balatrix.Modules.Usage;

/// <summary>Charges kept uses again. As a job it goes through all that are open, a page a job, so that a page that is done stays done.</summary>
public sealed class RetryUnrated(UsageIntake intake, UnratedStore unrated) : IJobHandler
{
    /// <summary>The queue it waits in.</summary>
    public const string Queue = "cdr-processing";

    /// <summary>The job's name.</summary>
    public const string Kind = "retry-failed-cdrs";

    /// <summary>The most uses of one job.</summary>
    public const int Page = 500;

    /// <summary>Charges kept uses and notes those that succeeded in the caller's transaction; the answers stand in the order of the uses.</summary>
    public async Task<UsageAnswer[]> RetryAsync(NpgsqlConnection connection, int tenantId, IReadOnlyList<UnratedEvent> kept, CancellationToken cancellationToken)
    {
        var answers = await intake.ChargeAsync(tenantId, [.. kept.Select(k => new ParsedUsage(k.Account, k.Event, null))], hasHappened: true, cancellationToken);
        var charged = kept.Zip(answers).Where(p => p.Second.Status is 200 or 201).Select(p => (p.First.Id, p.Second.UsageId!)).ToList();
        await unrated.SettleAsync(connection, tenantId, charged, cancellationToken);
        return answers;
    }

    /// <summary>Does the page after the payload's "after" and enqueues the next one with its own end.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var after = run.Payload.TryGetProperty("after", out var given) ? given.GetInt64() : 0;
        var kept = await unrated.OpenAfterAsync(run.TenantId, after, Page, cancellationToken);
        await RetryAsync(run.Connection, run.TenantId, kept, cancellationToken);
        if (kept.Count == Page)
        {
            var next = string.Create(CultureInfo.InvariantCulture, $$"""{"after":{{kept[^1].Id}}}""");
            await JobQueue.EnqueueAsync(run.Connection, run.TenantId, new JobRequest(Queue, Kind, next), cancellationToken);
        }
    }
}
