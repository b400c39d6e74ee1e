using Balatrix.Modules.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
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
        plans.MapPost("", PlanEndpoints.Create).RequireRoles(Roles.Admin, Scope.CatalogWrite).WithSummary("Create a plan as a draft").Produces<PlanView>(201).ProducesProblem(409);
        plans.MapGet("", PlanEndpoints.List).AllowPublic().WithSummary("List published plans").Produces<PlanEndpoints.PlanList>();
        plans.MapGet("compare", ComparePlans.Handle).AllowPublic().WithSummary("Plans side by side, with the bill for a given use").Produces<ComparePlans.Response>();
        plans.MapGet("{id}", PlanEndpoints.Get).AllowPublic().WithSummary("One plan, by code or number, with its terms").Produces<PlanView>();
        plans.MapPut("{id}", PlanEndpoints.Update).RequireRoles(Roles.Admin, Scope.CatalogWrite).WithSummary("Write a new version; accounts keep theirs until moved").Produces<PlanView>().ProducesProblem(409).ProducesProblem(412);
        plans.MapPost("{id}/publish", PlanEndpoints.Publish).RequireRoles(Roles.Admin, Scope.CatalogWrite).WithSummary("Publish a plan").Produces<PlanView>().ProducesProblem(409);
        plans.MapDelete("{id}", PlanEndpoints.Retire).RequireRoles(Roles.Admin, Scope.CatalogWrite).WithSummary("Retire a plan; accounts that have it keep it").Produces<PlanView>();

        var addOns = routes.MapGroup("/api/v1/addons").WithTags("catalog");
        addOns.MapPost("", AddOnEndpoints.Create).RequireRoles(Roles.Admin, Scope.CatalogWrite).WithSummary("Create an add-on").Produces<AddOnView>(201).ProducesProblem(409);
        addOns.MapGet("", AddOnEndpoints.List).AllowPublic().WithSummary("List add-ons").Produces<AddOnEndpoints.AddOnList>();
        addOns.MapPut("{id}", AddOnEndpoints.Update).RequireRoles(Roles.Admin, Scope.CatalogWrite).WithSummary("Change an add-on; subscriptions keep the price they have").Produces<AddOnView>().ProducesProblem(409).ProducesProblem(412);
        addOns.MapDelete("{id}", AddOnEndpoints.Retire).RequireRoles(Roles.Admin, Scope.CatalogWrite).WithSummary("Retire an add-on; subscriptions that have it keep it").Produces<AddOnView>();

        var decks = routes.MapGroup("/api/v1/rate-decks").WithTags("catalog");
        decks.MapPost("", DeckEndpoints.Create).RequireRoles(Roles.Admin, Scope.CatalogWrite).WithSummary("Create a rate deck").Produces<DeckView>(201).ProducesProblem(409);
        decks.MapGet("", DeckEndpoints.List).RequireRoles(Roles.Staff, Scope.CatalogRead).WithSummary("List rate decks").Produces<DeckEndpoints.DeckPage>();
        decks.MapGet("{id:int}", DeckEndpoints.Get).RequireRoles(Roles.Staff, Scope.CatalogRead).WithSummary("One rate deck").Produces<DeckView>();
        decks.MapPost("{id:int}/import", ImportDeck.Handle).RequireRoles(Roles.Admin, Scope.CatalogWrite)
            .WithSummary("Import a CSV as a new version: checked line by line, all or nothing")
            .WithDescription("With dryRun=true nothing is written, and the answer says how the file differs from the latest version.")
            .Accepts<string>("text/csv").WithMetadata(new RequestSizeLimitAttribute(ImportDeck.LargestBody))
            .Produces<ImportDeck.Response>().ProducesProblem(413).ProducesProblem(415);
        decks.MapGet("{id:int}/export", DeckEndpoints.Export).RequireRoles(Roles.Staff, Scope.CatalogRead).WithSummary("Export a version, the latest if none is named, as CSV")
            .Produces<string>(200, "text/csv");
        decks.MapGet("{id:int}/lookup", LookUpRate.Handle).RequireRoles(Roles.Staff, Scope.CatalogRead).WithSummary("Which rate a number gets at a time, and why")
            .Produces<LookUpRate.Response>();
    }
}
