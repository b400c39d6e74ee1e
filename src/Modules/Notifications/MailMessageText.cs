using System.Globalization;
using System.Text;

namespace Balatrix.Modules.Notifications;

/// <summary>A mail as it goes over the wire (RFC 5322, 2045): one part of plain text in UTF-8.</summary>
static class MailMessageText
{
    const int LongestLine = 900;

    /// <summary>The message with CRLF line ends.</summary>
    public static string Compose(string from, string to, string subject, string text, string messageId, DateTimeOffset date)
    {
        var message = new StringBuilder();
        Header("From", from);
        Header("To", to);
        Header("Subject", Encoded(subject));
        Header("Date", date.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture));
        Header("Message-ID", $"<{messageId}>");
        Header("MIME-Version", "1.0");
        Header("Content-Type", "text/plain; charset=utf-8");
        Header("Content-Transfer-Encoding", "8bit");
        Header("Auto-Submitted", "auto-generated");
        message.Append("\r\n");
        foreach (var line in text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
            foreach (var part in line.Length == 0 ? [[]] : line.Chunk(LongestLine))
                message.Append(part).Append("\r\n");
        return message.ToString();

        void Header(string name, string value)
        {
            if (value.AsSpan().ContainsAny('\r', '\n', '\0'))
                throw new FormatException($"The mail's {name} has more than one line.");
            message.Append(name).Append(": ").Append(value).Append("\r\n");
        }
    }

    /// <summary>ASCII as it is, else an encoded word (RFC 2047) for each run that fits.</summary>
    static string Encoded(string text) => Ascii.IsValid(text)
        ? text
        : string.Join("\r\n ", text.EnumerateRunes().Chunk(10).Select(runes => $"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(string.Concat(runes)))}?=")).Replace("\r\n ", " ", StringComparison.Ordinal);
}
