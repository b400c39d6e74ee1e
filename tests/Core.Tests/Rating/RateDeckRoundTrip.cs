using System.Globalization;
using System.Text;
using System.Text.Json;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Rating;

/// <summary>Decks as text: written and read they are the same, and the order of their lines means nothing.</summary>
public sealed class RateDeckRoundTrip
{
    static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly long?[] Caps = [null, 0, 1, 3_000_000];
    static readonly string[] Prefixes = ["*", "9", "91", "919", "9198", "44", "4477"];
    static readonly string[] Channels = ["*", "sms_otp", "404", "a-b.c"];
    static readonly string[] Networks = ["*", "404-*", "404-45", "434-05", "310-260"];

    static string Written(DeckKind kind, IEnumerable<Rate> rates)
    {
        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        RateDeckCsv.Write(writer, kind, rates);
        return writer.ToString();
    }

    static RateDeckFile Read(string csv, DeckKind kind)
    {
        using var reader = new StringReader(csv);
        return RateDeckCsv.Read(reader, kind);
    }

    [Theory]
    [InlineData(DeckKind.Voice)]
    [InlineData(DeckKind.Sms)]
    [InlineData(DeckKind.Event)]
    public void What_is_written_is_read_again(DeckKind kind) => Prop.ForAll(Decks(kind).ToArbitrary(), rates =>
    {
        var file = Read(Written(kind, rates), kind);
        return file.Errors.Count == 0 && file.Rates.SequenceEqual(rates) && Written(kind, file.Rates) == Written(kind, rates);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_order_of_the_lines_never_changes_a_price_or_its_explanation() => Prop.ForAll(
        (from rates in Decks(DeckKind.Voice) from shuffled in Gen.Shuffle(rates) from probes in Gen.ListOf(Probes(), 20) select (rates, shuffled, probes)).ToArbitrary(),
        run =>
        {
            var (deck, other) = (Built(run.rates), Built(run.shuffled));
            return run.probes.All(p => Explained(deck, p) == Explained(other, p));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    static RateDeck Built(Rate[] rates)
    {
        var file = Read(Written(DeckKind.Voice, rates), DeckKind.Voice);
        Assert.Empty(file.Errors);
        return RateDeck.Build("deck", "INR", file.Rates, TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata"), new HashSet<DateOnly> { new(2026, 1, 26) });
    }

    /// <summary>All that can be seen of a rating: match, candidates, amounts and trace.</summary>
    static string Explained(RateDeck deck, (string Key, DateTimeOffset At, int Seconds) probe)
    {
        var trace = new TraceBuffer();
        var charge = Rater.Rate([deck], Service.VoiceOutbound, probe.Key, probe.At, probe.Seconds * 1000L, 30, trace);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
            trace.WriteTo(json);
        var candidates = string.Join(';', deck.Candidates(probe.Key, probe.At));
        return $"{charge with { Rate = 0 }} {candidates} {Encoding.UTF8.GetString(stream.ToArray())}";
    }

    static Gen<(string Key, DateTimeOffset At, int Seconds)> Probes() =>
        from key in Gen.Elements("919812345678", "9111", "447712345678", "4420", "33")
        from minute in Gen.Choose(-10_000, 200_000)
        from seconds in Gen.Choose(0, 90_000)
        select (key, Start.AddMinutes(minute), seconds);

    static Gen<Rate[]> Decks(DeckKind kind) =>
        from keys in Gen.SubListOf(kind switch { DeckKind.Voice => Prefixes, DeckKind.Sms => Networks, _ => Channels })
        from destinations in Gen.CollectToArray(keys, Destination)
        select destinations.SelectMany(d => d).ToArray();

    /// <summary>The rows of one destination: one or two times of validity, each with its bands, each of these with its steps.</summary>
    static Gen<Rate[]> Destination(string key) =>
        from change in Gen.Choose(0, 150_000)
        from isChanged in Gen.Elements(true, false)
        from gap in Gen.Elements(0, 5_000)
        from before in Stretch(key)
        from after in Stretch(key)
        let at = Start.AddMinutes(change)
        select isChanged
            ? before.Select(r => r with { ValidTo = at }).Concat(after.Select(r => r with { ValidFrom = at.AddMinutes(gap) })).ToArray()
            : before;

    static Gen<Rate[]> Stretch(string key) =>
        from bands in Gen.Elements(new (RateDays, int, int)[][]
        {
            [(RateDays.All, 0, 24)],
            [(RateDays.All, 8, 20), (RateDays.All, 20, 8)],
            [(RateDays.All, 0, 24), (RateDays.Holiday, 0, 24), (RateDays.Saturday | RateDays.Sunday, 0, 24), (RateDays.All, 22, 6)],
            [(RateDays.Monday | RateDays.Friday, 9, 17), (RateDays.Tuesday, 9, 24), (RateDays.Holiday | RateDays.Sunday, 1, 2)],
            [(RateDays.All, 6, 6)],
        })
        from rows in Gen.CollectToArray(bands, band => Steps(key, band.Item1, band.Item2 * 3600, band.Item3 * 3600))
        select rows.SelectMany(r => r).ToArray();

    static Gen<Rate[]> Steps(string key, RateDays days, int begin, int end) =>
        from first in Row(key)
        from second in Row(key)
        from step in Gen.Elements(0, 30, 60)
        let rows = step == 0 ? new[] { first } : [first with { FromSecond = 0 }, second with { FromSecond = step }]
        select rows.Select(r => r with { Days = days, FromTime = begin, ToTime = end }).ToArray();

    static Gen<Rate> Row(string key) =>
        from description in Gen.Elements("", "India", "India, mobile", "He said \"0.60\"", "two\nlines", "Ünï • 日本", "a\r\nb")
        from rate in Gen.Choose(0, int.MaxValue)
        from fee in Gen.Elements(0L, 1L, 500_000L, 9_999_999_999_999L)
        from unit in Gen.Choose(1, 86_400)
        from minimum in Gen.Elements(0, 1, 30)
        from increment in Gen.Elements(1, 6, 60)
        from free in Gen.Elements(0, 5)
        from cap in Gen.Elements(Caps)
        from rounding in Gen.Elements(Rounding.HalfUp, Rounding.Up, Rounding.HalfEven, Rounding.Down)
        from decimals in Gen.Choose(0, 6)
        select new Rate
        {
            Prefix = key,
            Description = description,
            RateMicros = rate,
            ConnectFeeMicros = fee,
            RateUnitSeconds = unit,
            MinimumSeconds = minimum,
            IncrementSeconds = increment,
            FreeSeconds = free,
            MaxChargeMicros = cap,
            Rounding = rounding,
            Decimals = decimals,
        };
}
