using System.Text;
using Balatrix.Modules.Voice;

namespace Balatrix.Modules.Tests.Voice;

/// <summary>Files are cut into records while they are read.</summary>
public sealed class RecordSplitting
{
    static async Task<List<string>> SplitAsync(byte[] file)
    {
        using var stream = new MemoryStream(file);
        var records = new List<string>();
        await foreach (var record in RecordSplitter.ReadAsync(stream, _ => { }, CancellationToken.None))
            records.Add((record.IsTooLong ? "too long: " : "") + Encoding.UTF8.GetString(record.Body.Span[..Math.Min(300, record.Body.Length)]).Trim());
        return records;
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n\t")]
    [InlineData("[]")]
    [InlineData("[ ]\n", "")]
    [InlineData("{\"a\":1}", "{\"a\":1}")]
    [InlineData("{\"a\":1}\n{\"b\":2}\r\n\r\n{\"c\":3}", "{\"a\":1}", "{\"b\":2}", "{\"c\":3}")]
    [InlineData("{\"a\":1}{\"b\":2}", "{\"a\":1}", "{\"b\":2}")]
    [InlineData("[{\"a\":1},{\"b\":[{\"x\":[]}]}]", "{\"a\":1}", "{\"b\":[{\"x\":[]}]}")]
    [InlineData("[\n  {\n    \"a\": 1\n  },\n  {\n    \"b\": 2\n  }\n]\n", "{\n    \"a\": 1\n  }", "{\n    \"b\": 2\n  }")]
    [InlineData("\uFEFF{\n\"a\": [\n{\n\"b\": 1\n},\n{\n\"c\":\n{\n}\n}\n]\n}\n{\"d\":1}", "{\n\"a\": [\n{\n\"b\": 1\n},\n{\n\"c\":\n{\n}\n}\n]\n}", "{\"d\":1}")]
    [InlineData("{\"a\":\"}\\\"{[\\\\\"}\n{\"b\":2}", "{\"a\":\"}\\\"{[\\\\\"}", "{\"b\":2}")]
    [InlineData("cdr=%7B%7D\ncdr=e30=", "cdr=%7B%7D", "cdr=e30=")]
    [InlineData("\"a\",\"b\"\n\n\"c\",\"d\"\r\n", "\"a\",\"b\"", "\"c\",\"d\"")]
    [InlineData("<?xml version=\"1.0\"?>\n<cdr><a/></cdr>\n<cdr>\n</cdr>", "<?xml version=\"1.0\"?>\n<cdr><a/></cdr>", "<cdr>\n</cdr>")]
    [InlineData("<cdr a=\"1\"></cdr><?xml?><cdr></cdr>", "<cdr a=\"1\"></cdr>", "<?xml?><cdr></cdr>")]
    public async Task Whole_records_come_as_they_stand(string file, params string[] records) =>
        Assert.Equal(records.Where(r => r.Length > 0), await SplitAsync(Encoding.UTF8.GetBytes(file)));

    [Theory]
    [InlineData("{\"a\":1}\n{\"b\":\n{\"c\":3}\n{\"d\":4}", "{\"a\":1}", "{\"d\":4}")]
    [InlineData("{\"a\":1}\n{\"b\":{\"x\":1\n{\"c\":3}", "{\"a\":1}", "{\"c\":3}")]
    [InlineData("{\"a\":1}\n{\"b\":\"cut off\n{\"c\":3}", "{\"a\":1}", "{\"c\":3}")]
    [InlineData("{\"a\":1}\nnot json\n{\"c\":3}", "{\"a\":1}", "{\"c\":3}")]
    [InlineData("[\n{\"a\":1},\n{\"b\":[1\n{\"c\":3}\n]", "{\"a\":1}", "{\"c\":3}")]
    [InlineData("{\"a\":1}}\n{\"c\":3}", "{\"a\":1}", "{\"c\":3}")]
    [InlineData("<cdr>1</cdr>\n<cdr><cut\n<cdr>3</cdr>", "<cdr>1</cdr>", "<cdr>3</cdr>")]
    [InlineData("<cdr>1</cdr>\n<?xml?><cdr><cut\n<?xml?><cdr>3</cdr>", "<cdr>1</cdr>", "<?xml?><cdr>3</cdr>")]
    public async Task A_damaged_record_spoils_no_others(string file, params string[] whole)
    {
        var records = await SplitAsync(Encoding.UTF8.GetBytes(file));
        Assert.Equal(whole, records.Intersect(whole));
        Assert.True(records.Count > whole.Length, "the damage is told");
        Assert.Equal(whole[^1], records[^1]);
    }

    [Theory]
    [InlineData("{\"a\":\"", "\"}\n{\"b\":2}", "{\"b\":2}")]
    [InlineData("<cdr><a>", "</a></cdr>\n<cdr></cdr>", "<cdr></cdr>")]
    [InlineData("\"x\",\"", "\"\n\"y\",\"z\"", "\"y\",\"z\"")]
    [InlineData("cdr=", "\n{\"b\":2}", "{\"b\":2}")]
    public async Task A_record_beyond_all_measure_is_passed_over(string begin, string end, string next)
    {
        byte[] file = [.. Encoding.UTF8.GetBytes(begin), .. Enumerable.Repeat((byte)'x', RecordSplitter.LongestRecord + 10), .. Encoding.UTF8.GetBytes(end)];
        var records = await SplitAsync(file);
        Assert.Equal(2, records.Count);
        Assert.StartsWith("too long: ", records[0], StringComparison.Ordinal);
        Assert.Equal(next, records[1]);
    }

    [Theory]
    [InlineData("[", "{\"id\":\"1\",\n  \"data\": {}},", "]")]
    [InlineData("", "{\"id\":\"1\"}\n", "")]
    [InlineData("", "<cdr>\n<a/></cdr>", "")]
    public async Task A_file_of_any_size_needs_the_memory_of_a_record(string begin, string record, string end)
    {
        const int Records = 2_000_000;
        await using var stream = new Endless(Encoding.UTF8.GetBytes(begin), Encoding.UTF8.GetBytes(record), Records, Encoding.UTF8.GetBytes(end));
        var (count, read, furthest) = (0L, 0L, 0L);
        await foreach (var one in RecordSplitter.ReadAsync(stream, bytes => read += bytes, CancellationToken.None))
        {
            count++;
            furthest = Math.Max(furthest, read - (count * record.Length));
        }
        Assert.Equal(Records, count);
        // No more than one read lies between what was read and what came out.
        Assert.True(furthest <= 65_536, $"{furthest} bytes were held");
    }

    /// <summary>A file that is never anywhere as a whole.</summary>
    sealed class Endless(byte[] begin, byte[] record, int records, byte[] end) : Stream
    {
        readonly long length = begin.Length + ((long)record.Length * records) + end.Length;
        long at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var count = (int)Math.Min(buffer.Length, length - at);
            for (var i = 0; i < count; i++, at++)
                buffer[i] = at < begin.Length ? begin[at] : at >= length - end.Length ? end[at - (length - end.Length)] : record[(at - begin.Length) % record.Length];
            return count;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
