using System.Buffers;
using System.Text;
using System.Text.Json;
using Balatrix.Modules.Voice.EventSocket;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

public sealed class FrameReaderTests
{
    public static TheoryData<string> Captures => EslCapture.Names;

    [Theory]
    [MemberData(nameof(Captures))]
    public void Every_frame_of_a_capture_is_read_whole(string name)
    {
        var capture = EslCapture.Of(name);
        var frames = Feed([.. capture.Frames.SelectMany(f => f)], int.MaxValue);
        Assert.Equal(capture.Frames.Select(EslCapture.Body), frames.Select(f => f.Body.ToArray()));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Frames_are_the_same_however_they_were_cut(string name)
    {
        byte[] bytes = [.. EslCapture.Of(name).Frames.SelectMany(f => f)];
        var whole = Feed(bytes, int.MaxValue).Select(f => (f.Kind, f.ReplyText, f.Body.Length)).ToList();
        int[] sizes = bytes.Length < 20_000 ? [1, 2, 3, 5, 7, 50, 64, 1000] : [501, 1448, 4096, 65_536];
        foreach (var size in sizes)
            Assert.Equal(whole, Feed(bytes, size).Select(f => (f.Kind, f.ReplyText, f.Body.Length)));
    }

    [Fact]
    public void Every_place_to_cut_in_two_is_as_good()
    {
        byte[] bytes = [.. EslCapture.Of("03_basic_commands.txt").Frames.SelectMany(f => f)];
        var whole = Feed(bytes, int.MaxValue).Count;
        for (var cut = 1; cut < bytes.Length; cut++)
            Assert.Equal(whole, Feed(bytes, int.MaxValue, cut).Count);
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public void Every_header_of_every_event_reads_as_a_JSON_parser_reads_it(string name)
    {
        foreach (var body in EslCapture.Of(name).EventFrames.Select(EslCapture.Body))
        {
            var read = FreeSwitchEvent.Parse(new(body));
            using var expected = JsonDocument.Parse(body);
            foreach (var header in expected.RootElement.EnumerateObject())
                Assert.Equal(header.Value.ValueKind is JsonValueKind.Array ? header.Value[0].GetString() : header.Value.GetString(), read[header.Name]);
            Assert.Equal(expected.RootElement.GetProperty("Event-Name").GetString(), read.Name);
            Assert.Equal(expected.RootElement.TryGetProperty("Unique-ID", out var id) ? id.GetString() : null, read.Uuid);
            Assert.Null(read["No-Such-Header"]);
        }
    }

    [Fact]
    public void The_order_of_headers_and_the_kind_of_line_end_do_not_matter()
    {
        var frames = Feed("Content-Length: 3\nContent-Type: api/response\n\n+OKContent-Type: api/response\r\nContent-Length: 2\r\n\r\nvmcontent-type: command/reply\nReply-Text: +OK bye\n\n"u8.ToArray(), 1);
        Assert.Equal(["+OK", "vm", ""], frames.Select(f => Encoding.UTF8.GetString(f.Body)));
        Assert.Equal([FrameKind.ApiResponse, FrameKind.ApiResponse, FrameKind.CommandReply], frames.Select(f => f.Kind));
        Assert.Equal("+OK bye", frames[2].ReplyText);
    }

    [Theory]
    [InlineData("Content-Type: api/response\nContent-Length: -1\n\n")]
    [InlineData("Content-Type: api/response\nContent-Length: 99999999999999999999\n\n")]
    [InlineData("Content-Type: api/response\nContent-Length: 67108865\n\n")]
    [InlineData("Content-Type: text/event-json\nContent-Length: 1048577\n\n")]
    [InlineData("Content-Type: api/response\nContent-Length: 0x10\n\n")]
    [InlineData("Content-Type: api/response\nContent-Length: 1\nContent-Length: 2\n\n")]
    [InlineData("no colon\n\n")]
    [InlineData(": no name\n\n")]
    public void What_is_not_the_protocol_is_refused(string bytes) => Assert.Throws<EventSocketException>(() => Feed(Encoding.UTF8.GetBytes(bytes), int.MaxValue));

    [Fact]
    public void A_header_that_never_ends_is_refused_and_blank_lines_are_not_kept()
    {
        Assert.Throws<EventSocketException>(() => Feed([.. Enumerable.Repeat((byte)'a', FrameReader.LongestHeader + 1)], 1000));
        Assert.Throws<EventSocketException>(() => Feed([.. Enumerable.Repeat("a: b\n"u8.ToArray(), FrameReader.LongestHeader / 5 + 1).SelectMany(l => l)], 1000));
        var blank = new ReadOnlySequence<byte>(Enumerable.Repeat((byte)'\n', 1_000_000).ToArray());
        Assert.False(FrameReader.TryRead(ref blank, out _));
        Assert.True(blank.IsEmpty);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("{\"a\":")]
    [InlineData("{\"a\":\"b\"")]
    [InlineData("{\"a\":\"b\"}x")]
    [InlineData("{\"a\":[[[[[[\"b\"]]]]]]}")]
    public void An_event_that_is_no_object_of_texts_is_refused(string json) => Assert.Throws<EventSocketException>(() => FreeSwitchEvent.Parse(new(Encoding.UTF8.GetBytes(json))));

    [Fact]
    public void A_callers_name_may_hold_any_bytes()
    {
        byte[] json = [.. "{\"Event-Name\":\"CHANNEL_PARK\",\"a\":\""u8, 0xFF, 0xC3, (byte)'x', .. "\",\"i\":\"\\ud83d\\ude00\\ud83dx\\ude00\\/\",\"b\":\"\\\""u8, 0xE9, .. "\\u00e9\\ud800\\u0000\\n\",\"c\":7,\"d\":[],\"e\":null,\"f\":{\"g\":1},\"h\":[{\"x\":1},\"y\"]}"u8];
        var read = FreeSwitchEvent.Parse(new(json));
        Assert.Equal("\uFFFD\uFFFDx", read["a"]);
        Assert.Equal("\"\uFFFDé\uFFFD\uFFFD\n", read["b"]);
        Assert.Equal("😀\uFFFDx\uFFFD/", read["i"]);
        Assert.Equal("7", read["c"]);
        Assert.Null(read["d"]);
        Assert.Null(read["f"]);
        Assert.Null(read[new string('x', 5000)]);
    }

    [Fact]
    public void An_event_that_was_given_back_has_no_headers_and_leaves_the_next_its_own()
    {
        var first = FreeSwitchEvent.Parse(new("{\"Event-Name\":\"A\",\"Unique-ID\":\"1\",\"x\":\"first\"}"u8.ToArray()));
        Assert.Equal(("A", "1", "first", 1L), (first.Name, first.Uuid, first["x"], first.Number("Unique-ID")));
        first.Dispose();
        first.Dispose();
        using var next = FreeSwitchEvent.Parse(new("{\"Event-Name\":\"B\",\"x\":\"next\"}"u8.ToArray()));
        using var other = FreeSwitchEvent.Parse(new("{\"Event-Name\":\"C\",\"x\":\"-1\"}"u8.ToArray()));
        Assert.Equal(("A", "1", null, null), (first.Name, first.Uuid, first["x"], first.Number("x")));
        Assert.Equal((("B", "next"), ("C", "-1", null)), ((next.Name, next["x"]), (other.Name, other["x"], other.Number("x"))));
        Assert.True(first.Json.IsEmpty);
    }

    [Fact]
    public void Thirty_thousand_mutated_captures_are_read_or_refused_and_nothing_else()
    {
        var chance = new Random(20261121);
        var sources = EslCapture.All.Select(c => c.Frames.Take(12).SelectMany(f => f).ToArray()).Where(b => b.Length is > 0 and < 60_000).ToArray();
        var (read, refused) = (0, 0);
        for (var n = 0; n < 30_000; n++)
        {
            var bytes = EslMutator.Next(chance, sources);
            try
            {
                foreach (var frame in Feed(bytes, n % 10 == 0 ? chance.Next(50, 3000) : int.MaxValue).Where(f => f.Kind is FrameKind.EventJson))
                {
                    using var item = FreeSwitchEvent.Parse(frame.Body);
                    _ = (item.Name, item.Uuid, item["Hangup-Cause"], item["variable_billusec"], item.TakeBody());
                }
                read++;
            }
            catch (EventSocketException)
            {
                refused++;
            }
        }
        Assert.True(read > 1000 && refused > 1000, $"{read} read, {refused} refused");
    }

    static List<Frame> Feed(byte[] bytes, int size, int? cut = null)
    {
        var frames = new List<Frame>();
        var waiting = new List<byte[]>();
        for (var at = 0; at < bytes.Length;)
        {
            var next = cut is { } place && at < place ? place : at + Math.Min(size, bytes.Length - at);
            waiting.Add(bytes[at..next]);
            at = next;
            var buffer = Sequence(waiting);
            while (FrameReader.TryRead(ref buffer, out var frame))
                frames.Add(frame!);
            waiting = buffer.IsEmpty ? [] : size < 100 ? [buffer.ToArray()] : Pieces(buffer);
        }
        return frames;
    }

    static List<byte[]> Pieces(ReadOnlySequence<byte> buffer)
    {
        var pieces = new List<byte[]>();
        foreach (var piece in buffer)
            if (!piece.IsEmpty)
                pieces.Add(piece.ToArray());
        return pieces;
    }

    static ReadOnlySequence<byte> Sequence(List<byte[]> pieces)
    {
        var first = new Segment(pieces[0], 0);
        var last = first;
        foreach (var piece in pieces.Skip(1))
            last = last.Append(piece);
        return new(first, 0, last, last.Memory.Length);
    }

    sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, long index) => (Memory, RunningIndex) = (bytes, index);

        public Segment Append(byte[] bytes)
        {
            var next = new Segment(bytes, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
