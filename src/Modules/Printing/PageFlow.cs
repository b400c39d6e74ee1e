namespace Balatrix.Modules.Printing;

/// <summary>Fills pages from top to bottom.</summary>
public sealed class PageFlow
{
    readonly Action<PageFlow> begin;
    readonly double margin;

    /// <summary>Begins with a page.</summary>
    /// <param name="document">The document.</param>
    /// <param name="margin">Left and right.</param>
    /// <param name="bottom">Where content ends and the foot begins.</param>
    /// <param name="begin">Draws what each page begins with and sets <see cref="Y"/> below it.</param>
    public PageFlow(PrintDocument document, double margin, double bottom, Action<PageFlow> begin)
    {
        (Document, Bottom, this.margin, this.begin) = (document, bottom, margin, begin);
        Page = document.AddPage();
        begin(this);
    }

    /// <summary>The document.</summary>
    public PrintDocument Document { get; }

    /// <summary>The page being filled.</summary>
    public PageCanvas Page { get; private set; }

    /// <summary>Where the next thing goes.</summary>
    public double Y { get; set; }

    /// <summary>Where content ends.</summary>
    public double Bottom { get; }

    /// <summary>Left edge of the content.</summary>
    public double Left => margin;

    /// <summary>Right edge of the content.</summary>
    public double Right => Page.Width - margin;

    /// <summary>Width of the content.</summary>
    public double Width => Right - Left;

    /// <summary>Whether so much fits below.</summary>
    public bool Has(double height) => Y + height <= Bottom;

    /// <summary>Goes on with a new page when so much does not fit on this one.</summary>
    public void Need(double height)
    {
        if (!Has(height))
            Next();
    }

    /// <summary>Goes on with a new page.</summary>
    public void Next()
    {
        Page = Document.AddPage();
        begin(this);
    }

    /// <summary>Draws text at a place, and answers the width that it took.</summary>
    public double Text(double x, double baseline, string text, TextStyle style, Ink ink)
    {
        var line = Document.Type.Set(text, style);
        Page.Text(x, baseline, line, ink);
        return line.Width;
    }

    /// <summary>Draws text that ends at a place.</summary>
    public void TextTo(double right, double baseline, string text, TextStyle style, Ink ink)
    {
        var line = Document.Type.Set(text, style);
        Page.Text(right - line.Width, baseline, line, ink);
    }

    /// <summary>Draws a text of several lines from a place down, and answers where it ends.</summary>
    public double Paragraph(double x, double top, string text, TextStyle style, Ink ink, double width, int mostLines = 12)
    {
        foreach (var line in Document.Type.Wrap(text, style, width, mostLines))
        {
            top += style.Size * 1.32;
            Page.Text(x, top - (style.Size * 0.3), line, ink);
        }
        return top;
    }
}
