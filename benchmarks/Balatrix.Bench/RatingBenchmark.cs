using System.Diagnostics;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;

namespace Balatrix.Bench;

/// <summary>Ratings a second on one core over 100,000 prefixes, against a Dictionary probe for each prefix length with the same pricing.</summary>
static class RatingBenchmark
{
    const int Numbers = 100_000;

    public static BenchResult Run()
    {
        RateDeck[] decks = [RateDeck.Build("bench", "INR", BenchWorld.Rates(), TimeZoneInfo.Utc, new HashSet<DateOnly>())];
        var deck = decks[0];
        var byPrefix = BenchWorld.Rates().ToDictionary(r => r.Prefix, r => deck.TryFind(r.Prefix, DateTimeOffset.UtcNow, out var rate) ? rate : -1, StringComparer.Ordinal);
        var lookup = byPrefix.GetAlternateLookup<ReadOnlySpan<char>>();
        var random = new Random(1);
        var numbers = Enumerable.Range(0, Numbers).Select(_ => "9" + random.Next(100_000_000, 999_999_999)).ToArray();
        var at = DateTimeOffset.UtcNow;
        var (values, baselines) = (new List<double>(), new List<double>());
        for (var round = 0; round < 4; round++)
        {
            var ours = Measure(i => Rater.Rate(decks, Service.VoiceOutbound, numbers[i], at, 61_000 + i, 0, null).AmountMicros);
            var theirs = Measure(i =>
            {
                var number = numbers[i].AsSpan();
                for (var length = number.Length; length > 0; length--)
                {
                    // The pricing is the same; only finding the rate differs.
                    if (lookup.TryGetValue(number[..length], out var rate))
                        return Rater.Price(deck, 0, rate, Service.VoiceOutbound, at, 61_000 + i, 0, null).AmountMicros;
                }
                return 0;
            });
            if (round == 0)
                continue;
            values.Add(ours);
            baselines.Add(theirs);
        }
        var value = Ingest.Median(values);
        var baseline = Ingest.Median(baselines);
        return new("rating", "ratings/s on one core, 100,000 prefixes", value, "ratings/s", baseline, value / baseline, 3_000_000, value >= 3_000_000 && value > baseline);
    }

    static double Measure(Func<int, long> rate)
    {
        var (count, sum) = (0L, 0L);
        var clock = Stopwatch.StartNew();
        while (clock.ElapsedMilliseconds < 1500)
            for (var i = 0; i < Numbers; i++, count++)
                sum += rate(i);
        GC.KeepAlive(sum);
        return count / clock.Elapsed.TotalSeconds;
    }
}
