using System.Collections.Immutable;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Invoicing.Pdf;

namespace Balatrix.Modules.Tests.Invoicing.Pdf;

/// <summary>Documents of the kinds that are printed. Amounts of lines are made up; taxes are 18 % of them, rounded as the core does.</summary>
public static class SampleDocuments
{
    const long Paisa = 10_000;

    public static DocumentParty Supplier { get; } = new(
        "Balatrix Communications Private Limited", "27AAPFU0939F1ZV", ["401, Trade Centre", "Bandra Kurla Complex", "Mumbai 400051"], "27", "IN", "Mumbai", "400051", "billing@balatrix.example", "+912261234567", null);

    public static DocumentParty Business { get; } = new(
        "Krishna Textiles and Exports LLP", "27AABFK1234L1Z3", ["Plot 14, MIDC Industrial Area", "Pune 411019"], "27", "IN", "Pune", "411019", "accounts@krishna.example", null, "ACC-10001");

    public static PdfExtras Extras { get; } = new()
    {
        Branding = new("Balatrix", null, "#0A4D8C"),
        Bank = new("Balatrix Communications Pvt Ltd", "50200012345678", "HDFC0000060", "HDFC Bank, Bandra Kurla Complex", "balatrix@hdfcbank"),
        Notes = ["Interest at 1.5% a month is charged on amounts overdue. Questions on this invoice: billing@balatrix.example within 15 days."],
    };

    public static InvoiceDocument B2B() => Make(Business, new(SupplyType.B2B, TaxScheme.CgstSgst, "27", false, null),
    [
        Line("recurring", "998413", "Business Voice 500, monthly rental", 1, "", null, 0, 4_999_000_000, new(2026, 5, 1), new(2026, 5, 31)),
        Line("voice", "998413", "Calls to India mobile", 1834.5m, "minutes", 500, 912, 800_720_000, new(2026, 4, 1), new(2026, 4, 30)),
        Line("voice", "998413", "Calls to United Arab Emirates mobile", 122.25m, "minutes", null, 41, 1_528_130_000, new(2026, 4, 1), new(2026, 4, 30)),
        Line("sms", "998413", "SMS, transactional, India", 18250, "messages", 10000, 18250, 1_485_000_000, new(2026, 4, 1), new(2026, 4, 30)),
        Line("event", "998319", "One-time passwords verified", 4120, "events", null, 4120, 1_030_000_000, new(2026, 4, 1), new(2026, 4, 30)),
    ]);

    public static InvoiceDocument Hindi() => Make(
        new("श्रीमती ज्योति त्रिपाठी", null, ["मकान संख्या १२, विद्यानगर", "लखनऊ, उत्तर प्रदेश 226010"], "09", "IN", "लखनऊ", "226010", null, "+919812345678", "ACC-10207"),
        new(SupplyType.B2C, TaxScheme.Igst, "09", false, null),
        [
            Line("recurring", "998413", "Starter प्रीपेड प्लान", 1, "", null, 0, 349_000_000, new(2026, 5, 1), new(2026, 5, 31)),
            Line("voice", "998413", "தமிழ்நாடு हिन्दी क्षत्रिय తెలుగు বাংলা ગુજરાતી ಕನ್ನಡ മലയാളം ਪੰਜਾਬੀ", 12.5m, "minutes", null, 7, 12_500_000, null, null),
            Line("sms", "998413", "Русский, oʻzbekcha, 中文, עברית, العربية (قطر)", 3, "messages", null, 3, 4_500_000, null, null),
        ]);

    public static InvoiceDocument OfManyLines(int lines = 300) => Make(Business, new(SupplyType.B2B, TaxScheme.CgstSgst, "27", false, null),
        [.. Enumerable.Range(1, lines).Select(i => Line(
            "voice", "998413", $"Calls to destination group {i}", 10m + (i / 4m), "minutes", i % 7 == 0 ? 5 : null, i, (1_230_000L + (i * 37 * Paisa)) * 10, new(2026, 4, 1), new(2026, 4, 30)))]);

    public static InvoiceDocument Export() => Make(
        new("Contoso Messaging GmbH", null, ["Friedrichstraße 68", "10117 Berlin"], null, "DE", "Berlin", "10117", "ap@contoso.example", null, "ACC-10400"),
        new(SupplyType.ExportWithoutPayment, TaxScheme.None, "96", false, "SUPPLY MEANT FOR EXPORT UNDER BOND OR LETTER OF UNDERTAKING WITHOUT PAYMENT OF INTEGRATED TAX (LUT ARN AD270326000123X)"),
        [Line("sms", "998413", "A2P messages, Germany", 25000, "messages", null, 25000, 1_562_500_000, new(2026, 4, 1), new(2026, 4, 30), 0)], "USD");

    public static InvoiceDocument Sez() => Make(
        Business with { Name = "Chandigarh SEZ Services Private Limited", Gstin = "04AABCC1234D1Z5", StateCode = "04", AddressLines = ["Unit 7, IT Park", "Chandigarh 160101"] },
        new(SupplyType.SezWithPayment, TaxScheme.Igst, "04", false, "SUPPLY MEANT FOR SEZ UNIT FOR AUTHORISED OPERATIONS ON PAYMENT OF INTEGRATED TAX"),
        [Line("recurring", "998413", "Business Voice 500, monthly rental", 1, "", null, 0, 4_999_000_000, new(2026, 5, 1), new(2026, 5, 31))]);

    public static InvoiceDocument CreditNote() => Make(Business with { StateCode = "26" }, new(SupplyType.B2B, TaxScheme.CgstUtgst, "26", false, null),
        [Line("voice", "998413", "Calls to India mobile, rated too high", null, "", null, 0, 120_400_000, new(2026, 4, 1), new(2026, 4, 30))]) with
    {
        Kind = DocumentKind.CreditNote,
        Number = "C/26-27/000004",
        DueOn = null,
        References = [new(DocumentKind.Invoice, "A/26-27/000123", new(2026, 5, 1), 0)],
        Reason = "Calls of 14 April were rated by the price list of March.",
    };

    public static InvoiceDocument ReceiptVoucher() => Make(Business, new(SupplyType.B2C, TaxScheme.CgstSgst, "27", false, null),
        [Line("recharge", "998413", "Advance for telecommunication services", null, "", null, 0, 1_000_000_000, null, null)]) with
    {
        Kind = DocumentKind.ReceiptVoucher,
        Number = "R/26-27/000031",
        DueOn = null,
        PeriodFrom = null,
        PeriodTo = null,
    };

    public static InvoiceDocument Uzbek() => Make(
        new("“Samarqand Savdo” MChJ", "301234567", ["Registon koʻchasi 5", "Самарканд 140100"], null, "UZ", "Samarqand", "140100", null, "+998662330000", "ACC-20001"),
        new(SupplyType.OutsideGst, TaxScheme.Vat, "UZ", false, null),
        [
            Line("recurring", "", "Biznes tarif, may 2026", 1, "", null, 0, 250_000_000_000, new(2026, 5, 1), new(2026, 5, 31), 1200),
            Line("voice", "", "Звонки по Узбекистану", 4125.5m, "minutes", 1000, 2210, 468_825_000_000, new(2026, 4, 1), new(2026, 4, 30), 1200),
        ],
        "UZS") with
    { Supplier = new("Balatrix Aloqa MChJ", "309876543", ["Amir Temur shoh koʻchasi 107B", "Toshkent 100084"], null, "UZ", "Toshkent", "100084", "hisob@balatrix.example", null, null) };

    /// <summary>As the portal's sandbox signed one (facts, vectors/einvoice_sample.json, signed_qr_decoded, get_e_invoice_by_irn).</summary>
    const string SignedCode =
        "eyJhbGciOiJSUzI1NiIsImtpZCI6IjE1MTNCODIxRUU0NkM3NDlBNjNCODZFMzE4QkY3MTEwOTkyODdEMUYiLCJ4NXQiOiJGUk80SWU1R3gwbW1PNGJqR0w5eEVKa29mUjgiLCJ0eXAiOiJKV1QifQ." +
        "eyJkYXRhIjoie1wiU2VsbGVyR3N0aW5cIjpcIjAyQU1CUEc3NzczTTAwMlwiLFwiQnV5ZXJHc3RpblwiOlwiMzZBTUJQRzc3NzNNMDAyXCIsXCJEb2NOb1wiOlwiOXNRNUUyXCIsXCJEb2NUeXBcIjpcIklOVlwiLFwiRG9jRHRcIjpcIjAyLzEwLzIwMjNcIixcIlRvdEludlZhbFwiOjE0MTYuMCxcIkl0ZW1DbnRcIjoxLFwiTWFpbkhzbkNvZGVcIjpcIjYxMTQ5MDkwXCIsXCJJcm5cIjpcIjJlY2M0MmE4ZTgxZGNiYmI1NjkyM2U0YmQwNDZjODYxY2U3Mzc0MDYwYmQzMTg3NWNlMzU0NDdlOTIyYzkzOTlcIixcIklybkR0XCI6XCIyMDIzLTEwLTAzIDE1OjA4OjM5XCJ9IiwiaXNzIjoiTklDIFNhbmRib3gifQ." +
        "fTW2bXRGYvCma3UpS0axy26c6dTW0nY9RtDI5lGX4x2n29iwdcJOHvBwr6rskVKvnLEWHX9VgxDu2Jknyeu6RBlPLD1pGTORATj0nWo_kNwXJi-l_--6J0WC5is8G11eK04Mnepk63SKrbPTr8uYRd5OigMhDmSCde_tqFfUIIMtnx8AY6z0snkx3KQaooPJW06eU_QaACgrmypE1q-hfpNJOhzlHy-a4VC4zW2HljUZkubbK_5Dyb0Zy2tGc15enZeHi9DhvDFEUqiyJavjwsijbugJumR81LyOC1M4JtFEWoMrCA8bsbwAAFUtRgVC6pDVNZlthHqHxObSf9yv6g";

    public static EInvoiceRegistration Registration { get; } = new(
        "1b5f0d2f5d6e0f3c0a9f7c7d2b0f4a55b1c9d2e8f70412acb3de99817f6655aa", "112610000012345", new(2026, 5, 1, 9, 30, 12, TimeSpan.FromMinutes(330)), SignedCode);

    public static IEnumerable<AnnexRow> Annex(int count) => Enumerable.Range(0, count).Select(i => new AnnexRow(
        new DateTime(2026, 4, 1, 9, 0, 0).AddSeconds(i * 417), i % 5 == 0 ? "SMS" : "Voice", "912261234567", $"9198{(i * 7919L) % 100_000_000:D8}", "India mobile, Maharashtra",
        i % 5 == 0 ? "1 message" : $"{i % 9}:{i % 60:D2} min", (i % 90 * Paisa) + 150_000));

    public static InvoiceLine Line(
        string service, string sac, string description, decimal? quantity, string unit, decimal? covered, long count, long taxable, DateOnly? from, DateOnly? to, int rate = 1800) =>
        new(service, sac, description, quantity, unit, covered, count, quantity is > 0 ? (long)(taxable / (quantity.Value - (covered ?? 0))) / 100 * 100 : null, taxable, rate, default, from, to);

    public static InvoiceDocument Make(DocumentParty recipient, TaxTreatment treatment, ImmutableArray<InvoiceLine> lines, string currency = "INR")
    {
        lines = [.. lines.Select(l => l with { Tax = Tax(treatment.Scheme, l.TaxableMicros, l.RateBasisPoints) })];
        var (taxable, tax) = (lines.Sum(l => l.TaxableMicros), lines.Aggregate(default(TaxAmounts), (sum, l) => sum + l.Tax));
        var exact = taxable + tax.TotalMicros;
        var total = currency == "INR" ? (exact + 500_000) / 1_000_000 * 1_000_000 : exact;
        return new()
        {
            Kind = DocumentKind.Invoice,
            Number = "A/26-27/000123",
            IssuedOn = new(2026, 5, 1),
            DueOn = new(2026, 5, 16),
            Currency = currency,
            Supplier = Supplier,
            Recipient = recipient,
            Treatment = treatment,
            PeriodFrom = new(2026, 4, 1),
            PeriodTo = new(2026, 4, 30),
            Totals = new(lines, taxable, tax, total - exact, total),
        };
    }

    static TaxAmounts Tax(TaxScheme scheme, long taxable, int rate) => scheme switch
    {
        TaxScheme.CgstSgst or TaxScheme.CgstUtgst => new(Share(taxable, rate / 2), Share(taxable, rate / 2), 0, 0),
        TaxScheme.Igst => new(0, 0, Share(taxable, rate), 0),
        TaxScheme.Vat => new(0, 0, 0, Share(taxable, rate)),
        _ => default,
    };

    static long Share(long micros, int basisPoints) => (long)((((Int128)micros * basisPoints / 10_000) + (Paisa / 2)) / Paisa * Paisa);
}
