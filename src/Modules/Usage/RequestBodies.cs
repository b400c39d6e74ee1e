using System.Buffers;
using System.IO.Compression;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Usage;

/// <summary>A whole body in borrowed memory; given back when it is disposed of, so nothing may keep its bytes.</summary>
public sealed class RequestBody : IDisposable
{
    readonly Action<RequestBody> onDisposed;
    byte[] buffer;

    internal RequestBody(int capacity, Action<RequestBody> onDisposed)
    {
        this.onDisposed = onDisposed;
        buffer = ArrayPool<byte>.Shared.Rent(capacity);
    }

    /// <summary>Its length in bytes.</summary>
    public int Length { get; private set; }

    /// <summary>Its bytes.</summary>
    public ReadOnlySpan<byte> Span => buffer.AsSpan(0, Length);

    /// <summary>The bytes as memory.</summary>
    public ReadOnlyMemory<byte> Memory => buffer.AsMemory(0, Length);

    internal bool HoldsTurn { get; set; }

    internal async ValueTask<int> FillAsync(Stream source, CancellationToken cancellationToken)
    {
        if (Length == buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
            Span.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        var read = await source.ReadAsync(buffer.AsMemory(Length), cancellationToken);
        Length += read;
        return read;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (buffer.Length == 0)
            return;
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        onDisposed(this);
    }
}

/// <summary>
/// Reads bodies of usage within bounded memory: so many bytes at once in all, and only a few batches in the works at a time,
/// since what a batch is parsed into is larger than the batch. The others wait for their turn before they are read.
/// </summary>
public sealed class RequestBodies : IDisposable
{
    /// <summary>The most that a body may become when it is decompressed.</summary>
    public const int Largest = 64 * 1024 * 1024;

    const long MostAtOnce = 4L * Largest;
    const int SmallBody = 256 * 1024;
    const int BatchesInTheWorks = 2;

    readonly SemaphoreSlim turns = new(BatchesInTheWorks);
    long held;

    /// <summary>Reads a whole body, decompressing gzip, when it is its turn.</summary>
    /// <exception cref="ProblemException">The body is too large, broken, of an unknown encoding, or there is no room for it now.</exception>
    public async Task<RequestBody> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var encoding = request.Headers.ContentEncoding.ToString();
        if (encoding is not ("" or "identity" or "gzip"))
            throw new ProblemException(new(415, "unsupported_encoding", "This content encoding is not taken.", "Content-Encoding", "gzip or identity"));
        var body = new RequestBody(request.ContentLength is > 0 and <= SmallBody ? (int)request.ContentLength + 1 : 4096, Release);
        try
        {
            await using var source = encoding == "gzip" ? new GZipStream(request.Body, CompressionMode.Decompress, leaveOpen: true) : request.Body;
            // One that says that it is large waits before it is read; one that does not say, such as a compressed one, once it proves to be.
            if (encoding != "gzip" && request.ContentLength > SmallBody)
                await TakeTurnAsync(body, cancellationToken);
            for (int read; (read = await body.FillAsync(source, cancellationToken)) > 0;)
            {
                var all = Interlocked.Add(ref held, read);
                if (body.Length > SmallBody && !body.HoldsTurn)
                    await TakeTurnAsync(body, cancellationToken);
                if (body.Length > Largest)
                    throw new ProblemException(new(413, "body_too_large", $"The body is larger than {Largest / 1024 / 1024} MB."));
                if (all > MostAtOnce)
                    throw new ProblemException(new(503, "too_many_bodies", "Too much is being sent at once; nothing of this request was taken.")) { RetryAfterSeconds = 1 };
            }
            return body;
        }
        catch (InvalidDataException)
        {
            body.Dispose();
            throw new ProblemException(new(400, "broken_gzip", "The body is not a whole gzip stream.", "Content-Encoding"));
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>Lets the turns go.</summary>
    public void Dispose() => turns.Dispose();

    async Task TakeTurnAsync(RequestBody body, CancellationToken cancellationToken)
    {
        await turns.WaitAsync(cancellationToken);
        body.HoldsTurn = true;
    }

    void Release(RequestBody body)
    {
        Interlocked.Add(ref held, -body.Length);
        if (body.HoldsTurn)
            turns.Release();
    }
}
