using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using BenchmarkDotNet.Attributes;

namespace Balatrix.Bench;

/// <summary>What one untraced rating takes of time and memory, by the kind of terms: ./bench rating --diagnose. The column Allocated must be empty.</summary>
[MemoryDiagnoser]
public class RatingMemory
{
    static readonly DateTimeOffset At = new(2026, 11, 19, 12, 0, 0, TimeSpan.Zero);

    RateDeck[] decks = [];

    /// <summary>The kinds of terms.</summary>
    [Params("plain", "steps", "bands", "history")]
    public string Terms { get; set; } = "plain";

    /// <summary>A deck of 100,000 prefixes whose numbers under 91 have the terms.</summary>
    [GlobalSetup]
    public void Build()
    {
        var plain = new Rate { Prefix = "91", Description = "India", RateMicros = 1_200_000 };
        Rate[] rates = Terms switch
        {
            "steps" => [plain, plain with { FromSecond = 60, IncrementSeconds = 1 }],
            "bands" => [plain, plain with { FromTime = 17 * 3600, ToTime = 20 * 3600, RateMicros = 600_000 }],
            "history" => [.. Enumerable.Range(0, 100).Select(i => plain with { ValidFrom = At.AddDays(i - 50), ValidTo = At.AddDays(i - 49), Description = $"India {i}" })],
            _ => [plain],
        };
        decks = [RateDeck.Build("bench", "INR", BenchWorld.Rates().Where(r => !r.Prefix.StartsWith("91", StringComparison.Ordinal)).Concat(rates), TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata"), new HashSet<DateOnly>())];
    }

    /// <summary>An hour's call, as it is charged.</summary>
    [Benchmark]
    public long Rate() => Rater.Rate(decks, Service.VoiceOutbound, "919812345678", At, 3_600_000, 0, null).AmountMicros;
}
