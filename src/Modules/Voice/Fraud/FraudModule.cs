using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Voice.Fraud;

/// <summary>Fraud rules: the guard that calls are held to, its rules and its alerts.</summary>
static class FraudModule
{
    const string Rules = """{"blocked":["+2529"],"limits":[{"name":"abroad","destination":"international","calls":60,"spend":"5000.00","per":"hour","action":"throttle"}],"suddenChange":{"percent":300,"leastCalls":50,"action":"alert"}}""";

    public static void AddFraud(this IServiceCollection services)
    {
        services.AddSingleton<FraudGuard>();
        services.AddSingleton<FraudStore>();
        services.AddSingleton<FraudAlerts>();
        services.AddSingleton<FraudSync>();
        services.AddHostedService(p => p.GetRequiredService<FraudSync>());
    }

    public static void MapFraud(this IEndpointRouteBuilder routes)
    {
        var fraud = routes.MapGroup("/api/v1/fraud").WithTags("fraud");
        fraud.MapGet("rules", FraudRuleEndpoints.Get).RequireRoles(Roles.Staff, Scope.FraudRead).WithSummary("The tenant's fraud rules").Produces<FraudRuleEndpoints.FraudRulesView>();
        fraud.MapPut("rules", FraudRuleEndpoints.Put).RequireRoles(Roles.Admin, Scope.FraudWrite).WithSummary("Set the tenant's fraud rules; what is left out is as usual").WithExample(Rules)
            .Produces<FraudRuleEndpoints.FraudRulesView>().ProducesProblem(412);
        fraud.MapGet("rules/{account}", FraudRuleEndpoints.GetOfAccount).RequireRoles(Roles.Staff, Scope.FraudRead).WithSummary("The rules that hold for an account")
            .Produces<FraudRuleEndpoints.FraudRulesView>();
        fraud.MapPut("rules/{account}", FraudRuleEndpoints.PutOfAccount).RequireRoles(Roles.Staff, Scope.FraudWrite).WithExample(Rules)
            .WithSummary("Set an account's own rules; what is left out is as the tenant's, and nothing at all takes them away").Produces<FraudRuleEndpoints.FraudRulesView>().ProducesProblem(412);
        fraud.MapGet("alerts", FraudAlertEndpoints.List).RequireRoles(Roles.Staff, Scope.FraudRead).WithSummary("Fraud alerts, latest first; by status, account and rule").Produces<FraudAlertPage>();
        fraud.MapGet("alerts/{id:long}", FraudAlertEndpoints.Get).RequireRoles(Roles.Staff, Scope.FraudRead).WithSummary("One fraud alert").Produces<FraudAlertView>();
        fraud.MapPost("alerts/{id:long}/resolve", FraudAlertEndpoints.Resolve).RequireRoles(Roles.Staff, Scope.FraudWrite).WithExample("""{"note":"Customer confirmed","reactivate":true}""")
            .WithSummary("Close an alert; the rule holds on").Produces<FraudAlertView>().ProducesProblem(409);
        fraud.MapPost("alerts/{id:long}/allow", FraudAlertEndpoints.Allow).RequireRoles(Roles.Staff, Scope.FraudWrite).WithExample("""{"note":"Opens an office in Havana","hours":720}""")
            .WithSummary("Close an alert and allow the account what it is about").Produces<FraudAlertView>().ProducesProblem(409);
        fraud.MapGet("permits", FraudPermits.List).RequireRoles(Roles.Staff, Scope.FraudRead).WithSummary("What accounts may do whatever the rules say; by account and rule")
            .Produces<FraudPermits.FraudPermitPage>();
        fraud.MapPost("permits/{account}/revoke", FraudPermits.Revoke).RequireRoles(Roles.Staff, Scope.FraudWrite).WithExample("""{"rule":"first_call","subject":"CU","note":"The office was closed"}""")
            .WithSummary("Take a permit back: the rule holds again from now on").Produces<FraudPermits.FraudPermitView>();
    }
}
