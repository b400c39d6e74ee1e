using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Platform;

/// <summary>
/// Behind proxies that are named in the settings (Balatrix:KnownProxies: addresses and CIDR ranges, separated by commas), the client is the one that they
/// name in X-Forwarded-For, so that allowed addresses and limits see it. Nobody else is believed.
/// </summary>
public static class ForwardedClients
{
    const string Setting = "Balatrix:KnownProxies";

    /// <summary>Believes the proxies of the settings.</summary>
    public static void AddForwardedClients(this IServiceCollection services) => services.AddOptions<ForwardedHeadersOptions>().Configure<IConfiguration>((options, configuration) =>
    {
        options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
        // As many hops as there are known proxies; the first unknown address is the client.
        options.ForwardLimit = null;
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in Proxies(configuration))
        {
            if (IPAddress.TryParse(proxy, out var address))
                options.KnownProxies.Add(address);
            else if (System.Net.IPNetwork.TryParse(proxy, out var network))
                options.KnownIPNetworks.Add(network);
            else
                throw new SetupException($"{Setting} has {proxy}. Expected addresses and CIDR ranges such as 10.0.0.0/8, separated by commas.");
        }
    });

    /// <summary>Without known proxies the middleware would believe everybody, so it is left out.</summary>
    public static void UseForwardedClients(this WebApplication app)
    {
        if (Proxies(app.Configuration).Length > 0)
            app.UseForwardedHeaders();
    }

    static string[] Proxies(IConfiguration configuration) => (configuration[Setting] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
