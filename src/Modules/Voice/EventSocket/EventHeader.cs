using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>Where a header stands in the JSON of its event.</summary>
[StructLayout(LayoutKind.Auto)]
readonly struct EventHeader(int nameAt, int nameLength, int valueAt, int valueLength, bool isEscaped)
{
    /// <summary>Bytes of one, about.</summary>
    public const int Size = 20;

    [ThreadStatic]
    static List<EventHeader>? found;

    public ReadOnlySpan<byte> Name(ReadOnlySpan<byte> json) => json.Slice(nameAt, nameLength);

    /// <summary>The value as it stands there, with its escapes.</summary>
    public ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> json) => json.Slice(valueAt, valueLength);

    /// <summary>The value. Bytes that are not UTF-8, which callers can bring into SIP headers, become the replacement character.</summary>
    public string Text(ReadOnlySpan<byte> json)
    {
        var raw = Raw(json);
        if (!isEscaped)
            return Encoding.UTF8.GetString(raw);
        var text = raw.ToArray();
        return Encoding.UTF8.GetString(text.AsSpan(0, JsonText.Unescape(text)));
    }

    /// <summary>The value, where it stands: its escapes are taken out there.</summary>
    public Memory<byte> Unescaped(byte[] json)
    {
        var raw = json.AsMemory(valueAt, valueLength);
        return isEscaped ? raw[..JsonText.Unescape(raw.Span)] : raw;
    }

    /// <summary>Finds the headers of a flat object; of a list its first text is taken. They stand in memory of this thread, until it looks for others.</summary>
    public static ReadOnlySpan<EventHeader> Find(ReadOnlySpan<byte> json)
    {
        var headers = found ??= new List<EventHeader>(256);
        headers.Clear();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
            throw new JsonException("it is not an object");
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var (nameAt, nameLength) = ((int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
            reader.Read();
            if (reader.TokenType is JsonTokenType.StartArray)
                AddFirst(headers, ref reader, nameAt, nameLength);
            else if (reader.TokenType is JsonTokenType.StartObject)
                reader.Skip();
            else
                headers.Add(Of(ref reader, nameAt, nameLength));
        }
        // Reads the end, so that nothing follows the object.
        if (reader.TokenType is not JsonTokenType.EndObject || reader.Read())
            throw new JsonException("it does not end");
        return CollectionsMarshal.AsSpan(headers);
    }

    static void AddFirst(List<EventHeader> headers, ref Utf8JsonReader reader, int nameAt, int nameLength)
    {
        var isFirst = true;
        while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
        {
            if (reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject)
                reader.Skip();
            else if (isFirst)
                headers.Add(Of(ref reader, nameAt, nameLength));
            isFirst = false;
        }
    }

    static EventHeader Of(ref Utf8JsonReader reader, int nameAt, int nameLength)
    {
        var valueAt = (int)reader.TokenStartIndex + (reader.TokenType is JsonTokenType.String ? 1 : 0);
        return new(nameAt, nameLength, valueAt, reader.ValueSpan.Length, reader.ValueIsEscaped);
    }
}
