using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Balatrix.Modules.Voice.EventSocket;

/// <summary>The links to all FreeSWITCH servers of the configuration, held up while Balatrix runs.</summary>
public sealed class FreeSwitchNodes : IHostedService, IAsyncDisposable
{
    /// <summary>Links that are not started yet.</summary>
    /// <exception cref="InvalidOperationException">The configuration names a node wrongly.</exception>
    public FreeSwitchNodes(IOptions<FreeSwitchOptions> options, TimeProvider time, ILogger<NodeLink> logger, LinkTimings? timings = null)
    {
        var nodes = options.Value.Nodes;
        if (nodes.Select(n => n.Fault()).FirstOrDefault(fault => fault is not null) is { } found)
            throw new InvalidOperationException($"{FreeSwitchOptions.Section}: {found}.");
        if (nodes.GroupBy(n => n.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new InvalidOperationException($"{FreeSwitchOptions.Section}: two nodes are called {twice.Key}.");
        Links = [.. nodes.Select(node => new NodeLink(node, time, logger, timings))];
    }

    /// <summary>One link for each node, up or not.</summary>
    public IReadOnlyList<NodeLink> Links { get; }

    /// <summary>The link to a node, null when none is called so.</summary>
    public NodeLink? Find(string name) => Links.FirstOrDefault(link => link.Node.Name == name);

    /// <summary>Begins to build all links; a FreeSWITCH that is away does not hold up the start.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var link in Links)
            link.Start();
        return Task.CompletedTask;
    }

    /// <summary>Closes all links.</summary>
    public async Task StopAsync(CancellationToken cancellationToken) => await DisposeAsync();

    /// <summary>Closes all links; a second time does nothing.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var link in Links)
            await link.DisposeAsync();
    }
}
