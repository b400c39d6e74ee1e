using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;

namespace Balatrix.Core.Tests.Invoices;

/// <summary>
/// The rows of Proration/Data/billing_cases.csv about discounts before tax, credit notes and the use of what was paid before; each names the source that states its amount.
/// Which rows do not apply, and why, is said in Charging/CasesOfOtherSystems.
/// </summary>
public sealed class CasesOfOtherSystems
{
    static readonly TaxTreatment Vat = new(SupplyType.OutsideGst, TaxScheme.Vat, "FR", false, null);

    static InvoiceLine Line(decimal amount, decimal discount, int percent) =>
        new("recurring", "", "Fee", null, "", null, 0, null, Micros(amount - discount), percent * 100, default, null, null) { DiscountMicros = Micros(discount) };

    static long Micros(decimal amount) => (long)(amount * Money.MicrosPerUnit);

    // C051, lago-api credit_note_spec.rb#L90: 179.00 at 10 %, 399.00 less a coupon of 250.00 at 20 %.
    [Fact]
    public void C051_Tax_is_on_what_a_discount_leaves()
    {
        var totals = InvoiceArithmetic.Total(Vat, [Line(179, 0, 10), Line(399, 250, 20)], false);
        Assert.Equal((Micros(47.70m), Micros(375.70m)), (totals.Tax.TotalMicros, totals.TotalMicros));
    }

    // C052, lago-api credit_note_spec.rb#L136: of the 399.00, 262.60 and with it 164.54 of its discount: 98.06 with 19.61 of tax.
    [Fact]
    public void C052_A_credit_note_takes_the_discount_of_its_part_with_it()
    {
        var invoice = Documents.Issue("INV-2627-0000001", new() { StateCode = "27" }, [1]) with { Treatment = Vat, Totals = InvoiceArithmetic.Total(Vat, [Line(179, 0, 10), Line(399, 250, 20)], false) };
        var note = CreditedInvoice.Of(invoice, []).Credit([0, Micros(262.60m - 164.54m)]);
        Assert.Equal((Micros(98.06m), Micros(19.61m), Micros(117.67m)), (note.TaxableMicros, note.Tax.TotalMicros, note.TotalMicros));
    }

    // C055, lago-api taxes_on_invoice_spec.rb#L109: a coupon of 10.00 over fees of 200.00.
    [Fact]
    public void C055_Shares_of_a_discount_lower_each_tax()
    {
        var totals = InvoiceArithmetic.Total(Vat, [Line(100, 5, 10), Line(50, 2.5m, 0), Line(30, 1.5m, 20), Line(20, 1, 20)], false);
        Assert.Equal([Micros(9.50m), 0, Micros(5.70m), Micros(3.80m)], totals.Lines.Select(l => l.Tax.TotalMicros));
        Assert.Equal(Micros(209), totals.TotalMicros);
    }

    // C063 and C064, lago-api wallet_traceability_spec.rb#L141 and #L302; C073, terminate_manually_spec.rb#L220.
    [Theory]
    [InlineData("60.00", "30.00 50.00", "30.00 30.00")]
    [InlineData("80.00", "20.00 25.00 25.00 30.00", "20.00 25.00 25.00 10.00")]
    [InlineData("60.00", "85.72", "60.00")]
    public void C063_C064_C073_What_was_paid_before_is_used_in_its_order(string owed, string paid, string used)
    {
        static long Parse(string text) => Money.TryParse(text, out var micros) ? micros : throw new FormatException(text);
        var made = Settlement.Allocate([new(1, Parse(owed))], [.. paid.Split(' ').Select((p, i) => new FreeCredit(i, null, Parse(p)))]);
        Assert.Equal(used, string.Join(' ', made.Select(m => Money.Format(m.AmountMicros))));
    }
}
