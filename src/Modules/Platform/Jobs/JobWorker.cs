using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Platform.Jobs;

/// <summary>Does this node's share of all jobs: for each queue one loop that claims, and as many runs at a time as the queue may have.</summary>
public sealed partial class JobWorker(JobRunner runner, JobSignals signals, TimeProvider time, ILogger<JobWorker> logger) : BackgroundService
{
    /// <summary>Jobs whose time comes are found this late at most; those that are due at once wake the worker.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>Works until stopped.</summary>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(runner.Queues.Select(queue => WorkAsync(queue, stoppingToken)));

    async Task WorkAsync(string queue, CancellationToken stoppingToken)
    {
        var lanes = JobQueues.Lanes[queue];
        using var free = new SemaphoreSlim(lanes);
        try
        {
            while (true)
            {
                await free.WaitAsync(stoppingToken);
                ClaimedJob? job = null;
                try
                {
                    job = await TryClaimAsync(queue, stoppingToken);
                }
                finally
                {
                    if (job is null)
                        free.Release();
                }
                if (job is not null)
                    _ = RunAsync(job, free, stoppingToken);
                else
                    await signals.WaitAsync(queue, Pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Those under way are cancelled too; they give their jobs back before the connections go.
            for (var lane = 0; lane < lanes; lane++)
                await free.WaitAsync(CancellationToken.None);
        }
    }

    async Task<ClaimedJob?> TryClaimAsync(string queue, CancellationToken cancellationToken)
    {
        try
        {
            return await runner.ClaimAsync(queue, null, cancellationToken);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            LogUnavailable(logger, queue, e.Message);
            return null;
        }
    }

    async Task RunAsync(ClaimedJob job, SemaphoreSlim free, CancellationToken stoppingToken)
    {
        try
        {
            await runner.RunAsync(job, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping; the job was given back.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Neither the work nor its failure could be written down: the job is as it was.
            LogUnavailable(logger, job.Kind.Queue, e.Message);
        }
        finally
        {
            free.Release();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue {Queue} cannot be worked on for now: {Reason}")]
    static partial void LogUnavailable(ILogger logger, string queue, string reason);
}
