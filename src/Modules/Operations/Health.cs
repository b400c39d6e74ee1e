using System.Diagnostics;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Npgsql;

namespace Balatrix.Modules.Operations;

/// <summary>Whether it lives, is ready, and how each part is.</summary>
public static class Health
{
    /// <summary>Its routes.</summary>
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => Results.Ok(new { status = "live" })).AllowPublic().WithTags("monitoring").WithSummary("Liveness");
        routes.MapGet("/health/ready", async (Database database, ChargingPipeline pipeline, CancellationToken ct) => await CheckAsync(database, pipeline, ct))
            .AllowPublic().WithTags("monitoring").WithSummary("Readiness");
        routes.MapGet("/health", async (Database database, ChargingPipeline pipeline, CancellationToken ct) => await CheckAsync(database, pipeline, ct))
            .AllowPublic().WithTags("monitoring").WithSummary("Each component");
    }

    static async Task<IResult> CheckAsync(Database database, ChargingPipeline pipeline, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var isUp = true;
        try
        {
            await using var command = database.App.CreateCommand("select 1");
            command.CommandTimeout = 3;
            await command.ExecuteScalarAsync(cancellationToken);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            isUp = false;
        }
        var body = new
        {
            status = isUp ? "ready" : "not_ready",
            database = new { status = isUp ? "up" : "down", milliseconds = clock.ElapsedMilliseconds },
            charging = new { queueDepth = pipeline.QueueDepth },
        };
        return Results.Json(body, statusCode: isUp ? 200 : 503);
    }
}
