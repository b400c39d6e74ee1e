using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Tariffs;

/// <summary>Accounts' own prices and discounts.</summary>
public static class TariffsModule
{
    /// <summary>Its services.</summary>
    public static void AddTariffs(this IServiceCollection services) => services.AddJob<CreditDiscounts>(CreditDiscounts.Queue, CreditDiscounts.Kind);

    /// <summary>Its routes.</summary>
    public static void MapTariffs(this IEndpointRouteBuilder routes)
    {
        var tariffs = routes.MapGroup("/api/v1/tariffs").WithTags("catalog");
        tariffs.MapPost("", TariffEndpoints.Create).RequireRoles(Roles.Admin, Scope.CatalogWrite).WithSummary("Give an account its own prices and volume discounts")
            .WithDescription("Prices are searched before the plan's decks, for use that happens while the tariff holds. Discounts are percent off the use of a calendar month, credited on the first of the next.")
            .WithExample(Example("\"account\":\"ACC-10003\",")).Produces<TariffView>(201).ProducesProblem(409);
        tariffs.MapGet("", TariffEndpoints.List).RequireRoles(Roles.Staff, Scope.CatalogRead).WithSummary("List tariffs, of one account or of all").Produces<TariffPage>();
        tariffs.MapGet("{id:int}", TariffEndpoints.Get).RequireRoles(Roles.Staff, Scope.CatalogRead).WithSummary("One tariff, with the discounts that it was credited").Produces<TariffView>();
        tariffs.MapPut("{id:int}", TariffEndpoints.Update).RequireRoles(Roles.Admin, Scope.CatalogWrite).WithSummary("Write a new version, for use from now on")
            .WithExample(Example("")).Produces<TariffView>().ProducesProblem(409).ProducesProblem(412);
        tariffs.MapDelete("{id:int}", TariffEndpoints.End).RequireRoles(Roles.Admin, Scope.CatalogWrite).WithSummary("End a tariff; earlier use keeps its prices").Produces<TariffView>();
    }

    static string Example(string account) => $$"""
        {
         {{account}} "name":"Acme 2027","terms":{
          "prices":[{"service":"voice.outbound","prefix":"91","rate":"0.45","incrementSeconds":1},{"service":"sms","mcc":"404","mnc":"*","rate":"0.12"}],
          "discounts":[{"name":"Outbound volume","service":"voice.outbound","destinationGroup":"India",
                        "tiers":[{"fromQuantity":600000,"percentOff":"5"},{"fromQuantity":6000000,"percentOff":"10"}]}]
         }
        }
        """;
}
