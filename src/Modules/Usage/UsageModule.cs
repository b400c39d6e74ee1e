using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Usage;

/// <summary>Use of all kinds, as it comes in and as it is read.</summary>
public static class UsageModule
{
    /// <summary>Its services.</summary>
    public static void AddUsage(this IServiceCollection services)
    {
        services.AddSingleton<RequestBodies>();
        services.AddSingleton<UsageIntake>();
        services.AddSingleton<UsageQueries>();
        services.AddSingleton<UnratedStore>();
        services.AddJob<RetryUnrated>(RetryUnrated.Queue, RetryUnrated.Kind);
    }

    /// <summary>Its routes.</summary>
    public static void MapUsage(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/plans/simulate", SimulatePlan.Handle).WithTags("catalog").RequireRoles(Roles.Staff, Scope.CatalogRead)
            .WithSummary("What past use would have cost under a plan; changes nothing").Produces<SimulatePlan.Report>()
            .WithDescription("With Accept: application/x-ndjson, lines of progress come before the report.");
        var events = routes.MapGroup("/api/v1/events").WithTags("events");
        events.MapPost("", EventEndpoints.Post).RequireScope(Scope.UsageWrite)
            .Accepts<object>("application/cloudevents+json", "application/json", "*/*").WithSummary("Charge one usage event (CloudEvents 1.0, structured or binary)")
            .Produces<UsageAnswerView>(201).Produces<UsageAnswerView>().ProducesProblem(402).ProducesProblem(409);
        events.MapPost("batch", EventEndpoints.PostBatch).RequireScope(Scope.UsageWrite)
            .Accepts<object>("application/cloudevents-batch+json", "application/x-ndjson", "*/*").WithSummary("Charge a batch of events; each gets its own outcome").Produces<BatchAnswerView>();
        events.MapGet("", EventEndpoints.List).RequireRoles(Roles.Everyone, Scope.UsageRead).WithSummary("List usage of all kinds, latest first").Produces<UsagePage>();
        events.MapGet("{id}", EventEndpoints.Get).RequireRoles(Roles.Everyone, Scope.UsageRead).WithSummary("One event with its rating trace").Produces<UsageView>();
    }
}
