namespace Balatrix.Modules.Ledger;

/// <summary>
/// Where to look for uses that were recorded before. An event of the same month is met by the partition's unique index at
/// COPY, which costs nothing when all is new; the account's other months are looked into, since the same id may have come
/// with another time. After a duplicate was met, every month is looked into first.
/// </summary>
static class RecordedQueries
{
    public static List<RecordedQuery> For(ChargeBatch batch, bool lookFirst)
    {
        var queries = new List<RecordedQuery>();
        var byMonth = new Dictionary<short, Wanted>();
        foreach (var pending in batch.Operations)
        {
            if (!ChargeBatch.IsUsage(pending.Operation) || !batch.Accounts.TryGetValue(pending.AccountId, out var slot) || slot.FirstMonth is null)
                continue;
            var month = UsageMonth.Of(ChargeBatch.UsageOf(pending.Operation)!.OccurredAt);
            if (!lookFirst && slot.FirstMonth == month && slot.LastMonth == month)
                continue;
            if (!byMonth.TryGetValue(month, out var wanted))
                byMonth.Add(month, wanted = new());
            wanted.Add(pending.AccountId, pending.Operation.Key, slot.FirstMonth.Value, slot.LastMonth!.Value);
        }
        foreach (var (month, wanted) in byMonth)
        {
            foreach (var keys in KeyLookup.Of(wanted.Pairs))
            {
                if (lookFirst)
                {
                    queries.Add(new(Math.Min(wanted.First, month), Math.Max(wanted.Last, month) + 1, keys));
                    continue;
                }
                if (wanted.First < month)
                    queries.Add(new(wanted.First, month, keys));
                if (wanted.Last > month)
                    queries.Add(new(month + 1, wanted.Last + 1, keys));
            }
        }
        return queries;
    }

    sealed class Wanted
    {
        public List<(long AccountId, Guid Key)> Pairs { get; } = [];

        public short First { get; private set; } = short.MaxValue;

        public short Last { get; private set; } = short.MinValue;

        public void Add(long accountId, Guid key, short first, short last)
        {
            Pairs.Add((accountId, key));
            First = Math.Min(First, first);
            Last = Math.Max(Last, last);
        }
    }
}
