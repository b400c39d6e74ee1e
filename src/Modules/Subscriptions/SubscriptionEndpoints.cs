using Balatrix.Core.Subscriptions;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>Subscriptions by HTTP: lists, one, and their settings.</summary>
public static class SubscriptionEndpoints
{
    /// <summary>Settings; what is left out stays.</summary>
    /// <param name="AddOns">What is taken besides the plan from now on; an empty list takes all away.</param>
    /// <param name="AutoRenew">Whether renewals are paid without asking.</param>
    /// <param name="PaymentMethod">How it is to be paid; empty takes it away.</param>
    /// <param name="CancelAtPeriodEnd">true ends it with the period, false takes that back.</param>
    /// <param name="ScheduledChange">null is no change; false takes back a change that waits for the renewal.</param>
    public sealed record UpdateRequest(WantedAddOn[]? AddOns, bool? AutoRenew, string? PaymentMethod, bool? CancelAtPeriodEnd, bool? ScheduledChange);

    /// <summary>A page of subscriptions, the latest first.</summary>
    /// <param name="Items">The page.</param>
    /// <param name="Next">Give it as before to get the next page; null on the last one.</param>
    public sealed record SubscriptionList(SubscriptionView[] Items, string? Next);

    internal static async Task<IResult> List(
        string? account, string? status, string? before, int? limit, HttpContext context, AccountDirectory directory, SubscriptionTools tools, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var page = limit ?? 50;
        if (page is < 1 or > 500)
            return Problem.Invalid("limit", "1 to 500").ToResult();
        SubscriptionStatus? wanted = Enum.GetValues<SubscriptionStatus>().Where(s => SubscriptionMoves.Name(s) == status).Select(s => (SubscriptionStatus?)s).FirstOrDefault();
        if (status is not null && wanted is null)
            return Problem.Invalid("status", string.Join(", ", Enum.GetValues<SubscriptionStatus>().Select(SubscriptionMoves.Name))).ToResult();
        var last = long.MaxValue;
        if (before is not null && !SubscriptionView.TryParseNumber(before, out last))
            return Problem.Invalid("before", "a subscription's number").ToResult();
        long? accountId = null;
        if (account is not null && (accountId = await directory.FindAsync(caller, account, cancellationToken)) is null)
            return Results.Ok(new SubscriptionList([], null));
        var own = await directory.OwnAsync(caller, cancellationToken);
        var found = await tools.Database.InTenantAsync(
            caller.TenantId, (connection, ct) => tools.Store.ListAsync(connection, caller.TenantId, own, accountId, wanted, last, page + 1, ct), cancellationToken);
        return Results.Ok(new SubscriptionList([.. found.Take(page).Select(SubscriptionView.Of)], found.Count > page ? SubscriptionView.Number(found[page - 1].Id) : null));
    }

    internal static async Task<IResult> Get(string id, HttpContext context, AccountDirectory directory, SubscriptionTools tools, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, context, directory, tools, cancellationToken) is not { } record)
            return Problem.NotFound("subscription").ToResult();
        Preconditions.SetETag(context, record.Version);
        return Results.Ok(SubscriptionView.Of(record));
    }

    internal static Task<IResult> Update(
        string id, UpdateRequest request, HttpContext context, AccountDirectory directory, SubscriptionTools tools, CancellationToken cancellationToken)
    {
        if (request.PaymentMethod is { } method && (method.Length > 128 || method.Contains('\0', StringComparison.Ordinal)))
            return Task.FromResult(Problem.Invalid("paymentMethod", "at most 128 characters").ToResult());
        if (request.ScheduledChange == true)
            return Task.FromResult(Problem.Invalid("scheduledChange", "false, or left out").ToResult());
        var moves = (request.AddOns is null ? 0 : 1) + (request.CancelAtPeriodEnd is null ? 0 : 1) + (request.ScheduledChange is null ? 0 : 1);
        if (moves > 1)
            return Task.FromResult(Problem.Invalid("addOns", "one of addOns, cancelAtPeriodEnd and scheduledChange at a time").ToResult());
        if (moves == 0)
            return SetAsync(id, request, context, directory, tools, cancellationToken);
        if (request.AutoRenew is not null || request.PaymentMethod is not null)
            return Task.FromResult(Problem.Invalid("autoRenew", "settings in a request of their own").ToResult());
        return MoveEndpoints.MoveAsync(id, "subscription.changed", preview: false, CommandAsync, context, directory, tools, cancellationToken);

        async Task<(SubscriptionCommand?, Problem?)> CommandAsync(NpgsqlConnection connection, SubscriptionRecord record, CancellationToken ct)
        {
            if (request.ScheduledChange == false)
                return (new ScheduleChange(null), null);
            if (request.CancelAtPeriodEnd is { } cancel)
            {
                // A customer takes a cancellation back; bringing a stopped subscription back is the staff's.
                return cancel || record.State.Status == SubscriptionStatus.Cancelled
                    ? (cancel ? new CancelAtPeriodEnd() : new Activate(), null)
                    : (null, new Problem(409, "no_change", "The subscription does not end with its period.", "cancelAtPeriodEnd"));
            }
            var (addOns, problem) = await AddOnOffers.PriceAsync(connection, Caller.Of(context).TenantId, request.AddOns, record.State.Plan.Cycle, record.Currency, record.State, ct);
            return problem is null ? (new ChangeAddOns(addOns), null) : (null, problem);
        }
    }

    /// <summary>The subscription that a path names, when it is the caller's to see.</summary>
    internal static async Task<SubscriptionRecord?> FindAsync(string id, HttpContext context, AccountDirectory directory, SubscriptionTools tools, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        if (!SubscriptionView.TryParseNumber(id, out var number))
            return null;
        var own = await directory.OwnAsync(caller, cancellationToken);
        return await tools.Database.InTenantAsync(caller.TenantId, (connection, ct) => tools.Store.FindAsync(connection, caller.TenantId, number, own, forUpdate: false, ct), cancellationToken);
    }

    /// <summary>Settings that cost nothing and move nothing.</summary>
    static async Task<IResult> SetAsync(string id, UpdateRequest request, HttpContext context, AccountDirectory directory, SubscriptionTools tools, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        return await tools.ChangeAsync(id, context, directory, async (connection, record, now, ct) =>
        {
            if (record.State.Status == SubscriptionStatus.Ended)
                return new Problem(409, "illegal_move", "A subscription that is ended does not change.").ToResult();
            var after = record with
            {
                Version = record.Version + 1,
                PaymentMethod = request.PaymentMethod is null ? record.PaymentMethod : request.PaymentMethod.Length == 0 ? null : request.PaymentMethod,
                State = request.AutoRenew is { } auto ? Lifecycle.WithAutoRenew(record.State, auto, now) : record.State,
            };
            await SubscriptionWrites.SaveSubscriptionsAsync(connection, caller.TenantId, [after], now, ct);
            var view = SubscriptionView.Of(after);
            await AuditLog.WriteAsync(connection, caller.TenantId, Actor.Of(context), "subscription.changed", "subscription", view.Id, SubscriptionView.Of(record), view, now, ct);
            Preconditions.SetETag(context, after.Version);
            return Results.Ok(StepView.Of(after, new(after.State, [], []), preview: false));
        }, cancellationToken);
    }
}
