using System.Text;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Balatrix.Modules.Identity;

/// <summary>Lets a request through to its endpoint only when the endpoint says who may call it and the caller is one of them.</summary>
public sealed class AccessMiddleware(RequestDelegate next, ApiKeys keys)
{
    static readonly Problem Unauthenticated = new(401, "unauthenticated", "An API key is needed: Authorization: Bearer bx_…, or X-Api-Key.");

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
        var key = KeyOf(context.Request, requirement.Basic);
        var caller = key is null ? null : await keys.FindAsync(key, context.Connection.RemoteIpAddress, context.RequestAborted);
        if (caller is not null)
            context.Items[typeof(Caller)] = caller;
        else if (!requirement.Public)
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
        await next(context);
    }

    static Problem Refusal(Caller caller, AccessRequirement requirement) => (caller.ApiKeyId, requirement.Scope) switch
    {
        (null, _) => new(403, "insufficient_role", "Your role may not do this.", Expected: requirement.Roles == Roles.None ? "an API key" : requirement.Roles.Names()),
        (_, null) => new(403, "users_only", "This is for users who have logged in, not for API keys."),
        (_, { } scope) => new(403, "insufficient_scope", $"The API key has no scope {scope}.", Expected: scope),
    };

    static string? KeyOf(HttpRequest request, bool basic)
    {
        if (request.Headers["X-Api-Key"].ToString() is { Length: > 0 } header)
            return header;
        var authorization = request.Headers.Authorization.ToString();
        if (authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
            return authorization[7..].Trim();
        if (!basic || !authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
            return null;
        var bytes = new byte[authorization.Length];
        if (!Convert.TryFromBase64String(authorization[6..].Trim(), bytes, out var length))
            return null;
        var pair = Encoding.UTF8.GetString(bytes, 0, length);
        var colon = pair.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? null : pair[(colon + 1)..];
    }
}
