using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Usage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Subscriptions;

/// <summary>Subscriptions of accounts to plans: their periods, prices, renewals and changes.</summary>
public static class SubscriptionsModule
{
    /// <summary>Its services.</summary>
    public static void AddSubscriptions(this IServiceCollection services)
    {
        services.AddSingleton<PlanOffers>();
        services.AddSingleton<SubscriptionStore>();
        services.AddSingleton<SubscriptionAllowances>();
        services.AddSingleton<CallLimits>();
        services.AddSingleton<SubscriptionWrites>();
        services.AddSingleton<SubscriptionSteps>();
        services.AddSingleton<DueSubscriptions>();
        services.AddSingleton<SubscriptionTools>();
        services.AddSingleton(p => new DunnedSubscriptions(p.GetRequiredService<SubscriptionStore>(), p.GetRequiredService<SubscriptionSteps>(), p.GetRequiredService<DueSubscriptions>()));
        services.AddSingleton(p => new SubscriptionLimits(p.GetRequiredService<SubscriptionStore>(), p.GetRequiredService<PlanOffers>()));
        services.AddSingleton(p => new SubscriptionSeeds(p.GetRequiredService<SubscriptionTools>()));
        services.AddSingleton<FollowCustomer>();
        // The arrow goes from subscriptions to customers; what a customer's subscriptions do with it is done through this.
        services.AddSingleton<CustomerMoved>(p => p.GetRequiredService<FollowCustomer>().MoveAsync);
        services.AddSingleton<ITenantTime, SubscriptionClock>();
        services.AddJob<RenewSubscriptions>(RenewSubscriptions.Queue, RenewSubscriptions.Kind);
        services.AddJob<ResumeRenewals>(ResumeRenewals.Queue, ResumeRenewals.Kind);
    }

    /// <summary>Its routes.</summary>
    public static void MapSubscriptions(this IEndpointRouteBuilder routes)
    {
        var subscriptions = routes.MapGroup("/api/v1/subscriptions").WithTags("subscriptions");
        subscriptions.MapPost("", SubscribeEndpoint.Subscribe).RequireRoles(Roles.Everyone, Scope.SubscriptionsWrite)
            .WithExample("""{"account":"ACC-10001","plan":"starter","cycle":"monthly","trial":false,"addOns":[],"autoRenew":true}""")
            .WithSummary("Subscribe an account: monthly, quarterly or annual, with trial and add-ons; preview=true shows the amounts").Produces<StepView>(201).Produces<StepView>().ProducesProblem(402).ProducesProblem(409);
        subscriptions.MapGet("", SubscriptionEndpoints.List).RequireRoles(Roles.Everyone, Scope.SubscriptionsRead)
            .WithSummary("List subscriptions, the latest first").Produces<SubscriptionEndpoints.SubscriptionList>();
        subscriptions.MapGet("{id}", SubscriptionEndpoints.Get).RequireRoles(Roles.Everyone, Scope.SubscriptionsRead).WithSummary("One subscription").Produces<SubscriptionView>();
        subscriptions.MapPut("{id}", SubscriptionEndpoints.Update).RequireRoles(Roles.Everyone, Scope.SubscriptionsWrite)
            .WithExample("""{"autoRenew":false}""")
            .WithSummary("Add-ons (prorated), auto-renew, payment method; takes a cancellation or a scheduled change back").Produces<StepView>().ProducesProblem(402).ProducesProblem(409).ProducesProblem(412);
        subscriptions.MapDelete("{id}", MoveEndpoints.Delete).RequireRoles(Roles.Everyone, Scope.SubscriptionsWrite)
            .WithSummary("Cancel at the end of the period").Produces<StepView>().ProducesProblem(409).ProducesProblem(412);
        subscriptions.MapPost("{id}/change-plan", MoveEndpoints.ChangePlan).RequireRoles(Roles.Everyone, Scope.SubscriptionsWrite)
            .WithExample("""{"plan":"professional","cycle":"annual","when":"now"}""")
            .WithSummary("Change the plan or cycle now, prorated to the second, or at the renewal; preview=true shows the amounts").Produces<StepView>().ProducesProblem(402).ProducesProblem(409).ProducesProblem(412);
        subscriptions.MapPost("{id}/cancel", MoveEndpoints.Cancel).RequireRoles(Roles.Everyone, Scope.SubscriptionsWrite)
            .WithExample("""{"when":"period_end"}""")
            .WithSummary("Cancel at the end of the period, or now with the rest given back").Produces<StepView>().ProducesProblem(409).ProducesProblem(412);
        subscriptions.MapPost("{id}/suspend", MoveEndpoints.Suspend).RequireRoles(Roles.Staff, Scope.SubscriptionsWrite)
            .WithExample("""{"mode":"pause"}""")
            .WithSummary("Suspend, or pause with the rest of the period given back").Produces<StepView>().ProducesProblem(409).ProducesProblem(412);
        subscriptions.MapPost("{id}/activate", MoveEndpoints.Activate).RequireRoles(Roles.Staff, Scope.SubscriptionsWrite)
            .WithSummary("End a trial, resume, or take a cancellation back").Produces<StepView>().ProducesProblem(402).ProducesProblem(409).ProducesProblem(412);
        subscriptions.MapPost("{id}/renew", MoveEndpoints.Renew).RequireRoles(Roles.Staff, Scope.SubscriptionsWrite)
            .WithSummary("Pay the period that is due, or the next one early").Produces<StepView>().ProducesProblem(402).ProducesProblem(409).ProducesProblem(412);
        subscriptions.MapGet("{id}/usage", UsageEndpoints.Get).RequireRoles(Roles.Everyone, Scope.SubscriptionsRead)
            .WithSummary("Allowances and overage by period").Produces<UsageEndpoints.UsageList>();
        subscriptions.MapPost("{id}/usage", UsageEndpoints.Report).RequireScope(Scope.UsageWrite)
            .WithSummary("Report usage by hand as a CloudEvent; the same id is charged once").Accepts<object>("application/json")
            .WithExample("""{"specversion":"1.0","id":"meter-1","source":"by-hand","type":"balatrix.event","time":"2026-11-21T09:30:00Z","data":{"channel":"sms_otp","quantity":3}}""")
            .Produces<UsageAnswerView>(201).Produces<UsageAnswerView>().Produces<UsageAnswerView>(202).ProducesProblem(409);
    }
}
