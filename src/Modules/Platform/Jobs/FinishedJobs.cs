using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Platform.Jobs;

/// <summary>Forgets done jobs after a month, and those of queues that are filled every minute after a day. Dead letters stay.</summary>
public sealed class FinishedJobs(Database database, TimeProvider time, ILogger<FinishedJobs> logger)
    : RepeatedWork(TimeSpan.FromHours(1), TimeSpan.FromMinutes(1), time, logger)
{
    const int Page = 10_000;

    /// <summary>Forgets what is old enough and says how many that were.</summary>
    public async Task<int> ForgetAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Owner.OpenConnectionAsync(cancellationToken);
        var all = 0;
        int some;
        do
        {
            some = await Database.ExecuteAsync(
                connection,
                $"""
                delete from platform.jobs where job_id in (
                    select job_id from platform.jobs
                     where status = 'done' and (finished_at < $1::timestamptz - interval '30 days'
                        or queue in ('cleanup', 'monitoring') and finished_at < $1::timestamptz - interval '1 day')
                     limit {Page} for update skip locked)
                """,
                [Time.GetUtcNow()], cancellationToken);
            all += some;
        }
        while (some == Page);
        return all;
    }

    /// <summary>Forgets what is old enough.</summary>
    protected override Task RunAsync(CancellationToken cancellationToken) => ForgetAsync(cancellationToken);
}
