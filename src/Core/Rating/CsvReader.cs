using System.Text;

namespace Balatrix.Core.Rating;

/// <summary>Reads RFC 4180 records one by one, in bounded memory.</summary>
sealed class CsvReader(TextReader reader)
{
    const int LongestField = 10_000;

    readonly List<string> fields = [];
    readonly StringBuilder field = new();
    int nextLine = 1;

    /// <summary>The fields of the present record.</summary>
    public List<string> Fields => fields;

    /// <summary>The line that the present record begins on.</summary>
    public int Line { get; private set; }

    /// <summary>Whether the file ended inside quotes.</summary>
    public bool IsUnclosed { get; private set; }

    /// <summary>Whether text stood behind a closing quote of the present record.</summary>
    public bool HasStrayText { get; private set; }

    /// <summary>Goes to the next record.</summary>
    public bool Read()
    {
        HasStrayText = false;
        fields.Clear();
        field.Clear();
        Line = nextLine;
        var read = reader.Read();
        if (read < 0)
            return false;
        for (bool quoted = false, closed = false; ; read = reader.Read())
        {
            if (read < 0)
            {
                IsUnclosed = quoted;
                break;
            }
            var c = (char)read;
            if (c == '\n')
                nextLine++;
            if (quoted)
            {
                if (c != '"')
                    Append(c);
                else if (reader.Peek() == '"')
                    Append((char)reader.Read());
                else
                    (quoted, closed) = (false, true);
            }
            else if (c == '"' && field.Length == 0 && !closed)
            {
                quoted = true;
            }
            else if (c == ',')
            {
                closed = false;
                EndField();
            }
            else if (c == '\n')
            {
                break;
            }
            else if (c != '\r' || (reader.Peek() is var next && next >= 0 && next != '\n'))
            {
                HasStrayText |= closed;
                Append(c);
            }
        }
        EndField();
        return true;
    }

    void Append(char c)
    {
        if (field.Length < LongestField)
            field.Append(c);
    }

    void EndField()
    {
        fields.Add(field.ToString());
        field.Clear();
    }
}
