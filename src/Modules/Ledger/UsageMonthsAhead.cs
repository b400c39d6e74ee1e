using Balatrix.Modules.Platform;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>Makes the partitions of the months to come, so that no batch has to wait for one.</summary>
public sealed partial class UsageMonthsAhead(Database database, TimeProvider time, ILogger<UsageMonthsAhead> logger) : BackgroundService
{
    const int Ahead = 2;

    /// <summary>Looks twice a day.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await EnsureAsync(stoppingToken);
                await Task.Delay(TimeSpan.FromHours(12), time, stoppingToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or IOException)
            {
                LogFailed(logger, e.Message);
                await Task.Delay(TimeSpan.FromSeconds(10), CancellationToken.None);
            }
        }
    }

    async Task EnsureAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        var month = UsageMonth.Of(time.GetUtcNow());
        for (var ahead = 0; ahead <= Ahead; ahead++)
            await Database.ExecuteAsync(connection, "select usage.ensure_month($1)", [DateOnly.FromDateTime(UsageMonth.Start(month + ahead).UtcDateTime)], cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Partitions were not made this time: {Reason}")]
    static partial void LogFailed(ILogger logger, string reason);
}
