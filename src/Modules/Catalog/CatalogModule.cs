using Balatrix.Modules.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Catalog;

/// <summary>What is sold and at what price: plans, rate decks, compiled price books.</summary>
public static class CatalogModule
{
    /// <summary>Its services.</summary>
    public static void AddCatalog(this IServiceCollection services)
    {
        services.AddSingleton<PriceBookStore>();
        services.AddHostedService(p => p.GetRequiredService<PriceBookStore>());
        services.AddSingleton<PlanStore>();
        services.AddSingleton<DeckStore>();
    }

    /// <summary>Its routes.</summary>
    public static void MapCatalog(this IEndpointRouteBuilder routes)
    {
        var plans = routes.MapGroup("/api/v1/plans").WithTags("catalog");
        plans.MapPost("", PlanEndpoints.Create).RequireScope(Scope.CatalogWrite).WithSummary("Create a plan as a draft");
        plans.MapGet("", PlanEndpoints.List).AllowPublic().WithSummary("List published plans");
        plans.MapGet("{id}", PlanEndpoints.Get).AllowPublic().WithSummary("One plan with its terms");
        plans.MapPut("{id}", PlanEndpoints.Update).RequireScope(Scope.CatalogWrite).WithSummary("Write a new version; accounts keep theirs until moved");
        plans.MapPost("{id}/publish", PlanEndpoints.Publish).RequireScope(Scope.CatalogWrite).WithSummary("Publish");
        plans.MapDelete("{id}", PlanEndpoints.Retire).RequireScope(Scope.CatalogWrite).WithSummary("Retire");

        var decks = routes.MapGroup("/api/v1/rate-decks").WithTags("catalog");
        decks.MapPost("", DeckEndpoints.Create).RequireScope(Scope.CatalogWrite).WithSummary("Create a rate deck");
        decks.MapGet("", DeckEndpoints.List).RequireScope(Scope.CatalogRead).WithSummary("List rate decks");
        decks.MapPost("{id:int}/import", DeckEndpoints.Import).RequireScope(Scope.CatalogWrite)
            .Accepts<string>("text/csv").WithSummary("Import a CSV as a new version: checked line by line, all or nothing");
        decks.MapGet("{id:int}/export", DeckEndpoints.Export).RequireScope(Scope.CatalogRead).WithSummary("Export the latest version as CSV");
        decks.MapGet("{id:int}/lookup", DeckEndpoints.Lookup).RequireScope(Scope.CatalogRead).WithSummary("Which rate a number gets at a time, and why");
    }
}
