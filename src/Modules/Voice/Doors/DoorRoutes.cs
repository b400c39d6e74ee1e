using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Voice.Doors;

/// <summary>The synchronous doors of voice, and the live view.</summary>
static class DoorRoutes
{
    const string Call = """{"uuid":"6066ab8e-bff8-4f45-9e7f-2bad4aac639d","account":"ACC-10001","from":"+918045678901","to":"+442071838750"}""";

    public static void AddDoors(this IServiceCollection services) => services.AddSingleton<SwitchDoors>();

    public static void MapDoors(this IEndpointRouteBuilder routes)
    {
        var calls = routes.MapGroup("/api/v1/calls").WithTags("voice");
        calls.MapPost("authorize", AuthorizeCall.Handle).RequireScope(Scope.WalletWrite).WithExample(Call)
            .WithSummary("May this call go ahead: account, balance, rate, longest duration, route").Produces<AuthorizeCall.AuthorizedView>()
            .ProducesProblem(402).ProducesProblem(404).ProducesProblem(503);
        calls.MapGet("active", LiveCallEndpoints.Active).RequireRoles(Roles.Staff, Scope.UsageRead).WithSummary("Live calls with running cost; as server-sent events when asked for text/event-stream")
            .Produces<LiveCallEndpoints.LiveCallPage>();
        calls.MapPost("{uuid}/hangup", LiveCallEndpoints.Hangup).RequireRoles(Roles.Staff, Scope.WalletWrite).WithExample("""{"cause":"MANAGER_REQUEST","reason":"Reported as fraud"}""")
            .WithSummary("End a live call").Produces<LiveCallEndpoints.HungUpView>().ProducesProblem(503);
        routes.MapPost("/api/v1/webhooks/xml-curl", SwitchDoors.XmlCurl).WithTags("voice").RequireScope(Scope.WalletWrite, basic: true)
            .Accepts<object>("application/x-www-form-urlencoded", "*/*").WithSummary("mod_xml_curl asks for the dialplan of a call").Produces<string>(200, "text/xml");
        routes.MapPost("/api/v1/webhooks/httapi", SwitchDoors.HttApi).WithTags("voice").RequireScope(Scope.WalletWrite, basic: true)
            .Accepts<object>("application/x-www-form-urlencoded", "*/*").WithSummary("mod_httapi asks what to do with a call").Produces<string>(200, "text/xml");
    }
}
