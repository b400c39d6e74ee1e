using Balatrix.Modules.Platform.Jobs;

namespace Balatrix.Modules.Ledger;

/// <summary>Job: gives back all that a tenant's expired reservations hold.</summary>
public sealed class ReleaseExpiredReservations(ReservationSweep sweep) : IJobHandler
{
    /// <summary>Releases page by page; a release that was done already is nothing.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        while (await sweep.SweepAsync(run.TenantId, cancellationToken) == ReservationSweep.Page)
        {
            // More may have expired than one page holds.
        }
    }
}
