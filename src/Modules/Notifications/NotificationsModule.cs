using Balatrix.Modules.Platform.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Notifications;

/// <summary>What is sent to people.</summary>
public static class NotificationsModule
{
    /// <summary>Its jobs.</summary>
    public static void AddNotifications(this IServiceCollection services) => services.AddJob<SendEmail>(Mail.Queue, Mail.Kind, timeLimit: TimeSpan.FromMinutes(2));
}
