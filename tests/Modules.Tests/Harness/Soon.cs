using System.Diagnostics;

namespace Balatrix.Modules.Tests.Harness;

/// <summary>Waits for what comes about by itself. A busy machine may take its time; what never comes about fails the test all the same.</summary>
public static class Soon
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until it is so.</summary>
    public static Task UntilAsync(Func<bool> isSo, string what) => UntilAsync(() => Task.FromResult(isSo()), what);

    /// <summary>Waits until it is so.</summary>
    public static Task UntilAsync(Func<Task<bool>> isSo, string what) => UntilAsync(isSo, () => what);

    /// <summary>Waits until it is so; what is said of it when it is not is asked for only then.</summary>
    public static async Task UntilAsync(Func<Task<bool>> isSo, Func<string> what, TimeSpan? limit = null)
    {
        for (var since = Stopwatch.GetTimestamp(); !await isSo(); await Task.Delay(Pause))
            if (Stopwatch.GetElapsedTime(since) > (limit ?? Limit))
                throw new TimeoutException($"Not so after {(limit ?? Limit).TotalSeconds} s: {what()}");
    }

    /// <summary>Asks until there is an answer.</summary>
    public static async Task<T> AnswerAsync<T>(Func<Task<T?>> ask, string what)
        where T : class
    {
        T? answer = null;
        await UntilAsync(async () => (answer = await ask()) is not null, what);
        return answer!;
    }
}
