namespace Balatrix.Core.Invoices.Gstr1;

/// <summary>Table 13: which numbers were given in the month, and how many of them were cancelled.</summary>
sealed class IssuedNumbers
{
    sealed record Range(string From, string To, int Total, int Cancelled);

    readonly SortedDictionary<(int Kind, string Series), Range> ranges = [];

    public void Add(DocumentKind kind, string series, string number, bool isVoid)
    {
        var key = (Gstr1Rules.DocumentNumberOf(kind), series);
        var range = ranges.GetValueOrDefault(key) ?? new(number, number, 0, 0);
        ranges[key] = new(
            Compare(number, range.From) < 0 ? number : range.From, Compare(number, range.To) > 0 ? number : range.To, range.Total + 1, range.Cancelled + (isVoid ? 1 : 0));
    }

    public DocumentsIssued? Table() => ranges.Count == 0 ? null : new([.. ranges.GroupBy(r => r.Key.Kind).Select(group => new DocumentsOfKind(
        group.Key,
        [.. group.Select((r, i) => new NumberRange(i + 1, r.Value.From, r.Value.To, r.Value.Total, r.Value.Cancelled, r.Value.Total - r.Value.Cancelled))]))]);

    // Counters have leading zeros, and a longer one is a later one.
    static int Compare(string a, string b) => a.Length != b.Length ? a.Length.CompareTo(b.Length) : string.CompareOrdinal(a, b);
}
