using System.Globalization;
using System.Text.Json;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Invoices;

/// <summary>Numbers, words and references of documents. Sources: vectors/gst_calc.json and vectors/irn.json of the facts, the latter from answers of the portal's sandbox.</summary>
public sealed class DocumentTextTests
{
    static readonly FinancialYear Year = new(2026);

    static JsonElement Read(params string[] path) => JsonDocument.Parse(File.ReadAllText(Path.Combine([AppContext.BaseDirectory, .. path]))).RootElement;

    public static IEnumerable<TheoryDataRow<string, string, string>> Amounts => Read("Tax", "Data", "gst_calc.json").GetProperty("amount_in_words").EnumerateArray()
        .Select(v => new TheoryDataRow<string, string, string>(v.GetProperty("amount").GetString()!, v.GetProperty("words").GetString()!, v.GetProperty("grouped").GetString()!));

    public static IEnumerable<TheoryDataRow<string, string, string, string, string>> References => Read("Invoices", "Data", "irn.json").GetProperty("vectors").EnumerateArray()
        .Select(v => new TheoryDataRow<string, string, string, string, string>(
            v.GetProperty("gstin").GetString()!, v.TryGetProperty("doc_date", out var date) ? date.GetString()! : "01/06/2025", v.GetProperty("doc_type").GetString()!,
            v.GetProperty("doc_no").GetString()!, v.GetProperty("irn").GetString()!));

    [Theory]
    [MemberData(nameof(Amounts))]
    public void Rupees_are_written_in_lakh_and_crore(string amount, string words, string grouped)
    {
        Assert.True(Money.TryParse(amount, out var micros));
        Assert.Equal(words, AmountInWords.Of(micros, "INR"));
        Assert.Equal(grouped, AmountText.WithCurrency(micros, "INR"));
    }

    [Theory]
    [InlineData("0.00", "INR", "Rupees Zero Only", "₹0.00")]
    [InlineData("0.07", "INR", "Rupees Zero and Seven Paise Only", "₹0.07")]
    [InlineData("123456789012.00", "INR", "Rupees Twelve Thousand Three Hundred Forty Five Crore Sixty Seven Lakh Eighty Nine Thousand Twelve Only", "₹1,23,45,67,89,012.00")]
    [InlineData("1234567.50", "UZS", "UZS One Million Two Hundred Thirty Four Thousand Five Hundred Sixty Seven and 50/100 Only", "UZS 1,234,567.50")]
    [InlineData("119.05", "USD", "USD One Hundred Nineteen and 05/100 Only", "USD 119.05")]
    public void Other_amounts_too(string amount, string currency, string words, string grouped)
    {
        Assert.True(Money.TryParse(amount, out var micros));
        Assert.Equal((words, grouped), (AmountInWords.Of(micros, currency), AmountText.WithCurrency(micros, currency)));
    }

    [Fact]
    public void Prices_keep_their_decimals_and_what_is_given_back_its_sign()
    {
        Assert.Equal("₹0.0015", AmountText.WithCurrency(1_500, "INR"));
        Assert.Equal("-₹1,234.00", AmountText.WithCurrency(-1_234_000_000, "INR"));
        Assert.Equal("-12,34,567.00", AmountText.Grouped(-1_234_567_000_000, "INR"));
        Assert.Throws<ArgumentException>(() => AmountInWords.Of(1, "INR"));
    }

    [Theory]
    [MemberData(nameof(References))]
    public void References_are_what_the_portal_computes(string gstin, string date, string type, string number, string irn) =>
        Assert.Equal(irn, Irn.Compute(gstin, DateOnly.ParseExact(date, "dd/MM/yyyy", CultureInfo.InvariantCulture), type, number));

    [Theory]
    [InlineData("2026-03-31", "2526", "2025-26")]
    [InlineData("2026-04-01", "2627", "2026-27")]
    [InlineData("2000-01-01", "9900", "1999-00")]
    public void Years_go_from_April_to_March(string day, string digits, string text)
    {
        var year = FinancialYear.Of(DateOnly.Parse(day, CultureInfo.InvariantCulture));
        Assert.Equal((digits, text), (year.Digits, year.ToString()));
        Assert.Equal((year, year, year with { FirstYear = year.FirstYear + 1 }), (FinancialYear.Of(year.From), FinancialYear.Of(year.To), FinancialYear.Of(year.To.AddDays(1))));
    }

    [Theory]
    [InlineData("INV", 123, "INV-2627-0000123")]
    [InlineData("BX", 9_999_999, "BX-2627-9999999")]
    [InlineData("BALT", 1, "BALT26270000001")]
    [InlineData("INVOIC", 999_999, "INVOIC2627999999")]
    public void Numbers_have_series_year_and_counter(string series, long counter, string number) => Assert.Equal(number, DocumentNumber.Of(series, Year, counter));

    [Fact]
    public void Numbers_are_what_the_portal_takes_and_stand_in_order()
    {
        var series = Gen.Choose(1, 6).SelectMany(n => Gen.Elements("ABZ19".ToCharArray()).ArrayOf(n)).Select(c => new string(c));
        Prop.ForAll(series.ToArbitrary(), Gen.Choose(1, 999_998).ToArbitrary(), (letters, n) =>
        {
            var (number, next) = (DocumentNumber.Of(letters, Year, n), DocumentNumber.Of(letters, Year, n + 1));
            return DocumentNumber.IsValid(number) && number.Length <= 16 && number.Length == next.Length && string.CompareOrdinal(number, next) < 0;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_series_that_is_full_gives_no_more_numbers()
    {
        Assert.Equal([999_999, 99_999_999], new[] { "INVOIC", "BX" }.Select(DocumentNumber.CounterMax).Order());
        Assert.Throws<ArgumentOutOfRangeException>(() => DocumentNumber.Of("INVOIC", Year, 1_000_000));
        Assert.Throws<ArgumentOutOfRangeException>(() => DocumentNumber.Of("INV", Year, 0));
        foreach (var wrong in new[] { "", "0A", "a", "TOOLONG", "A-B" })
            Assert.Throws<ArgumentException>(() => DocumentNumber.Of(wrong, Year, 1));
    }
}
