using System.Globalization;

namespace Balatrix.Core.Rating;

/// <summary>
/// What no line of a deck shows alone: at any second of a call, at any time, one row of a destination must hold, and steps must begin at 0.
/// The rows of a destination are swept in order of validity, so that long histories of one destination cost little more than their sorting.
/// </summary>
static class RateDeckChecks
{
    readonly record struct Row(Rate Rate, int Line);

    /// <summary>The faults, in order of lines.</summary>
    public static IEnumerable<RateDeckError> Check(List<Rate> rates, List<int> lines)
    {
        var errors = new List<RateDeckError>();
        foreach (var destination in rates.Zip(lines, (rate, line) => new Row(rate, line)).GroupBy(r => r.Rate.Prefix, StringComparer.Ordinal))
        {
            var rows = destination.OrderBy(r => RateSchedule.From(r.Rate)).ToList();
            if (rows.Count > 1)
                CheckMeanings(rows, errors);
            foreach (var band in rows.GroupBy(r => Band.Of(r.Rate)))
                CheckSteps(band, errors);
        }
        return errors.OrderBy(e => e.Line);
    }

    /// <summary>No two rows may mean the same second of a call at one time.</summary>
    static void CheckMeanings(List<Row> rows, List<RateDeckError> errors)
    {
        var inForce = new RowsInForce();
        var ends = new PriorityQueue<Row, long>();
        foreach (var row in rows)
        {
            while (ends.TryPeek(out var ended, out var end) && end <= RateSchedule.From(row.Rate))
                inForce.Remove(ends.Dequeue());
            if (inForce.SameMeaning(row) is { } twin)
            {
                var line = Math.Min(row.Line, twin);
                errors.Add(new(Math.Max(row.Line, twin), "prefix", row.Rate.Prefix, $"one row for a destination, band, from_second and time of validity; line {line} is another"));
            }
            else if (inForce.Overlapping(row) is { } other)
            {
                var line = Math.Min(row.Line, other);
                errors.Add(new(Math.Max(row.Line, other), "from_time", Hours(row.Rate), $"hours that no equally special band has too; line {line} overlaps them"));
            }
            else
            {
                inForce.Add(row);
                ends.Enqueue(row, RateSchedule.To(row.Rate));
            }
        }
    }

    /// <summary>Steps must lie upon rows that begin at 0, all the time of their validity.</summary>
    static void CheckSteps(IEnumerable<Row> rows, List<RateDeckError> errors)
    {
        var based = new List<(long From, long To)>();
        foreach (var (rate, _) in rows.Where(r => r.Rate.FromSecond == 0))
        {
            var (from, to) = (RateSchedule.From(rate), RateSchedule.To(rate));
            if (based.Count > 0 && from <= based[^1].To)
                based[^1] = (based[^1].From, Math.Max(to, based[^1].To));
            else
                based.Add((from, to));
        }
        var at = 0;
        foreach (var (rate, line) in rows.Where(r => r.Rate.FromSecond > 0))
        {
            while (at + 1 < based.Count && based[at + 1].From <= RateSchedule.From(rate))
                at++;
            if (at == based.Count || based[at].From > RateSchedule.From(rate) || based[at].To < RateSchedule.To(rate))
                errors.Add(new(
                    line, "from_second", rate.FromSecond.ToString(CultureInfo.InvariantCulture),
                    "a row with from_second 0 of the same destination and band for all the time of its validity"));
        }
    }

    static string Hours(Rate rate) => $"{RateDeckCsv.Clock(rate.FromTime)}-{RateDeckCsv.Clock(rate.ToTime)}";

    readonly record struct Band(RateDays Days, int FromTime, int ToTime)
    {
        public static Band Of(Rate rate) => new(rate.Days, rate.FromTime, rate.ToTime);

        public int Rank => RateBand.RankOf(Days, FromTime, ToTime);

        /// <summary>
        /// Its stretches of a week, in seconds. Holidays may fall on any day and follow each other, so that bands of holidays
        /// overlap when their hours do: for these one day stands for all.
        /// </summary>
        public IEnumerable<(int From, int To)> Stretches()
        {
            var isHoliday = Days.HasFlag(RateDays.Holiday);
            var days = isHoliday ? 1 : 7;
            var length = ToTime - FromTime + (ToTime > FromTime ? 0 : Rate.SecondsPerDay);
            for (var day = 0; day < days; day++)
            {
                if (!isHoliday && ((int)Days & (1 << day)) == 0)
                    continue;
                var (from, beyond) = ((day * Rate.SecondsPerDay) + FromTime, (day * Rate.SecondsPerDay) + FromTime + length - (days * Rate.SecondsPerDay));
                yield return (from, from + length - Math.Max(0, beyond));
                if (beyond > 0)
                    yield return (0, beyond);
            }
        }
    }

    /// <summary>The rows that hold at the instant that the sweep has come to. Bands of one rank never overlap in it.</summary>
    sealed class RowsInForce
    {
        static readonly Comparer<(int From, int To, Band Band)> ByStart = Comparer<(int From, int To, Band Band)>.Create((a, b) => a.From.CompareTo(b.From));

        readonly Dictionary<(Band Band, int FromSecond), int> steps = [];
        readonly Dictionary<Band, SortedSet<int>> lines = [];
        readonly Dictionary<int, SortedSet<(int From, int To, Band Band)>> stretches = [];

        public int? SameMeaning(Row row) => steps.TryGetValue((Band.Of(row.Rate), row.Rate.FromSecond), out var line) ? line : null;

        public int? Overlapping(Row row)
        {
            var band = Band.Of(row.Rate);
            if (lines.ContainsKey(band) || !stretches.TryGetValue(band.Rank, out var taken))
                return null;
            foreach (var (from, to) in band.Stretches())
            {
                // They are apart from each other: the last that begins before the end is the only one that can reach in.
                // Counting a view would walk it; an empty one has the maximum (0, 0).
                var last = taken.GetViewBetween((0, 0, default), (to - 1, 0, default)).Max;
                if (last.To > from)
                    return lines[last.Band].Min;
            }
            return null;
        }

        public void Add(Row row)
        {
            var band = Band.Of(row.Rate);
            steps.Add((band, row.Rate.FromSecond), row.Line);
            if (lines.TryGetValue(band, out var known))
            {
                known.Add(row.Line);
                return;
            }
            lines.Add(band, [row.Line]);
            if (!stretches.TryGetValue(band.Rank, out var taken))
                stretches.Add(band.Rank, taken = new(ByStart));
            foreach (var (from, to) in band.Stretches())
                taken.Add((from, to, band));
        }

        public void Remove(Row row)
        {
            var band = Band.Of(row.Rate);
            steps.Remove((band, row.Rate.FromSecond));
            lines[band].Remove(row.Line);
            if (lines[band].Count > 0)
                return;
            lines.Remove(band);
            foreach (var (from, to) in band.Stretches())
                stretches[band.Rank].Remove((from, to, band));
        }
    }
}
