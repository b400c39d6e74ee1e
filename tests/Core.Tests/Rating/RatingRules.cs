using Balatrix.Core.Rating;
using Balatrix.Core.Usage;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Rating;

public sealed class RatingRules
{
    static readonly DateTimeOffset At = new(2026, 11, 19, 12, 0, 0, TimeSpan.Zero);
    static readonly TimeZoneInfo India = TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata");

    static RateDeck Deck(params Rate[] rates) => RateDeck.Build("deck", "INR", rates, India, new HashSet<DateOnly> { new(2026, 1, 26) });

    static Rate Per60(int increment, int minimum = 0, int from = 0) =>
        new() { Prefix = "91", Description = "India", RateMicros = 1_200_000, IncrementSeconds = increment, MinimumSeconds = minimum, FromSecond = from };

    static RatedCharge Price(RateDeck deck, decimal seconds, DateTimeOffset? at = null, long covered = 0) =>
        Rater.Rate([deck], Service.VoiceOutbound, "919812345678", at ?? At, (long)(seconds * 1000), covered, null);

    [Theory]
    [InlineData(61, 60, 0, 120, "2.40")]
    [InlineData(61, 1, 0, 61, "1.22")]
    [InlineData(20, 6, 30, 30, "0.60")]
    [InlineData(31, 6, 30, 36, "0.72")]
    public void Worked_examples_of_the_deck_format(int seconds, int increment, int minimum, long billed, string amount)
    {
        var charge = Price(Deck(Per60(increment, minimum)), seconds);
        Assert.Equal((billed, amount), (charge.BilledQuantity, Money.Format(charge.AmountMicros)));
    }

    [Theory]
    [InlineData(61, 61, "1.22")]
    [InlineData(30, 60, "1.20")]
    public void First_minute_whole_then_by_the_second(int seconds, long billed, string amount)
    {
        var charge = Price(Deck(Per60(60), Per60(1, 0, 60)), seconds);
        Assert.Equal((billed, amount), (charge.BilledQuantity, Money.Format(charge.AmountMicros)));
    }

    [Fact]
    public void Milliseconds_are_raised_to_whole_seconds_first() => Assert.Equal(62, Price(Deck(Per60(1)), 61.001m).BilledQuantity);

    [Fact]
    public void The_longest_prefix_that_is_valid_wins()
    {
        var deck = Deck(
            new() { Prefix = "*", RateMicros = 9 },
            new() { Prefix = "91", RateMicros = 1 },
            new() { Prefix = "9198", RateMicros = 2, ValidTo = At },
            new() { Prefix = "9198", RateMicros = 3, ValidFrom = At, ValidTo = At.AddDays(1) });
        string PrefixAt(string key, DateTimeOffset at) => deck.TryFind(key, at, out var rate) ? deck.PrefixOf(rate) : "";
        Assert.Equal("9198", PrefixAt("919812", At.AddTicks(-1)));
        Assert.Equal("9198", PrefixAt("919812", At));
        Assert.Equal("91", PrefixAt("919812", At.AddDays(1)));
        Assert.Equal("91", PrefixAt("9199", At));
        Assert.Equal("*", PrefixAt("44", At));
    }

    [Fact]
    public void A_call_across_midnight_and_a_band_is_split_there_in_whole_increments()
    {
        var deck = Deck(
            Per60(60) with { FromTime = 8 * 3600, ToTime = 22 * 3600 },
            Per60(60) with { FromTime = 22 * 3600, ToTime = 8 * 3600, RateMicros = 600_000 });
        // 21:58:30 in India: two started minutes at the day's price, the second of which runs into the night, then the night's.
        var start = new DateTimeOffset(2026, 11, 19, 21, 58, 30, TimeSpan.FromHours(5.5));
        Assert.Equal("3.00", Money.Format(Price(deck, 180, start).AmountMicros));
        Assert.Equal("1.20", Money.Format(Price(deck, 120, new DateTimeOffset(2026, 11, 19, 23, 59, 0, TimeSpan.FromHours(5.5))).AmountMicros));
    }

    [Fact]
    public void Holidays_and_weekends_have_their_own_prices()
    {
        var deck = Deck(Per60(60), Per60(60) with { Days = RateDays.Saturday | RateDays.Sunday, RateMicros = 600_000 }, Per60(60) with { Days = RateDays.Holiday, RateMicros = 100_000 });
        Assert.Equal("1.20", Money.Format(Price(deck, 60).AmountMicros));
        Assert.Equal("0.60", Money.Format(Price(deck, 60, new DateTimeOffset(2026, 11, 21, 12, 0, 0, TimeSpan.Zero)).AmountMicros));
        Assert.Equal("0.10", Money.Format(Price(deck, 60, new DateTimeOffset(2026, 1, 26, 12, 0, 0, TimeSpan.Zero)).AmountMicros));
    }

    [Theory]
    [InlineData("half_up", "0.0001")]
    [InlineData("up", "0.0001")]
    [InlineData("half_even", "0.00")]
    [InlineData("down", "0.00")]
    public void The_charge_is_rounded_once_by_its_rule(string rule, string amount)
    {
        using var csv = new StringReader($"prefix,rate,increment_seconds,rounding\n91,0.003,1,{rule}\n");
        var deck = Deck([.. RateDeckCsv.Read(csv, DeckKind.Voice).Rates]);
        Assert.Equal(amount, Money.Format(Price(deck, 1).AmountMicros));
    }

    [Fact]
    public void Free_seconds_connect_fee_cap_and_allowance()
    {
        var rate = Per60(1) with { FreeSeconds = 5, ConnectFeeMicros = 500_000, MaxChargeMicros = 3_000_000 };
        Assert.Equal("0.00", Money.Format(Price(Deck(rate), 5).AmountMicros));
        Assert.Equal("0.62", Money.Format(Price(Deck(rate), 6).AmountMicros));
        Assert.Equal("3.00", Money.Format(Price(Deck(rate), 600).AmountMicros));
        Assert.Equal("0.00", Money.Format(Price(Deck(rate), 60, covered: 60).AmountMicros));
        Assert.Equal("0.52", Money.Format(Price(Deck(rate), 61, covered: 60).AmountMicros));
    }

    [Fact]
    public void Prices_never_fall_as_calls_grow_and_the_inverse_is_exact() => Prop.ForAll(Terms().ToArbitrary(), t =>
    {
        var deck = Deck(t.Rates);
        var (a, b) = (Math.Min(t.Seconds, t.Other), Math.Max(t.Seconds, t.Other));
        var monotone = Price(deck, a, t.At).AmountMicros <= Price(deck, b, t.At).AmountMicros;
        var most = Rater.LongestFor([deck], Service.VoiceOutbound, "919812345678", t.At, t.Balance, t.Covered, 100_000);
        var fits = Price(deck, most, t.At, t.Covered).AmountMicros <= t.Balance;
        var isMost = most == 100_000 || Price(deck, most + 1, t.At, t.Covered).AmountMicros > t.Balance;
        var cheaper = Price(deck, a, t.At, t.Covered).AmountMicros <= Price(deck, a, t.At).AmountMicros;
        var traced = Rater.Rate([deck], Service.VoiceOutbound, "919812345678", t.At, a * 1000, t.Covered, new TraceBuffer()) == Price(deck, a, t.At, t.Covered);
        return monotone && fits && isMost && cheaper && traced;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_index_finds_what_a_naive_scan_finds() => Prop.ForAll(
        Gen.ListOf(Gen.Choose(0, 99_999)).ToArbitrary(), Gen.Choose(0, 999_999_999).ToArbitrary(), (prefixes, number) =>
        {
            var unique = prefixes.Select(p => p.ToString(System.Globalization.CultureInfo.InvariantCulture)).Distinct().ToArray();
            var deck = Deck([.. unique.Select(p => new Rate { Prefix = p, RateMicros = 1 })]);
            var key = number.ToString(System.Globalization.CultureInfo.InvariantCulture);
            var naive = unique.Where(p => key.StartsWith(p, StringComparison.Ordinal)).MaxBy(p => p.Length);
            return (deck.TryFind(key, At, out var rate) ? deck.PrefixOf(rate) : null) == naive;
        }).QuickCheckThrowOnFailure();

    /// <summary>Decks of every kind of terms, with a key and service that they price.</summary>
    public static TheoryData<string> KindsOfTerms { get; } = ["plain", "steps", "bands", "history", "bands of a zone whose clock changes", "sms", "event", "second deck"];

    [Theory]
    [MemberData(nameof(KindsOfTerms))]
    public void Rating_allocates_nothing_when_untraced(string kind)
    {
        var plain = Per60(60);
        Rate[] bands = [plain with { ToTime = 13 * 3600 }, Per60(1, 0, 60) with { ToTime = 13 * 3600 }, plain with { FromTime = 13 * 3600 }];
        var london = TimeZoneInfo.FindSystemTimeZoneById("Europe/London");
        var days = new HashSet<DateOnly>();
        var (deck, service, key, at) = kind switch
        {
            "steps" => (Deck(plain, Per60(1, 0, 60)), Service.VoiceOutbound, "919812345678", At),
            "bands" => (Deck(bands), Service.VoiceOutbound, "919812345678", At),
            "history" => (Deck([.. Enumerable.Range(0, 20).Select(i => plain with { ValidFrom = At.AddDays(i - 10), ValidTo = At.AddDays(i - 9), Description = $"{i}" })]), Service.VoiceOutbound, "919812345678", At),
            "bands of a zone whose clock changes" =>
                (RateDeck.Build("deck", "INR", bands, london, days), Service.VoiceOutbound, "919812345678", new DateTimeOffset(2026, 10, 25, 0, 30, 0, TimeSpan.Zero)),
            "sms" => (RateDeck.Build("deck", "INR", [plain with { Prefix = "404-*" }], london, days, DeckKind.Sms), Service.Sms, "404-45", At),
            "event" => (RateDeck.Build("deck", "INR", [plain with { Prefix = "sms_otp" }], london, days, DeckKind.Event), Service.Event, "sms_otp", At),
            _ => (Deck(plain), Service.VoiceOutbound, "919812345678", At),
        };
        RateDeck[] decks = kind == "second deck" ? [Deck(plain with { Prefix = "44" }), deck] : [deck];
        Assert.True(RateTenThousandTimes());
        var before = GC.GetAllocatedBytesForCurrentThread();
        RateTenThousandTimes();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        bool RateTenThousandTimes()
        {
            var isMatched = true;
            for (var i = 0; i < 10_000; i++)
            {
                var charge = Rater.Rate(decks, service, key, at, 61_000 + i, 10, null);
                isMatched &= charge.Matched && decks[charge.Deck].DescriptionOf(charge.Rate, at).Length > 0;
            }
            return isMatched;
        }
    }

    sealed record Case(Rate[] Rates, long Seconds, long Other, long Balance, long Covered, DateTimeOffset At);

    static Gen<Case> Terms() =>
        from rate in Gen.Choose(0, 5_000_000)
        from second in Gen.Choose(0, 5_000_000)
        from increment in Gen.Elements(1, 6, 15, 30, 60)
        from minimum in Gen.Elements(0, 1, 30, 60)
        from step in Gen.Elements(0, 30, 60)
        from free in Gen.Elements(0, 0, 5)
        from fee in Gen.Elements(0, 500_000)
        from isBanded in Gen.Elements(true, false)
        from seconds in Gen.Choose(0, 90_000)
        from other in Gen.Choose(0, 4_000)
        from balance in Gen.Choose(0, 2_000_000_000)
        from covered in Gen.Elements(0, 0, 45, 600)
        from minute in Gen.Choose(0, 10_000)
        let first = Per60(increment, minimum) with { RateMicros = rate, FreeSeconds = free, ConnectFeeMicros = fee }
        let steps = step == 0 ? new[] { first } : [first, first with { FromSecond = step, RateMicros = second, IncrementSeconds = 1, MinimumSeconds = 0 }]
        let bands = isBanded ? steps.Select(s => s with { FromTime = 0, ToTime = 9 * 3600 }).Append(first with { FromTime = 9 * 3600, RateMicros = second }).ToArray() : steps
        select new Case(bands, seconds, other, balance, covered, At.AddMinutes(minute));
}
