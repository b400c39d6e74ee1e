using System.Globalization;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Schedules;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Operations;

/// <summary>Schedules by HTTP.</summary>
public static class ScheduleEndpoints
{
    /// <summary>A schedule as a tenant sees it.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Cron">When: second, minute, hour, day of month, month, day of week.</param>
    /// <param name="Zone">On whose clocks.</param>
    /// <param name="Kind">The job it enqueues.</param>
    /// <param name="NextRunAt">When it runs next.</param>
    /// <param name="LastRunAt">When it last enqueued.</param>
    /// <param name="LastJobId">What it last enqueued.</param>
    public sealed record ScheduleView(string Name, string Cron, string Zone, string Kind, DateTimeOffset? NextRunAt, DateTimeOffset? LastRunAt, long? LastJobId);

    /// <summary>All schedules that run.</summary>
    public sealed record ScheduleList(IReadOnlyList<ScheduleView> Items);

    /// <summary>A job that was enqueued.</summary>
    public sealed record Enqueued(long JobId);

    internal static async Task<IResult> List(
        HttpContext context, ScheduleTriggers triggers, ScheduleStore store, TenantClock clock, TimeProvider time, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var zone = await clock.ZoneAsync(tenantId, cancellationToken);
        var last = await store.LastRunsAsync(tenantId, cancellationToken);
        // Schedules run in real time, also for a tenant with a test clock.
        var now = time.GetUtcNow();
        return Results.Ok(new ScheduleList([.. triggers.Active.Select(s =>
        {
            var ran = last.TryGetValue(s.Name, out var run);
            return new ScheduleView(s.Name, s.Cron, zone.Id, s.Kind, s.NextAfter(now, zone), ran ? run.FiredAt : null, ran ? run.JobId : null);
        })]));
    }

    internal static async Task<IResult> Run(
        string name, HttpContext context, ScheduleTriggers triggers, Database database, TenantClock clock, TimeProvider time, CancellationToken cancellationToken)
    {
        if (triggers.Active.FirstOrDefault(s => s.Name == name) is not { } schedule)
            return Problem.NotFound("schedule").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var jobId = await database.InTenantAsync(
            tenantId,
            async (connection, ct) =>
            {
                var id = await ScheduleStore.EnqueueNowAsync(connection, tenantId, schedule, time.GetUtcNow(), ct);
                await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "schedule.run", "schedule", name, null, new { jobId = id, schedule.Kind }, now, ct);
                return id;
            },
            cancellationToken);
        return Results.Accepted(string.Create(CultureInfo.InvariantCulture, $"/api/v1/jobs/{jobId}"), new Enqueued(jobId));
    }
}
