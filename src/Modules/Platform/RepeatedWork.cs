using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Platform;

/// <summary>Work that every node does again and again; it must be harmless to do twice. A lost database only puts it off.</summary>
/// <param name="pause">From the end of one run to the next.</param>
/// <param name="retry">From a failure to the next run.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of runs that failed.</param>
public abstract partial class RepeatedWork(TimeSpan pause, TimeSpan retry, TimeProvider time, ILogger logger) : BackgroundService
{
    /// <summary>The clock.</summary>
    protected TimeProvider Time { get; } = time;

    /// <summary>One run.</summary>
    protected abstract Task RunAsync(CancellationToken cancellationToken);

    /// <summary>Runs at once and then after each pause, until stopped.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(await TryAsync(stoppingToken) ? pause : retry, Time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    async Task<bool> TryAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or IOException)
        {
            LogFailed(logger, GetType().Name, e.Message);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Work} was not done this time: {Reason}")]
    static partial void LogFailed(ILogger logger, string work, string reason);
}
