using System.Globalization;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;

namespace Balatrix.Core.Tests.Rating;

/// <summary>Each row of Data/rating_cases.csv; the row names the source that states its cost.</summary>
public sealed class CasesOfOtherSystems
{
    static readonly DateTimeOffset Noon = new(2026, 11, 19, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Names { get; } = [.. Rows().Select(r => r["case"])];

    [Theory]
    [MemberData(nameof(Names))]
    public void Costs_what_its_source_says(string name)
    {
        var row = Rows().Single(r => r["case"] == name);
        var kind = row["kind"];
        if (kind.StartsWith("TIERED", StringComparison.Ordinal))
            Assert.Equal(Micros(row["exact_decimal_cost"]), Tiered(row));
        else if (kind.StartsWith("MAX DURATION", StringComparison.Ordinal))
            Assert.Equal(long.Parse(row["expected_cost"], CultureInfo.InvariantCulture), LongestCall(row));
        else if (kind.Contains("REJECTED", StringComparison.Ordinal))
            Assert.True(Price(row, Service.Sms, 3).AmountMicros > Micros(row["usage_unit"].Split("balance=")[1]));
        else if (kind.Contains("units of 1 min", StringComparison.Ordinal))
            Assert.Equal(long.Parse(row["expected_cost"], CultureInfo.InvariantCulture) * 60, Price(row, Service.VoiceOutbound, Usage(row) * 1000).BilledQuantity);
        else
            Assert.Equal(Micros(row["exact_decimal_cost"]), Plain(row));
    }

    static long Plain(Dictionary<string, string> row)
    {
        var isVoice = !row["kind"].StartsWith("sms", StringComparison.Ordinal);
        return Price(row, isVoice ? Service.VoiceOutbound : Service.Sms, Usage(row) * (isVoice ? 1000 : 1)).AmountMicros;
    }

    static RatedCharge Price(Dictionary<string, string> row, Service service, long quantity)
    {
        // Thursday 17:30: the slots of this row are hours of the day, not steps of the call.
        var at = row["kind"] == "voice time-of-day" && row["rate"].Contains(';', StringComparison.Ordinal) ? new DateTimeOffset(2026, 11, 19, 17, 30, 0, TimeSpan.Zero) : Noon;
        return Rater.Rate([Deck(row)], service, "91", at, quantity, 0, null);
    }

    static long LongestCall(Dictionary<string, string> row) =>
        Rater.LongestFor([Deck(row)], Service.VoiceOutbound, "91", Noon, Micros(row["usage_unit"].Split('=')[1]), 0, 10_800);

    static RateDeck Deck(Dictionary<string, string> row)
    {
        var (rates, units, increments, starts) = (row["rate"].Split(';'), row["rate_unit"].Split(';'), row["increment"].Split(';'), row["group_interval_start"].Split(';'));
        var isBanded = row["kind"] == "voice time-of-day" && rates.Length > 1;
        return RateDeck.Build("case", "INR", rates.Select((rate, i) => new Rate
        {
            Prefix = "91",
            ConnectFeeMicros = Micros(row["connect_fee"]),
            RateMicros = Micros(rate),
            RateUnitSeconds = int.Parse(units[i], CultureInfo.InvariantCulture),
            IncrementSeconds = int.Parse(increments[i], CultureInfo.InvariantCulture),
            FromSecond = isBanded ? 0 : int.Parse(starts[i], CultureInfo.InvariantCulture),
            FromTime = isBanded && i == 1 ? 18 * 3600 : 0,
            ToTime = isBanded && i == 0 ? 18 * 3600 : Core.Rating.Rate.SecondsPerDay,
            MaxChargeMicros = row["kind"] == "voice max-cost" ? 10_000_000 : null,
            Rounding = row["rounding_method"] == "*up" ? Rounding.Up : Rounding.HalfUp,
            Decimals = row["rounding_decimals"].Length == 0 ? 6 : Math.Min(6, int.Parse(row["rounding_decimals"], CultureInfo.InvariantCulture)),
        }), TimeZoneInfo.Utc, new HashSet<DateOnly>());
    }

    static long Tiered(Dictionary<string, string> row)
    {
        var (rates, intervals, spans) = (row["rate"].Split(';'), row["increment"].Split(';'), row["group_interval_start"].Split(';'));
        var tiers = spans.Select((span, i) => new PriceTier(Milli(span.Split("..")[0]), Milli(span.Split("..")[1]), Milli(intervals[i]), Micros(rates[i])));
        return Micros(row["connect_fee"]) + TieredPrice.Graduated([.. tiers], Milli(row["usage"]));
    }

    static long Usage(Dictionary<string, string> row) => long.Parse(row["usage"], CultureInfo.InvariantCulture);

    static long Milli(string text) => (long)(decimal.Parse(text, CultureInfo.InvariantCulture) * 1000);

    static long Micros(string text) => Money.TryParse(text, out var micros) ? micros : throw new FormatException(text);

    static List<Dictionary<string, string>> Rows()
    {
        using var text = new StreamReader(Path.Combine(AppContext.BaseDirectory, "Rating", "Data", "rating_cases.csv"));
        var csv = new CsvReader(text);
        csv.Read();
        var header = csv.Fields.ToArray();
        var rows = new List<Dictionary<string, string>>();
        while (csv.Read())
            rows.Add(header.Zip(csv.Fields).ToDictionary(p => p.First, p => p.Second));
        return rows;
    }
}
