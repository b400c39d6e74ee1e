using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Balatrix.Modules.Tests.Tidy;

/// <summary>Every address says who may call it, and the public ones are known by name.</summary>
public sealed class EndpointTests
{
    static readonly string[] Public = ["/health", "/health/live", "/health/ready", "/openapi/{documentName}.json", "/api/v1/plans", "/api/v1/plans/{id}", "/api/v1/addons", "/api/v1/plans/compare", "/api/v1/webhooks/razorpay", "/api/v1/webhooks/stripe"];

    static readonly string[] PublicOfLogins =
    [
        "/.well-known/jwks.json", "/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/auth/register", "/api/v1/auth/verify-email", "/api/v1/auth/verify-email/{token}",
        "/api/v1/auth/forgot-password", "/api/v1/auth/reset-password",
    ];

    [Fact]
    public async Task Every_endpoint_says_who_may_call_it()
    {
        // Nothing is asked of the database: only the routes are read.
        await using var database = new Database("Host=127.0.0.1;Username=nobody");
        await using var app = BalatrixServer.Build(database, "http://127.0.0.1:0", TimeProvider.System);
        var endpoints = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).ToList();
        Assert.NotEmpty(endpoints);
        TidyTests.AssertNone(Findings(endpoints));
    }

    [Fact]
    public void An_endpoint_that_does_not_say_is_found() => Assert.Single(Findings([Endpoint("/api/v1/secrets")]));

    [Fact]
    public void An_endpoint_that_is_public_without_being_listed_is_found() => Assert.Single(Findings([Endpoint("/api/v1/secrets", new AccessRequirement(Roles.None, null, true, false))]));

    [Fact]
    public void An_endpoint_with_a_scope_that_nobody_can_have_is_found() => Assert.Single(Findings([Endpoint("/api/v1/secrets", new AccessRequirement(Roles.Admin, "secrets:raed", false, false))]));

    [Fact]
    public void An_endpoint_with_a_scope_is_not() => Assert.Empty(Findings([Endpoint("/api/v1/events", new AccessRequirement(Roles.Everyone, Scope.UsageRead, false, false))]));

    static IEnumerable<string> Findings(IEnumerable<Endpoint> endpoints)
    {
        foreach (var endpoint in endpoints.OfType<RouteEndpoint>())
        {
            var path = "/" + endpoint.RoutePattern.RawText!.Trim('/');
            if (endpoint.Metadata.GetMetadata<AccessRequirement>() is not { } access)
                yield return $"{path} answers nobody: add .RequireScope(…) or .AllowPublic() where it is mapped.";
            else if (access.Public && !Public.Contains(path) && !PublicOfLogins.Contains(path))
                yield return $"{path} is open to everybody: add .RequireScope(…), or list it in EndpointTests.Public.";
            else if (access.Scope is not null && !Scope.Known.Contains(access.Scope))
                yield return $"{path} needs the scope {access.Scope}, which no key can have: take one of Scope.Known or add it there.";
        }
    }

    static RouteEndpoint Endpoint(string path, params object[] metadata) =>
        new(_ => Task.CompletedTask, Microsoft.AspNetCore.Routing.Patterns.RoutePatternFactory.Parse(path), 0, new EndpointMetadataCollection(metadata), path);
}
