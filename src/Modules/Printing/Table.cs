namespace Balatrix.Modules.Printing;

/// <summary>A column of a table.</summary>
/// <param name="Head">Its heading; a line feed begins a second line.</param>
/// <param name="Width">In points.</param>
/// <param name="IsNumber">Whether it stands at the right.</param>
public sealed record Column(string Head, double Width, bool IsNumber = false);

/// <summary>A cell: what it says, and lesser words below it.</summary>
public readonly record struct Cell(string Text, string? Below = null)
{
    /// <summary>A cell of plain text.</summary>
    public static implicit operator Cell(string text) => new(text);

    /// <summary>The named form of the conversion.</summary>
    public static Cell ToCell(string text) => new(text);
}

/// <summary>A table that goes over pages: its heading is repeated, and what was carried stands at the end of a page and at the beginning of the next.</summary>
public sealed class Table
{
    const double Padding = 4;

    readonly PageFlow flow;
    readonly IReadOnlyList<Column> columns;
    readonly Ink accent;
    readonly TextStyle style;
    readonly bool isStriped;
    int rows;

    /// <summary>Begins with the heading.</summary>
    public Table(PageFlow flow, IReadOnlyList<Column> columns, Ink accent, double size = 7.6, bool isStriped = false)
    {
        (this.flow, this.columns, this.accent, this.isStriped) = (flow, columns, accent, isStriped);
        style = new(size);
        flow.Need(HeadHeight + (4 * LineHeight));
        Head();
    }

    /// <summary>What the rows so far came to, for a page's end; null while there is nothing to carry.</summary>
    public Func<Cell[]>? Carried { get; init; }

    /// <summary>The words before what is carried: at a page's end and at the next one's beginning.</summary>
    public (string Over, string Forward) CarriedWords { get; init; } = ("Carried over", "Brought forward");

    double LineHeight => style.Size * 1.34;

    double SmallLine => (style.Size - 1) * 1.34;

    double RowPadding => isStriped ? 2.2 : 3.6;

    double HeadHeight => (LineHeight * columns.Max(c => c.Head.Split('\n').Length)) + 7;

    /// <summary>Adds a row; one that does not fit goes to the next page whole.</summary>
    public void Row(params Cell[] cells)
    {
        var set = new (IReadOnlyList<TextLine> Text, IReadOnlyList<TextLine> Below)[cells.Length];
        var height = 0d;
        for (var i = 0; i < cells.Length; i++)
        {
            set[i] = Set(cells[i], columns[i]);
            height = Math.Max(height, (set[i].Text.Count * LineHeight) + (set[i].Below.Count * SmallLine));
        }
        height += 2 * RowPadding;
        Break(height);
        if (isStriped && rows % 2 == 1)
            flow.Page.Box(flow.Left, flow.Y, flow.Width, height, Ink.Line.Tint(35));
        Draw(set, Ink.Black);
        flow.Y += height;
        if (!isStriped)
            flow.Page.Rule(flow.Left, flow.Y, flow.Width, 0.5, Ink.Line);
        rows++;
    }

    /// <summary>Adds a row of sums.</summary>
    public void Sum(params Cell[] cells)
    {
        Break(LineHeight + (2 * RowPadding), keepsCarried: false);
        SumRow(cells, accent.Tint(12));
    }

    void Break(double height, bool keepsCarried = true)
    {
        var carried = Carried is not null && keepsCarried ? LineHeight + (2 * RowPadding) : 0;
        if (flow.Has(height + carried))
            return;
        if (Carried is not null && rows > 0)
            SumRow(Named(CarriedWords.Over), Ink.Line.Tint(40));
        flow.Next();
        Head();
        if (Carried is not null && rows > 0)
            SumRow(Named(CarriedWords.Forward), Ink.Line.Tint(40));
    }

    Cell[] Named(string words)
    {
        var cells = Carried!();
        cells[Math.Min(1, cells.Length - 1)] = words;
        return cells;
    }

    void SumRow(Cell[] cells, Ink ground)
    {
        var height = LineHeight + (2 * RowPadding);
        flow.Page.Box(flow.Left, flow.Y, flow.Width, height, ground);
        Draw([.. cells.Select((c, i) => ((IReadOnlyList<TextLine>)[flow.Document.Type.Set(c.Text, style with { IsBold = true })], (IReadOnlyList<TextLine>)[]))], Ink.Black);
        flow.Y += height;
    }

    (IReadOnlyList<TextLine> Text, IReadOnlyList<TextLine> Below) Set(Cell cell, Column column)
    {
        var width = column.Width - (2 * Padding);
        var type = flow.Document.Type;
        var text = column.IsNumber ? [Shrink(cell.Text, width)] : type.Wrap(cell.Text, style, width, 8);
        return (text, cell.Below is null ? [] : type.Wrap(cell.Below, style with { Size = style.Size - 1 }, width, 8));
    }

    // A number is never cut or broken: a long one is set smaller.
    TextLine Shrink(string text, double width)
    {
        var line = flow.Document.Type.Set(text, style);
        return line.Width <= width ? line : flow.Document.Type.Set(text, style with { Size = Math.Max(3, style.Size * width / line.Width) });
    }

    void Draw((IReadOnlyList<TextLine> Text, IReadOnlyList<TextLine> Below)[] cells, Ink ink)
    {
        var x = flow.Left;
        for (var i = 0; i < cells.Length; i++)
        {
            var y = flow.Y + RowPadding;
            foreach (var line in cells[i].Text)
                y = Line(line, columns[i], x, y, LineHeight, ink);
            foreach (var line in cells[i].Below)
                y = Line(line, columns[i], x, y, SmallLine, Ink.Grey);
            x += columns[i].Width;
        }
    }

    double Line(TextLine line, Column column, double x, double y, double height, Ink ink)
    {
        if (line.Runs.Count > 0)
            flow.Page.Text(column.IsNumber ? x + column.Width - Padding - line.Width : x + Padding, y + (height * 0.76), line, ink);
        return y + height;
    }

    void Head()
    {
        flow.Page.Box(flow.Left, flow.Y, flow.Width, HeadHeight, accent);
        var x = flow.Left;
        foreach (var column in columns)
        {
            var y = flow.Y + 3.5;
            foreach (var words in column.Head.Split('\n'))
            {
                var line = flow.Document.Type.Set(words, style with { Size = style.Size - 0.4, IsBold = true });
                y = Line(line, column, x, y, LineHeight, Ink.White);
            }
            x += column.Width;
        }
        flow.Y += HeadHeight;
    }
}
