using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Identity;

/// <summary>Who calls, and what they may do.</summary>
public static class IdentityModule
{
    /// <summary>Its services.</summary>
    public static void AddIdentity(this IServiceCollection services) => services.AddSingleton<ApiKeys>();

    /// <summary>Its routes.</summary>
    public static void MapIdentity(this IEndpointRouteBuilder routes)
    {
        var keys = routes.MapGroup("/api/v1/auth/api-keys").WithTags("auth");
        keys.MapPost("", ApiKeyEndpoints.Create).RequireRoles(Roles.Admin, Scope.All).WithSummary("Make a scoped API key; it is shown once")
            .Produces<ApiKeyEndpoints.Created>(201);
        keys.MapGet("", ApiKeyEndpoints.List).RequireRoles(Roles.Admin, Scope.All).WithSummary("List API keys").Produces<ApiKeyEndpoints.KeyList>();
        keys.MapDelete("{id:int}", ApiKeyEndpoints.Revoke).RequireRoles(Roles.Admin, Scope.All).WithSummary("Revoke an API key; it ends within seconds on every node").Produces(204);
    }
}
