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
    readonly CancellationTokenSource stopping = new();
    Task running = Task.CompletedTask;
    DateTimeOffset? due;
    long number = 2190;

    public TimeSpan Skew { get; set; }

    public DateTimeOffset Now => due ?? clock.GetUtcNow() + Skew;

    /// <summary>What is listed by `show tasks`.</summary>
    public IEnumerable<StandInTask> Scheduled => scheduled.Values;

    public void Start() => running = Task.Run(LoopAsync);

    public long Add(DateTimeOffset at, string group, string what, Action action)
    {
        var task = new StandInTask(++number, group, what, at, action);
        tasks.Enqueue(task, (at, task.Id));
        scheduled.Add(task.Id, task);
        return task.Id;
    }

    public int Remove(string groupOrId)
    {
        var gone = scheduled.Values.Where(t => t.Group == groupOrId || t.Id.ToString() == groupOrId).ToList();
        foreach (var task in gone)
        {
            scheduled.Remove(task.Id);
            removed.Add(task.Id);
        }
        return gone.Count;
    }

    public void Clear()
    {
        tasks.Clear();
        removed.Clear();
        scheduled.Clear();
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
                lock (gate)
                    RunDue();
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    void RunDue()
    {
        while (tasks.TryPeek(out var task, out var key) && key.Due <= clock.GetUtcNow() + Skew)
        {
            tasks.Dequeue();
            if (removed.Remove(task.Id))
                continue;
            scheduled.Remove(task.Id);
            due = key.Due;
            task.Action();
            due = null;
        }
    }
}

/// <summary>A task of the stand-in's scheduler.</summary>
sealed record StandInTask(long Id, string Group, string What, DateTimeOffset At, Action Action);
