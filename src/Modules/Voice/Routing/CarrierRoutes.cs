using Balatrix.Modules.Catalog;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Voice.Routing;

/// <summary>Carriers and the way of calls to them.</summary>
static class CarrierRoutes
{
    /// <summary>Their services.</summary>
    public static void AddRoutes(this IServiceCollection services)
    {
        services.AddSingleton<RouteTables>();
        services.AddSingleton<CarrierTools>();
        services.AddSingleton(p => new RoutePlanner(p.GetRequiredService<RouteTables>(), p.GetRequiredService<PriceBookStore>()));
    }

    /// <summary>Their routes.</summary>
    public static void MapRoutes(this IEndpointRouteBuilder routes)
    {
        var carriers = routes.MapGroup("/api/v1/carriers").WithTags("routing");
        carriers.MapPost("", CarrierEndpoints.Create).RequireRoles(Roles.Admin, Scope.CatalogWrite).WithSummary("Add a carrier")
            .WithExample("""{"name":"Carrier One","gateway":"carrier-one","currency":"INR","dialRules":[{"prefix":"91","strip":2,"prepend":"0"}],"priority":10,"weight":100,"maxCalls":200}""")
            .Produces<Carrier>(201).ProducesProblem(409);
        carriers.MapGet("", CarrierEndpoints.List).RequireRoles(Roles.Staff, Scope.CatalogRead).WithSummary("List carriers").Produces<CarrierEndpoints.CarrierList>();
        carriers.MapGet("lookup", LookUpRoute.Handle).RequireRoles(Roles.Staff, Scope.CatalogRead).WithSummary("Which carriers a number is tried over, at what cost and margin, and why in that order")
            .Produces<LookUpRoute.Response>();
        carriers.MapGet("{id:int}", CarrierEndpoints.Get).RequireRoles(Roles.Staff, Scope.CatalogRead).WithSummary("One carrier").Produces<Carrier>();
        carriers.MapPut("{id:int}", CarrierEndpoints.Update).RequireRoles(Roles.Admin, Scope.CatalogWrite).WithSummary("Change a carrier; what is left out stays")
            .WithExample("""{"priority":20,"enabled":false}""").Produces<Carrier>().ProducesProblem(409).ProducesProblem(412);
        carriers.MapDelete("{id:int}", CarrierEndpoints.Delete).RequireRoles(Roles.Admin, Scope.CatalogWrite).WithSummary("Take a carrier away; its rate deck stays").Produces<Carrier>().ProducesProblem(412);
        carriers.MapPost("{id:int}/import", ImportCosts.Handle).RequireRoles(Roles.Admin, Scope.CatalogWrite)
            .WithSummary("Import what a carrier costs: a rate deck as CSV, checked line by line, all or nothing")
            .Accepts<string>("text/csv").WithMetadata(new RequestSizeLimitAttribute(ImportDeck.LargestBody)).Produces<ImportDeck.Response>().ProducesProblem(413).ProducesProblem(415);
    }
}
