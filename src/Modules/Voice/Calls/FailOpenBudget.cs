using System.Collections.Concurrent;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>
/// Bounds what calls may cost that go on while charging is not there. It is counted by what they may cost, not by what they do, begins anew when charging
/// is back, and is each node's own. Only accounts that were seen in use lately are known then; what they had is not, so none may spend more than it had when it was seen.
/// </summary>
sealed class FailOpenBudget
{
    readonly ConcurrentDictionary<int, long> spent = new();

    /// <summary>Takes a call's cost from the budget, or says that there is not enough left.</summary>
    public bool TryTake(int tenantId, long limitMicros, long micros)
    {
        while (true)
        {
            var before = spent.GetOrAdd(tenantId, 0);
            if (micros > limitMicros - before)
                return false;
            if (spent.TryUpdate(tenantId, before + micros, before))
                return true;
        }
    }

    /// <summary>Charging is there again.</summary>
    public void Reset(int tenantId)
    {
        if (!spent.IsEmpty)
            spent.TryRemove(tenantId, out _);
    }
}
