using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>Runs a sandbox beside Balatrix where the setting Balatrix:PaymentSandbox says ("http://127.0.0.1:8099"), and none without it. It keeps its things in the data folder.</summary>
public sealed class SandboxHost(IConfiguration configuration, IServer server, DataFolder data, TimeProvider time) : IHostedLifecycleService, IAsyncDisposable
{
    /// <summary>Names its address.</summary>
    public const string Setting = "Balatrix:PaymentSandbox";

    SandboxServer? sandbox;

    /// <summary>Starts it once Balatrix listens, so that webhooks have where to go.</summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (configuration[Setting] is not { Length: > 0 } url)
            return;
        var own = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault();
        var webhooks = own is null ? null : new Uri($"{own.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal).Replace("[::]", "127.0.0.1", StringComparison.Ordinal)}/api/v1/webhooks");
        sandbox = await SandboxServer.StartAsync(new SandboxOptions(url, data.File("payment-sandbox.ndjson"), webhooks), time, cancellationToken);
    }

    /// <summary>Ends it first, since it posts to Balatrix.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken) => await DisposeAsync();

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref sandbox, null) is { } running)
            await running.DisposeAsync();
    }
}

/// <summary>The sandbox among the services.</summary>
public static class SandboxServices
{
    /// <summary>Ready to start when it is set up.</summary>
    public static void AddPaymentSandbox(this IServiceCollection services) => services.AddHostedService<SandboxHost>();
}
