using Balatrix.Core.Charging;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>Gives back what expired reservations hold. Every node may run it: a release is done once, and not when the reservation was extended meanwhile.</summary>
public sealed partial class ReservationSweep(ReservationQueries reservations, ChargingPipeline pipeline, TimeProvider time, ILogger<ReservationSweep> logger) : BackgroundService
{
    /// <summary>The most that one sweep releases.</summary>
    public const int Page = 1000;

    static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Sweeps until stopped.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (await WaitAsync(timer, stoppingToken))
        {
            try
            {
                while (await SweepAsync(null, stoppingToken) == Page)
                {
                    // More may have expired than one page holds.
                }
            }
            catch (Exception e) when (e is NpgsqlException or ChargingUnavailableException or ChargingQueueFullException or IOException)
            {
                LogFailed(logger, e.Message);
            }
        }
    }

    /// <summary>Releases one page of one tenant or of all, and says how many it held.</summary>
    public async Task<int> SweepAsync(int? tenantId, CancellationToken cancellationToken)
    {
        var expired = await reservations.ExpiredAsync(tenantId, time.GetUtcNow(), Page, cancellationToken);
        foreach (var tenant in expired.GroupBy(e => e.TenantId))
            await pipeline.SubmitAsync(tenant.Key, [.. tenant.Select(e => new AccountOperation(e.AccountId, new Release(e.ReservationId, OnlyIfExpired: true)))], cancellationToken);
        return expired.Count;
    }

    static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Expired reservations were not swept this time: {Reason}")]
    static partial void LogFailed(ILogger logger, string reason);
}
