using System.Diagnostics;
using System.IO.Compression;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Invoicing.Pdf;

namespace Balatrix.Bench;

/// <summary>One-page invoices a second on one core, each with its own number and code for payment.</summary>
static class PdfBenchmark
{
    const int WarmUp = 300, Goal = 150;

    static readonly DocumentParty Supplier = new("Bench Communications Private Limited", "27AAPFU0939F1ZV", ["401, Trade Centre", "Mumbai 400051"], "27", "IN", "Mumbai", "400051", null, null, null);
    static readonly DocumentParty Recipient = new("Krishna Textiles LLP", "27AABFK1234L1Z3", ["Plot 14, MIDC", "Pune 411019"], "27", "IN", "Pune", "411019", null, null, "ACC-10001");

    static readonly PdfExtras Extras = new() { Branding = new("Bench", null, "#0a4d8c"), Bank = new("Bench Communications", "50200012345678", "HDFC0000060", "HDFC Bank", "bench@hdfcbank") };

    public static BenchResult Run(int seconds)
    {
        var bytes = 0L;
        for (var i = 0; i < WarmUp; i++)
            bytes = InvoicePdf.Render(Document(i), Extras).Length;
        var watch = Stopwatch.StartNew();
        var count = 0;
        for (; watch.Elapsed < TimeSpan.FromSeconds(seconds); count++)
            bytes = InvoicePdf.Render(Document(count), Extras).Length;
        var rate = count / watch.Elapsed.TotalSeconds;
        // What a page costs at the least: packing as many bytes as its file has.
        var baseline = Packing(bytes);
        return new("pdf", $"one-page invoices with a code for payment, one core, {bytes / 1000} kB each; baseline: packing as many bytes", rate, "invoices/s", baseline, rate / baseline, Goal, rate >= Goal);
    }

    static double Packing(long length)
    {
        var page = new byte[length];
        for (var i = 0; i < page.Length; i++)
            page[i] = (byte)("0 0.12 TfTj<0041>"[i % 17] + (i % 7));
        var watch = Stopwatch.StartNew();
        var count = 0;
        for (; watch.Elapsed < TimeSpan.FromSeconds(1); count++)
        {
            using var packed = new MemoryStream();
            using var zip = new ZLibStream(packed, CompressionLevel.Optimal);
            zip.Write(page);
        }
        return count / watch.Elapsed.TotalSeconds;
    }

    static InvoiceDocument Document(int number)
    {
        var lines = Enumerable.Range(1, 5).Select(i => new InvoiceLine(
            "voice", "998413", $"Calls to destination {i}", 100m + i, "minutes", 10m, 40 + i, 1_000_000, i * 100_000_000, 1800, new(i * 9_000_000, i * 9_000_000, 0, 0), new(2026, 4, 1), new(2026, 4, 30))).ToArray();
        var taxable = lines.Sum(l => l.TaxableMicros);
        var tax = new TaxAmounts(lines.Sum(l => l.Tax.CgstMicros), lines.Sum(l => l.Tax.SgstMicros), 0, 0);
        return new()
        {
            Kind = DocumentKind.Invoice,
            Number = $"INV-2627-{number:0000000}",
            IssuedOn = new(2026, 5, 1),
            DueOn = new(2026, 5, 16),
            Currency = "INR",
            Supplier = Supplier,
            Recipient = Recipient,
            Treatment = new(SupplyType.B2B, TaxScheme.CgstSgst, "27", false, null),
            PeriodFrom = new(2026, 4, 1),
            PeriodTo = new(2026, 4, 30),
            Totals = new([.. lines], taxable, tax, 0, taxable + tax.TotalMicros),
        };
    }
}
