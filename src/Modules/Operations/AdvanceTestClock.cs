using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Balatrix.Modules.Operations;

/// <summary>Lets a tenant's time pass: everything that would have happened happens in its order, with the clock at its instant.</summary>
public static class AdvanceTestClock
{
    /// <summary>The key of the lock that lets one request at a time advance a tenant's clock.</summary>
    const int LockClass = 0x7E57;

    /// <summary>How far.</summary>
    /// <param name="To">The instant to stop at; it must not be before the tenant's now.</param>
    /// <param name="Seconds">Or so many seconds on.</param>
    /// <param name="Start">Whether to give the tenant a test clock when it has none, at the present time. Never in production.</param>
    public sealed record AdvanceRequest(DateTimeOffset? To, long? Seconds, bool? Start);

    /// <summary>What time it is now, and what happened until then.</summary>
    /// <param name="From">The tenant's time before.</param>
    /// <param name="Now">The tenant's time now.</param>
    /// <param name="Steps">How many things happened.</param>
    public sealed record AdvanceView(DateTimeOffset From, DateTimeOffset Now, int Steps);

    /// <summary>Its route.</summary>
    public static void MapTestClock(this IEndpointRouteBuilder routes) => routes.MapPost("/api/v1/test-clock/advance", Advance)
        .WithTags("operations").RequireRoles(Roles.Admin, Scope.All).WithSummary("Advance a tenant's test clock; all that is due until then happens in its order")
        .WithExample("""{"to":"2027-01-01T00:00:00Z"}""").Produces<AdvanceView>().ProducesProblem(409);

    internal static async Task<IResult> Advance(
        AdvanceRequest request, HttpContext context, Database database, TenantClock clock, IEnumerable<ITenantTime> times, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (request.To is null == request.Seconds is null)
            return Problem.Invalid("to", "an instant, or seconds instead").ToResult();
        if (request.Seconds is < 0 or > 10 * 366 * 86_400)
            return Problem.Invalid("seconds", "0 to ten years").ToResult();
        if (!await clock.IsTestAsync(tenantId, cancellationToken) && (request.Start != true || IsProduction))
            return new Problem(409, "no_test_clock", "The tenant lives in real time.", "start", IsProduction ? "not in production" : "true, to give it a test clock").ToResult();
        await using var alone = await database.App.OpenConnectionAsync(cancellationToken);
        if (!(await Database.QueryAsync(alone, "select pg_try_advisory_lock($1, $2)", [LockClass, tenantId], r => r.GetBoolean(0), cancellationToken))[0])
            return new Problem(409, "clock_is_moving", "The clock is being advanced by another request.").ToResult();
        try
        {
            var from = await clock.NowAsync(tenantId, cancellationToken);
            var to = request.To?.ToUniversalTime() ?? from.AddSeconds(request.Seconds!.Value);
            if (to < from || to > from.AddYears(10))
                return Problem.Invalid("to", $"an instant from {from:O} on, at most ten years").ToResult();
            var steps = await PassAsync(tenantId, from, to, database, clock, [.. times], cancellationToken);
            await database.InTenantAsync(
                tenantId,
                async (connection, ct) =>
                {
                    await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "test-clock.advanced", "tenant", tenantId.ToString(), new { now = from }, new { now = to, steps }, to, ct);
                    return 0;
                },
                cancellationToken);
            return Results.Ok(new AdvanceView(from, to, steps));
        }
        finally
        {
            await Database.ExecuteAsync(alone, "select pg_advisory_unlock($1, $2)", [LockClass, tenantId], CancellationToken.None);
        }
    }

    static bool IsProduction => Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") == "Production";

    /// <summary>From instant to instant at which anything is due, until the last.</summary>
    static async Task<int> PassAsync(
        int tenantId, DateTimeOffset from, DateTimeOffset to, Database database, TenantClock clock, ITenantTime[] times, CancellationToken cancellationToken)
    {
        var steps = 0;
        for (var at = from; ;)
        {
            await database.InTenantAsync(
                tenantId, (connection, ct) => Database.ExecuteAsync(connection, "update platform.tenants set test_now = $2 where tenant_id = $1", [tenantId, at], ct), cancellationToken);
            clock.Forget(tenantId);
            foreach (var time in times)
                steps += await time.RunAsync(tenantId, at, cancellationToken);
            if (at == to)
                return steps;
            var next = to;
            foreach (var time in times)
                if (await time.NextAsync(tenantId, at, cancellationToken) is { } due && due < next)
                    next = due;
            at = next;
        }
    }
}
