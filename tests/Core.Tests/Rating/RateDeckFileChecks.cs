using System.Globalization;
using System.Text;
using Balatrix.Core.Rating;
using Balatrix.Core.Usage;

namespace Balatrix.Core.Tests.Rating;

public sealed class RateDeckFileChecks
{
    static readonly TimeZoneInfo India = TimeZoneInfo.FindSystemTimeZoneById("Asia/Kolkata");

    static RateDeckFile Read(string csv, DeckKind kind = DeckKind.Voice)
    {
        using var reader = new StringReader(csv);
        return RateDeckCsv.Read(reader, kind);
    }

    static RateDeck Deck(string csv, DeckKind kind = DeckKind.Voice)
    {
        var file = Read(csv, kind);
        Assert.Empty(file.Errors);
        return RateDeck.Build("deck", "INR", file.Rates, India, new HashSet<DateOnly>(), kind);
    }

    static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    [Fact]
    public void Each_row_keeps_its_own_description_when_it_changes_with_time()
    {
        var deck = Deck(
            """
            prefix,description,rate,valid_from,valid_to
            9198,India Mobile South,1,2026-06-01,
            9198,India Mobile,2,,2026-06-01
            """);
        Assert.True(deck.TryFind("919812345678", At("2026-07-01T00:00Z"), out var rate));
        Assert.Equal("India Mobile South", deck.DescriptionOf(rate, At("2026-06-01T00:00Z")));
        Assert.Equal("India Mobile", deck.DescriptionOf(rate, At("2026-05-31T23:59:59Z")));
        Assert.Equal(["India Mobile"], deck.Candidates("9198", At("2020-01-01T00:00Z")).Select(c => c.Destination));
        Assert.Equal(["India Mobile South"], deck.Candidates("9198", At("2026-07-01T00:00Z")).Select(c => c.Destination));
    }

    [Fact]
    public void Each_row_keeps_its_own_description_in_its_own_hours()
    {
        var deck = Deck("prefix,description,rate,from_time,to_time\n44,Britain,2,,\n44,Britain by night,1,22:00,06:00\n");
        Assert.True(deck.TryFind("4420", At("2026-11-19T12:00+05:30"), out var rate));
        Assert.Equal("Britain", deck.DescriptionOf(rate, At("2026-11-19T12:00+05:30")));
        Assert.Equal("Britain by night", deck.DescriptionOf(rate, At("2026-11-19T23:00+05:30")));
        Assert.Equal("Britain by night", deck.DescriptionOf(rate, At("2026-11-19T05:59:59+05:30")));
    }

    [Fact]
    public void The_description_of_a_destination_without_a_rate_at_the_time_is_its_earliest()
    {
        var deck = Deck("prefix,description,rate,valid_from,valid_to\n44,Later,2,2026-06-01,\n44,Earlier,1,2026-01-01,2026-02-01\n");
        Assert.Equal([("Earlier", false)], deck.Candidates("44", At("2026-03-01T00:00Z")).Select(c => (c.Destination, c.Valid)));
    }

    [Theory]
    [InlineData("days,from_time,to_time", "mon-fri,08:00,20:00", "fri,19:00,21:00")]
    [InlineData("days,from_time,to_time", "mon,22:00,06:00", "tue,05:00,09:00")]
    [InlineData("days,from_time,to_time", "sun,22:00,06:00", "mon,00:00,01:00")]
    [InlineData("days,from_time,to_time", ",08:00,20:00", ",19:59,21:00")]
    [InlineData("days,from_time,to_time", "mon-fri,,", "fri-sun,,")]
    [InlineData("days,from_time,to_time", "hol,08:00,20:00", "hol,10:00,11:00")]
    [InlineData("days,from_time,to_time", "hol,22:00,06:00", "hol,05:00,08:00")]
    [InlineData("days,from_time,to_time", "\"mon,hol\",,", "\"tue,hol\",,")]
    [InlineData("days,valid_from,valid_to", "mon-fri,2026-01-01,2026-03-01", "fri,2026-02-28,")]
    public void Bands_of_equal_rank_that_overlap_are_refused_with_both_lines(string columns, string one, string other)
    {
        foreach (var (first, second) in new[] { (one, other), (other, one) })
        {
            var error = Assert.Single(Read($"prefix,rate,{columns}\n44,1,{first}\n4420,9,{one}\n44,2,{second}\n").Errors);
            Assert.Equal(4, error.Line);
            Assert.Contains("line 2", error.Expected, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("days,from_time,to_time", "mon-fri,08:00,20:00", "mon-fri,20:00,08:00")]
    [InlineData("days,from_time,to_time", "mon-fri,08:00,20:00", "\"sat,sun\",08:00,20:00")]
    [InlineData("days,from_time,to_time", "mon,22:00,06:00", "wed,05:00,09:00")]
    [InlineData("days,from_time,to_time", "mon,22:00,06:00", "tue,06:00,09:00")]
    [InlineData("days,from_time,to_time", ",08:00,20:00", "sat,,")]
    [InlineData("days,from_time,to_time", "hol,,", "\"mon,hol\",08:00,09:00")]
    [InlineData("days,valid_from,valid_to", "mon-fri,2026-01-01,2026-03-01", "fri,2026-03-01,")]
    [InlineData("days,valid_from,valid_to", "mon-fri,2026-03-01,", "mon-sat,,2026-03-01")]
    public void Bands_that_are_apart_or_of_another_rank_stand_together(string columns, string one, string other)
    {
        Assert.Empty(Read($"prefix,rate,{columns}\n44,1,{one}\n44,2,{other}\n").Errors);
        Assert.Empty(Read($"prefix,rate,{columns}\n44,1,{other}\n44,2,{one}\n").Errors);
    }

    [Fact]
    public void Midnight_as_an_end_is_one_band_however_it_is_written()
    {
        var error = Assert.Single(Read("prefix,rate,from_time,to_time\n44,1,18:00,00:00\n44,2,18:00,24:00\n").Errors);
        Assert.Equal((3, "prefix"), (error.Line, error.Column));
        Assert.Equal("from_time", Assert.Single(Read("prefix,rate,from_time\n44,1,24:00\n").Errors).Column);
    }

    [Fact]
    public void Two_rows_of_one_meaning_are_refused_with_both_lines()
    {
        var error = Assert.Single(Read("prefix,rate,valid_from,valid_to\n44,1,,2026-02-01\n44,1,2026-02-01,\n44,2,2026-03-01,2026-04-01\n").Errors);
        Assert.Equal(4, error.Line);
        Assert.Contains("line 3", error.Expected, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "2026-06-01", "", "", false)]
    [InlineData("2026-01-01", "", "2025-12-31", "", false)]
    [InlineData("2026-01-01", "2026-06-01", "2026-01-01", "2026-06-02", false)]
    [InlineData("2026-01-01", "2026-06-01", "2026-01-01", "2026-06-01", true)]
    [InlineData("", "", "2026-02-01", "2026-03-01", true)]
    public void A_step_needs_a_row_from_second_0_for_all_its_time(string baseFrom, string baseTo, string from, string to, bool isCovered)
    {
        var file = Read($"prefix,rate,from_second,valid_from,valid_to\n44,1,60,{from},{to}\n44,1,0,{baseFrom},{baseTo}\n");
        Assert.Equal(isCovered ? [] : [2], file.Errors.Select(e => e.Line));
    }

    [Fact]
    public void Rows_from_second_0_that_follow_each_other_carry_one_step()
    {
        Assert.Empty(Read("prefix,rate,from_second,valid_from,valid_to\n44,1,0,,2026-02-01\n44,2,0,2026-02-01,\n44,1,60,2026-01-01,2026-03-01\n").Errors);
        Assert.Single(Read("prefix,rate,from_second,valid_from,valid_to\n44,1,0,,2026-02-01\n44,2,0,2026-02-02,\n44,1,60,2026-01-01,2026-03-01\n").Errors);
    }

    [Fact]
    public void A_step_needs_its_row_from_second_0_in_its_own_band()
    {
        var error = Assert.Single(Read("prefix,rate,from_second,days\n44,1,0,\n44,1,60,mon-fri\n").Errors);
        Assert.Equal((3, "from_second"), (error.Line, error.Column));
    }

    [Fact]
    public void A_long_history_of_one_destination_is_read_and_compiled_in_seconds()
    {
        const int Changes = 60_000;
        var csv = new StringBuilder("prefix,description,rate,from_second,valid_from,valid_to\n");
        var day = new DateTime(1900, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        for (var i = 0; i < Changes; i++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"44,Britain {i},{i % 100},0,{day.AddHours(i):yyyy-MM-ddTHH:mmZ},{day.AddHours(i + 1):yyyy-MM-ddTHH:mmZ}\n");
            csv.Append(CultureInfo.InvariantCulture, $"44,Britain {i},{i % 100},60,{day.AddHours(i):yyyy-MM-ddTHH:mmZ},{day.AddHours(i + 1):yyyy-MM-ddTHH:mmZ}\n");
        }
        var before = ProcessorTime();
        var deck = Deck(csv.ToString());
        // Comparing each row with each would take minutes.
        var took = ProcessorTime() - before;
        Assert.True(took < TimeSpan.FromSeconds(20), $"It took {took}.");
        foreach (var i in new[] { 0, 1, 31_234, Changes - 1 })
        {
            var at = new DateTimeOffset(day.AddHours(i));
            var charge = Rater.Rate([deck], Service.VoiceOutbound, "4420", at, 60_000, 0, null);
            Assert.Equal((true, i % 100 * Money.MicrosPerUnit, $"Britain {i}"), (charge.Matched, charge.AmountMicros, deck.DescriptionOf(charge.Rate, at)));
        }
        Assert.False(deck.TryFind("4420", new DateTimeOffset(day.AddHours(Changes)), out _));
        Assert.False(deck.TryFind("4420", new DateTimeOffset(day.AddTicks(-1)), out _));
    }

    /// <summary>What this thread has had of a processor, whatever else the machine does.</summary>
    static TimeSpan ProcessorTime() => TimeSpan.FromMicroseconds(long.Parse(File.ReadAllText("/proc/thread-self/schedstat").Split(' ')[0], CultureInfo.InvariantCulture) / 1000);

    [Fact]
    public void Channels_match_exactly_whatever_they_look_like()
    {
        var deck = Deck("channel,rate\n404,1\nsms,2\n123-456,3\n", DeckKind.Event);
        var noon = At("2026-11-19T12:00Z");
        foreach (var channel in new[] { "4045", "40", "404-45", "sms2", "123-4567", "123-*" })
            Assert.False(deck.TryFind(channel, noon, out _), channel);
        Assert.True(deck.TryFind("404", noon, out var rate));
        Assert.Equal("404", deck.PrefixOf(rate));
        Assert.Equal(["404"], deck.Candidates("404", noon).Select(c => c.Prefix));
        Assert.Empty(deck.Candidates("4045", noon));
        Assert.Equal("channel", Assert.Single(Read("channel,rate\nsms*,1\n", DeckKind.Event).Errors).Column);
        Assert.True(Deck("channel,rate\n*,1\n", DeckKind.Event).TryFind("404", noon, out _));
    }
}
