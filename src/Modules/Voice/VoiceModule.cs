using Balatrix.Modules.Identity;
using Balatrix.Modules.Usage;
using Balatrix.Modules.Voice.Calls;
using Balatrix.Modules.Voice.Doors;
using Balatrix.Modules.Voice.EventSocket;
using Balatrix.Modules.Voice.Fraud;
using Balatrix.Modules.Voice.Numbers;
using Balatrix.Modules.Voice.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Voice;

/// <summary>Calls: records as FreeSWITCH and others send them, and what is read of them.</summary>
public static class VoiceModule
{
    /// <summary>Its services.</summary>
    public static void AddVoice(this IServiceCollection services)
    {
        services.AddSingleton<CallLegs>();
        services.AddOptions<FreeSwitchOptions>().BindConfiguration(FreeSwitchOptions.Section);
        services.AddSingleton<FreeSwitchNodes>();
        services.AddHostedService(provider => provider.GetRequiredService<FreeSwitchNodes>());
        services.AddNumbers();
        services.AddRoutes();
        services.AddFraud();
        services.AddCalls();
        services.AddDoors();
    }

    /// <summary>Its routes.</summary>
    public static void MapVoice(this IEndpointRouteBuilder routes)
    {
        var cdrs = routes.MapGroup("/api/v1/cdrs").WithTags("cdrs");
        cdrs.MapPost("", CdrEndpoints.Post).RequireScope(Scope.UsageWrite).Accepts<object>("application/json", "*/*").WithSummary("Charge one call record")
            .Produces<UsageAnswerView>(201).Produces<UsageAnswerView>().Produces<UsageAnswerView>(202).ProducesProblem(409);
        cdrs.MapPost("batch", CdrEndpoints.PostBatch).RequireScope(Scope.UsageWrite).Accepts<object>("application/json", "*/*")
            .WithSummary("Charge up to 10,000 call records; each gets its own outcome").Produces<BatchAnswerView>();
        cdrs.MapGet("", CdrEndpoints.List).RequireRoles(Roles.Everyone, Scope.UsageRead).WithSummary("List call records, latest first; status=unrated lists what waits for a rate")
            .Produces<UsagePage>();
        cdrs.MapGet("statistics", CdrReports.Statistics).RequireRoles(Roles.Everyone, Scope.UsageRead).WithSummary("Counts, minutes and cost").Produces<CallSumsView>();
        cdrs.MapGet("analytics", CdrReports.Analytics).RequireRoles(Roles.Everyone, Scope.UsageRead).WithSummary("By hour, hour_of_day, day, direction, cause, plan, carrier, route, country, destination or prefix, with ASR, ACD and PDD")
            .Produces<CallSumsView>();
        cdrs.MapGet("top-destinations", CdrReports.TopDestinations).RequireRoles(Roles.Everyone, Scope.UsageRead).WithSummary("Destinations by minutes or cost")
            .Produces<CallSumsView>();
        cdrs.MapGet("export", CdrReports.Export).RequireRoles(Roles.Everyone, Scope.UsageRead).WithSummary("CSV, streamed").Produces<string>(200, "text/csv");
        cdrs.MapGet("{id}", CdrEndpoints.Get).RequireRoles(Roles.Everyone, Scope.UsageRead).WithSummary("One call record with its rating trace and legs")
            .Produces<CallView>();
        cdrs.MapPost("{id}/retry", CdrEndpoints.Retry).RequireRoles(Roles.Staff, Scope.UsageWrite).WithSummary("Rate and charge an unrated record again").Produces<RetryAnswer>();
        cdrs.MapPost("rerate", RerateCdrs.Handle).RequireRoles(Roles.Admin, Scope.AccountsAdmin).Produces<RerateCdrs.Report>().ProducesProblem(409)
            .WithSummary("Price the calls of a period again after a rate was mended: preview, then post the differences");
        routes.MapPost("/api/v1/webhooks/cdr", CdrEndpoints.Webhook).WithTags("cdrs").RequireScope(Scope.UsageWrite, basic: true)
            .Accepts<object>("application/json", "text/xml", "application/x-www-form-urlencoded", "*/*").WithSummary("FreeSWITCH mod_json_cdr and mod_xml_cdr post here as they are")
            .Produces<UsageAnswerView>(201).Produces<UsageAnswerView>().Produces<UsageAnswerView>(202).ProducesProblem(409);
        routes.MapNumbers();
        routes.MapRoutes();
        routes.MapFraud();
        routes.MapDoors();
    }
}
