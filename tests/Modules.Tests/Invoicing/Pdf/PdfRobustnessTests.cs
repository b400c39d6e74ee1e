using System.IO.Compression;
using Balatrix.Modules.Invoicing.Pdf;
using Balatrix.Modules.Printing;
using FsCheck;
using FsCheck.Fluent;

namespace Balatrix.Modules.Tests.Invoicing.Pdf;

/// <summary>Scripts, fonts, long annexes and hostile input.</summary>
public sealed class PdfRobustnessTests
{
    [Fact]
    public void Names_in_Indian_scripts_are_printed_and_can_be_copied()
    {
        var text = Poppler.Reading(InvoicePdf.Render(SampleDocuments.Hindi(), SampleDocuments.Extras));
        foreach (var part in new[] { "श्रीमती ज्योति त्रिपाठी", "लखनऊ, उत्तर प्रदेश", "தமிழ்நாடு", "తెలుగు", "বাংলা", "ગુજરાતી", "Русский", "中文" })
            Assert.Contains(part, text);
    }

    [Theory]
    [InlineData("क्ष", 1)]
    [InlineData("कि", 2)]
    [InlineData("நாடு", 3)]
    public void Letters_are_joined_where_the_script_joins_them(string text, int glyphs)
    {
        Assert.True(HarfBuzz.IsHere, "libharfbuzz0b is missing: ./test installs it.");
        var run = Assert.Single(new Typesetter(FontLibrary.Machine).Set(text, new(10)).Runs);
        Assert.Equal(glyphs, run.Shaped!.Glyphs.Length);
    }

    [Fact]
    public void A_vowel_that_is_written_before_its_consonant_is_drawn_before_it()
    {
        var shaped = Assert.Single(new Typesetter(FontLibrary.Machine).Set("कि", new(10)).Runs).Shaped!;
        Assert.Equal(FontLibrary.Machine.Find('क', false).Font.Glyph('क'), shaped.Glyphs[1]);
    }

    [Fact]
    public void All_fonts_are_embedded_as_subsets()
    {
        var pdf = InvoicePdf.Render(SampleDocuments.Hindi(), SampleDocuments.Extras);
        var fonts = Poppler.Fonts(pdf);
        Assert.Contains(fonts, f => f.Contains("NotoSansDevanagari", StringComparison.Ordinal));
        Assert.All(fonts, f => Assert.Matches(@"^[A-Z]{6}\+\S+ +CID TrueType +Identity-H +yes yes yes", f));
        Assert.True(pdf.Length < 80_000, $"{pdf.Length} bytes");
        Assert.True(InvoicePdf.Render(SampleDocuments.B2B(), SampleDocuments.Extras).Length < 40_000);
    }

    [Fact]
    public void Every_row_of_a_long_annex_is_printed_and_summed()
    {
        var rows = SampleDocuments.Annex(5000).ToList();
        var pdf = InvoicePdf.Render(SampleDocuments.B2B(), SampleDocuments.Extras with { Annex = rows });
        var text = Poppler.Text(pdf);
        foreach (var (row, i) in rows.Select((r, i) => (r, i)))
            Assert.Matches($@"(?m)^ *{i + 1} +{row.At:dd MMM yyyy HH:mm:ss} +{row.Service} +{row.From} +{row.To} ", text[IndexOf(text, i)..Math.Min(text.Length, IndexOf(text, i) + 200)]);
        Assert.Contains("5,000 records", text);
        Assert.Contains(Core.Invoices.AmountText.Grouped(rows.Sum(r => r.AmountMicros), "INR"), text);
        Assert.Equal(text.Count(c => c == '\f').ToString(), Poppler.Information(pdf)["Pages"]);

        int IndexOf(string whole, int i) => Math.Max(0, whole.IndexOf($"{rows[i].At:dd MMM yyyy HH:mm:ss}", StringComparison.Ordinal) - 20);
    }

    [Fact]
    public async Task An_annex_is_printed_as_it_is_read()
    {
        var first = new WeakReference(null);
        var pdf = await InvoicePdf.RenderAsync(SampleDocuments.B2B(), SampleDocuments.Extras, Rows(), CancellationToken.None);
        Assert.InRange(pdf.Length, 100_000, 20_000 * 150);

        async IAsyncEnumerable<AnnexRow> Rows()
        {
            foreach (var row in SampleDocuments.Annex(20_000))
            {
                first.Target ??= row;
                yield return row;
            }
            await Task.Yield();
            GC.Collect();
            Assert.False(first.IsAlive, "Rows that are printed are kept.");
        }
    }

    public static TheoryData<string> Hostile =>
    [
        "", " ", "\0\u0001\u001F\u007F", "\uD800", "a\uDC00b", "\uFFFE\uFFFF", new string('W', 5000), string.Concat(Enumerable.Repeat("word ", 3000)), "\u202Egnp.exe\u202C", "العربية עברית abc 123 العربية",
        "😀👨‍👩‍👧‍👦🇮🇳", "e\u0301" + new string('\u0301', 200), new string('\u200D', 300), "क" + new string('\u094D', 300), "((()))<<>>[]{}%/\\", "\r\n\t\v\f", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "ﷺ", "\uFEFF\u00AD\u2028\u2029",
        "<FEFF> Tj ET Q endstream endobj", "ᠮᠣᠩᠭᠣᠯ བོད་ ខ្មែរ မြန်မာ",
    ];

    [Theory]
    [MemberData(nameof(Hostile))]
    public void No_text_breaks_a_document(string text) => Print(text);

    [Fact]
    public void No_random_text_breaks_a_document() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(ArbMap.Default.GeneratorFor<string>().ToArbitrary(), (string text) => InvoicePdf.Render(With(text), SampleDocuments.Extras).Length > 0));

    [Fact]
    public void A_word_wider_than_its_column_is_broken_and_none_of_it_lost()
    {
        var lines = new Typesetter(FontLibrary.Machine).Wrap(new string('m', 120), new(8), 100);
        Assert.All(lines, l => Assert.True(l.Width <= 100));
        Assert.Equal(120, lines.Sum(l => l.Runs.Sum(r => r.Text.Length)));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(2, 1)]
    [InlineData(4, 2)]
    [InlineData(6, 2)]
    public void A_logo_is_printed(byte kind, int pictures)
    {
        var pdf = InvoicePdf.Render(SampleDocuments.B2B(), SampleDocuments.Extras with { Bank = null, Logo = Png(kind) });
        Assert.Equal(pictures, Poppler.Pictures(pdf).Length);
    }

    [Fact]
    public void What_is_no_picture_is_passed_over()
    {
        foreach (var logo in new byte[][] { [], [1, 2, 3], [0xFF, 0xD8, 0xFF], Png(2)[..40], [.. Png(2)[..60], 0, 0, 0, 0], [.. Png(6).Select((b, i) => i > 60 ? (byte)7 : b)] })
            Assert.Contains("Balatrix", InvoicePdfTests.Read(SampleDocuments.B2B(), SampleDocuments.Extras with { Logo = logo }));
    }

    [Fact]
    public void Other_fonts_serve_where_the_best_are_missing()
    {
        var dejavu = new FontLibrary("/usr/share/fonts/truetype/dejavu");
        Assert.Contains("fonts-noto-core", dejavu.Shortage);
        var pdf = InvoicePdf.Render(SampleDocuments.Hindi(), SampleDocuments.Extras with { Fonts = dejavu });
        Assert.Contains("₹432.00", Poppler.Text(pdf));
        Assert.All(Poppler.Fonts(pdf), f => Assert.Contains("DejaVuSans", f));
        var none = new FontLibrary("/nowhere");
        Assert.False(none.IsUsable);
        Assert.Contains("install fonts-noto-core", Assert.Throws<InvalidOperationException>(() => InvoicePdf.Render(SampleDocuments.B2B(), SampleDocuments.Extras with { Fonts = none })).Message);
    }

    static void Print(string text) => Poppler.Text(InvoicePdf.Render(With(text), SampleDocuments.Extras with { Notes = [text], Annex = [new(new(2026, 4, 1), text, text, text, text, text, 1)] }));

    static Core.Invoices.InvoiceDocument With(string text)
    {
        var document = SampleDocuments.B2B();
        var party = document.Recipient with { Name = text, AddressLines = [text, text], Email = text, Phone = text, Number = text };
        return document with
        {
            Recipient = party,
            Supplier = document.Supplier with { Name = text },
            Reason = text,
            Treatment = document.Treatment with { Endorsement = text },
            Totals = document.Totals with { Lines = [.. document.Totals.Lines.Select(l => l with { Description = text, SacCode = text, Unit = text })] },
        };
    }

    // A picture of 3 by 2 pixels, grey in the middle.
    static byte[] Png(byte kind)
    {
        var parts = kind switch { 0 => 1, 2 => 3, 4 => 2, _ => 4 };
        using var packed = new MemoryStream();
        using (var zip = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            for (var y = 0; y < 2; y++)
                zip.Write([(byte)(y + 1), .. Enumerable.Repeat((byte)0x40, 3 * parts)]);
        }
        return [0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR"u8, [0, 0, 0, 3, 0, 0, 0, 2, 8, kind, 0, 0, 0]), .. Chunk("IDAT"u8, packed.ToArray()), .. Chunk("IEND"u8, [])];

        static byte[] Chunk(ReadOnlySpan<byte> name, byte[] bytes) => [0, 0, 0, (byte)bytes.Length, .. name, .. bytes, 0, 0, 0, 0];
    }
}
