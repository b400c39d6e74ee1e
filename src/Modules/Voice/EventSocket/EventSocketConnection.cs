using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>
/// One TCP connection to an Event Socket that has said yes to the password. Commands are written in the order they come, many in one packet when many wait, and answers are theirs in the
/// same order, whatever events lie between. The reader hands events on and does nothing else.
/// </summary>
sealed class EventSocketConnection : IAsyncDisposable
{
    const int MostWaiting = 20_000;

    readonly TcpClient client;
    readonly PipeReader input;
    readonly NetworkStream stream;
    readonly int longestEvent;
    readonly Func<FreeSwitchEvent, CancellationToken, ValueTask> onEvent;
    readonly CancellationTokenSource closing = new();
    readonly Channel<Request> requests = Channel.CreateBounded<Request>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    readonly ConcurrentQueue<TaskCompletionSource<string>> awaited = new();

    string? givenUp;

    /// <summary>Where the last frame ends; it is kept until the next is asked for.</summary>
    SequencePosition? taken;

    EventSocketConnection(TcpClient client, int longestEvent, Func<FreeSwitchEvent, CancellationToken, ValueTask> onEvent)
    {
        (this.client, this.longestEvent, this.onEvent, stream) = (client, longestEvent, onEvent, client.GetStream());
        input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024, minimumReadSize: 4096));
    }

    readonly record struct Request(byte[] Bytes, TaskCompletionSource<string>[] Answers);

    /// <summary>Ends when the connection has, with the reason; it never fails.</summary>
    public Task<string> Ended { get; private set; } = Task.FromResult("it was never open");

    /// <summary>Connects and gives the password, within the time of a handshake.</summary>
    public static async Task<EventSocketConnection> OpenAsync(FreeSwitchNode node, int longestEvent, Func<FreeSwitchEvent, CancellationToken, ValueTask> onEvent, CancellationToken cancellationToken)
    {
        var client = new TcpClient { NoDelay = true };
        try
        {
            await client.ConnectAsync(node.Host, node.Port, cancellationToken);
            var connection = new EventSocketConnection(client, longestEvent, onEvent);
            await connection.AuthenticateAsync(node.Password, cancellationToken);
            connection.Ended = connection.RunAsync();
            return connection;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Sends one-line commands in one write; the answers come in their order.</summary>
    public Task<string>[] Send(params ReadOnlySpan<string> commands)
    {
        var length = 0;
        foreach (var command in commands)
            length += Encoding.UTF8.GetByteCount(command) + 2;
        var bytes = new byte[length];
        var answers = new TaskCompletionSource<string>[commands.Length];
        var at = 0;
        for (var n = 0; n < commands.Length; n++)
        {
            at += Encoding.UTF8.GetBytes(commands[n], bytes.AsSpan(at));
            bytes[at++] = bytes[at++] = (byte)'\n';
            answers[n] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        if (awaited.Count + commands.Length > MostWaiting || !requests.Writer.TryWrite(new(bytes, answers)))
            throw new FreeSwitchUnavailableException(Ended.IsCompleted ? "The connection to FreeSWITCH has ended." : "Too many commands wait for FreeSWITCH.");
        return Array.ConvertAll(answers, a => a.Task);
    }

    /// <summary>Gives it up, since an answer that never came would be taken for the next one's.</summary>
    public void Abandon(string reason)
    {
        givenUp ??= reason;
        closing.Cancel();
    }

    /// <summary>Closes it; commands that wait fail.</summary>
    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync();
        await Ended;
        closing.Dispose();
    }

    async Task AuthenticateAsync(string password, CancellationToken cancellationToken)
    {
        Expect(FrameKind.AuthRequest, await ReadFrameAsync(cancellationToken));
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"auth {password}\n\n"), cancellationToken);
        var reply = Expect(FrameKind.CommandReply, await ReadFrameAsync(cancellationToken)).ReplyText;
        if (!reply.StartsWith("+OK", StringComparison.Ordinal))
            throw new EventSocketException($"FreeSWITCH refuses the password: {reply}");
    }

    static Frame Expect(FrameKind kind, Frame frame) => frame switch
    {
        { Kind: FrameKind.Rejection } => throw new EventSocketException($"FreeSWITCH refuses this address: {Line(frame)}"),
        { Kind: FrameKind.Disconnect } => throw new EventSocketException($"FreeSWITCH ended the connection: {Line(frame)}"),
        _ when frame.Kind == kind => frame,
        _ => throw new EventSocketException($"Expected {kind}, not {frame.Kind}."),
    };

    static string Line(Frame frame) => Encoding.UTF8.GetString(frame.Body.Slice(0, Math.Min(frame.Body.Length, 200))).ReplaceLineEndings(" ").Trim();

    async Task<string> RunAsync()
    {
        var writing = WriteAsync(closing.Token);
        var reason = await ReadUntilEndAsync(closing.Token);
        await closing.CancelAsync();
        client.Dispose();
        requests.Writer.TryComplete();
        await writing;
        await input.CompleteAsync();
        var lost = new FreeSwitchUnavailableException($"The connection to FreeSWITCH has ended: {reason}");
        while (requests.Reader.TryRead(out var request))
            foreach (var answer in request.Answers)
                answer.TrySetException(lost);
        while (awaited.TryDequeue(out var answer))
            answer.TrySetException(lost);
        return reason;
    }

    async Task<string> ReadUntilEndAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
                await TakeAsync(await ReadFrameAsync(cancellationToken), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return givenUp ?? "closed by us";
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Whatever came over the socket ends this connection and no more.
            return e.Message;
        }
    }

    async ValueTask TakeAsync(Frame frame, CancellationToken cancellationToken)
    {
        switch (frame.Kind)
        {
            case FrameKind.EventJson:
                await onEvent(FreeSwitchEvent.Parse(frame.Body), cancellationToken);
                break;
            case FrameKind.ApiResponse:
                Answer(Encoding.UTF8.GetString(frame.Body.ToArray()));
                break;
            case FrameKind.CommandReply:
                Answer(frame.ReplyText);
                break;
            case FrameKind.Other:
            case FrameKind.Disconnect when frame.Disposition == "linger":
                break;
            default:
                Expect(FrameKind.EventJson, frame);
                break;
        }
    }

    void Answer(string text)
    {
        if (!awaited.TryDequeue(out var answer))
            throw new EventSocketException("FreeSWITCH answered what was not asked.");
        answer.TrySetResult(text);
    }

    async Task WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            var output = new ArrayBufferWriter<byte>();
            while (await requests.Reader.WaitToReadAsync(cancellationToken))
            {
                while (output.WrittenCount < 64 * 1024 && requests.Reader.TryRead(out var request))
                {
                    output.Write(request.Bytes);
                    foreach (var answer in request.Answers)
                        awaited.Enqueue(answer);
                }
                await stream.WriteAsync(output.WrittenMemory, cancellationToken);
                output.ResetWrittenCount();
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // The reader sees the end too and tells why.
        }
    }

    async ValueTask<Frame> ReadFrameAsync(CancellationToken cancellationToken)
    {
        if (taken is { } end)
            input.AdvanceTo(end);
        taken = null;
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            if (FrameReader.TryRead(ref buffer, out var frame, longestEvent))
            {
                taken = buffer.Start;
                return frame!;
            }
            input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted)
                throw new EventSocketException("FreeSWITCH closed the connection.");
        }
    }
}
