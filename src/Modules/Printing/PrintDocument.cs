using System.Globalization;
using System.Security;
using System.Text;

namespace Balatrix.Modules.Printing;

/// <summary>What a PDF file says of itself.</summary>
/// <param name="Title">Title.</param>
/// <param name="Author">Who issued it.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Date">Its date; never the clock's, so that the same document makes the same file.</param>
public sealed record PrintProperties(string Title, string Author, string Subject, DateOnly Date);

/// <summary>
/// A PDF file in the making. A page is written when the next one begins, so that what is held in memory is the file itself and one page;
/// its foot, which tells the number of pages, is written at the end.
/// </summary>
public sealed class PrintDocument(FontLibrary fonts, PrintProperties properties)
{
    readonly PdfObjects file = new();
    readonly Dictionary<FontFace, EmbeddedFont> embedded = [];
    readonly List<(Picture Picture, string Name, int Id)> pictures = [];
    readonly List<(int Id, int FootId)> pages = [];
    (int Pages, int Resources)? roots;
    PageCanvas? page;

    /// <summary>Sets its text.</summary>
    public Typesetter Type { get; } = new(fonts);

    /// <summary>Pages begun.</summary>
    public int PageCount => pages.Count;

    /// <summary>Begins a page of A4.</summary>
    public PageCanvas AddPage()
    {
        EndPage();
        page ??= new PageCanvas(this, 595.28, 841.89);
        page.Clear();
        pages.Add((file.Reserve(), file.Reserve()));
        return page;
    }

    /// <summary>Ends the document: draws each page's foot, given its number, and answers the file.</summary>
    public byte[] Finish(Action<PageCanvas, int> drawFoot)
    {
        EndPage();
        var foot = page ?? throw new InvalidOperationException("A document has a page.");
        for (var i = 0; i < pages.Count; i++)
        {
            foot.Clear();
            drawFoot(foot, i + 1);
            file.WriteStream("", foot.Written, pages[i].FootId, isPacked: false);
        }
        var (tree, resources) = Roots();
        var kids = string.Join(' ', pages.Select(p => $"{Number(p.Id)} 0 R"));
        file.Write($"<</Type /Pages /Count {Number(pages.Count)} /MediaBox [0 0 595.28 841.89] /Resources {Number(resources)} 0 R /Kids [{kids}]>>", tree);
        file.Write(Resources(), resources);
        return file.Finish(Catalog(tree), Information());
    }

    internal EmbeddedFont Embed(FontFace face)
    {
        if (!embedded.TryGetValue(face, out var font))
            embedded[face] = font = new(face, embedded.Count + 1);
        return font;
    }

    internal string Resource(Picture picture)
    {
        foreach (var known in pictures)
        {
            if (ReferenceEquals(known.Picture, picture))
                return known.Name;
        }
        var name = $"I{Number(pictures.Count + 1)}";
        pictures.Add((picture, name, picture.Write(file)));
        return name;
    }

    void EndPage()
    {
        if (page is null || pages.Count == 0)
            return;
        var (id, footId) = pages[^1];
        var content = file.WriteStream("", PdfObjects.Compress(page.Written));
        file.Write($"<</Type /Page /Parent {Number(Roots().Pages)} 0 R /Contents [{Number(content)} 0 R {Number(footId)} 0 R]>>", id);
    }

    (int Pages, int Resources) Roots() => roots ??= (file.Reserve(), file.Reserve());

    string Resources()
    {
        var text = new StringBuilder("<</Font <<");
        foreach (var font in embedded.Values)
            text.Append(CultureInfo.InvariantCulture, $"/{font.Resource} {font.Write(file)} 0 R ");
        text.Append(">> /XObject <<");
        foreach (var (_, name, id) in pictures)
            text.Append(CultureInfo.InvariantCulture, $"/{name} {id} 0 R ");
        return text.Append(">>>>").ToString();
    }

    int Catalog(int tree)
    {
        var metadata = file.WriteStream("/Type /Metadata /Subtype /XML", Encoding.UTF8.GetBytes(Xmp()), isPacked: false);
        return file.Write($"<</Type /Catalog /Pages {Number(tree)} 0 R /Metadata {Number(metadata)} 0 R /Lang (en-IN) /ViewerPreferences <</DisplayDocTitle true>>>>");
    }

    int Information() => file.Write(
        $"<</Title {PdfObjects.Text(properties.Title)} /Author {PdfObjects.Text(properties.Author)} /Subject {PdfObjects.Text(properties.Subject)} "
        + $"/Creator (Balatrix) /Producer (Balatrix) /CreationDate (D:{properties.Date:yyyyMMdd}000000Z) /ModDate (D:{properties.Date:yyyyMMdd}000000Z)>>");

    string Xmp() =>
        $"""
        <?xpacket begin="{'\uFEFF'}" id="W5M0MpCehiHzreSzNTczkc9d"?>
        <x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/">
        <dc:title><rdf:Alt><rdf:li xml:lang="x-default">{Xml(properties.Title)}</rdf:li></rdf:Alt></dc:title>
        <dc:creator><rdf:Seq><rdf:li>{Xml(properties.Author)}</rdf:li></rdf:Seq></dc:creator>
        <dc:description><rdf:Alt><rdf:li xml:lang="x-default">{Xml(properties.Subject)}</rdf:li></rdf:Alt></dc:description>
        <xmp:CreateDate>{properties.Date:yyyy-MM-dd}T00:00:00Z</xmp:CreateDate><xmp:ModifyDate>{properties.Date:yyyy-MM-dd}T00:00:00Z</xmp:ModifyDate>
        <xmp:CreatorTool>Balatrix</xmp:CreatorTool><pdf:Producer>Balatrix</pdf:Producer>
        </rdf:Description></rdf:RDF></x:xmpmeta>
        <?xpacket end="r"?>
        """;

    static string Xml(string text) => SecurityElement.Escape(string.Concat(text.Where(c => !char.IsControl(c) && !char.IsSurrogate(c) && c < '\uFFFE')));

    static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
