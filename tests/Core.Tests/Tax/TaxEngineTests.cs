using System.Globalization;
using System.Text.Json;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Tax;

/// <summary>Amounts of tax. Data/gst_calc.json: vectors/gst_calc.json of the facts, computed there from the rates and the rounding rule.</summary>
public sealed class TaxEngineTests
{
    static readonly TaxTreatment Intra = new(SupplyType.B2C, TaxScheme.CgstSgst, "27", false, null);
    static readonly TaxTreatment Inter = new(SupplyType.B2C, TaxScheme.Igst, "29", false, null);
    static readonly JsonElement Vectors = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Tax", "Data", "gst_calc.json"))).RootElement;

    public static IEnumerable<TheoryDataRow<JsonElement>> Exclusive => Vectors.GetProperty("exclusive").EnumerateArray().Select(v => new TheoryDataRow<JsonElement>(v));

    public static IEnumerable<TheoryDataRow<JsonElement>> Inclusive => Vectors.GetProperty("inclusive_recharge").EnumerateArray().Select(v => new TheoryDataRow<JsonElement>(v));

    public static IEnumerable<TheoryDataRow<JsonElement>> RoundOffs => Vectors.GetProperty("round_off").EnumerateArray().Select(v => new TheoryDataRow<JsonElement>(v));

    static long Micros(JsonElement vector, string name) => (long)(decimal.Parse(vector.GetProperty(name).GetString()!, CultureInfo.InvariantCulture) * Money.MicrosPerUnit);

    [Theory]
    [MemberData(nameof(Exclusive), DisableDiscoveryEnumeration = true)]
    public void Tax_on_a_value_without_tax(JsonElement vector)
    {
        var taxable = Micros(vector, "taxable");
        var inter = TaxEngine.OnExclusive(Inter, 1800, taxable);
        Assert.Equal(new(0, 0, Micros(vector, "igst"), 0), inter);
        Assert.Equal(Micros(vector, "inter_total"), taxable + inter.TotalMicros);
        var intra = TaxEngine.OnExclusive(Intra, 1800, taxable);
        Assert.Equal(new(Micros(vector, "cgst"), Micros(vector, "sgst"), 0, 0), intra);
        Assert.Equal(Micros(vector, "intra_total"), taxable + intra.TotalMicros);
    }

    [Theory]
    [MemberData(nameof(Inclusive), DisableDiscoveryEnumeration = true)]
    public void Tax_within_an_amount(JsonElement vector)
    {
        var gross = Micros(vector, "gross");
        Assert.Equal(new(Micros(vector, "taxable_inter"), new(0, 0, Micros(vector, "igst"), 0)), TaxEngine.OnInclusive(Inter, 1800, gross));
        Assert.Equal(new(Micros(vector, "taxable_intra"), new(Micros(vector, "cgst"), Micros(vector, "sgst"), 0, 0)), TaxEngine.OnInclusive(Intra, 1800, gross));
    }

    [Theory]
    [MemberData(nameof(RoundOffs), DisableDiscoveryEnumeration = true)]
    public void Totals_are_rounded_to_the_rupee(JsonElement vector)
    {
        Assert.Equal(Micros(vector, "rnd_off"), InvoiceArithmetic.RoundOff(Micros(vector, "total")));
        Assert.Equal(Micros(vector, "rounded"), Micros(vector, "total") + InvoiceArithmetic.RoundOff(Micros(vector, "total")));
    }

    [Fact]
    public void No_treatment_without_tax_bears_any()
    {
        foreach (var supply in Enum.GetValues<SupplyType>())
            Assert.Equal(default, TaxEngine.OnExclusive(new(supply, TaxScheme.None, "29", false, null), 1800, 100_000_000));
        Assert.Throws<ArgumentOutOfRangeException>(() => TaxEngine.OnExclusive(Intra, 1800, -1));
    }

    [Fact]
    public void Heads_are_whole_paisa_equal_within_a_state_and_at_most_half_a_paisa_from_the_rate()
    {
        var amounts = Gen.Choose(0, int.MaxValue).SelectMany(_ => Gen.Choose(0, 1_000_000), (a, b) => a * (long)(b + 1));
        Prop.ForAll(amounts.ToArbitrary(), Gen.Elements(0, 5, 25, 300, 500, 1200, 1500, 1800, 2800).ToArbitrary(), (amount, rate) =>
        {
            var (intra, inter) = (TaxEngine.OnExclusive(Intra, rate, amount), TaxEngine.OnExclusive(Inter, rate, amount));
            var exactHalf = new decimal(amount) * rate / 20_000;
            var split = TaxEngine.OnInclusive(Intra, rate, amount);
            return intra.CgstMicros == intra.SgstMicros
                && intra.CgstMicros % TaxEngine.UnitMicros == 0 && inter.IgstMicros % TaxEngine.UnitMicros == 0
                && Math.Abs(intra.CgstMicros - exactHalf) <= 5_000 && Math.Abs(inter.IgstMicros - (exactHalf * 2)) <= 5_000
                && split.TaxableMicros + split.Tax.TotalMicros == amount
                && Math.Abs(TaxEngine.OnExclusive(Intra, rate, split.TaxableMicros).CgstMicros - split.Tax.CgstMicros) <= TaxEngine.UnitMicros;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void A_recharge_is_grossed_up_to_the_least_that_leaves_the_price() => Prop.ForAll(
        Gen.Choose(1, 2_000_000_000).ToArbitrary(), Gen.Elements(Intra, Inter, Inter with { Scheme = TaxScheme.None }).ToArbitrary(), (net, treatment) =>
        {
            var gross = TaxEngine.GrossFor(treatment, 1800, net);
            long Left(long paid) => TaxEngine.OnInclusive(treatment, 1800, paid).TaxableMicros;
            return gross % TaxEngine.UnitMicros == 0 && Left(gross) >= net && Enumerable.Range(1, 10).Select(n => gross - (n * TaxEngine.UnitMicros)).All(less => less <= 0 || Left(less) < net);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("299.00", "352.82")]
    [InlineData("100.00", "118.00")]
    public void A_price_and_what_is_paid_for_it(string price, string paid)
    {
        Assert.True(Money.TryParse(price, out var net));
        Assert.Equal(paid, Money.Format(TaxEngine.GrossFor(Inter, 1800, net)));
    }
}
