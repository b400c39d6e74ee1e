using Balatrix.Core.Charging;

namespace Balatrix.Modules.Ledger;

/// <summary>An operation on its way, with the place its answer goes to.</summary>
public readonly record struct PendingOperation(int TenantId, long AccountId, Operation Operation, PendingAnswers Answers, int Index, Alongside? Alongside = null, Haste Haste = Haste.Usual);

/// <summary>Collects the answers to one submission, which may come from several batches.</summary>
public sealed class PendingAnswers(int count)
{
    readonly Decision[] decisions = new Decision[count];
    readonly TaskCompletionSource<Decision[]> source = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int open = count;
    Exception? failure;

    /// <summary>Ends when every answer is there.</summary>
    public Task<Decision[]> Task => source.Task;

    /// <summary>Gives one answer.</summary>
    public void Answer(int index, Decision decision)
    {
        decisions[index] = decision;
        Close();
    }

    /// <summary>Gives a failure in place of one answer; the whole submission then fails, after all its answers are in.</summary>
    public void Fail(Exception exception)
    {
        Interlocked.CompareExchange(ref failure, exception, null);
        Close();
    }

    void Close()
    {
        if (Interlocked.Decrement(ref open) > 0)
            return;
        if (failure is null)
            source.SetResult(decisions);
        else
            source.SetException(failure);
    }
}
