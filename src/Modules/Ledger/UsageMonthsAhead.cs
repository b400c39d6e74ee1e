using Balatrix.Modules.Platform;
using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Ledger;

/// <summary>Makes the partitions of the months to come, so that no batch has to wait for one.</summary>
public sealed class UsageMonthsAhead(Database database, TimeProvider time, ILogger<UsageMonthsAhead> logger)
    : RepeatedWork(TimeSpan.FromHours(12), TimeSpan.FromSeconds(10), time, logger)
{
    const int Ahead = 2;


    /// <summary>Makes those that are missing.</summary>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        var month = UsageMonth.Of(Time.GetUtcNow());
        for (var ahead = 0; ahead <= Ahead; ahead++)
            await Database.ExecuteAsync(connection, "select usage.ensure_month($1)", [DateOnly.FromDateTime(UsageMonth.Start(month + ahead).UtcDateTime)], cancellationToken);
    }
}
