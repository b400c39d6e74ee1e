namespace Balatrix.Modules.Platform.Jobs;

/// <summary>Wakes the queues of this node when there may be work. A signal that nobody waits for is kept, and many are one.</summary>
public sealed class JobSignals : IDisposable
{
    readonly Dictionary<string, SemaphoreSlim> signals = JobQueues.Lanes.Keys.ToDictionary(queue => queue, _ => new SemaphoreSlim(0, 1), StringComparer.Ordinal);

    /// <summary>There may be work in a queue; an unknown one is another program's.</summary>
    public void Wake(string queue)
    {
        if (!signals.TryGetValue(queue, out var signal))
            return;
        lock (signal)
            if (signal.CurrentCount == 0)
                signal.Release();
    }

    /// <summary>There may be work in any queue.</summary>
    public void WakeAll()
    {
        foreach (var queue in signals.Keys)
            Wake(queue);
    }

    /// <summary>Waits for a signal, or a pause.</summary>
    internal async Task WaitAsync(string queue, TimeSpan pause, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(pause, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await signals[queue].WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The pause is over.
        }
    }

    /// <summary>Lets the signals go.</summary>
    public void Dispose()
    {
        foreach (var signal in signals.Values)
            signal.Dispose();
    }
}
