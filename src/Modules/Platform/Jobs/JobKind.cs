using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Balatrix.Modules.Platform.Jobs;

/// <summary>A kind of job that this program can do.</summary>
/// <param name="Queue">Where it waits.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Handler">Does it.</param>
/// <param name="MostAttempts">After so many it is a dead letter.</param>
/// <param name="TimeLimit">An attempt that takes longer has failed.</param>
public sealed record JobKind(string Queue, string Name, Type Handler, int MostAttempts, TimeSpan TimeLimit);

/// <summary>How modules say which jobs they do.</summary>
public static class JobRegistration
{
    /// <summary>The waits between so many attempts grow from seconds to hours and make six to twelve hours in all.</summary>
    public const int UsualAttempts = 14;

    static readonly TimeSpan UsualLimit = TimeSpan.FromHours(1);

    /// <summary>Registers the handler of a kind; it is made anew for each run, in a scope of its own.</summary>
    public static void AddJob<THandler>(this IServiceCollection services, string queue, string kind, int mostAttempts = UsualAttempts, TimeSpan? timeLimit = null)
        where THandler : class, IJobHandler
    {
        if (!JobQueues.Lanes.ContainsKey(queue))
            throw new ArgumentException($"There is no queue {queue}; the queues are {string.Join(", ", JobQueues.Lanes.Keys)}.", nameof(queue));
        services.TryAddScoped<THandler>();
        services.AddSingleton(new JobKind(queue, kind, typeof(THandler), mostAttempts, timeLimit ?? UsualLimit));
    }

    /// <summary>The worker that does jobs on this node.</summary>
    public static void AddJobs(this IServiceCollection services)
    {
        services.AddSingleton<JobRunner>();
        services.AddSingleton<JobSignals>();
        services.AddSingleton<JobStore>();
        services.AddSingleton<ITenantTime, JobClock>();
        services.AddHostedService<JobWorker>();
        services.AddHostedService<JobListener>();
        services.AddHostedService<FinishedJobs>();
    }
}
