namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>What the sandbox decides later.</summary>
sealed class SandboxTimers : IAsyncDisposable
{
    readonly CancellationTokenSource stopping = new();
    readonly List<Task> tasks = [];

    public void After(TimeSpan delay, Action decide)
    {
        lock (tasks)
        {
            tasks.RemoveAll(t => t.IsCompleted);
            tasks.Add(RunAsync(delay, decide));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        Task[] left;
        lock (tasks)
            left = [.. tasks];
        await Task.WhenAll(left);
        stopping.Dispose();
    }

    async Task RunAsync(TimeSpan delay, Action decide)
    {
        try
        {
            await Task.Delay(delay, stopping.Token);
            decide();
        }
        catch (OperationCanceledException)
        {
            // The sandbox ends; what is undecided is taken up at its next start.
        }
    }
}
