using System.Diagnostics.Metrics;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Voice.EventSocket;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Voice.Calls;

/// <summary>The control of calls.</summary>
static class CallRegistration
{
    /// <summary>Its services.</summary>
    public static void AddCalls(this IServiceCollection services)
    {
        services.TryAddSingleton(CallTimings.Default);
        services.AddSingleton<LiveCalls>();
        services.AddSingleton<AllLiveCalls>();
        services.AddMetrics();
        services.AddSingleton(p => new CallMetrics(p.GetRequiredService<IMeterFactory>(), p.GetRequiredService<LiveCalls>()));
        services.AddSingleton<CallRulesDirectory>();
        services.AddSingleton<CallPayers>();
        services.AddSingleton<CallAccounts>();
        services.AddSingleton<CallLedger>();
        services.AddSingleton<EstimateCorrection>();
        services.AddSingleton<CallEnds>();
        services.AddSingleton(p => new CallRecords(
            p.GetRequiredService<Database>(), p.GetRequiredService<AccountDirectory>(), p.GetRequiredService<CallLedger>(), p.GetRequiredService<EstimateCorrection>(), p.GetRequiredService<CallEnds>()));
        services.AddSingleton<CallAdvisers>();
        services.AddSingleton(p => new CallAuthorizer(
            p.GetRequiredService<CallAdvisers>(), p.GetRequiredService<CallLedger>(), p.GetRequiredService<CallRulesDirectory>(), p.GetRequiredService<FreeSwitchNodes>(),
            p.GetRequiredService<ILogger<CallAuthorizer>>()));
        services.AddSingleton<CallServices>();
        services.AddHostedService<CallSupervisor>();
    }
}
