namespace Balatrix.Core.Voice.Fraud;

/// <summary>
/// Use by buckets of five minutes. A sum takes the bucket of the instant and as many whole buckets before it as the span has, so an hour is at least 60 and less than
/// 65 minutes: never less than what is limited. Not for several threads at once.
/// </summary>
public sealed class UseWindow
{
    /// <summary>Seconds in a bucket.</summary>
    public const int BucketSeconds = 300;

    /// <summary>Buckets in an hour.</summary>
    public const int Hour = 3600 / BucketSeconds;

    /// <summary>Buckets in a day.</summary>
    public const int Day = 24 * Hour;

    readonly List<(int Bucket, CallUse Use)> buckets = [];

    /// <summary>Whether it holds nothing.</summary>
    public bool IsEmpty => buckets.Count == 0;

    /// <summary>The bucket of an instant.</summary>
    public static int BucketOf(DateTimeOffset at) => (int)(at.ToUnixTimeSeconds() / BucketSeconds);

    /// <summary>Adds to a bucket; what is taken away is added below zero.</summary>
    public void Add(int bucket, CallUse use)
    {
        var at = buckets.Count;
        while (at > 0 && buckets[at - 1].Bucket > bucket)
            at--;
        if (at > 0 && buckets[at - 1].Bucket == bucket)
            buckets[at - 1] = (bucket, buckets[at - 1].Use + use);
        else
            buckets.Insert(at, (bucket, use));
    }

    /// <summary>What was used in a bucket and so many before it.</summary>
    public CallUse Sum(int last, int before)
    {
        var sum = default(CallUse);
        for (var i = buckets.Count - 1; i >= 0 && buckets[i].Bucket >= last - before; i--)
            if (buckets[i].Bucket <= last)
                sum += buckets[i].Use;
        return sum;
    }

    /// <summary>Forgets the buckets before one.</summary>
    public void Forget(int before)
    {
        var old = 0;
        while (old < buckets.Count && buckets[old].Bucket < before)
            old++;
        buckets.RemoveRange(0, old);
    }
}
