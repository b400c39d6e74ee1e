namespace Balatrix.Modules.Ledger;

/// <summary>
/// Where to look for uses that were recorded before. An event of the same month is met by the partition's unique index at
/// COPY, which costs nothing when all is new; the account's other months are looked into, since the same id may have come
/// with another time, unless a filter says that the key is surely not there. After a duplicate was met, its own month is looked into first.
/// </summary>
static class RecordedQueries
{
    public static List<RecordedQuery> For(ChargeBatch batch, bool lookFirst, UsageKeyFilters filters)
    {
        var wanted = new Dictionary<(int From, int To), List<(long AccountId, Guid Key)>>();
        foreach (var pending in batch.Operations)
        {
            if (!ChargeBatch.IsUsage(pending.Operation) || !batch.Accounts.TryGetValue(pending.AccountId, out var slot) || slot.FirstMonth is not { } first)
                continue;
            var own = UsageMonth.Of(ChargeBatch.UsageOf(pending.Operation)!.OccurredAt);
            var (from, to) = (int.MaxValue, int.MinValue);
            for (int month = first; month <= slot.LastMonth; month++)
            {
                if (month == own ? !lookFirst : filters.SurelyNotIn(month, slot, pending.Operation.Key))
                    continue;
                from = Math.Min(from, month);
                to = month + 1;
            }
            if (from > to)
                continue;
            if (!wanted.TryGetValue((from, to), out var pairs))
                wanted.Add((from, to), pairs = []);
            pairs.Add((pending.AccountId, pending.Operation.Key));
        }
        // The latest first: it is the one to be known by heart when there is not room for all.
        foreach (var ((from, to), pairs) in wanted)
            for (var month = to - 1; month >= from; month--)
                filters.Note(month, pairs.Count);
        return [.. from range in wanted from keys in KeyLookup.Of(range.Value) select new RecordedQuery(range.Key.From, range.Key.To, keys)];
    }
}
