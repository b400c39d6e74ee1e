using System.Threading.Channels;

namespace Balatrix.Modules.Ledger;

/// <summary>Takes what has gathered since the last commit as the next batch. The pipeline bounds how much can gather.</summary>
/// <param name="runner">Runs its batches, one at a time.</param>
/// <param name="largestBatch">Operations in one.</param>
/// <param name="onTaken">Told how many were taken out of the queue.</param>
/// <param name="linger">How long the first operation waits for more to gather.</param>
sealed class ChargingLane(ChargeBatchRunner runner, int largestBatch, Action<int> onTaken, TimeSpan linger = default)
{
    readonly Channel<PendingOperation> queue = Channel.CreateUnbounded<PendingOperation>(new() { SingleReader = true });
    Task running = Task.CompletedTask;

    public void Enqueue(in PendingOperation operation)
    {
        if (queue.Writer.TryWrite(operation))
            return;
        onTaken(1);
        operation.Answers.Fail(new ChargingUnavailableException(new OperationCanceledException("Charging is stopping.")));
    }

    public void Start() => running = Task.Run(RunAsync);

    public Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Writer.TryComplete();
        return running.WaitAsync(cancellationToken);
    }

    async Task RunAsync()
    {
        var batch = new List<PendingOperation>();
        while (await queue.Reader.WaitToReadAsync(CancellationToken.None))
        {
            if (linger > TimeSpan.Zero)
                await Task.Delay(linger);
            // A batch is of one tenant, since its transaction sees that tenant's rows only.
            while (batch.Count < largestBatch
                && queue.Reader.TryPeek(out var next)
                && (batch.Count == 0 || next.TenantId == batch[0].TenantId)
                && queue.Reader.TryRead(out next))
            {
                batch.Add(next);
            }
            onTaken(batch.Count);
            await runner.RunAsync(batch, allOrNothing: false, CancellationToken.None);
            batch.Clear();
        }
    }
}
