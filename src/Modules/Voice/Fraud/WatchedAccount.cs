using System.Collections.Immutable;
using Balatrix.Core.Voice.Fraud;

namespace Balatrix.Modules.Voice.Fraud;

/// <summary>One account in memory: what all nodes have told of it, and what this one has yet to tell. Everything under its own lock.</summary>
sealed class WatchedAccount(int tenantId, long accountId)
{
    readonly Lock gate = new();
    readonly AccountUse use = new();
    readonly Dictionary<(CalledDestination To, int Bucket), CallUse> told = [];
    readonly Dictionary<(CalledDestination To, int Bucket), CallUse> untold = [];
    UsualHour? usual;
    int usualAt = int.MinValue;

    public int TenantId { get; } = tenantId;

    public long AccountId { get; } = accountId;

    /// <summary>The last hour in which it was asked for, as hours since 1970.</summary>
    public int AskedAt { get; private set; } = int.MinValue;

    public bool NeedsUsual => AskedAt != int.MinValue && usualAt != AskedAt;

    public ImmutableArray<FraudFinding> Check(FraudPolicy policy, string homeCountry, IReadOnlyDictionary<FraudSubject, DateTimeOffset> permits, FraudCall call)
    {
        lock (gate)
        {
            AskedAt = HourOf(call.At);
            return FraudRules.Check(policy, new FraudFacts(homeCountry, use, usual, permits), call.ToE164, call.DestinationGroup, call.At);
        }
    }

    /// <summary>Counts here at once; true when there was nothing to tell before.</summary>
    public bool Count(CalledDestination to, int bucket, CallUse more)
    {
        lock (gate)
        {
            use.Add(to, bucket, more);
            var wasEmpty = untold.Count == 0;
            untold[(to, bucket)] = untold.GetValueOrDefault((to, bucket)) + more;
            return wasEmpty;
        }
    }

    /// <summary>Takes what is yet to be told; <see cref="Learn"/> or <see cref="TakeBack"/> must follow.</summary>
    public List<UseRow> TakeUntold()
    {
        lock (gate)
        {
            var rows = untold.Select(u => new UseRow(TenantId, AccountId, u.Key.Bucket, u.Key.To, u.Value)).ToList();
            untold.Clear();
            return rows;
        }
    }

    /// <summary>It could not be told now.</summary>
    public void TakeBack(List<UseRow> rows)
    {
        lock (gate)
            foreach (var row in rows)
                untold[(row.To, row.Bucket)] = untold.GetValueOrDefault((row.To, row.Bucket)) + row.Use;
    }

    /// <summary>Takes over the total that all nodes have told of a bucket; <paramref name="own"/> of it was counted here already.</summary>
    public void Learn(UseRow total, CallUse own)
    {
        lock (gate)
        {
            var key = (total.To, total.Bucket);
            var news = total.Use - told.GetValueOrDefault(key) - own;
            told[key] = total.Use;
            if (news != default)
                use.Add(total.To, total.Bucket, news);
        }
    }

    public void LearnUsual(UsualHour? hour, int asked)
    {
        lock (gate)
            (usual, usualAt) = (hour, asked);
    }

    /// <summary>Forgets what is older than a day; true when nothing is left.</summary>
    public bool Forget(int before)
    {
        lock (gate)
        {
            use.Forget(before);
            foreach (var key in told.Keys)
                if (key.Bucket < before)
                    told.Remove(key);
            return use.IsEmpty && untold.Count == 0;
        }
    }

    public static int HourOf(DateTimeOffset at) => (int)(at.ToUnixTimeSeconds() / 3600);
}

/// <summary>Use of a destination in a bucket of five minutes.</summary>
readonly record struct UseRow(int TenantId, long AccountId, int Bucket, CalledDestination To, CallUse Use);
