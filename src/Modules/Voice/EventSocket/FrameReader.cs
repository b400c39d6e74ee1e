using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>Cuts frames out of what has come: header lines, a blank line, then Content-Length bytes of body. Keeps nothing between calls.</summary>
public static class FrameReader
{
    /// <summary>The longest header block; the longest seen, an outbound connect, has 6 KB.</summary>
    public const int LongestHeader = 64 * 1024;

    /// <summary>The longest body of an answer, or of the event that brings a job's: 20,000 channels as JSON take 20 MB.</summary>
    public const int LongestBody = 64 * 1024 * 1024;

    /// <summary>The longest body of anything else; the longest event seen has 12 KB.</summary>
    public const int LongestEvent = 1024 * 1024;

    /// <summary>Takes the next frame off the buffer when the whole of it is there.</summary>
    /// <param name="buffer">What has come and was not taken.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="longestEvent">The longest body of an event here, in bytes.</param>
    /// <exception cref="EventSocketException">What came is not the protocol, or passes a limit.</exception>
    public static bool TryRead(ref ReadOnlySequence<byte> buffer, out Frame? frame, int longestEvent = LongestEvent)
    {
        frame = null;
        var reader = new SequenceReader<byte>(buffer);
        reader.AdvancePastAny((byte)'\n', (byte)'\r');
        var start = reader.Position;
        var head = new Header();
        while (TryReadLine(ref reader, out var line))
        {
            if (line.IsEmpty)
                return TryReadBody(ref buffer, reader.UnreadSequence, head, longestEvent, out frame);
            head.Add(line.IsSingleSegment ? line.FirstSpan : line.ToArray());
            EnsureShort(buffer.Slice(start, reader.Position).Length);
        }
        EnsureShort(buffer.Slice(start).Length);
        // Blank lines between frames are taken off at once, so that a stream of them is never kept.
        buffer = buffer.Slice(start);
        return false;
    }

    static bool TryReadLine(ref SequenceReader<byte> reader, out ReadOnlySequence<byte> line)
    {
        if (!reader.TryReadTo(out line, (byte)'\n'))
            return false;
        if (!line.IsEmpty && line.Slice(line.Length - 1).FirstSpan[0] == (byte)'\r')
            line = line.Slice(0, line.Length - 1);
        return true;
    }

    static bool TryReadBody(ref ReadOnlySequence<byte> buffer, ReadOnlySequence<byte> rest, Header head, int longestEvent, out Frame? frame)
    {
        frame = null;
        var longest = head.Kind switch
        {
            FrameKind.ApiResponse => LongestBody,
            FrameKind.EventJson => longestEvent,
            _ => LongestEvent,
        };
        if (head.Length > longest)
            throw new EventSocketException($"A body of {head.Length} bytes passes the limit of {longest}.");
        if (rest.Length < head.Length)
            return false;
        frame = new(head.Kind, rest.Slice(0, head.Length)) { ReplyText = head.ReplyText, Disposition = head.Disposition };
        buffer = rest.Slice(head.Length);
        return true;
    }

    static void EnsureShort(long length)
    {
        if (length > LongestHeader)
            throw new EventSocketException($"A header of over {LongestHeader} bytes.");
    }

    /// <summary>The few headers that steer the protocol.</summary>
    struct Header()
    {
        public FrameKind Kind { get; private set; }
        public long Length { get; private set; }
        public string ReplyText { get; private set; } = "";
        public string Disposition { get; private set; } = "";

        bool hasLength;

        public void Add(ReadOnlySpan<byte> line)
        {
            var colon = line.IndexOf((byte)':');
            if (colon <= 0)
                throw new EventSocketException("A header line without a colon.");
            var name = line[..colon];
            var value = line[(colon + 1)..].Trim((byte)' ');
            if (Ascii.EqualsIgnoreCase(name, "Content-Type"u8))
                Kind = KindOf(value);
            else if (Ascii.EqualsIgnoreCase(name, "Content-Length"u8))
                AddLength(value);
            else if (Ascii.EqualsIgnoreCase(name, "Reply-Text"u8))
                ReplyText = Encoding.UTF8.GetString(value);
            else if (Ascii.EqualsIgnoreCase(name, "Content-Disposition"u8))
                Disposition = Encoding.UTF8.GetString(value);
        }

        void AddLength(ReadOnlySpan<byte> value)
        {
            // Two lengths would let two readers see different frames.
            if (hasLength || !Utf8Parser.TryParse(value, out long length, out var used) || used != value.Length || length < 0)
                throw new EventSocketException("A Content-Length that is no length.");
            (Length, hasLength) = (length, true);
        }

        static FrameKind KindOf(ReadOnlySpan<byte> type) => type switch
        {
            _ when type.SequenceEqual("api/response"u8) => FrameKind.ApiResponse,
            _ when type.SequenceEqual("command/reply"u8) => FrameKind.CommandReply,
            _ when type.SequenceEqual("text/event-json"u8) => FrameKind.EventJson,
            _ when type.SequenceEqual("auth/request"u8) => FrameKind.AuthRequest,
            _ when type.SequenceEqual("text/disconnect-notice"u8) => FrameKind.Disconnect,
            _ when type.SequenceEqual("text/rude-rejection"u8) => FrameKind.Rejection,
            _ when type.StartsWith("text/event-"u8) => FrameKind.EventOther,
            _ => FrameKind.Other,
        };
    }
}
