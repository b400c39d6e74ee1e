using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Platform.Jobs;

/// <summary>Hears from the database that jobs were enqueued. Without it they are found a pause later.</summary>
public sealed class JobListener(Database database, JobSignals signals, TimeProvider time, ILogger<JobListener> logger)
    : RepeatedWork(TimeSpan.Zero, TimeSpan.FromSeconds(2), time, logger)
{
    /// <summary>Listens until the connection is lost.</summary>
    protected override async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.App.OpenConnectionAsync(cancellationToken);
        connection.Notification += (_, notice) => signals.Wake(notice.Payload);
        await Database.ExecuteAsync(connection, $"listen {JobQueue.Channel}", [], cancellationToken);
        // What was enqueued while nobody listened.
        signals.WakeAll();
        while (true)
            await connection.WaitAsync(cancellationToken);
    }
}
