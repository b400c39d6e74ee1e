namespace Balatrix.Modules.Ledger;

/// <summary>Accounts and keys of one statement that looks rows up by them, pair by pair.</summary>
readonly record struct KeyLookup(long[] AccountIds, Guid[] Keys)
{
    // The statement names its accounts once more for their shard, and a row that is found is compared with that list.
    const int Largest = 1000;

    /// <summary>Each pair once, in the order of the index, in as many statements as keep the list of accounts short.</summary>
    public static IEnumerable<KeyLookup> Of(IEnumerable<(long AccountId, Guid Key)> pairs)
    {
        var sorted = pairs.Distinct().Order().ToArray();
        foreach (var slice in sorted.Chunk(Largest))
            yield return new(Array.ConvertAll(slice, p => p.AccountId), Array.ConvertAll(slice, p => p.Key));
    }
}
