namespace Balatrix.Modules.Voice.Calls;

/// <summary>When calls want to be woken: one time each, the earliest they asked for.</summary>
sealed class CallTimers
{
    /// <summary>Of a call that is over: no time is earlier.</summary>
    static readonly Wake Never = new(null, DateTimeOffset.MinValue);

    readonly Lock gate = new();
    readonly PriorityQueue<Wake, DateTimeOffset> queue = new();

    public void Set(CallSession session, DateTimeOffset at)
    {
        lock (gate)
        {
            if (session.Wake is { } wake)
            {
                if (at >= wake.At)
                    return;
                wake.Session = null;
            }
            session.Wake = new(session, at);
            queue.Enqueue(session.Wake, at);
        }
    }

    public void Remove(CallSession session)
    {
        lock (gate)
        {
            if (session.Wake is { } wake)
                wake.Session = null;
            session.Wake = Never;
        }
    }

    public List<CallSession> Due(DateTimeOffset now)
    {
        var due = new List<CallSession>();
        lock (gate)
        {
            while (queue.TryPeek(out var wake, out var at) && at <= now)
            {
                queue.Dequeue();
                if (wake.Session is not { } session)
                    continue;
                session.Wake = null;
                due.Add(session);
            }
        }
        return due;
    }

    /// <summary>A time that was asked for. Without its call when another time was asked for since, or the call is over: nothing else keeps the call in memory.</summary>
    internal sealed class Wake(CallSession? session, DateTimeOffset at)
    {
        public CallSession? Session { get; set; } = session;

        public DateTimeOffset At => at;
    }
}
