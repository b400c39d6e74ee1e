namespace Balatrix.Modules.Voice.Calls;

/// <summary>When calls want to be woken: one time each, the earliest they asked for.</summary>
sealed class CallTimers
{
    readonly Lock gate = new();
    readonly PriorityQueue<CallSession, DateTimeOffset> queue = new();

    public void Set(CallSession session, DateTimeOffset at)
    {
        lock (gate)
        {
            if (at >= session.WakeAt)
                return;
            session.WakeAt = at;
            queue.Enqueue(session, at);
        }
    }

    public void Remove(CallSession session)
    {
        lock (gate)
            session.WakeAt = DateTimeOffset.MinValue;
    }

    public List<CallSession> Due(DateTimeOffset now)
    {
        var due = new List<CallSession>();
        lock (gate)
        {
            while (queue.TryPeek(out var session, out var at) && at <= now)
            {
                queue.Dequeue();
                // Another time was asked for since, or the call is over.
                if (session.WakeAt != at)
                    continue;
                session.WakeAt = DateTimeOffset.MaxValue;
                due.Add(session);
            }
        }
        return due;
    }
}
