using System.Text;
using Balatrix.Modules.Identity.Logins;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Identity;

/// <summary>Finds out who calls, by API key or access token; whether the caller may is another question.</summary>
public sealed class CallerMiddleware(RequestDelegate next, ApiKeys keys, SessionCallers sessions)
{
    /// <summary>Looks at one request.</summary>
    public async Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<AccessRequirement>() is { } requirement && KeyOf(context.Request, requirement.Basic) is { } key)
        {
            var caller = key.StartsWith(ApiKeys.Prefix, StringComparison.Ordinal)
                ? await keys.FindAsync(key, context.Connection.RemoteIpAddress, context.RequestAborted)
                : await sessions.FindAsync(key, context.RequestAborted);
            if (caller is not null)
                context.Items[typeof(Caller)] = caller;
        }
        await next(context);
    }

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
