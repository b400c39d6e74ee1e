using Balatrix.Core.Charging;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Balatrix.Modules.Ledger;

/// <summary>
/// Further writes that commit together with an operation, or not at all, when it was accepted for the first time, not when it was refused or is a
/// repeat: either added to the writes, which take one round trip in all, or done at once on their connection. May run again on another one when a commit failed.
/// </summary>
public delegate ValueTask Alongside(NpgsqlBatch writes, Decision decision, CancellationToken cancellationToken);

/// <summary>An operation and the account that it is for.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Operation">What is to be done.</param>
/// <param name="Alongside">What else is to be written with it, or null.</param>
/// <param name="Haste">How much its answer is waited for.</param>
public readonly record struct AccountOperation(long AccountId, Operation Operation, Alongside? Alongside = null, Haste Haste = Haste.Usual);

/// <summary>How much the answer of an operation is waited for.</summary>
public enum Haste
{
    /// <summary>Answered when it is on disk.</summary>
    Usual,

    /// <summary>Nobody waits just now: it gathers with others a little longer, so that those who do wait find their lane free.</summary>
    Patient,

    /// <summary>
    /// Answered when it is committed, at most 0.6 s before it is on disk (synchronous_commit off), unless others of its batch wait for the disk. Only for what is made again, by whoever asked for it,
    /// should a crash of the database's machine undo it.
    /// </summary>
    Urgent,
}

/// <summary>The queue of charging is full: nothing was taken, and the caller should come again a little later.</summary>
public sealed class ChargingQueueFullException(int capacity)
    : Exception($"The charging queue holds its {capacity} operations; try again shortly.");

/// <summary>The database could not be reached, so it is not known whether the operation was done; asking again with the same key is safe.</summary>
public sealed class ChargingUnavailableException(Exception cause)
    : Exception("Charging is unavailable; repeat the request, it will be done once.", cause);

/// <summary>
/// The one door to balances. Concurrent requests are gathered and committed in groups: an idle system answers at once,
/// a busy one batches by itself. An answer is given only after the commit that makes it true.
/// </summary>
public sealed class ChargingPipeline : IHostedService, IAsyncDisposable
{
    static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(50);

    readonly ChargingLane[] usual, urgent, patient;
    readonly ChargeBatchRunner runner;
    readonly int capacity;
    int queued;

    /// <summary>Makes the pipeline; nothing runs before <see cref="StartAsync"/>.</summary>
    public ChargingPipeline(ChargeBatchRunner runner, ChargingOptions options)
    {
        this.runner = runner;
        capacity = options.QueueCapacity;
        usual = Lanes(options.Lanes);
        urgent = Lanes(options.UrgentLanes);
        patient = Lanes(1, Linger);

        ChargingLane[] Lanes(int count, TimeSpan linger = default) => [.. Enumerable.Range(0, count).Select(_ => new ChargingLane(runner, options.LargestBatch, OnTaken, linger))];
    }

    /// <summary>Operations that wait for their batch.</summary>
    public int QueueDepth => Volatile.Read(ref queued);

    /// <summary>Does one operation and answers after its commit.</summary>
    /// <exception cref="ChargingQueueFullException">Nothing was taken.</exception>
    /// <exception cref="ChargingUnavailableException">The outcome is unknown; repeat.</exception>
    public async Task<Decision> SubmitAsync(int tenantId, long accountId, Operation operation, CancellationToken cancellationToken, Alongside? alongside = null, Haste haste = Haste.Usual)
    {
        var answers = await SubmitAsync(tenantId, [new AccountOperation(accountId, operation, alongside, haste)], cancellationToken);
        return answers[0];
    }

    /// <summary>Does many operations; the answers stand in their order. Either all are taken or none.</summary>
    /// <exception cref="ChargingQueueFullException">Nothing was taken.</exception>
    /// <exception cref="ChargingUnavailableException">The outcome of some is unknown; repeat.</exception>
    public Task<Decision[]> SubmitAsync(int tenantId, IReadOnlyList<AccountOperation> operations, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (operations.Count == 0)
            return Task.FromResult<Decision[]>([]);
        if (Interlocked.Add(ref queued, operations.Count) > capacity)
        {
            Interlocked.Add(ref queued, -operations.Count);
            throw new ChargingQueueFullException(capacity);
        }
        var answers = new PendingAnswers(operations.Count);
        for (var i = 0; i < operations.Count; i++)
        {
            var (accountId, operation, alongside, haste) = operations[i];
            LaneOf(haste, accountId).Enqueue(new PendingOperation(tenantId, accountId, operation, answers, i, alongside, haste));
        }
        return answers.Task;
    }

    /// <summary>Moves an amount between two accounts of one currency: both entries in one transaction, or neither.</summary>
    public async Task<(Decision From, Decision To)> TransferAsync(
        int tenantId, long fromAccountId, long toAccountId, Guid key, long amountMicros, string currency, string reference, CancellationToken cancellationToken,
        Alongside? alongside = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(amountMicros);
        var answers = new PendingAnswers(2);
        PendingOperation[] pair =
        [
            new(tenantId, fromAccountId, new Post(key, EntryKind.TransferOut, Book.Transfer, -amountMicros, currency, reference, null), answers, 0, alongside),
            new(tenantId, toAccountId, new Post(key, EntryKind.TransferIn, Book.Transfer, amountMicros, currency, reference, null), answers, 1),
        ];
        await runner.RunAsync(pair, allOrNothing: true, cancellationToken);
        var decisions = await answers.Task;
        return (decisions[0], decisions[1]);
    }

    /// <summary>Starts the lanes.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var lane in All)
            lane.Start();
        return Task.CompletedTask;
    }

    /// <summary>Takes no more and finishes what was taken.</summary>
    public Task StopAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(All.Select(lane => lane.StopAsync(cancellationToken)));

    /// <summary>Stops the lanes if they still run.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    IEnumerable<ChargingLane> All => [.. usual, .. urgent, .. patient];

    /// <summary>
    /// A lane owns its accounts among those of its haste, so that their batches never wait for each other's locks. All lock in the same order, so that those of different haste wait at most
    /// for a commit of the accounts they share, while what is urgent never waits behind a long batch of other accounts.
    /// </summary>
    ChargingLane LaneOf(Haste haste, long accountId)
    {
        var lanes = haste switch
        {
            Haste.Urgent => urgent,
            Haste.Patient => patient,
            _ => usual,
        };
        return lanes[(int)((ulong)accountId % (ulong)lanes.Length)];
    }

    void OnTaken(int count) => Interlocked.Add(ref queued, -count);
}

/// <summary>Sizes of the charging pipeline.</summary>
/// <param name="Lanes">Batches that are under way at once.</param>
/// <param name="UrgentLanes">Batches beside them of what is waited for by a caller: short ones, and a free lane for nearly each.</param>
/// <param name="LargestBatch">Operations in one transaction at most.</param>
/// <param name="QueueCapacity">Operations that may wait before requests are turned away.</param>
/// <param name="KeyFilterBytes">The most memory for what is known of the keys of past months; ten bits a use, so 32 million uses.</param>
public sealed record ChargingOptions(int Lanes = 2, int UrgentLanes = 6, int LargestBatch = 32_768, int QueueCapacity = 131_072, long KeyFilterBytes = 40 << 20);
