using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Balatrix.Modules.Identity;

/// <summary>Lets a request through to its endpoint only when the endpoint says who may call it and the caller is one of them.</summary>
public sealed class AccessMiddleware(RequestDelegate next)
{
    static readonly Problem Unauthenticated = new(401, "unauthenticated", "An access token or an API key is needed: Authorization: Bearer …, or X-Api-Key: bx_….");

    /// <summary>Checks one request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        // Not an endpoint of ours: no such address, or routing's own answers of 405 and 415.
        if (context.GetEndpoint() is not RouteEndpoint endpoint)
        {
            await next(context);
            return;
        }
        if (endpoint.Metadata.GetMetadata<AccessRequirement>() is not { } requirement)
        {
            await new Problem(403, "closed", "This address is not open to anybody.").ToResult().ExecuteAsync(context);
            return;
        }
        var caller = context.Items[typeof(Caller)] as Caller;
        if (caller is null && !requirement.Public)
        {
            context.Response.Headers.WWWAuthenticate = requirement.Basic ? "Basic realm=\"balatrix\", Bearer" : "Bearer";
            await Unauthenticated.ToResult().ExecuteAsync(context);
            return;
        }
        if (caller is not null && !caller.May(requirement))
        {
            await Refusal(caller, requirement).ToResult().ExecuteAsync(context);
            return;
        }
        if (caller is { MustChangePassword: true } && !requirement.Public && endpoint.Metadata.GetMetadata<BeforePasswordChange>() is null)
        {
            await new Problem(403, "password_change_required", "The password must be changed first: POST /api/v1/auth/change-password.").ToResult().ExecuteAsync(context);
            return;
        }
        await next(context);
    }

    static Problem Refusal(Caller caller, AccessRequirement requirement) => (caller.ApiKeyId, requirement.Scope) switch
    {
        (null, _) => new(403, "insufficient_role", "Your role may not do this.", Expected: requirement.Roles == Roles.None ? "an API key" : requirement.Roles.Names()),
        (_, null) => new(403, "users_only", "This is for users who have logged in, not for API keys."),
        (_, { } scope) => new(403, "insufficient_scope", $"The API key has no scope {scope}.", Expected: scope),
    };
}
