using System.Globalization;
using Balatrix.Core.Proration;
using Balatrix.Core.Rating;

namespace Balatrix.Core.Tests.Proration;

/// <summary>The rows of Data/billing_cases.csv that prorate; each names the source that states its amount.</summary>
public sealed class CasesOfOtherSystems
{
    /// <summary>Row, price of the whole, first and last day of the part and of the whole (ends excluded), tax in percent, the amount as the row writes it.</summary>
    public static TheoryData<string, string, string, string, int, string> Parts => new()
    {
        { "C036", "10.00", "2024-03-05..2024-04-01", "2024-03-01..2024-04-01", 0, "8.71" },
        { "C037", "15.00", "2024-03-12..2024-04-01", "2024-03-01..2024-04-01", 0, "9.68" },
        { "C037", "10.00", "2024-03-12..2024-04-01", "2024-03-01..2024-04-01", 25, "8.06" },
        { "C039", "15.00", "2024-03-12..2024-04-05", "2024-03-05..2024-04-05", 0, "11.61" },
        { "C039", "10.00", "2024-03-12..2024-04-05", "2024-03-05..2024-04-05", 25, "9.68" },
        { "C039", "19.00", "2024-03-12..2024-04-05", "2024-03-05..2024-04-05", 0, "14.71" },
        { "C039", "15.00", "2024-03-12..2024-04-05", "2024-03-05..2024-04-05", 25, "14.51" },
        { "C040", "910.00", "2024-05-20..2024-06-21", "2024-04-01..2024-07-01", 0, "320.00" },
        { "C042", "50.00", "2023-02-08..2023-03-01", "2023-02-01..2023-03-01", 20, "45.00" },
        { "C042", "50.00", "2023-02-09..2023-03-01", "2023-02-01..2023-03-01", 0, "35.71" },
        { "C042", "50.00", "2023-02-09..2023-03-01", "2023-02-01..2023-03-01", 20, "42.85" },
        { "C043", "50.00", "2023-02-07..2023-03-01", "2023-02-01..2023-03-01", 20, "47.15" },
        { "C043", "50.00", "2023-02-08..2023-03-01", "2023-02-01..2023-03-01", 20, "45.00" },
        { "C045", "50.00", "2023-01-08..2023-02-01", "2023-01-01..2023-02-01", 20, "46.45" },
        { "C045", "50.00", "2023-02-26..2023-03-01", "2023-02-01..2023-03-01", 0, "5.36" },
        { "C046", "50.00", "2023-02-26..2023-03-01", "2023-02-01..2023-03-01", 20, "6.43" },
        { "C048", "160.00", "2025-06-02..2025-07-01", "2025-06-01..2025-07-01", 0, "154.67" },
        { "C049", "29.99", "2025-10-07..2025-10-13", "2025-10-06..2025-10-13", 0, "25.71" },
        { "C058", "31.00", "2024-03-01..2024-03-19", "2024-03-01..2024-04-01", 0, "18.00" },
        { "C066", "100000.00", "2024-03-18..2024-04-01", "2024-03-01..2024-04-01", 0, "45161.29" },
        { "C067", "1188.00", "2023-11-19..2024-07-19", "2023-07-19..2024-07-19", 0, "788.75" },
        { "C069", "9000.00", "2023-02-04..2023-03-01", "2023-02-01..2023-03-01", 0, "8035.71" },
        { "C070", "9000.00", "2023-02-04..2023-04-01", "2023-01-01..2023-04-01", 0, "5600.00" },
        { "C073", "100.00", "2025-02-09..2025-03-01", "2025-02-01..2025-03-01", 0, "71.43" },
        { "C073", "100.00", "2025-02-09..2025-03-01", "2025-02-01..2025-03-01", 20, "85.72" },
        { "C078", "29.00", "2012-02-01..2012-02-15", "2012-02-01..2012-03-01", 0, "14" },
        { "C079", "31.00", "2011-01-31..2011-02-07", "2011-01-07..2011-02-07", 0, "7" },
        { "C079", "31.00", "2011-03-07..2011-03-10", "2011-03-07..2011-04-07", 0, "3" },
        { "C079", "28.00", "2011-03-10..2011-03-15", "2011-02-15..2011-03-15", 0, "5" },
        { "C085", "19.95", "2023-05-15..2023-05-23", "2023-04-23..2023-05-23", 0, "5.32" },
        { "C087", "19.95", "2023-05-15..2023-05-23", "2023-04-23..2023-05-23", 0, "5.32" },
        { "C088", "9.95", "2012-05-02..2012-06-01", "2012-05-01..2012-06-01", 0, "9.63" },
        { "C090", "100.00", "2020-01-01..2020-01-15", "2020-01-01..2020-02-01", 0, "45.16" },
        { "C090", "100.00", "2020-01-20..2020-02-01", "2020-01-01..2020-02-01", 0, "38.71" },
        { "C091", "900.00", "2012-04-01..2012-04-11", "2012-04-01..2012-05-01", 0, "300.00" },
        { "C091", "1000.00", "2012-04-01..2012-04-11", "2012-04-01..2012-05-01", 0, "333.33" },
        { "C093", "24.95", "2021-09-16..2021-09-25", "2021-08-25..2021-09-25", 0, "7.24" },
        { "C094", "24.95", "2021-09-25..2021-10-17", "2021-09-17..2021-10-17", 0, "18.30" },
        { "C096", "24.95", "2021-09-30..2021-10-25", "2021-09-25..2021-10-25", 0, "20.79" },
        { "C097", "17.95", "2021-09-30..2021-10-20", "2021-09-20..2021-10-20", 0, "11.97" },
        { "C114", "10.00", "2024-03-15..2024-04-01", "2024-03-01..2024-04-01", 0, "5.48" },
        { "C114", "20.00", "2024-03-15..2024-04-01", "2024-03-01..2024-04-01", 0, "10.97" },
        { "C115", "100.00", "2024-03-15..2024-04-01", "2024-03-01..2024-04-01", 0, "54.84" },
        { "C115", "30.00", "2024-03-15..2024-04-01", "2024-03-01..2024-04-01", 0, "16.45" },
        { "C117", "25.00", "2024-03-15..2024-04-01", "2024-03-01..2024-04-01", 0, "13.71" },
        { "C118", "40.00", "2024-03-15..2024-04-01", "2024-03-01..2024-04-01", 0, "21.94" },
        { "C120", "300.00", "2024-01-30..2024-01-31", "2024-01-01..2024-01-31", 0, "10.00" },
        { "C120", "600.00", "2024-01-30..2024-01-31", "2024-01-01..2024-01-31", 0, "20.00" },
        { "C121", "120.00", "2024-01-16..2024-01-31", "2024-01-01..2024-01-31", 0, "60.00" },
        { "C124", "3650.00", "2023-01-01..2023-01-31", "2023-01-01..2024-01-01", 0, "300.00" },
        { "C141", "30", "2024-04-16..2024-05-01", "2024-04-01..2024-05-01", 0, "15" },
    };

    [Theory]
    [MemberData(nameof(Parts))]
    public void A_part_costs_what_its_source_says(string id, string price, string part, string whole, int taxPercent, string expected)
    {
        Assert.Contains(expected, Row(id)["expected"], StringComparison.Ordinal);
        var net = ProratedPrice.Of(Micros(price), Days(part), Days(whole));
        var tax = (long)Math.Round(net * taxPercent / 100m / ProratedPrice.UnitMicros, MidpointRounding.AwayFromZero) * ProratedPrice.UnitMicros;
        Assert.Equal(Micros(expected), net + tax);
    }

    /// <summary>C072: the last days of the row's periods, which it counts within them.</summary>
    [Fact]
    public void A_month_from_the_31st_ends_where_its_source_says()
    {
        Assert.Equal("periods 01-31..02-28, 02-29..03-30, 03-31..04-29", Row("C072")["expected"]);
        var anchor = new BillingAnchor(new DateTimeOffset(2024, 1, 31, 1, 0, 0, TimeSpan.Zero), TimeZoneInfo.Utc);
        var periods = Enumerable.Range(0, 3).Select(n => anchor.Period(n, BillingCycle.Monthly)).Select(p => $"{p.From:MM-dd}..{p.To.AddDays(-1):MM-dd}");
        Assert.Equal("periods " + string.Join(", ", periods), Row("C072")["expected"]);
    }

    /// <summary>C075 and C076: cycles begun until the target.</summary>
    [Theory]
    [InlineData("C075", "2010-12-15", "2011-01-16")]
    [InlineData("C076", "2012-01-30", "2012-03-01")]
    public void As_many_cycles_have_begun_as_the_source_says(string id, string start, string target)
    {
        var begun = new BillingAnchor(Day(start), TimeZoneInfo.Utc).NumberAt(Day(target), BillingCycle.Monthly) + 1;
        Assert.Equal(Row(id)["expected"], $"{begun} cycles");
    }

    static BillingPeriod Days(string span) => new(Day(span.Split("..")[0]), Day(span.Split("..")[1]));

    static DateTimeOffset Day(string text) => new(DateTime.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture), TimeSpan.Zero);

    static long Micros(string text) => Money.TryParse(text, out var micros) ? micros : throw new FormatException(text);

    static Dictionary<string, string> Row(string id)
    {
        using var text = new StreamReader(Path.Combine(AppContext.BaseDirectory, "Proration", "Data", "billing_cases.csv"));
        var csv = new CsvReader(text);
        csv.Read();
        var header = csv.Fields.ToArray();
        while (csv.Read())
            if (csv.Fields[0] == id)
                return header.Zip(csv.Fields).ToDictionary(p => p.First, p => p.Second);
        throw new KeyNotFoundException(id);
    }
}
