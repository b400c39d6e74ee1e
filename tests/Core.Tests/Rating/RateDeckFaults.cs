using System.Globalization;
using System.Text;
using Balatrix.Core.Rating;

namespace Balatrix.Core.Tests.Rating;

/// <summary>What a deck file may not be, and what it may.</summary>
public sealed class RateDeckFaults
{
    static RateDeckFile Read(string csv, DeckKind kind = DeckKind.Voice)
    {
        using var reader = new StringReader(csv);
        return RateDeckCsv.Read(reader, kind);
    }

    [Theory]
    [InlineData("prefix", "", "")]
    [InlineData("prefix", "9a", "")]
    [InlineData("prefix", "+91", "")]
    [InlineData("prefix", "9*", "")]
    [InlineData("prefix", "٩١", "")]
    [InlineData("prefix", "1234567890123456", "")]
    [InlineData("rate", "", "")]
    [InlineData("rate", "-1", "")]
    [InlineData("rate", "+1", "")]
    [InlineData("rate", "1e3", "")]
    [InlineData("rate", "1,200", "")]
    [InlineData("rate", "1.", "")]
    [InlineData("rate", ".5", "")]
    [InlineData("rate", "NaN", "")]
    [InlineData("rate", "0.0000001", "")]
    [InlineData("rate", "10000000.000001", "")]
    [InlineData("rate", "99999999999999999999", "")]
    [InlineData("connect_fee", "x", "")]
    [InlineData("max_charge", "-0.01", "")]
    [InlineData("from_second", "-1", "")]
    [InlineData("from_second", "86401", "")]
    [InlineData("rate_unit_seconds", "0", "")]
    [InlineData("minimum_seconds", "1.5", "")]
    [InlineData("increment_seconds", "0", "")]
    [InlineData("increment_seconds", "99999999999", "")]
    [InlineData("free_seconds", "ten", "")]
    [InlineData("days", "mo", "")]
    [InlineData("days", "Mon", "")]
    [InlineData("days", "mon-", "")]
    [InlineData("days", "mon-tue-wed", "")]
    [InlineData("days", "mon,,tue", "")]
    [InlineData("days", "hol-mon", "")]
    [InlineData("from_time", "8:00", "")]
    [InlineData("from_time", "24:00", "")]
    [InlineData("from_time", "08:60", "")]
    [InlineData("to_time", "25:00", "")]
    [InlineData("to_time", "24:01", "")]
    [InlineData("rounding", "nearest", "")]
    [InlineData("decimals", "7", "")]
    [InlineData("decimals", "-1", "")]
    [InlineData("valid_from", "tomorrow", "")]
    [InlineData("valid_from", "2026-02-30", "")]
    [InlineData("valid_from", "11/12/2026", "")]
    [InlineData("valid_to", "2025-12-31T23:59:59Z", "valid_from")]
    [InlineData("valid_to", "2026-01-01T00:00:00Z", "valid_from")]
    [InlineData("description", "a\0b", "")]
    public void A_wrong_field_is_told_with_its_line_and_column(string column, string value, string other)
    {
        var (columns, fields) = ("prefix,rate", "91,1");
        if (column == "prefix")
            fields = $"\"{value}\",1";
        else if (column == "rate")
            fields = $"91,\"{value}\"";
        else
            (columns, fields) = ($"prefix,rate,{(other.Length > 0 ? other + "," : "")}{column}", $"91,1,{(other.Length > 0 ? "2026-01-01T00:00:00Z," : "")}\"{value}\"");
        var file = Read($"{columns}\n{fields}\n{fields}\n");
        Assert.Equal([(2, column), (3, column)], file.Errors.Select(e => (e.Line, e.Column)));
        Assert.All(file.Errors, e => Assert.True(e.Value == value && e.Expected.Length > 0, e.ToString()));
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("prefix\n91\n", 1)]
    [InlineData("rate\n1\n", 1)]
    [InlineData("prefix,rate,colour\n91,1,red\n", 1)]
    [InlineData("prefix,rate,rate\n91,1,2\n", 1)]
    [InlineData("Prefix,rate\n91,1\n", 2)]
    [InlineData("mcc,mnc,rate\n404,45,1\n", 3)]
    public void A_wrong_header_is_told_before_anything_is_read(string csv, int faults)
    {
        var file = Read(csv);
        Assert.Equal(faults, file.ErrorCount);
        Assert.All(file.Errors, e => Assert.Equal(1, e.Line));
        Assert.Empty(file.Rates);
    }

    [Theory]
    [InlineData("prefix,rate\n91\n", 2)]
    [InlineData("prefix,rate\n91,1,2\n", 2)]
    [InlineData("prefix,rate\n91,1\n92,\"1\n", 3)]
    [InlineData("prefix,rate\n91,1\n\"", 3)]
    [InlineData("prefix,rate\n91,\"1\"20\n", 2)]
    [InlineData("prefix,rate\n91,\"1\"\"\n", 2)]
    [InlineData("prefix,rate\n91,1\r20\n", 2)]
    [InlineData("prefix,description,rate\n91,\"two\nlines\",1\n92,x,y\n", 4)]
    public void A_line_that_is_no_record_is_told(string csv, int line) => Assert.Contains(Read(csv).Errors, e => e.Line == line);

    [Fact]
    public void A_byte_order_mark_blank_lines_CRLF_and_columns_in_any_order_are_fine()
    {
        var file = Read("\uFEFFrate, description ,prefix\r\n1.20,\"India, \"\"other\"\"\", 91 \r\n\r\n0.60,,9198");
        Assert.Empty(file.Errors);
        Assert.Equal([("91", "India, \"other\"", 1_200_000L), ("9198", "", 600_000L)], file.Rates.Select(r => (r.Prefix, r.Description, r.RateMicros)));
    }

    [Fact]
    public void Empty_fields_mean_the_defaults_of_the_format()
    {
        var rate = Assert.Single(Read("prefix,rate,connect_fee,from_second,rate_unit_seconds,minimum_seconds,increment_seconds,free_seconds,days,from_time,to_time,max_charge,rounding,decimals,valid_from,valid_to,description\n91,1,,,,,,,,,,,,,,,\n").Rates);
        Assert.Equal(new Rate { Prefix = "91", RateMicros = 1_000_000 }, rate);
    }

    [Fact]
    public void A_hundred_faults_are_listed_and_all_are_counted()
    {
        var csv = new StringBuilder("prefix,rate\n");
        for (var i = 0; i < 1_234; i++)
            csv.Append(CultureInfo.InvariantCulture, $"x{i},1\n");
        var file = Read(csv.ToString());
        Assert.Equal((RateDeckCsv.ListedErrors, 1_234), (file.Errors.Count, file.ErrorCount));
    }

    [Theory]
    [InlineData("40,45", "mcc")]
    [InlineData("4o4,45", "mcc")]
    [InlineData("404,4", "mnc")]
    [InlineData("404,4567", "mnc")]
    [InlineData("*,45", "mcc")]
    public void A_wrong_network_is_told(string network, string column) =>
        Assert.Equal(column, Assert.Single(Read($"mcc,mnc,rate\n{network},1\n", DeckKind.Sms).Errors).Column);

    [Theory]
    [InlineData("fri-mon", RateDays.Friday | RateDays.Saturday | RateDays.Sunday | RateDays.Monday)]
    [InlineData("sat, sun", RateDays.Saturday | RateDays.Sunday)]
    [InlineData("hol", RateDays.Holiday)]
    [InlineData("mon-sun", RateDays.All)]
    [InlineData("mon-fri,hol", RateDays.Monday | RateDays.Tuesday | RateDays.Wednesday | RateDays.Thursday | RateDays.Friday | RateDays.Holiday)]
    public void Days_are_names_ranges_and_lists(string text, RateDays days) =>
        Assert.Equal(days, Assert.Single(Read($"prefix,rate,days\n91,1,\"{text}\"\n").Rates).Days);
}
