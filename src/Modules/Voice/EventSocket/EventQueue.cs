using System.Threading.Channels;

namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>Events between the reader of a socket and their consumer: bounded by number and by bytes, nothing is ever dropped out of it.</summary>
sealed class EventQueue : ChannelReader<FreeSwitchEvent>
{
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);

    readonly Channel<FreeSwitchEvent> channel = Channel.CreateUnbounded<FreeSwitchEvent>();
    readonly LinkTimings timings;
    readonly TimeProvider time;
    long bytes;

    public EventQueue(LinkTimings timings, TimeProvider time) => (this.timings, this.time) = (timings, time);

    public override Task Completion => channel.Reader.Completion;

    public override bool CanCount => true;

    public override int Count => channel.Reader.Count;

    bool IsFull => Count >= timings.QueuedEvents || Interlocked.Read(ref bytes) >= timings.QueuedBytes;

    public override bool TryRead(out FreeSwitchEvent item)
    {
        if (!channel.Reader.TryRead(out item!))
            return false;
        Interlocked.Add(ref bytes, -item.Size);
        return true;
    }

    public override ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default) => channel.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Adds what must not be lost, full or not; for the few events of the link itself.</summary>
    public void Add(FreeSwitchEvent item)
    {
        Interlocked.Add(ref bytes, item.Size);
        channel.Writer.TryWrite(item);
    }

    /// <summary>Adds an event, when need be after waiting for the consumer.</summary>
    /// <exception cref="EventSocketException">The consumer took nothing for too long.</exception>
    public async ValueTask AddAsync(FreeSwitchEvent item, CancellationToken cancellationToken)
    {
        if (IsFull)
        {
            var since = time.GetTimestamp();
            while (IsFull)
            {
                if (time.GetElapsedTime(since) > timings.ConsumerPatience)
                    throw new EventSocketException($"{Count} events wait and are not taken.");
                await Task.Delay(Look, time, cancellationToken);
            }
        }
        Add(item);
    }

    /// <summary>Waits until the consumer has caught up, for ever when it must.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        while (Count > timings.QueuedEvents / 2 || Interlocked.Read(ref bytes) > timings.QueuedBytes / 2)
            await Task.Delay(Look, time, cancellationToken);
    }

    public void Complete() => channel.Writer.TryComplete();
}
