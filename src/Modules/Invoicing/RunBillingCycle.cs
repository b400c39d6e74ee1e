using System.Globalization;
using Balatrix.Core;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>The job process-billing-cycle: one chunk a run, followed by the next.</summary>
public sealed class RunBillingCycle(BillingCycle cycle) : IJobHandler
{
    /// <summary>Its queue.</summary>
    public const string Queue = "billing";

    /// <summary>Its kind.</summary>
    public const string Kind = "process-billing-cycle";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Asks for a cycle.</summary>
    /// <param name="Date">The day that it bills for; today when left out. At most today.</param>
    public sealed record Request(DateOnly? Date);

    /// <summary>Does one chunk of the cycle that it names, or begins today's.</summary>
    public async Task RunAsync(JobRun run, CancellationToken cancellationToken)
    {
        var cycleId = run.Payload.TryGetProperty("cycleId", out var given)
            ? given.GetInt64()
            : await BillingCycle.StartAsync(run.Connection, run.TenantId, (await BillingTenant.LoadAsync(run.Connection, run.TenantId, cancellationToken)).Day(run.Now), run.Now, cancellationToken);
        if (await cycle.StepAsync(run.Connection, run.TenantId, cycleId, run.Now, cancellationToken))
            await EnqueueAsync(run.Connection, run.TenantId, cycleId, cancellationToken);
    }

    /// <summary>Enqueues the next chunk of a cycle.</summary>
    public static Task<long?> EnqueueAsync(NpgsqlConnection connection, int tenantId, long cycleId, CancellationToken cancellationToken) =>
        JobQueue.EnqueueAsync(connection, tenantId, new JobRequest(Queue, Kind, string.Create(CultureInfo.InvariantCulture, $$"""{"cycleId":{{cycleId}}}""")), cancellationToken);

    internal static async Task<IResult> Handle(Request request, HttpContext context, BillingCycle cycle, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var today = await InvoiceEndpoints.TodayAsync(clock, tenantId, cancellationToken);
        var day = request.Date ?? today;
        if (day > today || day < today.AddYears(-2))
            return Problem.Invalid("date", "today or a day of the last two years").ToResult();
        // Small tenants see the end at once; for the others the job goes on, and the same request says how far it is.
        var view = await cycle.RunAsync(tenantId, day, Patience, Actor.Of(context), cancellationToken);
        return Results.Json(view, statusCode: view.Status == "done" ? 200 : 202);
    }
}

/// <summary>Lets billing cycles happen as a tenant's test clock passes 02:00 of its days.</summary>
sealed class BillingClock(Database database, TenantClock clock, BillingCycle cycle) : ITenantTime
{
    static readonly TimeOnly Hour = new(2, 0);

    public async Task<DateTimeOffset?> NextAsync(int tenantId, DateTimeOffset after, CancellationToken cancellationToken)
    {
        var bills = (await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                "select exists (select from ledger.accounts where tenant_id = $1 and kind = 2 and entry_no > 0) or exists (select from invoicing.lots where tenant_id = $1 and is_taxed_at_use)",
                [tenantId], r => r.GetBoolean(0), ct),
            cancellationToken))[0];
        var zone = await clock.ZoneAsync(tenantId, cancellationToken);
        var today = zone.DayOf(after);
        var next = HourOf(zone, today) > after ? HourOf(zone, today) : HourOf(zone, today.AddDays(1));
        return bills ? next : null;
    }

    public async Task<int> RunAsync(int tenantId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var zone = await clock.ZoneAsync(tenantId, cancellationToken);
        var today = zone.DayOf(now);
        if (now != HourOf(zone, today))
            return 0;
        return (await cycle.RunAsync(tenantId, today, TimeSpan.MaxValue, Actor.System(RunBillingCycle.Kind), cancellationToken)).Issued > 0 ? 1 : 0;
    }

    static DateTimeOffset HourOf(TimeZoneInfo zone, DateOnly day) => zone.InstantOf(day.ToDateTime(Hour));
}
