using System.Globalization;
using System.Text;

namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>Takes the escapes out of a JSON text. The framework's own refuses bytes that are not UTF-8; a caller's name may hold them.</summary>
static class JsonText
{
    public static string Unescape(ReadOnlySpan<byte> raw)
    {
        var text = new StringBuilder(raw.Length);
        while (!raw.IsEmpty)
        {
            var plain = raw.IndexOf((byte)'\\');
            if (plain < 0 || plain + 1 >= raw.Length)
                return Clean(text.Append(Encoding.UTF8.GetString(raw)).ToString());
            text.Append(Encoding.UTF8.GetString(raw[..plain]));
            raw = raw[(plain + 1)..];
            if (raw[0] == (byte)'u' && raw.Length >= 5 && TryHex(raw[1..5], out var unit))
            {
                text.Append(unit);
                raw = raw[5..];
                continue;
            }
            text.Append(Meaning(raw[0]));
            raw = raw[1..];
        }
        return Clean(text.ToString());
    }

    // Half a surrogate pair and NUL are no text: no database would take them.
    static string Clean(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');

    static char Meaning(byte letter) => letter switch
    {
        (byte)'n' => '\n',
        (byte)'r' => '\r',
        (byte)'t' => '\t',
        (byte)'b' => '\b',
        (byte)'f' => '\f',
        _ => (char)letter,
    };

    static bool TryHex(ReadOnlySpan<byte> digits, out char unit)
    {
        var isHex = ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value);
        unit = (char)value;
        return isHex;
    }
}
