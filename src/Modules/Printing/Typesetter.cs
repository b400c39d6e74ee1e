using System.Globalization;
using System.Text;

namespace Balatrix.Modules.Printing;

/// <summary>Size in points, and weight.</summary>
public readonly record struct TextStyle(double Size, bool IsBold = false);

/// <summary>Text of one font and direction.</summary>
/// <param name="Face">The font.</param>
/// <param name="Text">What it says.</param>
/// <param name="Glyphs">A glyph a character, when it is not shaped.</param>
/// <param name="Shaped">The glyphs when it is.</param>
/// <param name="Ems">Width in ems.</param>
/// <param name="IsRightToLeft">Whether it is read from the right.</param>
public sealed record TextRun(FontFace Face, string Text, ushort[] Glyphs, ShapedGlyphs? Shaped, double Ems, bool IsRightToLeft);

/// <summary>A line of text, ready to be drawn.</summary>
/// <param name="Runs">From left to right.</param>
/// <param name="Size">In points.</param>
/// <param name="Width">In points.</param>
public sealed record TextLine(IReadOnlyList<TextRun> Runs, double Size, double Width);

/// <summary>Finds the fonts and glyphs of text, measures it and breaks it into lines. Nothing that it is given makes it fail.</summary>
public sealed class Typesetter(FontLibrary fonts)
{
    const int LongestText = 4000;

    /// <summary>Sets text on one line.</summary>
    public TextLine Set(string text, TextStyle style)
    {
        var runs = Runs(Clean(text), style.IsBold);
        var ems = 0d;
        foreach (var run in runs)
            ems += run.Ems;
        return new(runs, style.Size, ems * style.Size);
    }

    /// <summary>Sets text on one line, cut with an ellipsis where it does not fit.</summary>
    public TextLine Fit(string text, TextStyle style, double width)
    {
        var line = Set(text, style);
        if (line.Width <= width)
            return line;
        var elements = Elements(Clean(text));
        // Halving finds the longest beginning that fits.
        var (fits, tooMany) = (0, elements.Count);
        while (tooMany - fits > 1)
        {
            var middle = (fits + tooMany) / 2;
            (fits, tooMany) = Set(Begin(middle), style).Width <= width ? (middle, tooMany) : (fits, middle);
        }
        return Set(Begin(fits), style);

        string Begin(int count) => string.Concat(elements.Take(count)).TrimEnd() + "…";
    }

    /// <summary>Breaks text into lines at blanks, and inside a word only where it is wider than a line.</summary>
    public IReadOnlyList<TextLine> Wrap(string text, TextStyle style, double width, int mostLines = 12)
    {
        var whole = Set(text, style);
        if (whole.Width <= width)
            return [whole];
        var lines = new List<string>();
        var line = "";
        foreach (var word in Clean(text).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var longer = line.Length == 0 ? word : $"{line} {word}";
            if (Set(longer, style).Width <= width)
            {
                line = longer;
                continue;
            }
            if (line.Length > 0)
                lines.Add(line);
            line = Set(word, style).Width <= width ? word : BreakWord(word, style, width, lines);
            if (lines.Count > mostLines)
                break;
        }
        if (line.Length > 0)
            lines.Add(line);
        if (lines.Count <= mostLines)
            return lines.ConvertAll(l => Set(l, style));
        return [.. lines.Take(mostLines - 1).Select(l => Set(l, style)), Fit(string.Join(' ', lines.Skip(mostLines - 1)) + "…", style, width)];
    }

    // Adds the full lines of a word that is wider than a line, and answers its rest.
    string BreakWord(string word, TextStyle style, double width, List<string> lines)
    {
        var part = new StringBuilder();
        foreach (var element in Elements(word))
        {
            if (part.Length > 0 && Set($"{part}{element}", style).Width > width)
            {
                lines.Add(part.ToString());
                part.Clear();
            }
            part.Append(element);
        }
        return part.ToString();
    }

    static List<string> Elements(string text)
    {
        var elements = new List<string>();
        for (var walk = StringInfo.GetTextElementEnumerator(text); walk.MoveNext();)
            elements.Add(walk.GetTextElement());
        return elements;
    }

    List<TextRun> Runs(string text, bool isBold)
    {
        var runs = new List<TextRun>(1);
        var begin = 0;
        FontFace? face = null;
        var (isComplex, isRightToLeft, at) = (false, false, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            // What belongs to no script, and marks, stay in the run that they are in when its font has them.
            var stays = face is not null && (Scripts.IsJoiner(rune.Value) || ((Scripts.IsCommon(rune) || Scripts.IsMark(rune)) && face.Font.Glyph(rune.Value) != 0));
            var next = stays ? face! : fonts.Find(rune.Value, isBold);
            var isRtl = stays ? isRightToLeft : Scripts.IsRightToLeft(rune.Value);
            if (face is not null && (next != face || isRtl != isRightToLeft))
            {
                // A blank behind what is read from the right stands before what follows.
                var end = isRightToLeft && !isRtl && at - begin > 1 && text[at - 1] == ' ' ? at - 1 : at;
                runs.Add(Run(face, text[begin..end], isComplex, isRightToLeft));
                (begin, isComplex) = (end, false);
            }
            (face, isRightToLeft) = (next, isRtl);
            isComplex |= Scripts.IsComplex(rune.Value);
            at += rune.Utf16SequenceLength;
        }
        if (face is not null)
            runs.Add(Run(face, text[begin..], isComplex, isRightToLeft));
        return InReadingOrder(runs);
    }

    static TextRun Run(FontFace face, string text, bool isComplex, bool isRightToLeft)
    {
        var font = face.Font;
        if (isComplex && face.Shape(text) is { } shaped)
            return new(face, text, [], shaped, shaped.Advances.Sum() / (double)font.UnitsPerEm, isRightToLeft);
        var glyphs = new ushort[text.Length];
        var (count, units) = (0, 0);
        foreach (var rune in text.EnumerateRunes())
        {
            glyphs[count] = font.Glyph(rune.Value);
            units += font.Advance(glyphs[count++]);
        }
        if (count < glyphs.Length)
            Array.Resize(ref glyphs, count);
        return new(face, text, glyphs, null, units / (double)font.UnitsPerEm, isRightToLeft);
    }

    // Lines are read from the left; neighbours that are read from the right change places.
    static List<TextRun> InReadingOrder(List<TextRun> runs)
    {
        for (var i = 0; i < runs.Count; i++)
        {
            var end = i;
            while (end < runs.Count && runs[end].IsRightToLeft)
                end++;
            if (end - i > 1)
                runs.Reverse(i, end - i);
            i = Math.Max(i, end - 1);
        }
        return runs;
    }

    // Blanks of all kinds are one; what cannot be seen, or turns the direction of what follows, is left out.
    static string Clean(string text)
    {
        if (text.Length <= LongestText && !text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return text;
        var clean = new StringBuilder(Math.Min(text.Length, LongestText));
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length >= LongestText)
                break;
            if (Rune.IsWhiteSpace(rune) && rune.Value != 0xA0)
                clean.Append(' ');
            else if (!Scripts.IsInvisible(rune))
                clean.Append(rune.ToString());
        }
        return clean.ToString();
    }
}
