namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>How long a link waits for what, and how much it takes in before it gives up.</summary>
public sealed record LinkTimings
{
    /// <summary>Those of a running Balatrix.</summary>
    public static LinkTimings Default { get; } = new();

    /// <summary>From the first packet until FreeSWITCH has said yes to the password; it gives us 25 s itself.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For the answer to a command.</summary>
    public TimeSpan Reply { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For the result of a command in the background.</summary>
    public TimeSpan BackgroundResult { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Between two pings. Two that are not answered are the end of the link.</summary>
    public TimeSpan Ping { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Between two HEARTBEAT events, until FreeSWITCH tells its own interval. Three that do not come are the end of the link.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The first wait before connecting again.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(0.2);

    /// <summary>The longest wait before connecting again.</summary>
    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the reader waits for its consumer when the queue is full, before it drops the link.</summary>
    public TimeSpan ConsumerPatience { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Events that may wait for the consumer.</summary>
    public int QueuedEvents { get; init; } = 20_000;

    /// <summary>Bytes of events that may wait for the consumer.</summary>
    public long QueuedBytes { get; init; } = 128 << 20;
}
