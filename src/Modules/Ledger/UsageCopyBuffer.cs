using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Balatrix.Modules.Ledger;

/// <summary>
/// Rows in PostgreSQL's binary COPY format (PostgreSQL documentation, COPY, "Binary Format"), written without an object a row.
/// Used again from batch to batch; grows by segments, so that a large batch neither copies nor leaves large arrays behind.
/// </summary>
public sealed class UsageCopyBuffer
{
    static readonly byte[] Header = [(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xFF, (byte)'\r', (byte)'\n', 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>2000-01-01, where PostgreSQL's timestamps begin.</summary>
    static readonly long EpochTicks = new DateTime(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    const int Segment = 512 * 1024;

    /// <summary>Segments that are kept for the next batch: 16 MB.</summary>
    const int Kept = 32;

    readonly List<(byte[] Bytes, int Length)> full = [];
    readonly Stack<byte[]> spare = [];
    byte[] buffer = new byte[64 * 1024];
    int length;

    /// <summary>Rows begun since the last <see cref="Clear"/>.</summary>
    public int Rows { get; private set; }

    /// <summary>What is written, in order, ready to be sent after <see cref="Finish"/>.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Written => full.Select(s => new ReadOnlyMemory<byte>(s.Bytes, 0, s.Length)).Append(buffer.AsMemory(0, length));

    /// <summary>Empties the buffer.</summary>
    public void Clear()
    {
        foreach (var (bytes, _) in full)
            if (spare.Count < Kept && bytes.Length == Segment)
                spare.Push(bytes);
        full.Clear();
        length = 0;
        Rows = 0;
    }

    /// <summary>Begins a row of so many columns.</summary>
    public void BeginRow(int columns)
    {
        if (Rows++ == 0)
        {
            Header.CopyTo(Reserve(Header.Length));
            length += Header.Length;
        }
        BinaryPrimitives.WriteInt16BigEndian(Reserve(2), (short)columns);
        length += 2;
    }

    /// <summary>Ends the data.</summary>
    public void Finish()
    {
        BinaryPrimitives.WriteInt16BigEndian(Reserve(2), -1);
        length += 2;
    }

    /// <summary>A bigint.</summary>
    public void Write(long value)
    {
        var span = Reserve(12);
        BinaryPrimitives.WriteInt32BigEndian(span, 8);
        BinaryPrimitives.WriteInt64BigEndian(span[4..], value);
        length += 12;
    }

    /// <summary>An int.</summary>
    public void Write(int value)
    {
        var span = Reserve(8);
        BinaryPrimitives.WriteInt32BigEndian(span, 4);
        BinaryPrimitives.WriteInt32BigEndian(span[4..], value);
        length += 8;
    }

    /// <summary>A smallint.</summary>
    public void Write(short value)
    {
        var span = Reserve(6);
        BinaryPrimitives.WriteInt32BigEndian(span, 2);
        BinaryPrimitives.WriteInt16BigEndian(span[4..], value);
        length += 6;
    }

    /// <summary>A uuid.</summary>
    public void Write(Guid value)
    {
        var span = Reserve(20);
        BinaryPrimitives.WriteInt32BigEndian(span, 16);
        value.TryWriteBytes(span[4..], bigEndian: true, out _);
        length += 20;
    }

    /// <summary>A timestamptz, in whole microseconds.</summary>
    public void Write(DateTimeOffset value) => Write((value.UtcTicks - EpochTicks) / TimeSpan.TicksPerMicrosecond);

    /// <summary>A text, or null.</summary>
    public void Write(string? value)
    {
        if (value is null)
        {
            BinaryPrimitives.WriteInt32BigEndian(Reserve(4), -1);
            length += 4;
            return;
        }
        var span = Reserve(4 + Encoding.UTF8.GetMaxByteCount(value.Length));
        Utf8.FromUtf16(value, span[4..], out _, out var bytes);
        BinaryPrimitives.WriteInt32BigEndian(span, bytes);
        length += 4 + bytes;
    }

    /// <summary>A text that is UTF-8 already.</summary>
    public void Write(ReadOnlySpan<byte> utf8)
    {
        var span = Reserve(4 + utf8.Length);
        BinaryPrimitives.WriteInt32BigEndian(span, utf8.Length);
        utf8.CopyTo(span[4..]);
        length += 4 + utf8.Length;
    }

    Span<byte> Reserve(int size)
    {
        if (buffer.Length - length < size)
        {
            full.Add((buffer, length));
            buffer = size <= Segment ? (spare.TryPop(out var used) ? used : new byte[Segment]) : new byte[size];
            length = 0;
        }
        return buffer.AsSpan(length);
    }
}
