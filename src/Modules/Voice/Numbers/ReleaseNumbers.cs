using System.Text.Json;
using Balatrix.Core.Voice.Numbers;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Subscriptions;

namespace Balatrix.Modules.Voice.Numbers;

/// <summary>Takes back the numbers of a subscription that is over.</summary>
sealed class ReleaseNumbers : IJobHandler
{
    /// <summary>Releases all of them.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var ended = run.Payload.Deserialize<SubscriptionEnd>(JsonSerializerOptions.Web)!;
        var numbers = await NumberStore.LockOfSubscriptionAsync(run.Connection, run.TenantId, ended.SubscriptionId, cancellationToken);
        if (numbers.Count == 0)
            return;
        var quarantine = await NumberTools.QuarantineAsync(run.Connection, run.TenantId, cancellationToken);
        foreach (var before in numbers)
        {
            var after = await NumberStore.SaveAsync(run.Connection, run.TenantId, NumberTools.Move(before, new ReleaseNumber(quarantine), run.Now), run.Now, cancellationToken);
            await NumberTools.WriteAsync(run.Connection, run.TenantId, Actor.System(SubscriptionEnds.Kind), "did.released", before, after, run.Now, cancellationToken);
        }
    }
}
