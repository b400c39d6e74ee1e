using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Platform;

/// <summary>
/// What browsers are told: which other sites may call (Balatrix:CorsOrigins, comma-separated; none by default), and to load, frame and guess nothing.
/// There are no cookies, so there is nothing that another site could use without being given it.
/// </summary>
public static class BrowserProtection
{
    static readonly string[] Exposed = ["ETag", "Location", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];

    /// <summary>The origins that may call.</summary>
    public static void AddBrowserProtection(this IServiceCollection services) => services.AddCors().AddOptions<Microsoft.AspNetCore.Cors.Infrastructure.CorsOptions>()
        .Configure<IConfiguration>((options, configuration) => options.AddDefaultPolicy(policy => policy
            .WithOrigins((configuration["Balatrix:CorsOrigins"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .AllowAnyHeader().AllowAnyMethod().WithExposedHeaders(Exposed).SetPreflightMaxAge(TimeSpan.FromHours(1))));

    /// <summary>Sends the headers with every answer, also with failures.</summary>
    public static void UseBrowserProtection(this WebApplication app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(static state =>
        {
            Protect((HttpContext)state);
            return Task.CompletedTask;
        }, context);
        return next(context);
    });

    static void Protect(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers.TryAdd("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        if (context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
            headers.TryAdd("Cache-Control", "no-store");
        if (context.Request.IsHttps)
            headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
    }
}
