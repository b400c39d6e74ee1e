using System.Net.Sockets;
using System.Text;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>A command as a client wrote it: a line, headers, perhaps a body.</summary>
sealed record StandInCommand(string Line, IReadOnlyList<KeyValuePair<string, string>> Headers, string Body)
{
    public string? this[string header] => Headers.FirstOrDefault(h => h.Key.Equals(header, StringComparison.OrdinalIgnoreCase)).Value;

    public (string Word, string Arguments) Verb => Line.IndexOf(' ') is > 0 and var blank ? (Line[..blank], Line[(blank + 1)..].Trim()) : (Line, "");

    /// <summary>The line and its headers, for tests to look at.</summary>
    public string Text => string.Join('\n', [Line, .. Headers.Select(h => $"{h.Key}: {h.Value}")]);
}

/// <summary>Reads commands; LF and CR LF both end lines.</summary>
sealed class StandInCommandReader(NetworkStream stream)
{
    readonly List<byte> waiting = [];
    readonly byte[] piece = new byte[16 * 1024];

    public async Task<StandInCommand?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryTake(out var command))
                return command;
            var count = await stream.ReadAsync(piece, cancellationToken);
            if (count == 0)
                return null;
            waiting.AddRange(piece.AsSpan(0, count));
        }
    }

    bool TryTake(out StandInCommand? command)
    {
        command = null;
        var lines = new List<string>();
        for (int at = 0, from = 0; at < waiting.Count; at++)
        {
            if (waiting[at] != (byte)'\n')
                continue;
            var line = Encoding.UTF8.GetString([.. waiting.GetRange(from, at - from)]).TrimEnd('\r');
            from = at + 1;
            if (line.Length > 0)
                lines.Add(line);
            else if (lines.Count > 0)
                return TryEnd(lines, from, out command);
        }
        return false;
    }

    bool TryEnd(List<string> lines, int end, out StandInCommand? command)
    {
        command = new(lines[0], [.. lines.Skip(1).Select(Header)], "");
        var length = int.TryParse(command["Content-Length"], out var given) ? given : 0;
        if (waiting.Count < end + length)
            return false;
        command = command with { Body = Encoding.UTF8.GetString([.. waiting.GetRange(end, length)]) };
        waiting.RemoveRange(0, end + length);
        return true;
    }

    static KeyValuePair<string, string> Header(string line) => line.IndexOf(':') is > 0 and var colon ? new(line[..colon], line[(colon + 1)..].Trim()) : new(line, "");
}
