using Balatrix.Modules.Platform;
using Balatrix.Modules.Voice.EventSocket;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>
/// Who controls the node, and what that one asks FreeSWITCH now and then. The lock is the database session's: it goes with the process that holds it. While the database is
/// away nobody can get it, so the holder keeps what it has; when it is back, the holder stays or another has it.
/// </summary>
sealed partial class CallControl
{
    static readonly TimeSpan Pulse = TimeSpan.FromSeconds(1);

    async Task HoldAsync(CancellationToken cancellationToken)
    {
        NpgsqlConnection? connection = null;
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                try
                {
                    connection ??= await OpenAsync(cancellationToken);
                    var isOwner = (await Database.QueryAsync(
                        connection,
                        "select case when exists (select 1 from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() and granted) then true else pg_try_advisory_lock(hashtext('balatrix.calls'), hashtext($1)) end",
                        [link.Node.Name], r => r.GetBoolean(0), cancellationToken))[0];
                    Own(isOwner);
                }
                catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
                {
                    if (connection is not null)
                        await connection.DisposeAsync();
                    connection = null;
                }
                await Task.Delay(Pulse, services.Time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped.
        }
        finally
        {
            IsOwner = false;
            if (connection is not null)
                await connection.DisposeAsync();
        }
    }

    async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await services.Database.OpenAsideAsync("balatrix-calls", cancellationToken);
        await Database.ExecuteAsync(connection, "set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3", [], cancellationToken);
        return connection;
    }

    void Own(bool isOwner)
    {
        if (isOwner == IsOwner)
            return;
        LogOwner(services.Logger, link.Node.Name, isOwner ? "by this process" : "by another process");
        isTakenOver = false;
        IsOwner = isOwner;
        if (isOwner)
            ResyncNow();
        else
            ForgetAll();
    }

    // One that waits is enough.
    void ResyncNow() => resyncNow.Writer.TryWrite(true);

    async Task ResyncAsync(CancellationToken cancellationToken)
    {
        var pause = services.Timings.Resync;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await WaitAsync(pause, cancellationToken);
                pause = services.Timings.Resync;
                if (IsOwner && link.State == LinkState.Up)
                    await SnapshotAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // A query that failed says nothing about any call.
                LogNoSnapshot(services.Logger, link.Node.Name, e.Message);
                pause = services.Timings.Retry;
            }
        }
    }

    /// <summary>Until it is asked for, or the pause is over.</summary>
    async Task WaitAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(resyncNow.Reader.WaitToReadAsync(over.Token).AsTask(), Task.Delay(pause, services.Time, over.Token));
        await over.CancelAsync();
        resyncNow.Reader.TryRead(out _);
        cancellationToken.ThrowIfCancellationRequested();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Calls of FreeSWITCH {Node} are controlled {Owner}")]
    static partial void LogOwner(ILogger logger, string node, string owner);

    [LoggerMessage(Level = LogLevel.Warning, Message = "FreeSWITCH {Node} could not be asked for its channels: {Reason}")]
    static partial void LogNoSnapshot(ILogger logger, string node, string reason);
}
