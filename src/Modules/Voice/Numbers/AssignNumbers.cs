using Balatrix.Core.Voice.Numbers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Subscriptions;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Voice.Numbers;

/// <summary>Gives numbers to subscriptions within the limits of their plans, and takes them back.</summary>
public static class AssignNumbers
{
    /// <summary>Who gets the number.</summary>
    /// <param name="Subscription">Number of a subscription in service.</param>
    /// <param name="Target">Where its calls go; can be said later.</param>
    /// <param name="Label">What staff call it.</param>
    public sealed record AssignRequest(string? Subscription, TargetView? Target, string? Label);

    internal static async Task<IResult> Assign(long id, AssignRequest request, HttpContext context, SubscriptionLimits limits, NumberTools tools, CancellationToken cancellationToken)
    {
        if (request.Subscription is null || !SubscriptionView.TryParseNumber(request.Subscription, out var subscriptionId))
            return Problem.Invalid("subscription", "the number of a subscription").ToResult();
        if (request.Label is not null && !NumberCsv.IsText(request.Label))
            return Problem.Invalid("label", $"at most {NumberCsv.LongestText} characters").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        SubscriptionLimit? limit = null;
        return await tools.ChangeAsync(
            id, "did.assigned", context,
            async (connection, ct) =>
            {
                // The subscription is locked before the number, as when it ends; a number's kind never changes.
                if (await NumberStore.FindAsync(connection, tenantId, id, toChange: false, ct) is { } number)
                    limit = await limits.LockAsync(connection, tenantId, subscriptionId, NumberKinds.LimitOf(number.Kind), ct)
                        ?? throw new ProblemException(Problem.Invalid("subscription", "the number of a subscription"));
            },
            async (connection, before, now, ct) =>
            {
                var after = NumberTools.Move(before, new AssignNumber(limit!.AccountId, subscriptionId), now);
                if (!limit.IsInService)
                    throw new ProblemException(new(409, "subscription_not_in_service", $"The subscription is {limit.Status}.", "subscription", "one in service"));
                if (limit.Most is { } most && await NumberStore.CountOfSubscriptionAsync(connection, tenantId, subscriptionId, before.Kind == NumberKind.TollFree, ct) is var has && has >= most)
                    throw new ProblemException(new(
                        409, "limit_reached", $"The subscription has {has} of {most} {(before.Kind == NumberKind.TollFree ? "toll-free numbers" : "numbers")} that {limit.Plan} and its add-ons allow.",
                        $"limits.{NumberKinds.LimitOf(before.Kind)}", "a larger plan or an add-on"));
                after = after with { Label = request.Label?.Trim() ?? after.Label };
                if (request.Target is not null)
                    return after with { Target = await NumberEndpoints.TargetAsync(connection, tenantId, request.Target, after.State, ct) };
                await NumberEndpoints.CheckOwnerAsync(connection, tenantId, after.Target, limit.AccountId, ct);
                return after;
            },
            cancellationToken);
    }

    internal static Task<IResult> Release(long id, HttpContext context, NumberTools tools, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        return tools.ChangeAsync(
            id, "did.released", context, null,
            async (connection, before, now, ct) => NumberTools.Move(before, new ReleaseNumber(await NumberTools.QuarantineAsync(connection, tenantId, ct)), now), cancellationToken);
    }
}
