using System.Runtime.CompilerServices;

namespace Balatrix.Modules.Voice;

/// <summary>How a file of usage is cut into records.</summary>
public enum RecordForm
{
    /// <summary>A record a line, each value in quotes: mod_cdr_csv.</summary>
    Csv,

    /// <summary>Documents that end with <c>&lt;/cdr&gt;</c>: mod_xml_cdr.</summary>
    Xml,

    /// <summary>JSON objects one after the other, a line each or over many lines, in an array or not; any other line by itself.</summary>
    Json,
}

/// <summary>One record of a file.</summary>
/// <param name="Form">The file's form.</param>
/// <param name="Body">The record as it stands there; its bytes are used again for the next one.</param>
/// <param name="IsTooLong">True when the record was longer than any can be; the body is its beginning.</param>
public readonly record struct FileRecord(RecordForm Form, ReadOnlyMemory<byte> Body, bool IsTooLong);

/// <summary>
/// Cuts a file into records while it is read, so that files of any size need the memory of one record. A damaged record spoils
/// no others: the next one begins with the next object at the start of a line, or with the next document.
/// </summary>
public sealed class RecordSplitter
{
    /// <summary>The longest record that is looked at.</summary>
    public const int LongestRecord = 4 * 1024 * 1024;

    // "<cdr", "<?xml" and "</cdr>" as the last bytes that were read.
    const ulong RootElement = 0x3C63_6472;
    const ulong Declaration = 0x3C_3F78_6D6C;
    const ulong RootEnd = 0x3C2F_6364_723E;

    byte[] record = new byte[16 * 1024];
    int length;
    bool isTooLong;
    RecordForm? form;
    int depth;
    bool inString;
    bool isEscaped;
    bool isOpen;
    ulong lastBytes;
    int begun;
    bool atLineStart = true;
    byte lastSignificant;

    /// <summary>The records of a file, in order.</summary>
    /// <param name="stream">From its beginning.</param>
    /// <param name="onRead">Is told of bytes as they are read.</param>
    /// <param name="cancellationToken">Stops between reads.</param>
    public static async IAsyncEnumerable<FileRecord> ReadAsync(Stream stream, Action<long> onRead, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var splitter = new RecordSplitter();
        var chunk = new byte[64 * 1024];
        var isFirst = true;
        for (int read; (read = await stream.ReadAtLeastAsync(chunk, 3, throwOnEndOfStream: false, cancellationToken)) > 0;)
        {
            onRead(read);
            var at = isFirst && chunk.AsSpan(0, read).StartsWith("\uFEFF"u8) ? 3 : 0;
            isFirst = false;
            for (; at < read; at++)
            {
                if (splitter.IsCutShortBy(chunk[at]))
                    yield return splitter.Take();
                if (splitter.Add(chunk[at]))
                    yield return splitter.Take();
            }
        }
        if (splitter.HasText)
            yield return splitter.Take();
    }

    bool HasText => isTooLong || record.AsSpan(0, length).ContainsAnyExcept(" \t\r\n"u8);

    FileRecord Take()
    {
        var taken = new FileRecord(form ?? RecordForm.Json, record.AsMemory(0, length), isTooLong);
        (length, isTooLong, depth, inString, isEscaped, isOpen) = (0, false, 0, false, false, false);
        return taken;
    }

    /// <summary>
    /// Whether a record that is not closed must be given up, since another begins: an object at the start of a line that follows none of
    /// [, comma and colon, as it would within JSON; a declaration or root element of XML while a root element is open.
    /// </summary>
    bool IsCutShortBy(byte next)
    {
        if (form == RecordForm.Json)
            return next == '{' && atLineStart && depth > 0 && lastSignificant is not ((byte)'[' or (byte)',' or (byte)':');
        if (form != RecordForm.Xml || !isOpen)
            return false;
        var bytes = (lastBytes << 8) | next;
        begun = (bytes & 0xFFFF_FFFF) == RootElement ? 3 : (bytes & 0xFF_FFFF_FFFF) == Declaration ? 4 : 0;
        return begun > 0;
    }

    /// <summary>Takes a byte; true when it completes a record.</summary>
    bool Add(byte next)
    {
        var isBlank = next is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
        if (form is null && !isBlank)
            form = next switch { (byte)'"' => RecordForm.Csv, (byte)'<' => RecordForm.Xml, _ => RecordForm.Json };
        var isComplete = form switch
        {
            null => false,
            RecordForm.Csv => AddToLine(next),
            RecordForm.Xml => AddToXml(next),
            _ => AddToJson(next),
        };
        atLineStart = next == '\n';
        if (!isBlank)
            lastSignificant = next;
        return isComplete;
    }

    bool AddToLine(byte next)
    {
        if (next == '\n')
            return HasText;
        Append(next);
        return false;
    }

    bool AddToXml(byte next)
    {
        // What was taken for the end of a record that is cut short is the beginning of this one.
        for (; begun > 0; begun--)
            Append((byte)(lastBytes >> (8 * (begun - 1))));
        Append(next);
        lastBytes = (lastBytes << 8) | next;
        isOpen |= (lastBytes & 0xFFFF_FFFF) == RootElement;
        return (lastBytes & 0xFFFF_FFFF_FFFF) == RootEnd;
    }

    bool AddToJson(byte next)
    {
        if (depth == 0)
        {
            // Between objects: what parts them, or the beginning of a line that is none.
            if (length == 0 && next is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or (byte)',' or (byte)'[' or (byte)']')
                return false;
            if (length > 0 && next == '\n')
                return HasText;
            if (next == '{' && length == 0)
                depth = 1;
            Append(next);
            return false;
        }
        Append(next);
        if (next == '\n')
            inString = false; // No text of JSON runs over the end of a line.
        if (inString)
        {
            inString = isEscaped || next != '"';
            isEscaped = !isEscaped && next == '\\';
            return false;
        }
        isEscaped = false;
        inString = next == '"';
        depth += next is (byte)'{' or (byte)'[' ? 1 : next is (byte)'}' or (byte)']' ? -1 : 0;
        return depth == 0;
    }

    void Append(byte next)
    {
        if (length == LongestRecord)
        {
            isTooLong = true;
            return;
        }
        if (length == record.Length)
            Array.Resize(ref record, Math.Min(LongestRecord, record.Length * 2));
        record[length++] = next;
    }
}
