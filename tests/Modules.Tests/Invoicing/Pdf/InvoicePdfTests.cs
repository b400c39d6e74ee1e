using System.Text.RegularExpressions;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Invoicing.Pdf;

namespace Balatrix.Modules.Tests.Invoicing.Pdf;

/// <summary>What a printed document says, read back by another program.</summary>
public sealed partial class InvoicePdfTests
{
    // CGST rule 46(d): the recipient's name and address.
    [Fact]
    public void A_long_name_and_address_are_printed_whole()
    {
        var name = string.Join(' ', Enumerable.Range(1, 25).Select(i => $"Limited{i}"));
        var line = string.Join(' ', Enumerable.Range(1, 25).Select(i => $"Street{i}"));
        var text = Poppler.Reading(InvoicePdf.Render(SampleDocuments.B2B() with { Recipient = SampleDocuments.Business with { Name = name, AddressLines = [line, "Pune 411019"] } }, SampleDocuments.Extras));
        Assert.All(name.Split(' ').Concat(line.Split(' ')), word => Assert.Contains(word, text));
    }

    [Fact]
    public void An_invoice_to_a_business_says_all_that_rule_46_asks_for()
    {
        var text = Text(SampleDocuments.B2B());
        Assert.Equal(1, Pages(text));
        foreach (var part in new[]
        {
            "TAX INVOICE", "Original for recipient", "Balatrix Communications Private", "27AAPFU0939F1ZV", "Krishna Textiles and Exports LLP", "27AABFK1234L1Z3", "A/26-27/000123", "01 May 2026",
            "16 May 2026", "01 – 30 Apr 2026", "ACC-10001", "Maharashtra (27)", "Reverse charge No", "998413", "998319", "1,834.5", "500 minutes from allowance", "912 calls", "Taxable value 9,842.85",
            "CGST 885.85", "SGST 885.85", "Round-off 0.45", "Total ₹11,615.00", "Rupees Eleven Thousand Six Hundred Fifteen Only", "Amount due ₹11,615.00", "HDFC0000060", "Page 1 of 1",
            "This is a computer-generated tax invoice and needs no signature.",
        })
            Assert.Contains(part, text);
        Assert.DoesNotContain("UTGST", text);
        Assert.DoesNotContain("IGST", text);
    }

    [Fact]
    public void Each_line_shows_each_head_with_its_rate()
    {
        var text = Text(SampleDocuments.B2B());
        Assert.Contains("122.25 12.50 1,528.13 137.53 137.53 1,803.19", text);
        Assert.Contains("minutes 9% 9%", text);
    }

    [Fact]
    public void A_union_territory_s_head_is_named_UTGST()
    {
        var text = Text(SampleDocuments.CreditNote());
        Assert.Contains("UTGST 10.84", text);
        Assert.DoesNotContain("SGST", text);
    }

    [Fact]
    public void A_tax_between_states_is_one_head()
    {
        var text = Text(SampleDocuments.Hindi());
        Assert.Contains("IGST 65.88", text);
        Assert.DoesNotContain("CGST", text);
        Assert.Contains("Unregistered recipient", text);
    }

    [Fact]
    public void Sums_are_carried_over_pages_and_the_head_is_repeated()
    {
        var document = SampleDocuments.OfManyLines();
        var pages = Text(document).Split('\f')[..^1];
        Assert.True(pages.Length > 8);
        var (taxable, tax, line) = (0L, default(TaxAmounts), 0);
        for (var i = 0; i < pages.Length && line < 300; i++)
        {
            Assert.Contains("# Description SAC Quantity Rate Taxable CGST SGST Amount", pages[i]);
            if (i > 0)
                Assert.Contains($"Brought forward {Sums(taxable, tax)}", pages[i]);
            for (; line < 300 && pages[i].Contains($"group {line + 1} ", StringComparison.Ordinal); line++)
                (taxable, tax) = (taxable + document.Totals.Lines[line].TaxableMicros, tax + document.Totals.Lines[line].Tax);
            if (line < 300)
                Assert.Contains($"Carried over {Sums(taxable, tax)}", pages[i]);
        }
        Assert.Equal((300, document.Totals.TaxableMicros), (line, taxable));
        Assert.Contains($"Total {Sums(document.Totals.TaxableMicros, document.Totals.Tax)}", string.Concat(pages));
        for (var i = 0; i < pages.Length; i++)
            Assert.Contains($"Page {i + 1} of {pages.Length}", pages[i]);

        static string Sums(long taxable, TaxAmounts tax) => string.Join(' ', new[] { taxable, tax.CgstMicros, tax.SgstMicros, taxable + tax.TotalMicros }.Select(m => AmountText.Grouped(m, "INR")));
    }

    [Fact]
    public void An_export_bears_its_endorsement_and_no_tax()
    {
        var text = Text(SampleDocuments.Export());
        Assert.Contains("SUPPLY MEANT FOR EXPORT UNDER BOND OR LETTER OF UNDERTAKING WITHOUT PAYMENT OF INTEGRATED TAX", text);
        Assert.Contains("Outside India (96)", text);
        Assert.Contains("Total USD 1,562.50", text);
        Assert.Contains("USD One Thousand Five Hundred Sixty Two and 50/100 Only", text);
        Assert.DoesNotContain("Scan with any UPI app", text);
    }

    [Fact]
    public void Reverse_charge_is_said()
    {
        var document = SampleDocuments.B2B();
        var text = Text(document with { Treatment = document.Treatment with { ReverseCharge = true, Scheme = TaxScheme.None } });
        Assert.Contains("Reverse charge Yes", text);
        Assert.Contains("payable by the recipient under reverse charge", text);
        Assert.Contains("TAX INVOICE", text);
    }

    [Fact]
    public void A_credit_note_names_its_invoice_and_reason()
    {
        var text = Text(SampleDocuments.CreditNote());
        foreach (var part in new[] { "CREDIT NOTE", "Note number C/26-27/000004", "Against invoice A/26-27/000123 of 01 May 2026.", "Reason: Calls of 14 April", "Amount credited ₹142.00" })
            Assert.Contains(part, text);
        Assert.DoesNotContain("Amount due", text);
        Assert.DoesNotContain("HOW TO PAY", text);
    }

    [Theory]
    [InlineData(DocumentKind.DebitNote, "DEBIT NOTE", "Amount due")]
    [InlineData(DocumentKind.ReceiptVoucher, "RECEIPT VOUCHER", "Advance received")]
    [InlineData(DocumentKind.RefundVoucher, "REFUND VOUCHER", "Advance refunded")]
    public void Other_kinds_have_their_titles(DocumentKind kind, string title, string label)
    {
        var text = Text(SampleDocuments.ReceiptVoucher() with { Kind = kind });
        Assert.Contains(title, text);
        Assert.Contains(label, text);
    }

    [Fact]
    public void Receipt_vouchers_adjusted_are_named_with_their_tax()
    {
        var text = Text(SampleDocuments.B2B() with { References = [new(DocumentKind.ReceiptVoucher, "R/26-27/000031", new(2026, 4, 3), 180_000_000)], PaidBeforeMicros = 1_180_000_000 });
        Assert.Contains("Adjusts receipt voucher R/26-27/000031 of 03 Apr 2026 (tax adjusted ₹180.00).", text);
        Assert.Contains("Paid or adjusted -1,180.00", text);
        Assert.Contains("Amount due ₹10,435.00", text);
    }

    [Fact]
    public void A_supplier_of_another_country_has_its_own_tax_and_no_words_of_GST()
    {
        var text = Text(SampleDocuments.Uzbek());
        foreach (var part in new[] { "VAT 86,259.00", "Tax ID: 309876543", "Звонки по Узбекистану", "koʻchasi 107B", "UZS 805,084.00", "12%", "Uzbekistan" })
            Assert.Contains(part, text);
        foreach (var part in new[] { "GST", "Place of supply", "Reverse charge", "₹" })
            Assert.DoesNotContain(part, text);
    }

    [Fact]
    public void Without_tax_on_a_registered_supplier_s_home_supply_it_is_a_bill_of_supply()
    {
        var document = SampleDocuments.B2B();
        Assert.Contains("BILL OF SUPPLY", Text(document with { Treatment = document.Treatment with { Scheme = TaxScheme.None } }));
        Assert.DoesNotContain("TAX INVOICE", Text(document with { Supplier = SampleDocuments.Supplier with { Gstin = null } }));
    }

    [Fact]
    public void An_e_invoice_shows_its_registration()
    {
        var pdf = InvoicePdf.Render(SampleDocuments.B2B(), SampleDocuments.Extras with { Registration = SampleDocuments.Registration });
        Assert.Contains(SampleDocuments.Registration.Irn, Poppler.Reading(pdf).ReplaceLineEndings(""));
        Assert.Contains("112610000012345 of 01 May 2026 09:30", Poppler.Text(pdf));
        // The signed code and the one for payment.
        Assert.Equal(2, Poppler.Pictures(pdf).Length);
    }

    /// <summary>The signed code is printed 132 points (47 mm) wide, so that it is read at what offices scan at.</summary>
    [Fact]
    public void The_codes_that_are_printed_are_read_back_to_the_letter()
    {
        var document = SampleDocuments.B2B();
        var codes = Poppler.Codes(InvoicePdf.Render(document, SampleDocuments.Extras with { Registration = SampleDocuments.Registration }), 1, 300);
        Assert.SkipWhen(codes is null, "zbarimg is not installed (apt-get install zbar-tools).");
        var pay = PaymentPart.UpiLink(document, "Balatrix", "balatrix@hdfcbank", document.Totals.TotalMicros);
        Assert.Equal(new[] { SampleDocuments.Registration.SignedQrCode, pay }.Order(StringComparer.Ordinal), codes!.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_code_for_payment_says_whom_to_pay_how_much_for_what() => Assert.Equal(
        "upi://pay?pa=balatrix%40hdfcbank&pn=Balatrix&am=11615.00&cu=INR&tr=A%2F26-27%2F000123&tn=Invoice%20A%2F26-27%2F000123",
        PaymentPart.UpiLink(SampleDocuments.B2B(), "Balatrix", "balatrix@hdfcbank", 11_615_000_000));

    [Fact]
    public void What_is_paid_asks_for_nothing()
    {
        var paid = Read(SampleDocuments.B2B(), SampleDocuments.Extras with { Mark = DocumentMark.Paid });
        Assert.Contains("Paid, with thanks", paid);
        Assert.Contains("Amount due ₹0.00", paid);
        Assert.DoesNotContain("HOW TO PAY", paid);
        var part = Read(SampleDocuments.B2B(), SampleDocuments.Extras with { OwedMicros = 1_615_000_000 });
        Assert.Contains("Paid or adjusted -10,000.00", part);
        Assert.Contains("to pay ₹1,615.00", part);
        Assert.Contains("This document is void", Read(SampleDocuments.B2B(), SampleDocuments.Extras with { Mark = DocumentMark.Void }));
    }

    [Fact]
    public void The_file_says_what_it_is()
    {
        var information = Poppler.Information(InvoicePdf.Render(SampleDocuments.B2B(), SampleDocuments.Extras));
        Assert.Equal("Tax invoice A/26-27/000123", information["Title"]);
        Assert.Equal("Balatrix Communications Private Limited", information["Author"]);
        Assert.Equal("Tax invoice A/26-27/000123 of 01 May 2026 to Krishna Textiles and Exports LLP", information["Subject"]);
        Assert.StartsWith("Fri May  1 00:00:00 2026", information["CreationDate"], StringComparison.Ordinal);
        Assert.Contains("(A4)", information["Page size"]);
    }

    [Fact]
    public void The_same_document_makes_the_same_bytes()
    {
        foreach (var document in new[] { SampleDocuments.B2B(), SampleDocuments.Hindi(), SampleDocuments.Uzbek() })
        {
            var extras = SampleDocuments.Extras with { Registration = SampleDocuments.Registration, Annex = SampleDocuments.Annex(100) };
            Assert.Equal(InvoicePdf.Render(document, extras), InvoicePdf.Render(document, extras));
        }
        Assert.NotEqual(InvoicePdf.Render(SampleDocuments.B2B(), SampleDocuments.Extras), InvoicePdf.Render(SampleDocuments.B2B() with { Number = "A/26-27/000124" }, SampleDocuments.Extras));
    }

    [Fact]
    public void A_large_invoice_keeps_its_amounts_whole()
    {
        var document = SampleDocuments.Make(SampleDocuments.Business, new(SupplyType.B2B, TaxScheme.CgstSgst, "27", false, null),
            [SampleDocuments.Line("sms", "998413", "Messages of a year", 999_999_999, "messages", null, 999_999_999, 123_456_789_123_450_000, null, null)]);
        var text = Text(document);
        Assert.Contains("1,23,45,67,89,123.45", text);
        Assert.Contains("₹1,45,67,90,11,166.00", text);
    }

    internal static string Text(InvoiceDocument document) => Read(document, SampleDocuments.Extras);

    internal static string Read(InvoiceDocument document, PdfExtras extras) => Blanks().Replace(Poppler.Text(InvoicePdf.Render(document, extras)), " ");

    static int Pages(string text) => text.Count(c => c == '\f');

    [GeneratedRegex("[ \n]+", RegexOptions.CultureInvariant, 2000)]
    private static partial Regex Blanks();
}
