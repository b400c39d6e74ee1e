using Balatrix.Modules.Platform;
using Balatrix.Modules.Voice.EventSocket;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>Controls the calls of every FreeSWITCH of the configuration, while Balatrix runs.</summary>
sealed class CallSupervisor(FreeSwitchNodes nodes, CallServices services) : BackgroundService
{
    static readonly TimeSpan Remembered = TimeSpan.FromDays(35);

    /// <summary>Names this process among those that share a FreeSWITCH.</summary>
    readonly string owner = $"{Environment.MachineName}/{Guid.NewGuid():N}";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (nodes.Links.Count == 0)
            return;
        await Task.WhenAll([.. nodes.Links.Select(link => ControlAsync(link, stoppingToken)), ForgetAsync(stoppingToken)]);
    }

    async Task ControlAsync(NodeLink link, CancellationToken cancellationToken)
    {
        var control = new CallControl(link, services, owner);
        services.Live.Attach(control);
        try
        {
            await control.RunAsync(cancellationToken);
        }
        finally
        {
            services.Live.Detach(control);
        }
    }

    async Task ForgetAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), services.Time);
        while (await CallControl.NextAsync(timer, cancellationToken))
        {
            try
            {
                await CallStore.ForgetAsync(services.Database, services.Time.GetUtcNow() - Remembered, cancellationToken);
            }
            catch (Exception e) when (Database.IsPassing(e) || e is NpgsqlException)
            {
                // In an hour again.
            }
        }
    }
}
