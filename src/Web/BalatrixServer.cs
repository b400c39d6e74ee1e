using Balatrix.Modules;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Balatrix.Web;

/// <summary>Makes the web application; serve runs it, and tests do in their own process.</summary>
public static class BalatrixServer
{
    const long LargestBody = 32 * 1024 * 1024;

    /// <summary>An application that is ready to be started.</summary>
    /// <param name="database">Migrated.</param>
    /// <param name="urls">Where to listen.</param>
    /// <param name="time">The clock.</param>
    /// <param name="charging">Sizes of the pipeline, or null for the usual ones.</param>
    /// <param name="data">Folder of keys and mail, or null for that of the setting or ./data.</param>
    /// <param name="beforeServices">Registers what stands in for the outside world, or null.</param>
    public static WebApplication Build(
        Database database, string urls, TimeProvider time, ChargingOptions? charging = null, string? data = null, Action<IServiceCollection>? beforeServices = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "balatrix", ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls(urls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = builder.Configuration.GetValue("Balatrix:MaxBodyBytes", LargestBody);
            kestrel.Limits.MaxRequestHeaderCount = 100;
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
            // A large body holds one of a few turns while it is read: one that trickles in is cut off.
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 16 * 1024, gracePeriod: TimeSpan.FromSeconds(10));
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        });
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        // Refused requests are not errors of ours; what is one, the problem handler logs itself.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.None);
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        builder.Services.AddProblemDetails();
        // What was accepted is done before the process goes; serve gives it two minutes in all.
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(100));
        builder.Services.AddSingleton(new DataFolder(data ?? builder.Configuration["Balatrix:DataDirectory"] ?? "./data"));
        beforeServices?.Invoke(builder.Services);
        builder.Services.AddBalatrix(database, time, charging ?? new ChargingOptions());
        var app = builder.Build();
        app.UseBalatrix();
        return app;
    }
}
