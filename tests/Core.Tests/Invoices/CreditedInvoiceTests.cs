using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Invoices;

/// <summary>Credit notes in any number and of any parts give back an invoice, and never more: line by line and head by head.</summary>
public sealed class CreditedInvoiceTests
{
    static readonly DateOnly Day = Documents.Day;
    static readonly SupplierTaxIdentity Mumbai = Documents.Supplier;
    static readonly InvoiceDocument Issued = Documents.Issue("INV-2627-0000001", new() { Gstin = Documents.GstinOf("29") }, [1_000_000]);
    static readonly TaxTreatment Intra = new(SupplyType.B2B, TaxScheme.CgstSgst, "27", false, null);
    static readonly TaxTreatment Inter = new(SupplyType.B2B, TaxScheme.Igst, "29", false, null);

    static InvoiceLine Line(int paisa, string service) => new(service, "", $"{service} {paisa % 3}", null, "", null, 0, null, paisa * 10_000L, 0, default, null, null);

    static InvoiceDocument Invoice(TaxTreatment treatment, IEnumerable<InvoiceLine> lines, bool isGross, bool roundOff) => Issued with
    {
        Treatment = treatment,
        Totals = isGross ? InvoiceArithmetic.TotalOfGross(Mumbai, treatment, Day, lines) : InvoiceArithmetic.Total(Mumbai, treatment, Day, lines, roundOff),
    };

    [Fact]
    public void Parts_credit_an_invoice_to_nothing_and_never_below()
    {
        var lines = Gen.Choose(1, 12).SelectMany(n => Gen.Choose(0, 5_000).Select(p => Line(p, p % 2 == 0 ? "voice" : "sms")).ListOf(n)).Where(l => l.Sum(x => x.TaxableMicros) > 0);
        var invoices =
            from given in lines
            from treatment in Gen.Elements(Intra, Inter, Inter with { Scheme = TaxScheme.None }, Intra with { Scheme = TaxScheme.None, ReverseCharge = true })
            from kind in Gen.Choose(0, 2)
            select Invoice(treatment, given, kind == 0, kind == 1);
        Prop.ForAll(invoices.ToArbitrary(), Gen.Choose(0, 100).ListOf(15).ToArbitrary(), (invoice, shares) =>
        {
            var (notes, before) = (new List<InvoiceTotals>(), CreditedInvoice.Of(invoice, []));
            foreach (var share in shares.Append(100).TakeWhile(_ => before.LeftMicros > 0))
            {
                // Some part of some lines, in whole paisa; the last takes all.
                var amounts = invoice.Totals.Lines.Select((_, i) => before.LeftOf(i) / 10_000 * ((share + (i * 7 % 100)) % 101) / 100 * 10_000).ToArray();
                if (share == 100)
                    amounts = [.. invoice.Totals.Lines.Select((_, i) => before.LeftOf(i))];
                if (amounts.All(a => a == 0))
                    continue;
                notes.Add(before.Credit(amounts));
                before = before.After(notes[^1]);
                Assert.All(notes[^1].Lines, l => Assert.True(l.TaxableMicros > 0 && l.Tax.CgstMicros >= 0 && l.Tax.CgstMicros == l.Tax.SgstMicros && l.Tax.IgstMicros >= 0));
                Assert.Equal(notes[^1].TotalMicros, notes[^1].TaxableMicros + notes[^1].Tax.TotalMicros + notes[^1].RoundOffMicros);
                Assert.True(notes[^1].TotalMicros >= 0);
                var given = notes.Aggregate(default(TaxAmounts), (sum, n) => sum + n.Tax);
                Assert.True(given.CgstMicros <= invoice.Totals.Tax.CgstMicros && given.IgstMicros <= invoice.Totals.Tax.IgstMicros && notes.Sum(n => n.TotalMicros) <= invoice.Totals.TotalMicros);
            }
            Assert.Equal(
                (invoice.Totals.TaxableMicros, invoice.Totals.Tax, invoice.Totals.RoundOffMicros, invoice.Totals.TotalMicros),
                (notes.Sum(n => n.TaxableMicros), notes.Aggregate(default(TaxAmounts), (sum, n) => sum + n.Tax), notes.Sum(n => n.RoundOffMicros), notes.Sum(n => n.TotalMicros)));
            Assert.Throws<ArgumentException>(() => CreditedInvoice.Of(invoice, notes).Credit([.. invoice.Totals.Lines.Select(_ => 10_000L)]));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Notes_within_the_term_and_financial_ones_after_it_credit_an_invoice_to_nothing_together()
    {
        var invoices =
            from lines in Gen.Choose(1, 8).SelectMany(n => Gen.Choose(1, 5_000).Select(p => Line(p, p % 2 == 0 ? "voice" : "sms")).ListOf(n))
            from treatment in Gen.Elements(Intra, Inter, Inter with { Scheme = TaxScheme.None })
            select Invoice(treatment, lines, false, true);
        Prop.ForAll(invoices.ToArbitrary(), Gen.Choose(0, 100).ToArbitrary(), Gen.Choose(0, 1).ToArbitrary(), (invoice, share, late) =>
        {
            var credited = CreditedInvoice.Of(invoice, []);
            var part = invoice.Totals.Lines.Select((_, i) => credited.LeftOf(i) / 10_000 * share / 100 * 10_000).ToArray();
            var notes = new List<InvoiceTotals>();
            foreach (var isLate in new[] { late == 1, true })
            {
                var amounts = notes.Count == 0 && part.Any(a => a > 0) ? part : [.. invoice.Totals.Lines.Select((_, i) => credited.LeftOf(i))];
                if (amounts.All(a => a == 0))
                    continue;
                var note = credited.Credit(amounts);
                var issued = isLate ? FinancialNote.Of(invoice, note) : note;
                Assert.Equal(issued.TotalMicros, issued.Lines.Sum(l => l.TotalMicros) + issued.RoundOffMicros);
                Assert.Equal((note.TotalMicros, isLate ? note.Tax.TotalMicros : 0, isLate ? default : note.Tax), (issued.TotalMicros, FinancialNote.TaxBorneMicros(issued), issued.Tax));
                notes.Add(issued);
                credited = CreditedInvoice.Of(invoice, notes);
            }
            Assert.Equal((0, invoice.Totals.TotalMicros), (credited.LeftMicros, notes.Sum(n => n.TotalMicros)));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void An_amount_goes_to_the_line_that_it_names_then_to_its_service_then_to_the_rest()
    {
        var invoice = Invoice(Inter, [Line(100, "sms"), Line(200, "voice"), Line(300, "voice")], false, false);
        var like = invoice.Totals.Lines[2] with { CreditsLine = 3 };
        Assert.Equal([0, 0, 2_500_000L], CreditedInvoice.Of(invoice, []).Spread(like, 2_500_000));
        Assert.Equal([500_000, 2_000_000, 3_000_000L], CreditedInvoice.Of(invoice, []).Spread(like, 5_500_000));
        Assert.Equal([0, 2_000_000, 500_000L], CreditedInvoice.Of(invoice, []).Spread(like with { CreditsLine = null }, 2_500_000));
        // What there is no room for is left out.
        Assert.Equal(invoice.Totals.TaxableMicros, CreditedInvoice.Of(invoice, []).Spread(like, 9_000_000).Sum());
    }

    [Fact]
    public void Lines_of_one_name_are_told_apart()
    {
        var month = Line(300, "recurring");
        var invoice = Invoice(Inter, [month, month], false, false);
        var credited = CreditedInvoice.Of(invoice, [CreditedInvoice.Of(invoice, []).Credit([0, 3_000_000])]);
        Assert.Equal((3_000_000, 0), (credited.LeftOf(0), credited.LeftOf(1)));
    }

    [Fact]
    public void Parts_of_a_recharge_that_go_back_bear_its_tax_and_no_more()
    {
        var parts = Gen.Choose(2, 10_000).NonEmptyListOf().ToArbitrary();
        Prop.ForAll(parts, Gen.Elements(Intra, Inter).ToArbitrary(), (paisa, treatment) =>
        {
            var recharge = Invoice(treatment, [Line(paisa.Sum(), "recharge")], true, false);
            var (before, value, tax) = (0L, 0L, default(TaxAmounts));
            foreach (var part in paisa.Select(p => p * 10_000L))
            {
                var split = RechargeReturn.Split(recharge, before, part);
                Assert.True(split.TaxableMicros >= 0 && split.Tax.CgstMicros >= 0 && split.Tax.CgstMicros == split.Tax.SgstMicros && split.Tax.IgstMicros >= 0);
                (before, value, tax) = (before + part, value + split.TaxableMicros, tax + split.Tax);
                Assert.True(tax.CgstMicros <= recharge.Totals.Tax.CgstMicros && tax.IgstMicros <= recharge.Totals.Tax.IgstMicros);
            }
            Assert.Equal((recharge.Totals.TaxableMicros, recharge.Totals.Tax), (value, tax));
            Assert.Throws<ArgumentOutOfRangeException>(() => RechargeReturn.Split(recharge, before, 10_000));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Tax_is_taken_back_until_30_November_after_the_year_and_outside_GST_always()
    {
        var invoice = Issued with { IssuedOn = new(2027, 3, 31) };
        Assert.Equal((false, true), (CreditNoteTerm.IsOver(invoice, new(2027, 11, 30)), CreditNoteTerm.IsOver(invoice, new(2027, 12, 1))));
        Assert.False(CreditNoteTerm.IsOver(invoice with { Treatment = new(SupplyType.OutsideGst, TaxScheme.Vat, "UZ", false, null) }, new(2040, 1, 1)));
    }
}
