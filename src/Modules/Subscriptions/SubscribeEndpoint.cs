using Balatrix.Core;
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

/// <summary>What a step came to: the subscription after it, and its money.</summary>
/// <param name="Subscription">The subscription after it.</param>
/// <param name="Lines">Charged and given back; their sum is one ledger entry.</param>
/// <param name="Net">Their sum: charged when positive, given back when negative.</param>
/// <param name="Preview">True when nothing was changed.</param>
public sealed record StepView(SubscriptionView Subscription, LineView[] Lines, string Net, bool Preview)
{
    internal static StepView Of(SubscriptionRecord after, SubscriptionStep step, bool preview) =>
        new(SubscriptionView.Of(after), SubscriptionView.Lines(step.Lines), Money.Format(step.NetMicros), preview);
}

/// <summary>Subscribing an account to a plan.</summary>
public static class SubscribeEndpoint
{
    /// <summary>A subscription to be made.</summary>
    /// <param name="Account">Number or code of the account, which has none that lives.</param>
    /// <param name="Plan">Code of a published plan.</param>
    /// <param name="Cycle">monthly (when left out), quarterly or annual.</param>
    /// <param name="Trial">Whether to begin with the plan's trial; once an account.</param>
    /// <param name="AddOns">What is taken besides.</param>
    /// <param name="AutoRenew">Whether renewals are paid without asking; yes when left out.</param>
    /// <param name="PaymentMethod">How it is to be paid, for whoever collects it.</param>
    public sealed record SubscribeRequest(string? Account, string? Plan, string? Cycle, bool? Trial, WantedAddOn[]? AddOns, bool? AutoRenew, string? PaymentMethod);

    internal static async Task<IResult> Subscribe(
        SubscribeRequest request, bool? preview, HttpContext context, AccountDirectory directory, PlanStore plans, SubscriptionTools tools, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        if (!SubscriptionView.TryParseCycle(request.Cycle ?? "monthly", out var cycle))
            return Problem.Invalid("cycle", SubscriptionView.ExpectedCycle).ToResult();
        if (request.PaymentMethod is { } method && (method.Length is 0 or > 128 || method.Contains('\0', StringComparison.Ordinal)))
            return Problem.Invalid("paymentMethod", "1 to 128 characters").ToResult();
        if (request.Account is null || await directory.FindAsync(caller, request.Account, cancellationToken) is not { } accountId)
            return Problem.Invalid("account", "the number or code of an account").ToResult();
        if (request.Plan is null || request.Plan.Contains('\0', StringComparison.Ordinal) || await plans.FindAsync(caller.TenantId, request.Plan, cancellationToken) is not { Status: "published" } plan)
            return Problem.Invalid("plan", "the code of a published plan").ToResult();
        var offer = PlanOffers.Of(plan);
        if (offer.By(cycle) is not { } subscribed)
            return Problem.Invalid("cycle", $"one that {plan.Code} has a price for").ToResult();
        if (request.Trial == true && offer.Rules.TrialDays == 0)
            return Problem.Invalid("trial", $"false: {plan.Code} has no trial").ToResult();
        try
        {
            return await tools.Database.InTenantAsync(caller.TenantId, (connection, ct) => MakeAsync(connection, accountId, plan, subscribed, ct), cancellationToken);
        }
        catch (PostgresException e) when (e is { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "subscriptions_one_alive" })
        {
            return AlreadySubscribed.ToResult();
        }

        async Task<IResult> MakeAsync(NpgsqlConnection connection, long account, PlanView sold, SubscriptionPlan as_, CancellationToken ct)
        {
            var (addOns, problem) = await AddOnOffers.PriceAsync(connection, caller.TenantId, request.AddOns, as_.Cycle, sold.Currency, null, ct);
            // A customer that is suspended or closed at the same moment waits here, or this for it; afterwards its accounts say which.
            if (preview != true)
                await Database.ExecuteAsync(
                    connection,
                    """
                    select 1 from customers.customers c
                     where c.tenant_id = $1 and c.customer_id = (select p.customer_id from customers.account_profiles p where p.account_id = $2 and p.tenant_id = $1) for share
                    """,
                    [caller.TenantId, account], ct);
            problem ??= await CheckAsync(connection, caller.TenantId, account, sold, request.Trial == true, ct);
            if (problem is not null)
                return problem.ToResult();
            var now = await tools.Clock.NowAsync(caller.TenantId, ct);
            var step = Lifecycle.Begin(as_, addOns, now, await tools.Clock.ZoneAsync(caller.TenantId, ct), request.Trial == true, request.AutoRenew ?? true);
            var id = preview == true ? 0 : await SubscriptionStore.NextIdAsync(connection, ct);
            var before = new SubscriptionRecord(id, account, sold.Currency, request.PaymentMethod, 0, now, step.After);
            if (preview == true)
                return Results.Ok(StepView.Of(before, step, preview: true));
            var taken = (await tools.Steps.TakeAsync(connection, caller.TenantId, [new(before, step, null)], now, ct))[0];
            if (taken.Step is null)
                return Refusals.ToProblem(taken.Decision!.Refusal).ToResult();
            var answer = StepView.Of(taken.After, step, preview: false);
            await AuditLog.WriteAsync(connection, caller.TenantId, Actor.Of(context), "subscription.created", "subscription", SubscriptionView.Number(id), null, answer, now, ct);
            Preconditions.SetETag(context, taken.After.Version);
            return Results.Created($"/api/v1/subscriptions/{SubscriptionView.Number(id)}", answer);
        }
    }

    static readonly Problem AlreadySubscribed = new(409, "already_subscribed", "The account has a subscription that lives; change its plan, or end it first.", "account");

    static async Task<Problem?> CheckAsync(NpgsqlConnection connection, int tenantId, long accountId, PlanView plan, bool trial, CancellationToken cancellationToken)
    {
        var accounts = await Database.QueryAsync(
            connection,
            """
            select a.currency, a.status,
                   exists (select from subscriptions.subscriptions s where s.account_id = a.account_id and s.status <> 7),
                   exists (select from subscriptions.subscriptions s join subscriptions.segments g using (subscription_id) where s.account_id = a.account_id and g.kind = 1)
              from ledger.accounts a where a.account_id = $1 and a.tenant_id = $2
            """,
            [accountId, tenantId], r => (Currency: r.GetString(0), Status: r.GetInt16(1), IsSubscribed: r.GetBoolean(2), HadTrial: r.GetBoolean(3)), cancellationToken);
        return accounts switch
        {
            [] => Problem.Invalid("account", "the number or code of an account"),
            [{ Status: not 1 }] => new(409, "account_not_active", "The account is suspended or closed.", "account"),
            [{ IsSubscribed: true }] => AlreadySubscribed,
            [{ HadTrial: true }] when trial => new(409, "trial_used", "The account had a trial already.", "trial", "false"),
            [var account] when account.Currency != plan.Currency => new(422, "currency_mismatch", $"The plan is in {plan.Currency}, the account in {account.Currency}.", "plan"),
            _ => null,
        };
    }
}
