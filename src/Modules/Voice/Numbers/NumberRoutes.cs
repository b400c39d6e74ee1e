using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Subscriptions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Voice.Numbers;

/// <summary>Telephone numbers and SIP users: who is called, and who calls.</summary>
static class NumberRoutes
{
    /// <summary>Their services.</summary>
    public static void AddNumbers(this IServiceCollection services)
    {
        services.AddSingleton<NumberDirectory>();
        services.AddSingleton<NumberTools>();
        services.AddJob<ReleaseNumbers>(SubscriptionEnds.Queue, SubscriptionEnds.Kind);
    }

    /// <summary>Their routes.</summary>
    public static void MapNumbers(this IEndpointRouteBuilder routes)
    {
        var dids = routes.MapGroup("/api/v1/dids").WithTags("numbers");
        dids.MapPost("", NumberEndpoints.Add).RequireRoles(Roles.Admin, Scope.NumbersWrite).WithSummary("Add a number to the inventory")
            .WithExample("""{"number":"+912269000001","type":"local","region":"Mumbai","label":"Block 6900"}""").Produces<NumberView>(201).ProducesProblem(409);
        dids.MapGet("", NumberEndpoints.List).RequireRoles(Roles.Everyone, Scope.NumbersRead).WithSummary("List numbers by status, type, region or part of the number; customers see their own")
            .Produces<NumberEndpoints.NumberPage>();
        dids.MapPost("import", ImportNumbers.Handle).RequireRoles(Roles.Admin, Scope.NumbersWrite)
            .WithSummary("Import numbers from a CSV (number, type, region, label): checked line by line, all or nothing")
            .Accepts<string>("text/csv").WithMetadata(new RequestSizeLimitAttribute(ImportNumbers.LargestBody)).Produces<ImportNumbers.Response>().ProducesProblem(413).ProducesProblem(415);
        dids.MapGet("{id:long}", NumberEndpoints.Get).RequireRoles(Roles.Everyone, Scope.NumbersRead).WithSummary("One number").Produces<NumberView>();
        dids.MapPut("{id:long}", NumberEndpoints.Update).RequireRoles(Roles.Staff, Scope.NumbersWrite).WithSummary("Change where calls go, the label or the region, or hold the number for an account")
            .WithExample("""{"label":"Support line","target":{"kind":"sip","value":"reception"}}""").Produces<NumberView>().ProducesProblem(409).ProducesProblem(412);
        dids.MapPost("{id:long}/assign", AssignNumbers.Assign).RequireRoles(Roles.Staff, Scope.NumbersWrite).WithSummary("Give a number to a subscription, within the limits of its plan and add-ons")
            .WithExample("""{"subscription":"SUB-1001","target":{"kind":"number","value":"+919812345678"}}""").Produces<NumberView>().ProducesProblem(409).ProducesProblem(412);
        dids.MapPost("{id:long}/release", AssignNumbers.Release).RequireRoles(Roles.Staff, Scope.NumbersWrite).WithSummary("Take a number back; it returns to the pool after its quarantine")
            .Produces<NumberView>().ProducesProblem(409).ProducesProblem(412);
        dids.MapDelete("{id:long}", NumberEndpoints.Retire).RequireRoles(Roles.Admin, Scope.NumbersWrite).WithSummary("Retire a number").Produces<NumberView>().ProducesProblem(409).ProducesProblem(412);

        var users = routes.MapGroup("/api/v1/sip-users").WithTags("numbers");
        users.MapPost("", SipUserEndpoints.Create).RequireRoles(Roles.Staff, Scope.NumbersWrite).WithSummary("Say whose account pays for a SIP user's calls")
            .WithExample("""{"name":"reception","account":"ACC-10001","label":"Front desk"}""").Produces<SipUserView>(201).ProducesProblem(409);
        users.MapGet("", SipUserEndpoints.List).RequireRoles(Roles.Everyone, Scope.NumbersRead).WithSummary("List SIP users; customers see their own").Produces<SipUserEndpoints.SipUserPage>();
        users.MapDelete("{id:long}", SipUserEndpoints.Delete).RequireRoles(Roles.Staff, Scope.NumbersWrite).WithSummary("Take a SIP user away").Produces<SipUserView>().ProducesProblem(409);
    }
}
