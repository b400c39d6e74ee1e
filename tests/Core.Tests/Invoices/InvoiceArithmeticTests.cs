using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Invoices;

/// <summary>Lines, taxes and rounding make the total, whatever they are.</summary>
public sealed class InvoiceArithmeticTests
{
    static readonly DateOnly Day = new(2026, 11, 21);
    static readonly SupplierTaxIdentity Mumbai = new() { Country = "IN", Gstin = "27AAGCG4576J1Z6" };
    static readonly TaxTreatment Intra = new(SupplyType.B2C, TaxScheme.CgstSgst, "27", false, null);
    static readonly TaxTreatment Inter = new(SupplyType.B2C, TaxScheme.Igst, "29", false, null);

    static InvoiceLine Line(long micros, string service = "voice") => new(service, "", "Calls", null, "", null, 0, null, micros, 0, default, null, null);

    // "line_vs_invoice" of vectors/gst_calc.json: three lines of 0.03 bear 0.03 by the line and would bear 0.02 by their sum.
    [Fact]
    public void Tax_is_of_lines_not_of_their_sum() =>
        Assert.Equal(30_000, InvoiceArithmetic.Total(Mumbai, Inter, Day, [Line(30_000), Line(30_000), Line(30_000)], false).Tax.IgstMicros);

    [Fact]
    public void A_line_gets_its_code_and_rate_and_is_rounded_half_up_to_the_paisa()
    {
        var totals = InvoiceArithmetic.Total(Mumbai, Intra, Day, [Line(100_004_999), Line(5_000, "sms") with { SacCode = "998419" }], true);
        Assert.Equal([("998412", 1800, 100_000_000L), ("998419", 1800, 10_000L)], totals.Lines.Select(l => (l.SacCode, l.RateBasisPoints, l.TaxableMicros)));
        Assert.Equal((100_010_000, new TaxAmounts(9_000_000, 9_000_000, 0, 0), -10_000, 118_000_000), (totals.TaxableMicros, totals.Tax, totals.RoundOffMicros, totals.TotalMicros));
    }

    [Fact]
    public void An_amount_with_tax_stays_what_was_paid()
    {
        var totals = InvoiceArithmetic.TotalOfGross(Mumbai, Intra, Day, [Line(100_000_000, "recharge")]);
        Assert.Equal((84_740_000, 7_630_000, 7_630_000, 100_000_000), (totals.TaxableMicros, totals.Tax.CgstMicros, totals.Tax.SgstMicros, totals.TotalMicros));
        Assert.Throws<ArgumentException>(() => InvoiceArithmetic.TotalOfGross(Mumbai, Intra, Day, [Line(1)]));
    }

    [Fact]
    public void Nothing_and_less_than_nothing_are_no_invoice()
    {
        Assert.Throws<ArgumentException>(() => InvoiceArithmetic.Total(Intra, [], true));
        Assert.Throws<ArgumentException>(() => InvoiceArithmetic.Total(Intra, [Line(-1)], true));
    }

    [Fact]
    public void Lines_and_taxes_and_rounding_are_the_total()
    {
        var lines = Gen.Choose(0, 2_000_000_000).Select(n => Line(n)).NonEmptyListOf().ToArbitrary();
        var treatments = Gen.Elements(Intra, Inter, Intra with { Scheme = TaxScheme.None, ReverseCharge = true }, Inter with { Scheme = TaxScheme.None }).ToArbitrary();
        Prop.ForAll(lines, treatments, ArbMap.Default.ArbFor<bool>(), (given, treatment, roundOff) =>
        {
            var totals = InvoiceArithmetic.Total(Mumbai, treatment, Day, given, roundOff);
            var sum = totals.Lines.Sum(l => l.TaxableMicros) + totals.Lines.Sum(l => l.Tax.TotalMicros);
            var exact = given.Sum(l => l.TaxableMicros);
            return totals.Lines.Length == given.Count
                && totals.TotalMicros == sum + totals.RoundOffMicros
                && totals.TotalMicros == totals.TaxableMicros + totals.Tax.TotalMicros + totals.RoundOffMicros
                && Math.Abs(totals.TaxableMicros - exact) <= 5_000L * given.Count
                && totals.Lines.All(l => l.TaxableMicros % 10_000 == 0)
                && (roundOff ? totals.TotalMicros % 1_000_000 == 0 && totals.RoundOffMicros is > -500_000 and <= 500_000 : totals.RoundOffMicros == 0);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Amounts_with_tax_are_the_total_and_rating_them_anew_changes_nothing()
    {
        var lines = Gen.Choose(0, 50_000_000).Select(paisa => Line(paisa * 10_000L)).NonEmptyListOf().ToArbitrary();
        Prop.ForAll(lines, Gen.Elements(Intra, Inter).ToArbitrary(), (given, treatment) =>
        {
            var totals = InvoiceArithmetic.TotalOfGross(Mumbai, treatment, Day, given);
            return totals.TotalMicros == given.Sum(l => l.TaxableMicros) && totals.Lines.Zip(given).All(pair => pair.First.TotalMicros == pair.Second.TaxableMicros);
        }).QuickCheckThrowOnFailure();
    }
}
