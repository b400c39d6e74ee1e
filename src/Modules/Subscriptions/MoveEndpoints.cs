using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>Moves of a subscription by hand. What is due comes first; an illegal move is refused with what is allowed.</summary>
public static class MoveEndpoints
{
    /// <summary>Another plan.</summary>
    /// <param name="Plan">Code of a published plan; the present one when left out.</param>
    /// <param name="Cycle">monthly, quarterly or annual; the present one when left out.</param>
    /// <param name="When">now (when left out), prorated to the second, or renewal.</param>
    /// <param name="AddOns">What is taken besides; as now when left out.</param>
    public sealed record ChangePlanRequest(string? Plan, string? Cycle, string? When, WantedAddOn[]? AddOns);

    /// <summary>The end.</summary>
    /// <param name="When">period_end (when left out), or now, with the rest of the period given back.</param>
    public sealed record CancelRequest(string? When);

    /// <summary>Out of service.</summary>
    /// <param name="Mode">suspend (when left out): time runs on and nothing is given back; pause: the rest of the period is given back.</param>
    public sealed record SuspendRequest(string? Mode);

    internal static async Task<IResult> ChangePlan(
        string id, ChangePlanRequest request, bool? preview, HttpContext context, AccountDirectory directory, PlanStore plans, SubscriptionTools tools, CancellationToken cancellationToken)
    {
        if (request.When is not (null or "now" or "renewal"))
            return Problem.Invalid("when", "now or renewal").ToResult();
        if (request.Cycle is not null && !SubscriptionView.TryParseCycle(request.Cycle, out _))
            return Problem.Invalid("cycle", SubscriptionView.ExpectedCycle).ToResult();
        if (request.Plan is not null && request.Plan.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("plan", "the code of a published plan").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        return await MoveAsync(id, "subscription.plan-changed", preview == true, CommandAsync, context, directory, tools, cancellationToken);

        async Task<(SubscriptionCommand?, Problem?)> CommandAsync(NpgsqlConnection connection, SubscriptionRecord record, CancellationToken ct)
        {
            if (await PlanStore.FindAsync(connection, tenantId, request.Plan ?? record.State.Plan.Code, ct) is not { Status: "published" } plan || plan.Currency != record.Currency)
                return (null, Problem.Invalid("plan", $"the code of a published plan in {record.Currency}"));
            var cycle = SubscriptionView.TryParseCycle(request.Cycle, out var asked) ? asked : record.State.Plan.Cycle;
            if (PlanOffers.Of(plan).By(cycle) is not { } to)
                return (null, Problem.Invalid("cycle", $"one that {plan.Code} has a price for"));
            var wanted = request.AddOns ?? [.. record.State.AddOns.Select(a => new WantedAddOn(a.Code, a.Quantity))];
            var (addOns, problem) = await AddOnOffers.PriceAsync(connection, tenantId, wanted, cycle, record.Currency, record.State, ct);
            if (problem is not null)
                return (null, problem);
            return (request.When == "renewal" ? new ScheduleChange(new(to, addOns)) : new ChangePlan(to, addOns), null);
        }
    }

    internal static Task<IResult> Cancel(
        string id, CancelRequest? request, bool? preview, HttpContext context, AccountDirectory directory, SubscriptionTools tools, CancellationToken cancellationToken) =>
        request?.When is not (null or "now" or "period_end")
            ? Task.FromResult(Problem.Invalid("when", "now or period_end").ToResult())
            : MoveAsync(id, "subscription.cancelled", preview == true, Always(request?.When == "now" ? new CancelNow() : new CancelAtPeriodEnd()), context, directory, tools, cancellationToken);

    internal static Task<IResult> Delete(string id, HttpContext context, AccountDirectory directory, SubscriptionTools tools, CancellationToken cancellationToken) =>
        MoveAsync(id, "subscription.cancelled", preview: false, Always(new CancelAtPeriodEnd()), context, directory, tools, cancellationToken);

    internal static Task<IResult> Suspend(
        string id, SuspendRequest? request, bool? preview, HttpContext context, AccountDirectory directory, SubscriptionTools tools, CancellationToken cancellationToken) =>
        request?.Mode is not (null or "suspend" or "pause")
            ? Task.FromResult(Problem.Invalid("mode", "suspend or pause").ToResult())
            : MoveAsync(
                id, request?.Mode == "pause" ? "subscription.paused" : "subscription.suspended", preview == true, Always(request?.Mode == "pause" ? new Pause() : new Suspend()),
                context, directory, tools, cancellationToken);

    internal static Task<IResult> Activate(string id, bool? preview, HttpContext context, AccountDirectory directory, SubscriptionTools tools, CancellationToken cancellationToken) =>
        MoveAsync(id, "subscription.activated", preview == true, Always(new Activate()), context, directory, tools, cancellationToken);

    internal static Task<IResult> Renew(string id, bool? preview, HttpContext context, AccountDirectory directory, SubscriptionTools tools, CancellationToken cancellationToken) =>
        MoveAsync(id, "subscription.renewed", preview == true, Always(new Renew()), context, directory, tools, cancellationToken);

    /// <summary>Makes a command from the subscription as it is when it is locked, or says what is wrong.</summary>
    internal delegate Task<(SubscriptionCommand? Command, Problem? Problem)> CommandOf(NpgsqlConnection connection, SubscriptionRecord record, CancellationToken cancellationToken);

    internal static CommandOf Always(SubscriptionCommand command) => (_, _, _) => Task.FromResult<(SubscriptionCommand?, Problem?)>((command, null));

    /// <summary>Locks the subscription, does what is due, and makes the move or shows what it would come to.</summary>
    internal static async Task<IResult> MoveAsync(
        string id, string action, bool preview, CommandOf commandOf, HttpContext context, AccountDirectory directory, SubscriptionTools tools, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        return await tools.ChangeAsync(id, context, directory, async (connection, record, now, ct) =>
        {
            var (command, problem) = await commandOf(connection, record, ct);
            if (command is null)
                return problem!.ToResult();
            var (step, refusal) = Lifecycle.Move(record.State, command, now);
            if (step is null)
                return Refused(refusal!);
            if (preview)
                return Results.Ok(StepView.Of(record with { State = step.After }, step, preview: true));
            var taken = (await tools.Steps.TakeAsync(connection, caller.TenantId, [new(record, step, null)], now, ct))[0];
            if (taken.Step is null)
                return Refusals.ToProblem(taken.Decision!.Refusal).ToResult();
            var answer = StepView.Of(taken.After, step, preview: false);
            await AuditLog.WriteAsync(connection, caller.TenantId, Actor.Of(context), action, "subscription", answer.Subscription.Id, SubscriptionView.Of(record), answer, now, ct);
            Preconditions.SetETag(context, taken.After.Version);
            return Results.Ok(answer);
        }, cancellationToken);
    }

    internal static IResult Refused(SubscriptionRefusal refusal) =>
        new Problem(409, refusal.Code, refusal.Reason, "move", refusal.Allowed.Count == 0 ? "nothing more" : string.Join(", ", refusal.Allowed.Select(SubscriptionMoves.Name))).ToResult();
}
