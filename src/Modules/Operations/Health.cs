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
    /// <summary>That it lives.</summary>
    public sealed record Liveness(string Status);

    /// <summary>How each part is.</summary>
    /// <param name="Status">ready or not_ready.</param>
    /// <param name="Database">The database.</param>
    /// <param name="Charging">The charging pipeline.</param>
    public sealed record State(string Status, DatabaseState Database, ChargingState Charging);

    /// <summary>Whether the database is up, and how long it took to say so.</summary>
    public sealed record DatabaseState(string Status, long Milliseconds);

    /// <summary>Operations that wait to be charged.</summary>
    public sealed record ChargingState(int QueueDepth);

    /// <summary>Its routes.</summary>
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", () => Results.Ok(new Liveness("live"))).AllowPublic().WithTags("monitoring").WithSummary("Liveness").Produces<Liveness>();
        routes.MapGet("/health/ready", async (Database database, ChargingPipeline pipeline, CancellationToken ct) => await CheckAsync(database, pipeline, ct))
            .AllowPublic().WithTags("monitoring").WithSummary("Readiness").Produces<State>().Produces<State>(503);
        routes.MapGet("/health", async (Database database, ChargingPipeline pipeline, CancellationToken ct) => await CheckAsync(database, pipeline, ct))
            .AllowPublic().WithTags("monitoring").WithSummary("Each component").Produces<State>().Produces<State>(503);
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
        var body = new State(isUp ? "ready" : "not_ready", new(isUp ? "up" : "down", clock.ElapsedMilliseconds), new(pipeline.QueueDepth));
        return Results.Json(body, statusCode: isUp ? 200 : 503);
    }
}
