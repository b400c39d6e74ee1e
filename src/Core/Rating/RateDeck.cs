using System.Collections.Frozen;
using System.Runtime.InteropServices;

namespace Balatrix.Core.Rating;

/// <summary>The charge's one rounding.</summary>
public enum Rounding : byte
{
    /// <summary>Half away from zero.</summary>
    HalfUp,

    /// <summary>Always to the larger amount.</summary>
    Up,

    /// <summary>Half to the even neighbour.</summary>
    HalfEven,

    /// <summary>Always to the smaller amount.</summary>
    Down,
}

/// <summary>A destination of a deck that a key matches.</summary>
/// <param name="Prefix">As the deck has it.</param>
/// <param name="Destination">Its description.</param>
/// <param name="Valid">Whether it has a rate at the instant asked for.</param>
public sealed record RateCandidate(string Prefix, string Destination, bool Valid);

/// <summary>An immutable, indexed deck: built once, searched from any thread, swapped whole when prices change.</summary>
public sealed class RateDeck
{
    readonly DestinationIndex index;
    readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> names;
    readonly string[] prefixes;
    readonly string?[] descriptions;
    readonly bool isSms;
    readonly RateSchedule[][] schedules;
    readonly int catchAll;

    RateDeck(string name, string currency, DeckKind kind, List<(string Prefix, string? Description, RateSchedule[] Schedules)> entries)
    {
        Name = name;
        Currency = currency;
        prefixes = [.. entries.Select(e => e.Prefix)];
        descriptions = [.. entries.Select(e => e.Description)];
        schedules = [.. entries.Select(e => e.Schedules)];
        catchAll = Array.IndexOf(prefixes, "*");
        isSms = kind == DeckKind.Sms;
        // Only numbers match by prefix; a channel may look like one and still means itself alone.
        index = new DestinationIndex(kind == DeckKind.Voice ? prefixes : []);
        names = prefixes
            .Select((prefix, i) => KeyValuePair.Create(prefix, i))
            .Where(p => kind != DeckKind.Voice || !DestinationIndex.IsDigits(p.Key))
            .ToFrozenDictionary(StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The deck's name, for traces.</summary>
    public string Name { get; }

    /// <summary>ISO 4217 code of all its prices.</summary>
    public string Currency { get; }

    /// <summary>Destinations in the deck.</summary>
    public int Count => prefixes.Length;

    /// <summary>Compiles a deck. The order of the rates does not matter.</summary>
    /// <param name="name">Shown in traces.</param>
    /// <param name="currency">ISO 4217 code of the prices.</param>
    /// <param name="rates">Rates that <see cref="RateDeckCsv"/> would accept.</param>
    /// <param name="zone">The zone of days and times of day.</param>
    /// <param name="holidays">Local days that the day <c>hol</c> means.</param>
    /// <param name="kind">Decides how keys match: numbers by prefix, networks with their country's fallback, channels exactly.</param>
    public static RateDeck Build(
        string name, string currency, IEnumerable<Rate> rates, TimeZoneInfo zone, IReadOnlySet<DateOnly> holidays, DeckKind kind = DeckKind.Voice)
    {
        var calendar = new LocalCalendar(zone, holidays);
        var byPrefix = new Dictionary<string, List<Rate>>(StringComparer.Ordinal);
        foreach (var rate in rates)
        {
            ref var rows = ref CollectionsMarshal.GetValueRefOrAddDefault(byPrefix, rate.Prefix, out _);
            (rows ??= new(1)).Add(rate);
        }
        // Most destinations of a deck share a few sets of terms: one schedule serves all of them.
        var shared = new Dictionary<Rate, RateSchedule[]>();
        var entries = new List<(string, string?, RateSchedule[])>(byPrefix.Count);
        foreach (var (prefix, rows) in byPrefix)
        {
            var terms = rows[0] with { Prefix = "", Description = "" };
            RateSchedule[]? compiled = null;
            if (rows.Count > 1 || !shared.TryGetValue(terms, out compiled))
            {
                compiled = RateSchedule.Compile(rows, calendar);
                if (rows.Count == 1)
                    shared.Add(terms, compiled);
            }
            var isOneName = rows.TrueForAll(r => string.Equals(r.Description, rows[0].Description, StringComparison.Ordinal));
            entries.Add((prefix, isOneName ? rows[0].Description : null, compiled));
        }
        return new RateDeck(name, currency, kind, entries);
    }

    /// <summary>The longest prefix that has a rate valid at the instant; a shorter one when the longer has none then.</summary>
    /// <param name="key">E.164 digits, <c>mcc-mnc</c> or a channel.</param>
    /// <param name="at">Start of the use.</param>
    /// <param name="rate">The match, for the other members.</param>
    public bool TryFind(ReadOnlySpan<char> key, DateTimeOffset at, out int rate)
    {
        var search = index.Search(key);
        while (search.MoveNext(out rate))
            if (IsValid(rate, at))
                return true;
        if (names.TryGetValue(key, out rate) && IsValid(rate, at))
            return true;
        // "404-45" falls back to "404-*".
        if (isSms && key.Length > 4 && key[3] == '-' && names.TryGetValue([key[0], key[1], key[2], '-', '*'], out rate) && IsValid(rate, at))
            return true;
        rate = catchAll;
        return catchAll >= 0 && IsValid(catchAll, at);
    }

    /// <summary>All destinations that a key matches, first preference first, for people who ask why it gets the rate it gets.</summary>
    public List<RateCandidate> Candidates(ReadOnlySpan<char> key, DateTimeOffset at)
    {
        var found = new List<RateCandidate>();
        var search = index.Search(key);
        while (search.MoveNext(out var rate))
            Add(rate);
        if (names.TryGetValue(key, out var named))
            Add(named);
        if (isSms && key.Length > 4 && key[3] == '-' && key[4..] is not "*" && names.TryGetValue([key[0], key[1], key[2], '-', '*'], out var network))
            Add(network);
        if (catchAll >= 0 && key is not "*")
            Add(catchAll);
        return found;

        void Add(int rate) => found.Add(new(prefixes[rate], DescriptionOf(rate, at), IsValid(rate, at)));
    }

    /// <summary>The matched prefix.</summary>
    public string PrefixOf(int rate) => prefixes[rate];

    /// <summary>The destination's name and group at an instant: that of the row that holds then, of the earliest row when none does.</summary>
    public string DescriptionOf(int rate, DateTimeOffset at) =>
        descriptions[rate] ?? (ScheduleAt(rate, at)?.TermsAt(at) ?? schedules[rate][0].FirstTerms).Description;

    /// <summary>The terms that hold for a use that starts at the instant.</summary>
    internal RateSchedule ScheduleOf(int rate, DateTimeOffset at) =>
        ScheduleAt(rate, at) ?? throw new ArgumentException("The rate is not valid at that time.", nameof(at));

    bool IsValid(int rate, DateTimeOffset at) => ScheduleAt(rate, at) is not null;

    RateSchedule? ScheduleAt(int rate, DateTimeOffset at)
    {
        // In order of time and apart from each other: the last one that has begun is the only one that can hold.
        var all = schedules[rate];
        int low = 0, high = all.Length - 1;
        while (low < high)
        {
            var middle = low + ((high - low + 1) / 2);
            if (all[middle].BeginsAfter(at))
                high = middle - 1;
            else
                low = middle;
        }
        return all[low].IsValidAt(at) ? all[low] : null;
    }
}
