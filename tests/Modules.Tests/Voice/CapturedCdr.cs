using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Balatrix.Modules.Tests.Voice;

/// <summary>One post of FreeSWITCH as it was captured, with what Python's parsers read in it.</summary>
public sealed record CapturedCdr(
    string File, string Uuid, string? ALegUuid, long TalkMs, bool Answered, string Account, string ContentType, byte[] Body)
{
    public static IReadOnlyList<CapturedCdr> All { get; } = Load();

    public static TheoryData<string> Files => [.. All.Select(c => c.File)];

    public static CapturedCdr Of(string file) => All.Single(c => c.File == file);

    public override string ToString() => File;

    static List<CapturedCdr> Load([CallerFilePath] string here = "")
    {
        var folder = Path.Combine(Path.GetDirectoryName(here)!, "Data");
        return [.. System.IO.File.ReadLines(Path.Combine(folder, "expected.tsv")).Skip(1).Select(line => Parse(folder, line.Split('\t')))];
    }

    static CapturedCdr Parse(string folder, string[] row)
    {
        var post = System.IO.File.ReadAllBytes(Path.Combine(folder, "http", row[0]));
        // The capture ends some header lines with CR LF and others with LF alone.
        var crlf = post.AsSpan().IndexOf("\r\n\r\n"u8);
        var lf = post.AsSpan().IndexOf("\n\n"u8);
        var start = crlf >= 0 && (lf < 0 || crlf < lf) ? crlf + 4 : lf + 2;
        var type = Encoding.ASCII.GetString(post.AsSpan(0, start)).Split('\n').Single(l => l.StartsWith("Content-Type:", StringComparison.Ordinal));
        return new(
            row[0], row[1], row[2] == "b" ? row[3] : null, long.Parse(row[4], CultureInfo.InvariantCulture), row[5] == "1", row[6] == "-" ? "" : row[6],
            type["Content-Type:".Length..].Trim(), post[start..]);
    }
}
