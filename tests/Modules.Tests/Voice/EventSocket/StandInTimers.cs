namespace Balatrix.Modules.Tests.Voice.EventSocket;

/// <summary>
/// The stand-in's scheduler. It looks at the clock every few milliseconds, so that a clock that is put forward makes everything due happen, each at its own time: while one runs,
/// <see cref="Now"/> is when it was due.
/// </summary>
sealed class StandInTimers(TimeProvider clock, object gate) : IAsyncDisposable
{
    readonly PriorityQueue<StandInTask, (DateTimeOffset Due, long Number)> tasks = new();
    readonly HashSet<long> removed = [];
    readonly Dictionary<long, StandInTask> scheduled = [];
    readonly Dictionary<string, List<StandInTask>> groups = new(StringComparer.Ordinal);
    readonly CancellationTokenSource stopping = new();
    Task running = Task.CompletedTask;
    DateTimeOffset? due;
    long number = 2190;

    public TimeSpan Skew { get; set; }

    public DateTimeOffset Now => due ?? clock.GetUtcNow() + Skew;

    /// <summary>What is listed by `show tasks`.</summary>
    public IEnumerable<StandInTask> Scheduled => scheduled.Values;

    /// <summary>When the next thing is due, by the clock that was given.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            while (tasks.TryPeek(out var task, out _) && removed.Remove(task.Id))
                tasks.Dequeue();
            return tasks.TryPeek(out _, out var key) ? key.Due - Skew : null;
        }
    }

    public void Start() => running = Task.Run(LoopAsync);

    public long Add(DateTimeOffset at, string group, string what, Action action)
    {
        var task = new StandInTask(++number, group, what, at, action);
        tasks.Enqueue(task, (at, task.Id));
        scheduled.Add(task.Id, task);
        if (!groups.TryGetValue(group, out var others))
            groups.Add(group, others = new(1));
        others.Add(task);
        return task.Id;
    }

    public int Remove(string groupOrId)
    {
        List<StandInTask> gone = groups.TryGetValue(groupOrId, out var group) ? [.. group] : long.TryParse(groupOrId, out var id) && scheduled.TryGetValue(id, out var one) ? [one] : [];
        foreach (var task in gone)
        {
            Forget(task);
            removed.Add(task.Id);
        }
        return gone.Count;
    }

    void Forget(StandInTask task)
    {
        scheduled.Remove(task.Id);
        if (groups.TryGetValue(task.Group, out var group) && group.Remove(task) && group.Count == 0)
            groups.Remove(task.Group);
    }

    public void Clear()
    {
        tasks.Clear();
        removed.Clear();
        scheduled.Clear();
        groups.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
    }

    async Task LoopAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        try
        {
            while (await timer.WaitForNextTickAsync(stopping.Token))
                RunDue();
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    /// <summary>Between two that are due, commands get their turn, unless the caller has the gate himself.</summary>
    public void RunDue()
    {
        while (RunOne())
        {
        }
    }

    bool RunOne()
    {
        lock (gate)
        {
            if (!tasks.TryPeek(out var task, out var key) || key.Due > clock.GetUtcNow() + Skew)
                return false;
            tasks.Dequeue();
            if (removed.Remove(task.Id))
                return true;
            Forget(task);
            due = key.Due;
            task.Action();
            due = null;
            return true;
        }
    }
}

/// <summary>A task of the stand-in's scheduler.</summary>
sealed record StandInTask(long Id, string Group, string What, DateTimeOffset At, Action Action);
