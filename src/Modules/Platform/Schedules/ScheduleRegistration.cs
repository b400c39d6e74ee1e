using Microsoft.Extensions.DependencyInjection;
using Quartz;

namespace Balatrix.Modules.Platform.Schedules;

/// <summary>Schedules by Quartz, clustered on the one database: each runs on one node, and on another when that dies.</summary>
public static class ScheduleRegistration
{
    /// <summary>The scheduler of this node, and the schedules given.</summary>
    public static void AddSchedules(this IServiceCollection services, IEnumerable<Schedule> schedules)
    {
        foreach (var schedule in schedules)
            services.AddSingleton(schedule);
        services.AddSingleton<ScheduleStore>();
        services.AddSingleton<ScheduleTriggers>();
        services.AddQuartz(quartz =>
        {
            quartz.ConfigureScheduler(options => options.InstanceName = "balatrix");
            quartz.UseDefaultThreadPool(2);
            quartz.UsePersistentStore(store =>
            {
                store.UsePostgres(source => source.DataSourceFactory = provider => provider.GetRequiredService<Database>().App);
                store.ConfigureStore(options =>
                {
                    options.TablePrefix = "quartz.qrtz_";
                    options.StoreJobDataAsStrings = true;
                    options.RecoverFiringsCancelledByShutdown = true;
                    // A program that ends without stopping its services must not be held open.
                    options.UseBackgroundThreads = true;
                });
                store.UseClustering();
            });
        });
        services.AddQuartzHostedService(options => options.WaitForJobsToComplete = false);
        services.AddHostedService(provider => provider.GetRequiredService<ScheduleTriggers>());
    }
}
