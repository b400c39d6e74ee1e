using System.Globalization;
using System.Text;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>One recorded connection (Data/esl): every chunk is one frame from FreeSWITCH, or one write of the client.</summary>
public sealed record EslCapture(string Name, IReadOnlyList<(bool IsFromFreeSwitch, byte[] Bytes)> Chunks)
{
    static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Voice", "Data", "esl");

    public static IReadOnlyList<EslCapture> All { get; } = [.. Directory.GetFiles(Folder, "*.txt").Order(StringComparer.Ordinal).Select(Read)];

    public static TheoryData<string> Names => [.. All.Select(c => c.Name)];

    public static EslCapture Of(string name) => All.Single(c => c.Name == name);

    public IEnumerable<byte[]> Frames => Chunks.Where(c => c.IsFromFreeSwitch).Select(c => c.Bytes);

    public IEnumerable<byte[]> EventFrames => Frames.Where(f => Encoding.ASCII.GetString(f[..Math.Min(f.Length, 200)]).Contains("text/event-json", StringComparison.Ordinal));

    /// <summary>The body of a frame, found without the product: what follows the first blank line.</summary>
    public static byte[] Body(byte[] frame) => frame[(frame.AsSpan().IndexOf("\n\n"u8) + 2)..];

    static EslCapture Read(string path)
    {
        var (bytes, chunks) = (File.ReadAllBytes(path), new List<(bool, byte[])>());
        for (var at = 0; at < bytes.Length;)
        {
            var end = Array.IndexOf(bytes, (byte)'\n', at);
            var words = Encoding.ASCII.GetString(bytes, at, end - at).Split(' ');
            var length = int.Parse(words[2], CultureInfo.InvariantCulture);
            chunks.Add((words[0] == "<<<", bytes[(end + 1)..(end + 1 + length)]));
            at = end + 1 + length;
            while (at < bytes.Length && bytes[at] == (byte)'\n')
                at++;
        }
        return new(Path.GetFileName(path), chunks);
    }
}
