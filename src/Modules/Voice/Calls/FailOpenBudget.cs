using System.Collections.Concurrent;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>
/// Bounds what calls may cost that go on while charging is not there. It is counted by what they may cost, not by what they do, begins anew when charging
/// is back, and is each node's own. Only accounts that were seen in use lately are known then; what they have is not, so none may spend more than it had when it was seen.
/// </summary>
sealed class FailOpenBudget
{
    sealed class Spent
    {
        public long Micros { get; set; }

        public Dictionary<long, long> ByAccount { get; } = [];
    }

    readonly ConcurrentDictionary<int, Spent> spent = new();

    /// <summary>Takes a cost from what the tenant risks and from what the account had, or says that there is not enough left of either.</summary>
    public bool TryTake(int tenantId, long limitMicros, long accountId, long hadMicros, long micros)
    {
        var of = spent.GetOrAdd(tenantId, _ => new());
        lock (of)
        {
            var byAccount = of.ByAccount.GetValueOrDefault(accountId);
            if (micros > limitMicros - of.Micros || micros > hadMicros - byAccount)
                return false;
            of.Micros += micros;
            of.ByAccount[accountId] = byAccount + micros;
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
