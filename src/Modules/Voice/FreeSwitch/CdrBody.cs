using System.Text;
using System.Text.Json;
using System.Xml;
using System.Xml.Linq;
using Balatrix.Modules.Platform;

namespace Balatrix.Modules.Voice.FreeSwitch;

/// <summary>The variables and the latest caller profile of a CDR, whatever form it came in.</summary>
sealed record CdrFields(Dictionary<string, string> Variables, Dictionary<string, string> Profile, string CoreUuid, string SwitchName);

/// <summary>
/// Reads the bodies that mod_json_cdr and mod_xml_cdr post: JSON or XML, raw, url-encoded or base64 behind <c>cdr=</c>.
/// What it is is decided by the first byte, since FreeSWITCH labels raw JSON as a form when disable-100-continue is set.
/// </summary>
static class CdrBody
{
    const int Deepest = 32;

    static readonly Problem Unrecognised = new(400, "unrecognised_body", "The body is neither JSON nor XML nor cdr=….", Expected: "a body of mod_json_cdr or mod_xml_cdr");

    public static (CdrFields? Fields, Problem? Problem) Read(ReadOnlySpan<byte> body)
    {
        body = Trim(body);
        if (body.StartsWith("cdr="u8))
            body = Trim(Decode(body[4..]));
        else if (body.StartsWith("%"u8))
            body = Trim(UrlDecode(body));
        return body.IsEmpty ? (null, Unrecognised) : body[0] switch
        {
            (byte)'{' => ReadJson(body),
            (byte)'<' => ReadXml(body),
            _ => (null, Unrecognised),
        };
    }

    static ReadOnlySpan<byte> Decode(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty || value[0] is (byte)'{' or (byte)'<')
            return value;
        if (value[0] == '%')
            return UrlDecode(value);
        var text = Encoding.ASCII.GetString(UrlDecode(value)).Trim();
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes.AsSpan(0, length) : default;
    }

    /// <summary>Undoes %XX; a plus sign is a plus sign, since FreeSWITCH never means a blank by it.</summary>
    static byte[] UrlDecode(ReadOnlySpan<byte> value)
    {
        var decoded = new byte[value.Length];
        var length = 0;
        for (var i = 0; i < value.Length; i++)
        {
            var isEscape = value[i] == '%' && i + 2 < value.Length && char.IsAsciiHexDigit((char)value[i + 1]) && char.IsAsciiHexDigit((char)value[i + 2]);
            decoded[length++] = isEscape ? (byte)((Hex(value[i + 1]) << 4) | Hex(value[i + 2])) : value[i];
            if (isEscape)
                i += 2;
        }
        return decoded[..length];
    }

    static int Hex(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> body) => body.StartsWith("\uFEFF"u8) ? body[3..].Trim(" \t\r\n"u8) : body.Trim(" \t\r\n"u8);

    static (CdrFields?, Problem?) ReadJson(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = Deepest });
            using var document = JsonDocument.ParseValue(ref reader);
            if (reader.BytesConsumed < body.Length && !body[(int)reader.BytesConsumed..].Trim(" \t\r\n\0"u8).IsEmpty)
                return (null, new Problem(400, "malformed_json", "There is more behind the JSON object."));
            var root = document.RootElement;
            var variables = Strings(root, "variables");
            // encode-values (the default) percent-encodes every variable; start_stamp then has %20 for its blank.
            if (variables.TryGetValue("start_stamp", out var stamp) && stamp.Contains('%', StringComparison.Ordinal))
                DecodeAll(variables);
            var profile = new Dictionary<string, string>(StringComparer.Ordinal);
            if (root.TryGetProperty("callflow", out var flow) && flow.ValueKind == JsonValueKind.Array && flow.GetArrayLength() > 0)
                profile = Strings(flow[0], "caller_profile");
            return (new CdrFields(variables, profile, Text(root, "core-uuid"), Text(root, "switchname")), null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (null, new Problem(400, "malformed_json", "The body is not well-formed JSON.", (e as JsonException)?.Path));
        }
    }

    static Dictionary<string, string> Strings(JsonElement parent, string name)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var child) && child.ValueKind == JsonValueKind.Object)
            foreach (var property in child.EnumerateObject())
                if (property.Value.ValueKind is JsonValueKind.String or JsonValueKind.Number)
                    values[property.Name] = property.Value.ToString();
        return values;
    }

    static string Text(JsonElement parent, string name) =>
        parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    static (CdrFields?, Problem?) ReadXml(ReadOnlySpan<byte> body)
    {
        try
        {
            var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = 8_000_000 };
            using var stream = new MemoryStream(body.ToArray());
            using (var scan = XmlReader.Create(stream, settings))
                while (scan.Read())
                    if (scan.Depth > Deepest)
                        return (null, new Problem(400, "malformed_xml", "The document is nested too deep."));
            stream.Position = 0;
            using var reader = XmlReader.Create(stream, settings);
            var root = XDocument.Load(reader).Root!;
            var variables = Children(root.Element("variables"));
            DecodeAll(variables);
            var profile = Children(root.Elements("callflow").FirstOrDefault()?.Element("caller_profile"));
            return (new CdrFields(variables, profile, root.Attribute("core-uuid")?.Value ?? "", root.Attribute("switchname")?.Value ?? ""), null);
        }
        catch (Exception e) when (e is XmlException or ArgumentException)
        {
            return (null, new Problem(400, "malformed_xml", "The body is not well-formed XML without a document type."));
        }
    }

    static Dictionary<string, string> Children(XElement? element)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var child in element?.Elements() ?? [])
            values[child.Name.LocalName] = child.Value;
        return values;
    }

    static void DecodeAll(Dictionary<string, string> variables)
    {
        foreach (var name in variables.Keys.ToArray())
            if (variables[name].Contains('%', StringComparison.Ordinal))
                variables[name] = Encoding.UTF8.GetString(UrlDecode(Encoding.UTF8.GetBytes(variables[name])));
    }
}
