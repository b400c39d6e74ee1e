using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Balatrix.Modules.Tests.Harness;

namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>One client of the stand-in. Commands are read one after the other, as FreeSWITCH does; answers and events leave by one queue.</summary>
sealed class StandInConnection(StandInFreeSwitch server, TcpClient client)
{
    /// <summary>FreeSWITCH keeps so many for a listener that does not read.</summary>
    const int MostQueued = 100_000;

    readonly Channel<byte[]> output = Channel.CreateUnbounded<byte[]>();
    readonly NetworkStream stream = client.GetStream();
    readonly CancellationTokenSource closing = new();
    readonly StandInSubscription subscription = new();
    readonly Random chance = new(20261121);

    public bool IsAuthenticated { get; private set; }

    /// <summary>Nothing waits to be written.</summary>
    public bool IsSilent => output.Reader.Count == 0;

    public bool Hears(string name) => subscription.Hears(name);

    public void Deliver(string name, byte[] json)
    {
        if (subscription.Wants(name, json) && output.Reader.Count < MostQueued)
            output.Writer.TryWrite(subscription.Frame(json));
    }

    public void Push(byte[] bytes) => output.Writer.TryWrite(bytes);

    public void Close()
    {
        closing.Cancel();
        client.Dispose();
    }

    public async Task EndAsync(string words)
    {
        Say($"Content-Type: text/disconnect-notice\nContent-Length: {Encoding.UTF8.GetByteCount(words)}\n\n{words}");
        output.Writer.TryComplete();
        for (var n = 0; n < 200 && !output.Reader.Completion.IsCompleted; n++)
            await Task.Delay(5);
    }

    public async Task RunAsync()
    {
        // As mod_event_socket does for each of its listeners (listener_run, SWITCH_SO_TCP_NODELAY).
        client.NoDelay = true;
        var writing = WriteAsync();
        try
        {
            if (server.Misbehaviour.RefusesAddress)
            {
                Say("Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n");
                await FlushAsync();
                return;
            }
            if (!server.Misbehaviour.NeverGreets)
                Say("Content-Type: auth/request\n\n");
            await ReadAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or SocketException)
        {
            // The client went, or the test closed it.
        }
        finally
        {
            output.Writer.TryComplete();
            Close();
            await writing;
        }
    }

    async Task ReadAsync()
    {
        var reader = new StandInCommandReader(stream);
        while (await reader.NextAsync(closing.Token) is { } command)
        {
            while (server.Misbehaviour.IsFrozen)
                await Task.Delay(5, closing.Token);
            if (!await DoAsync(command))
                break;
        }
    }

    async Task<bool> DoAsync(StandInCommand command)
    {
        var (verb, rest) = command.Verb;
        if (command.Line is not ("api uptime" or "api global_getvar core_uuid") && verb is not "auth")
            server.Commands.Enqueue(command.Text);
        if (!IsAuthenticated)
            return await AuthenticateAsync(verb, rest);
        switch (verb)
        {
            case "api":
                await ApiAsync(rest);
                break;
            case "bgapi":
                Background(rest, command["Job-UUID"] ?? Guid.NewGuid().ToString());
                break;
            case "sendmsg":
                Reply(server.Api.SendMessage(rest, command));
                break;
            case "sendevent":
                Reply($"+OK {server.Events.Custom(rest, command)}");
                break;
            case "exit":
                Reply("+OK bye");
                await GoodbyeAsync();
                return false;
            case "linger":
                Reply("-ERR not controlling a session");
                break;
            default:
                Reply(subscription.Change(verb, rest) ?? "-ERR command not found");
                break;
        }
        return true;
    }

    async Task<bool> AuthenticateAsync(string verb, string password)
    {
        if (verb != "auth")
        {
            Reply("-ERR command not found");
            return true;
        }
        IsAuthenticated = password == server.Password;
        Reply(IsAuthenticated ? "+OK accepted" : "-ERR invalid");
        if (!IsAuthenticated)
            await GoodbyeAsync();
        return IsAuthenticated;
    }

    async Task GoodbyeAsync()
    {
        Say("Content-Type: text/disconnect-notice\nContent-Length: 67\n\nDisconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n");
        await FlushAsync();
    }

    async Task ApiAsync(string line)
    {
        if (server.Misbehaviour.Ignores?.Invoke(line) == true)
            return;
        // It holds up everything else on this connection until it ends.
        if (line.StartsWith("msleep ", StringComparison.Ordinal))
            await Task.Delay(int.Parse(line[7..]), closing.Token);
        var answer = server.Api.Run(line);
        Say($"Content-Type: api/response\nContent-Length: {Encoding.UTF8.GetByteCount(answer)}\n\n{answer}");
    }

    void Background(string line, string id)
    {
        Say($"Content-Type: command/reply\nReply-Text: +OK Job-UUID: {id}\nJob-UUID: {id}\n\n");
        _ = Task.Run(async () =>
        {
            if (line.StartsWith("msleep ", StringComparison.Ordinal))
                await Task.Delay(int.Parse(line[7..]));
            await (server.Misbehaviour.HoldsJob?.Invoke(line) ?? Task.CompletedTask);
            server.Events.Job(id, line, server.Api.Run(line));
        });
    }

    void Reply(string text) => Say($"Content-Type: command/reply\nReply-Text: {text}\n\n");

    void Say(string text) => output.Writer.TryWrite(Encoding.UTF8.GetBytes(text));

    async Task FlushAsync()
    {
        output.Writer.TryComplete();
        await output.Reader.Completion.WaitAsync(Soon.Limit);
        await Task.Delay(20);
    }

    async Task WriteAsync()
    {
        try
        {
            while (await output.Reader.WaitToReadAsync(closing.Token))
            {
                while (server.Misbehaviour.IsFrozen)
                    await Task.Delay(5, closing.Token);
                if (server.Misbehaviour.WriteDelay > TimeSpan.Zero)
                    await Task.Delay(server.Misbehaviour.WriteDelay, closing.Token);
                if (server.Misbehaviour.Writing is WriteStyle.Merged)
                    await Task.Delay(20, closing.Token);
                await WriteWaitingAsync();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or SocketException)
        {
            // The client went, or the test closed it.
        }
    }

    async Task WriteWaitingAsync()
    {
        if (!TryRead(out var data))
            return;
        if (server.Misbehaviour.Writing is WriteStyle.Merged)
        {
            var merged = new List<byte>(data);
            for (var n = 1; n < 1000 && TryRead(out var frame); n++)
                merged.AddRange(frame);
            data = [.. merged];
        }
        if (server.Misbehaviour.Writing is not WriteStyle.Split)
        {
            await stream.WriteAsync(data, closing.Token);
            return;
        }
        for (var at = 0; at < data.Length;)
        {
            var length = Math.Min(chance.Next(1, 8), data.Length - at);
            await stream.WriteAsync(data.AsMemory(at, length), closing.Token);
            at += length;
            if (chance.Next(20) == 0)
                await Task.Yield();
        }
    }

    bool TryRead([NotNullWhen(true)] out byte[]? frame)
    {
        if (!output.Reader.TryRead(out frame))
            return false;
        server.FrameWritten?.Invoke(frame);
        return true;
    }
}
