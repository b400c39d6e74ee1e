using System.Globalization;
using System.Threading.RateLimiting;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Identity;

/// <summary>
/// Requests a second that a node takes: of an API key as many as the key says, of a user and of a network address without a good key a number that
/// no person reaches. Each node counts for itself; what protects logins is counted by LoginGuard for all nodes together.
/// </summary>
public sealed class RequestLimits(IConfiguration configuration) : IDisposable
{
    const int SecondsOfBurst = 5;

    static readonly Problem TooMany = new(429, "too_many_requests", "More requests a second than are allowed.");

    readonly record struct Of(string Kind, string Name, int Rate);

    readonly int usersRate = configuration.GetValue("Balatrix:RequestsPerSecond:User", 100);
    readonly int strangersRate = configuration.GetValue("Balatrix:RequestsPerSecond:Address", 100);

    PartitionedRateLimiter<HttpContext>? limiter;

    PartitionedRateLimiter<HttpContext> Limiter => limiter ??= PartitionedRateLimiter.Create<HttpContext, Of>(context => WhoseOf(context) is var whose && whose.Rate == 0
        ? RateLimitPartition.GetNoLimiter(whose)
        : RateLimitPartition.GetTokenBucketLimiter(whose, Bucket));

    /// <summary>ASP.NET Core's limiter with these limits.</summary>
    public static void Add(IServiceCollection services)
    {
        services.AddSingleton<RequestLimits>();
        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<RequestLimits>((options, limits) =>
        {
            options.GlobalLimiter = limits.Limiter;
            options.OnRejected = async (rejected, ct) =>
            {
                var after = rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var time) ? Math.Max(1, (long)Math.Ceiling(time.TotalSeconds)) : 1;
                rejected.HttpContext.Response.Headers.RetryAfter = after.ToString(CultureInfo.InvariantCulture);
                limits.Tell(rejected.HttpContext);
                await TooMany.ToResult().ExecuteAsync(rejected.HttpContext);
            };
        });
    }

    /// <summary>Limits requests, and tells those who are limited what is left.</summary>
    public static void Use(WebApplication app)
    {
        app.UseRateLimiter();
        var limits = app.Services.GetRequiredService<RequestLimits>();
        app.Use((context, next) =>
        {
            limits.Tell(context);
            return next(context);
        });
    }

    /// <summary>Lets the counts go.</summary>
    public void Dispose() => limiter?.Dispose();

    void Tell(HttpContext context)
    {
        var whose = WhoseOf(context);
        if (whose.Rate == 0)
            return;
        var headers = context.Response.Headers;
        headers["RateLimit-Limit"] = whose.Rate.ToString(CultureInfo.InvariantCulture);
        headers["RateLimit-Remaining"] = (Limiter.GetStatistics(context)?.CurrentAvailablePermits ?? 0).ToString(CultureInfo.InvariantCulture);
        headers["RateLimit-Reset"] = "1";
    }

    Of WhoseOf(HttpContext context) => context.Items[typeof(Caller)] switch
    {
        Caller { ApiKeyId: { } key, RequestsPerSecond: var rate } => new("key", key.ToString(CultureInfo.InvariantCulture), rate ?? 0),
        Caller { UserId: { } user } => new("user", user.ToString(), usersRate),
        _ => new("address", context.Connection.RemoteIpAddress?.ToString() ?? "", strangersRate),
    };

    /// <summary>A key is held to its number; a person or a page may come in bursts.</summary>
    static TokenBucketRateLimiterOptions Bucket(Of whose) => new()
    {
        TokenLimit = whose.Kind == "key" ? whose.Rate : whose.Rate * SecondsOfBurst,
        TokensPerPeriod = whose.Rate,
        ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        QueueLimit = 0,
    };
}
