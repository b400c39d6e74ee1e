using System.Globalization;
using System.Text.Json;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Balatrix.Modules.Operations;

/// <summary>A tenant's jobs by HTTP: queues, dead letters, schedules.</summary>
public static class JobEndpoints
{
    const int LargestPage = 500;

    /// <summary>Queues with their depth and failures, and jobs, latest first.</summary>
    /// <param name="Queues">Every queue.</param>
    /// <param name="Items">The jobs asked for.</param>
    /// <param name="Next">The cursor of the next page, or null.</param>
    public sealed record JobList(IReadOnlyList<QueueView> Queues, IReadOnlyList<JobView> Items, string? Next);

    /// <summary>One job.</summary>
    /// <param name="Job">How it stands.</param>
    /// <param name="Payload">What it was enqueued with; not shown for notifications.</param>
    public sealed record JobDetail(JobView Job, JsonElement? Payload);

    /// <summary>Its routes.</summary>
    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        var jobs = routes.MapGroup("/api/v1/jobs").WithTags("operations");
        jobs.MapGet("", List).RequireRoles(Roles.Admin, Scope.All).WithSummary("Queues with depth and failures; jobs, latest first").Produces<JobList>();
        jobs.MapGet("{id:long}", Get).RequireRoles(Roles.Admin, Scope.All).WithSummary("One job").Produces<JobDetail>();
        jobs.MapPost("{id:long}/retry", Retry).RequireRoles(Roles.Admin, Scope.All).WithSummary("Make a dead letter wait again").Produces<JobDetail>();
        jobs.MapGet("schedules", ScheduleEndpoints.List).RequireRoles(Roles.Admin, Scope.All).WithSummary("Schedules with their next and last run").Produces<ScheduleEndpoints.ScheduleList>();
        jobs.MapPost("schedules/{name}/run", ScheduleEndpoints.Run).RequireRoles(Roles.Admin, Scope.All).WithSummary("Run a schedule's job now").Produces<ScheduleEndpoints.Enqueued>(202);
    }

    static async Task<IResult> List(string? queue, string? kind, string? status, string? cursor, int? limit, HttpContext context, JobStore jobs, CancellationToken cancellationToken)
    {
        if (queue is not null && !JobQueues.Lanes.ContainsKey(queue))
            return Problem.Invalid("queue", string.Join(", ", JobQueues.Lanes.Keys)).ToResult();
        if (status is not null && !JobStore.Statuses.Contains(status))
            return Problem.Invalid("status", string.Join(", ", JobStore.Statuses)).ToResult();
        if (kind is { Length: > 100 } || kind?.Contains('\0', StringComparison.Ordinal) == true)
            return Problem.Invalid("kind", "at most 100 characters").ToResult();
        var before = long.MaxValue;
        if (cursor is not null && !long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out before))
            return Problem.Invalid("cursor", "the next of an earlier page").ToResult();
        var filter = new JobFilter(queue, kind, status, before, Math.Clamp(limit ?? 50, 1, LargestPage));
        var tenantId = Caller.Of(context).TenantId;
        var items = await jobs.ListAsync(tenantId, filter, cancellationToken);
        var next = items.Count == filter.Limit ? items[^1].Id.ToString(CultureInfo.InvariantCulture) : null;
        return Results.Ok(new JobList(await jobs.QueuesAsync(tenantId, cancellationToken), items, next));
    }

    static async Task<IResult> Get(long id, HttpContext context, JobStore jobs, CancellationToken cancellationToken) =>
        await jobs.FindAsync(Caller.Of(context).TenantId, id, cancellationToken) is { } found
            ? Results.Ok(new JobDetail(found.Job, found.Payload))
            : Problem.NotFound("job").ToResult();

    static async Task<IResult> Retry(long id, HttpContext context, JobStore jobs, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (await jobs.FindAsync(tenantId, id, cancellationToken) is not { } found)
            return Problem.NotFound("job").ToResult();
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var isRetried = await database.InTenantAsync(
            tenantId,
            async (connection, ct) =>
            {
                if (!await JobStore.RetryAsync(connection, tenantId, id, ct))
                    return false;
                var name = id.ToString(CultureInfo.InvariantCulture);
                await AuditLog.WriteAsync(
                    connection, tenantId, Actor.Of(context), "job.retried", "job", name,
                    new { status = "dead", found.Job.Kind, found.Job.Attempts, found.Job.LastError }, new { status = "waiting", found.Job.Kind }, now, ct);
                return true;
            },
            cancellationToken);
        if (!isRetried)
            return new Problem(409, "job_not_dead", "Only a dead letter can be retried; this job is not one.", Expected: "status dead").ToResult();
        var after = (await jobs.FindAsync(tenantId, id, cancellationToken))!.Value;
        return Results.Ok(new JobDetail(after.Job, after.Payload));
    }
}
