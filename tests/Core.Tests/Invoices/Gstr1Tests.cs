using System.Text.Json;
using Balatrix.Core.Invoices;
using Balatrix.Core.Invoices.Gstr1;
using Balatrix.Core.Tax;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Core.Tests.Invoices;

/// <summary>GSTR-1. Data/gstr1_sample.json: vectors/gstr1_sample.json of the facts, the portal's shape of every table.</summary>
public sealed class Gstr1Tests
{
    static readonly DateOnly November = new(2026, 11, 1);
    static readonly RecipientTaxFacts Bengaluru = new() { Gstin = Documents.GstinOf("29") };
    static readonly RecipientTaxFacts Pune = new() { StateCode = "27" };
    static readonly RecipientTaxFacts Chennai = new() { StateCode = "33" };
    static readonly RecipientTaxFacts Zone = new() { Gstin = Documents.GstinOf("24"), IsSez = true };
    static readonly RecipientTaxFacts Abroad = new() { Country = "US" };
    static readonly SupplierTaxIdentity WithLut = Documents.Supplier with { LutYears = ["2026-27"] };

    // Of the portal's fields, those that services and their suppliers do not have.
    static readonly string[] NotOfServices = ["diff_percent", "sbpcode", "sbnum", "sbdt"];

    static Gstr1Return Report(params Gstr1Source[] sources) => Report(November, sources);

    static Gstr1Return Report(DateOnly month, Gstr1Source[] sources)
    {
        var builder = new Gstr1Builder(Documents.Mumbai, month);
        foreach (var source in sources)
            builder.Add(source);
        return builder.Build();
    }

    static Gstr1Source Of(InvoiceDocument document, InvoiceDocument? original = null, bool isVoid = false) =>
        new(document, document.Number.Split('-')[0], isVoid, original?.Totals.TotalMicros, original?.IssuedOn);

    static InvoiceDocument Issue(string number, RecipientTaxFacts recipient, long rupees, DocumentKind kind = DocumentKind.Invoice, DateOnly? day = null, SupplierTaxIdentity? supplier = null) =>
        Documents.Issue(number, recipient, [rupees * Money.MicrosPerUnit], kind, day, supplier);

    [Fact]
    public void A_month_has_each_document_in_its_table()
    {
        var month = Report(
            Of(Issue("INV-1", Bengaluru, 1000)),
            Of(Issue("INV-2", Zone, 500)),
            Of(Issue("INV-3", Pune, 200)),
            Of(Issue("INV-4", Pune, 300)),
            Of(Issue("INV-5", Chennai, 100_000)),
            Of(Issue("INV-6", Abroad, 700)),
            Of(Issue("INV-7", Abroad, 800, supplier: WithLut)),
            Of(Issue("INV-8", Bengaluru with { OwesTax = true }, 900)),
            Of(Issue("INV-9", Bengaluru with { IsExempt = true }, 50)),
            Of(Issue("CN-1", Bengaluru, 100, DocumentKind.CreditNote)),
            Of(Issue("CN-2", Pune, 50, DocumentKind.CreditNote), Issue("INV-3", Pune, 200)),
            Of(Issue("DN-1", Chennai, 10, DocumentKind.DebitNote), Issue("INV-5", Chennai, 100_000)),
            Of(Issue("CN-3", Abroad, 70, DocumentKind.CreditNote), Issue("INV-6", Abroad, 700)));

        Assert.Equal(("27AAGCG4576J1Z6", "112026"), (month.Gstin, month.Period));
        var invoices = month.B2B!.SelectMany(r => r.Invoices).ToDictionary(i => i.Number);
        Assert.Equal(["INV-1", "INV-2", "INV-8"], invoices.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("21-11-2026", 1180_000_000, "29", "N", "R"), (invoices["INV-1"].Day, invoices["INV-1"].Value, invoices["INV-1"].Place, invoices["INV-1"].ReverseCharge, invoices["INV-1"].Type));
        Assert.Equal(new(1800, 1000_000_000, 180_000_000, 0, 0), Assert.Single(invoices["INV-1"].Items).Detail);
        Assert.Equal("SEWP", invoices["INV-2"].Type);
        Assert.Equal(("Y", 900_000_000, 162_000_000), (invoices["INV-8"].ReverseCharge, invoices["INV-8"].Value, invoices["INV-8"].Items[0].Detail.Igst));
        Assert.Equal(("33", "INV-5"), (Assert.Single(month.B2CLarge!).Place, Assert.Single(month.B2CLarge![0].Invoices).Number));
        // 200 and 300 less the note of 50.
        Assert.Equal(new("INTRA", 1800, "OE", "27", 450_000_000, 0, 40_500_000, 40_500_000), Assert.Single(month.B2CSmall!));
        Assert.Equal(["WOPAY", "WPAY"], month.Exports!.Select(e => e.Type));
        Assert.Equal((0, 0), (month.Exports![0].Invoices[0].Items[0].Rate, month.Exports[0].Invoices[0].Items[0].Igst));
        Assert.Equal(new("INTRB2B", 50_000_000), Assert.Single(month.Nil!.Sums));
        Assert.Equal(("C", "CN-1", 118_000_000), (month.Notes![0].Notes[0].Kind, month.Notes[0].Notes[0].Number, month.Notes[0].Notes[0].Value));
        Assert.Equal([("B2CL", "D", "33"), ("EXPWP", "C", null)], month.UnregisteredNotes!.Select(n => (n.Type, n.Kind, n.Place)));
    }

    // The threshold went from 2.5 lakh to one lakh on 2024-08-01 (Notification 12/2024-CT).
    [Theory]
    [InlineData("2024-07-31", 250_000, false)]
    [InlineData("2024-07-31", 250_001, true)]
    [InlineData("2024-08-01", 100_000, false)]
    [InlineData("2024-08-01", 100_001, true)]
    public void Large_is_by_the_threshold_of_the_day(string day, long total, bool isLarge)
    {
        var on = DateOnly.Parse(day, System.Globalization.CultureInfo.InvariantCulture);
        var document = Issue("INV-1", Chennai, 100, day: on);
        document = document with { Totals = document.Totals with { TotalMicros = total * Money.MicrosPerUnit } };
        var month = Report(new(on.Year, on.Month, 1), [Of(document)]);
        Assert.Equal((isLarge, !isLarge), (month.B2CLarge is not null, month.B2CSmall is not null));
        // Within the state none is large.
        var within = Issue("INV-2", Pune, 300_000, day: on);
        Assert.Null(Report(new(on.Year, on.Month, 1), [Of(within)]).B2CLarge);
    }

    [Fact]
    public void A_note_goes_where_its_invoice_was_listed()
    {
        var note = Issue("CN-1", Chennai, 100, DocumentKind.CreditNote);
        Assert.NotNull(Report(Of(note, Issue("INV-1", Chennai, 100_000))).UnregisteredNotes);
        Assert.Equal(-100_000_000, Report(Of(note, Issue("INV-1", Chennai, 1000))).B2CSmall![0].Taxable);
        // 1.5 lakh was not large when it was invoiced.
        Assert.Null(Report(Of(note, Issue("INV-1", Chennai, 127_000, day: new(2024, 7, 1)))).UnregisteredNotes);
    }

    [Fact]
    public void Advances_of_the_month_are_listed_less_what_was_invoiced_and_earlier_ones_as_they_are_used_up()
    {
        var (october, november) = (new DateOnly(2026, 10, 9), new DateOnly(2026, 11, 9));
        var invoice = Issue("INV-1", Chennai, 500) with
        {
            References = [new(DocumentKind.ReceiptVoucher, "RV-1", november, 18_000_000), new(DocumentKind.ReceiptVoucher, "RV-0", october, 9_000_000)],
        };
        var refund = Issue("RF-1", Chennai, 10, DocumentKind.RefundVoucher) with { References = [new(DocumentKind.ReceiptVoucher, "RV-0", october, 0)] };
        var month = Report(Of(Issue("RV-1", Chennai, 300, DocumentKind.ReceiptVoucher, november)), Of(invoice), Of(refund));
        Assert.Equal(("33", "INTER"), (month.AdvancesReceived![0].Place, month.AdvancesReceived[0].Type));
        Assert.Equal(new(1800, 200_000_000, 36_000_000, 0, 0), Assert.Single(month.AdvancesReceived[0].Items));
        Assert.Equal(new(1800, 60_000_000, 10_800_000, 0, 0), Assert.Single(month.AdvancesAdjusted![0].Items));
        Assert.Equal(new(0, 0, 25_200_000, 0), Gstr1Totals.AdvanceTax(month));
        Assert.Equal(new(0, 0, 90_000_000, 0), Gstr1Totals.OutputTax(month));
    }

    [Fact]
    public void Numbers_given_and_cancelled_are_counted_and_a_cancelled_document_is_nowhere_else()
    {
        var month = Report(Of(Issue("INV-0009", Pune, 1)), Of(Issue("INV-0011", Pune, 1)), Of(Issue("INV-0010", Pune, 5), isVoid: true), Of(Issue("BX-1", Pune, 1)), Of(Issue("CN-1", Pune, 1, DocumentKind.CreditNote)));
        Assert.Equal([1, 5], month.Documents!.Kinds.Select(k => k.Kind));
        Assert.Equal([new(1, "BX-1", "BX-1", 1, 0, 1), new(2, "INV-0009", "INV-0011", 3, 1, 2)], month.Documents.Kinds[0].Ranges);
        Assert.Equal(2_000_000, month.B2CSmall![0].Taxable);
    }

    [Fact]
    public void Codes_tell_consumers_apart_since_May_2025()
    {
        Gstr1Source[] Two(DateOnly day) => [Of(Issue("INV-1", Bengaluru, 100, day: day)), Of(Issue("INV-2", Pune, 10, day: day))];
        var before = Report(new(2025, 4, 1), Two(new(2025, 4, 30))).Hsn!;
        Assert.Equal((110_000_000, true), (Assert.Single(before.All!).Taxable, before.B2B is null && before.B2C is null));
        var since = Report(new(2025, 5, 1), Two(new(2025, 5, 1))).Hsn!;
        Assert.Equal((100_000_000, 10_000_000, true), (Assert.Single(since.B2B!).Taxable, Assert.Single(since.B2C!).Taxable, since.All is null));
        Assert.Equal(("998412", "NA", 0), (since.B2B![0].Code, since.B2B[0].Unit, since.B2B[0].Quantity));
    }

    [Fact]
    public void What_is_outside_GST_is_passed_over_and_what_is_not_in_rupees_is_named()
    {
        var builder = new Gstr1Builder(Documents.Mumbai, November);
        builder.Add(Of(Issue("INV-1", Pune, 1, supplier: new() { Country = "IN" })));
        builder.Add(Of(Issue("INV-2", Abroad, 1) with { Currency = "USD" }));
        Assert.Equal(["INV-2"], builder.NotReported);
        Assert.Equal(new() { Gstin = Documents.Mumbai, Period = "112026" }, builder.Build());
    }

    [Fact]
    public void Every_table_has_the_portals_fields()
    {
        var sample = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Invoices", "Data", "gstr1_sample.json"))).RootElement;
        var month = Report(
            Of(Issue("INV-1", Bengaluru, 1000)), Of(Issue("INV-3", Pune, 200)), Of(Issue("INV-5", Chennai, 100_000)), Of(Issue("INV-6", Abroad, 700)),
            Of(Issue("INV-9", Bengaluru with { IsExempt = true }, 50)), Of(Issue("CN-1", Bengaluru, 100, DocumentKind.CreditNote)),
            Of(Issue("DN-1", Chennai, 10, DocumentKind.DebitNote), Issue("INV-5", Chennai, 100_000)), Of(Issue("RV-1", Chennai, 300, DocumentKind.ReceiptVoucher)),
            Of(Issue("INV-10", Pune, 500) with { References = [new(DocumentKind.ReceiptVoucher, "RV-0", new(2026, 10, 1), 18_000_000)] }));
        var json = JsonSerializer.SerializeToElement(month, PortalJson.Options);
        var tables = sample.GetProperty("sections").EnumerateObject().Where(s => s.Name is not ("hsn" or "supeco")).ToList();
        Assert.Equal(10, tables.Count);
        foreach (var table in tables)
            Assert.Equal(Fields(table.Value), Fields(json.GetProperty(table.Name)));
        Assert.Equal(Fields(sample.GetProperty("hsn_from_2025_05").GetProperty("hsn").GetProperty("hsn_b2b")), Fields(json.GetProperty("hsn").GetProperty("hsn_b2b")));
        Assert.Equal("180.00", json.GetProperty("b2b")[0].GetProperty("inv")[0].GetProperty("itms")[0].GetProperty("itm_det").GetProperty("iamt").GetRawText());
        Assert.Equal("18", json.GetProperty("b2cs")[0].GetProperty("rt").GetRawText());
    }

    [Fact]
    public void Tables_and_codes_come_to_the_documents_tax()
    {
        var documents = Gen.Elements(Bengaluru, Pune, Chennai, Zone, Abroad, Bengaluru with { IsExempt = true }, Bengaluru with { OwesTax = true })
            .SelectMany(recipient => Gen.Choose(1, 2_000_000_000), (recipient, n) => (recipient, n))
            .SelectMany(pair => Gen.Elements(DocumentKind.Invoice, DocumentKind.Invoice, DocumentKind.CreditNote, DocumentKind.DebitNote), (pair, kind) => (pair.recipient, pair.n, kind))
            .SelectMany(given => Gen.Choose(0, 9), (given, die) => (given.recipient, given.n, given.kind, isVoid: die == 0))
            .ListOf();
        Prop.ForAll(documents.ToArbitrary(), given =>
        {
            var sources = given.Select((g, i) => Of(Documents.Issue($"INV-{i}", g.recipient, [g.n * 60L, g.n % 777], g.kind), null, g.isVoid)).ToArray();
            var month = Report(sources);
            var tax = sources.Where(s => !s.IsVoid).Aggregate(default(TaxAmounts), (sum, s) =>
            {
                var (sign, t) = (s.Document.Kind == DocumentKind.CreditNote ? -1 : 1, s.Document.Totals.Tax);
                return sum + new TaxAmounts(sign * t.CgstMicros, sign * t.SgstMicros, sign * t.IgstMicros, 0);
            });
            return Gstr1Totals.OutputTax(month) == tax && Gstr1Totals.TaxByCode(month) == tax
                && (month.Documents?.Kinds.Sum(k => k.Ranges.Sum(r => r.Issued)) ?? 0) == sources.Count(s => !s.IsVoid);
        }).QuickCheckThrowOnFailure();
    }

    // Names of all fields of a table's rows, by their path.
    static IEnumerable<string> Fields(JsonElement table) => Paths(table, "").Distinct().Order(StringComparer.Ordinal);

    static IEnumerable<string> Paths(JsonElement at, string path) => at.ValueKind switch
    {
        JsonValueKind.Object => at.EnumerateObject().Where(p => !NotOfServices.Contains(p.Name)).SelectMany(p => Paths(p.Value, $"{path}.{p.Name}").Prepend($"{path}.{p.Name}")),
        JsonValueKind.Array => at.EnumerateArray().SelectMany(item => Paths(item, path)),
        _ => [],
    };
}
