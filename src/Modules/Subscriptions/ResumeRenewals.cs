using System.Text.Json;
using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Platform.Jobs;

namespace Balatrix.Modules.Subscriptions;

/// <summary>The job resume-renewals: an account has got money, and its renewals that waited for it are tried at once, not only with the next day's try.</summary>
sealed class ResumeRenewals(SubscriptionStore store, SubscriptionSteps steps, DueSubscriptions due) : IJobHandler
{
    /// <summary>What the job carries.</summary>
    public sealed record Payload(long AccountId);

    public const string Queue = "billing";
    public const string Kind = "resume-renewals";

    /// <summary>Tries each in the order of their numbers; what the money does not reach for waits on.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var accountId = run.Payload.Deserialize<Payload>(JsonSerializerOptions.Web)!.AccountId;
        await DunnedSubscriptions.LockAsync(run.Connection, run.TenantId, accountId, cancellationToken);
        foreach (var found in (await store.ListAsync(run.Connection, run.TenantId, null, accountId, null, long.MaxValue, int.MaxValue, cancellationToken)).OrderBy(s => s.Id))
            if (Waits(found.State))
                await TryAsync(run, found, cancellationToken);
    }

    static bool Waits(Subscription s) => s is { AutoRenew: true, Status: SubscriptionStatus.PastDue } or { AutoRenew: true, Status: SubscriptionStatus.Suspended, IsHeldByHand: false };

    async Task TryAsync(JobRun run, SubscriptionRecord found, CancellationToken cancellationToken)
    {
        var record = await due.CatchUpAsync(run.Connection, run.TenantId, found, run.Now, cancellationToken);
        if (!Waits(record.State) || Lifecycle.Move(record.State, new Renew(), run.Now).Step is not { } step)
            return;
        var taken = (await steps.TakeAsync(run.Connection, run.TenantId, [new(record, step, null)], run.Now, cancellationToken))[0];
        if (taken.Step is not null)
            await AuditLog.WriteAsync(
                run.Connection, run.TenantId, Actor.System(Kind), "subscription.renewed", "subscription", SubscriptionView.Number(record.Id), SubscriptionView.Of(record),
                StepView.Of(taken.After, step, preview: false), run.Now, cancellationToken);
    }
}
