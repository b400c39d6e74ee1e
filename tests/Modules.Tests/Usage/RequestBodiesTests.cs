using System.IO.Compression;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Tests.Harness;
using Balatrix.Modules.Usage;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Tests.Usage;

/// <summary>Bodies are read within bounded memory: the large ones take turns.</summary>
public sealed class RequestBodiesTests
{
    static readonly byte[] Large = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 31))];

    [Fact]
    public async Task A_body_is_read_whole_plain_or_compressed()
    {
        using var bodies = new RequestBodies();
        using (var plain = await bodies.ReadAsync(Request(Large), CancellationToken.None))
            Assert.True(plain.Span.SequenceEqual(Large));
        using var unpacked = await bodies.ReadAsync(Packed(Large), CancellationToken.None);
        Assert.True(unpacked.Span.SequenceEqual(Large));
    }

    [Fact]
    public async Task One_large_body_too_many_waits_until_one_is_done_with_and_small_ones_do_not_wait()
    {
        using var bodies = new RequestBodies();
        using var first = await bodies.ReadAsync(Request(Large), CancellationToken.None);
        using var second = await bodies.ReadAsync(Request(Large), CancellationToken.None);
        var third = bodies.ReadAsync(Request(Large), CancellationToken.None);
        using (await bodies.ReadAsync(Request([1, 2, 3]), CancellationToken.None))
            Assert.False(third.IsCompleted);
        first.Dispose();
        using var last = await third.WaitAsync(Soon.Limit, CancellationToken.None);
        Assert.Equal(Large.Length, last.Length);
    }

    [Fact]
    public async Task Small_ones_that_are_compressed_or_do_not_say_their_length_do_not_wait_and_large_ones_do()
    {
        using var bodies = new RequestBodies();
        using var first = await bodies.ReadAsync(Request(Large), CancellationToken.None);
        var unsaid = Request(Large);
        unsaid.ContentLength = null;
        using var second = await bodies.ReadAsync(unsaid, CancellationToken.None);
        using (var small = await bodies.ReadAsync(Packed([1, 2, 3]), CancellationToken.None).WaitAsync(Soon.Limit, CancellationToken.None))
            Assert.Equal(3, small.Length);
        var chunked = Request([1, 2, 3]);
        chunked.ContentLength = null;
        using (var small = await bodies.ReadAsync(chunked, CancellationToken.None).WaitAsync(Soon.Limit, CancellationToken.None))
            Assert.Equal(3, small.Length);
        var large = bodies.ReadAsync(Packed(Large), CancellationToken.None);
        await Task.Delay(100, CancellationToken.None);
        Assert.False(large.IsCompleted);
        first.Dispose();
        using var last = await large.WaitAsync(Soon.Limit, CancellationToken.None);
        Assert.True(last.Span.SequenceEqual(Large));
    }

    [Fact]
    public async Task A_refused_body_gives_its_turn_back()
    {
        using var bodies = new RequestBodies();
        for (var i = 0; i < 10; i++)
        {
            var broken = Request([0x1f, 0x8b, 8, 0, 0]);
            broken.Headers.ContentEncoding = "gzip";
            var refusal = await Assert.ThrowsAsync<ProblemException>(() => bodies.ReadAsync(broken, CancellationToken.None));
            Assert.Equal("broken_gzip", refusal.Problem.Code);
        }
        using var whole = await bodies.ReadAsync(Request(Large), CancellationToken.None).WaitAsync(Soon.Limit, CancellationToken.None);
        Assert.Equal(Large.Length, whole.Length);
    }

    [Fact]
    public async Task A_client_that_goes_away_while_it_waits_takes_no_turn()
    {
        using var bodies = new RequestBodies();
        using var first = await bodies.ReadAsync(Request(Large), CancellationToken.None);
        using var second = await bodies.ReadAsync(Request(Large), CancellationToken.None);
        using var gone = new CancellationTokenSource();
        var third = bodies.ReadAsync(Request(Large), gone.Token);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        first.Dispose();
        using var fourth = await bodies.ReadAsync(Request(Large), CancellationToken.None).WaitAsync(Soon.Limit, CancellationToken.None);
        Assert.Equal(Large.Length, fourth.Length);
    }

    static HttpRequest Packed(byte[] body)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(body);
        var request = Request(packed.ToArray());
        request.Headers.ContentEncoding = "gzip";
        return request;
    }

    static HttpRequest Request(byte[] body)
    {
        var context = new DefaultHttpContext();
        context.Request.Body = new MemoryStream(body);
        context.Request.ContentLength = body.Length;
        return context.Request;
    }
}
