using System.Diagnostics;
using System.Globalization;
using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Usage;
using Balatrix.Modules.Voice.Calls;
using Balatrix.Modules.Voice.Fraud;
using Balatrix.Modules.Voice.FreeSwitch;
using Microsoft.AspNetCore.Http;

namespace Balatrix.Modules.Voice;

/// <summary>Call records by HTTP.</summary>
public static class CdrEndpoints
{
    /// <summary>The most records in one batch.</summary>
    public const int LargestBatch = 10_000;

    /// <summary>The services that are calls.</summary>
    public static readonly Service[] Calls = [Service.VoiceOutbound, Service.VoiceInbound];

    internal static async Task Post(HttpContext context, RequestBodies bodies, UsageIntake intake, FraudGuard guard, TenantClock clock, CancellationToken cancellationToken)
    {
        using var body = await bodies.ReadAsync(context.Request, cancellationToken);
        var tenantId = Caller.Of(context).TenantId;
        var parsed = new UsageReading(await clock.NowAsync(tenantId, cancellationToken)).ReadCdr(body.Span);
        var answers = await intake.ChargeAsync(tenantId, [parsed], hasHappened: true, cancellationToken);
        guard.Recorded(tenantId, [parsed], answers);
        await UsageIntake.WriteOneAsync(context, answers[0], cancellationToken);
    }

    internal static async Task PostBatch(HttpContext context, RequestBodies bodies, UsageIntake intake, FraudGuard guard, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        UsageAnswer[] answers;
        using (var body = await bodies.ReadAsync(context.Request, cancellationToken))
        {
            var reading = new UsageReading(await clock.NowAsync(tenantId, cancellationToken));
            var parsed = UsageReading.Split(body.Span, LargestBatch).ConvertAll(e => reading.ReadCdr(body.Span[e]));
            answers = await intake.ChargeAsync(tenantId, parsed, hasHappened: true, cancellationToken);
            guard.Recorded(tenantId, parsed, answers);
        }
        await UsageIntake.WriteBatchAsync(context.Response, answers, cancellationToken);
    }

    /// <summary>What FreeSWITCH posts, as it is. It repeats until it gets a 2xx, so whatever is kept is answered with one.</summary>
    internal static async Task Webhook(
        HttpContext context, RequestBodies bodies, UsageIntake intake, CallLegs legs, CallRecords controlled, TenantClock clock, CallMetrics metrics, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        await TakeAsync(context, bodies, intake, legs, controlled, clock, cancellationToken);
        metrics.Recorded(Stopwatch.GetElapsedTime(began));
    }

    static async Task TakeAsync(HttpContext context, RequestBodies bodies, UsageIntake intake, CallLegs legs, CallRecords controlled, TenantClock clock, CancellationToken cancellationToken)
    {
        using var body = await bodies.ReadAsync(context.Request, cancellationToken);
        var (call, fault) = FreeSwitchCdr.Read(body.Span);
        if (call is null)
        {
            await fault!.ToResult().ExecuteAsync(context);
            return;
        }
        var tenantId = Caller.Of(context).TenantId;
        if (call.ALegUuid is not null)
        {
            var isNew = await legs.KeepAsync(tenantId, call, cancellationToken);
            await Results.Json(new LegAnswer(isNew ? 201 : 200, call.Uuid, "b", call.ALegUuid, Charged: false)).ExecuteAsync(context);
            return;
        }
        if (await controlled.TakeAsync(tenantId, call, cancellationToken) is { } settled)
        {
            await UsageIntake.WriteOneAsync(context, settled, cancellationToken);
            return;
        }
        var usage = call.ToUsageEvent();
        var parsed = UsageReading.CheckTime(usage.OccurredAt, await clock.NowAsync(tenantId, cancellationToken)) is { } late
            ? new ParsedUsage("", usage, late)
            : new ParsedUsage(call.AccountCode, usage, null);
        var answers = await intake.ChargeAsync(tenantId, [parsed], hasHappened: true, cancellationToken);
        controlled.Recorded(tenantId, [parsed], answers);
        await UsageIntake.WriteOneAsync(context, answers[0], cancellationToken);
    }

    internal static async Task<IResult> Get(
        string id, string? account, HttpContext context, UsageQueries queries, UnratedStore unrated, CallLegs legs, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        var tenantId = caller.TenantId;
        if (UnratedId(id) is { } unratedId)
            return caller.CustomerId is null && await unrated.FindAsync(tenantId, unratedId, cancellationToken) is { } kept ? Results.Ok(kept) : Problem.NotFound("call record").ToResult();
        var view = await UsageListing.FindAsync(id, context, queries, directory, cancellationToken);
        if (view is null && account is not null)
            view = await ByUuidAsync(caller, id, account, queries, directory, clock, cancellationToken);
        if (view is null)
            return Problem.NotFound("call record").ToResult();
        var parts = await legs.OfAsync(tenantId, view.EventId, cancellationToken);
        return Results.Ok(caller.CustomerId is null ? new CallView(view, parts) : new CallView(view.ForCustomer(), parts.ConvertAll(leg => leg with { Detail = null })));
    }

    internal static async Task<IResult> List(
        [AsParameters] UsageListQuery query, string? status, HttpContext context, UsageQueries queries, UnratedStore unrated, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        if (status is null or "charged")
            return await UsageListing.ListAsync(query, Calls, context, queries, directory, clock, cancellationToken);
        var caller = Caller.Of(context);
        // What waits for a rate names accounts by whatever code came with it, so it is shown to the tenant's own people only.
        if (status != "unrated" || caller.CustomerId is not null)
            return Problem.Invalid("status", caller.CustomerId is null ? "charged or unrated" : "charged").ToResult();
        var before = long.MaxValue;
        if (query.Limit is < 1 or > 500)
            return Problem.Invalid("limit", "1 to 500").ToResult();
        if (query.Cursor is not null && !long.TryParse(query.Cursor, NumberStyles.None, CultureInfo.InvariantCulture, out before))
            return Problem.Invalid("cursor", "the next of the page before").ToResult();
        if (Array.Exists([query.Account, query.Number], t => t?.Contains('\0', StringComparison.Ordinal) == true))
            return Problem.Invalid("account", "text without NUL").ToResult();
        var filter = new UnratedFilter(await ReferencesAsync(query.Account, caller, directory, cancellationToken), UsageListing.Written(query.Number), query.From, query.To, before, query.Limit ?? 50);
        var items = await unrated.OpenAsync(caller.TenantId, filter, cancellationToken);
        return Results.Ok(new UnratedPage(items, items.Count == filter.Limit ? items[^1].Id.ToString(CultureInfo.InvariantCulture) : null));
    }

    internal static async Task<IResult> Retry(string id, HttpContext context, Database database, RetryUnrated retry, UnratedStore unrated, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (UnratedId(id) is not { } unratedId || await unrated.FindAsync(tenantId, unratedId, cancellationToken) is not { } kept)
            return Problem.NotFound("unrated record").ToResult();
        var answers = await database.InTenantAsync(tenantId, (connection, ct) => retry.RetryAsync(connection, tenantId, [kept], ct), cancellationToken);
        return Results.Ok(new RetryAnswer(id, answers[0].Status is 200 or 201, answers[0].UsageId, answers[0].Problem?.Code, answers[0].Problem?.Title));
    }

    /// <summary>An account that cannot be found is searched for all the same: that may be why its records wait.</summary>
    static async Task<string[]?> ReferencesAsync(string? account, Caller caller, AccountDirectory directory, CancellationToken cancellationToken) =>
        account is null ? null : await directory.FindAsync(caller, account, cancellationToken) is { } id ? [account, AccountDirectory.NumberOf(id)] : [account];

    static long? UnratedId(string id) =>
        id.StartsWith("unrated-", StringComparison.Ordinal) && long.TryParse(id["unrated-".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>A call by its own uuid: its month is not known, so the last ones are tried.</summary>
    static async Task<UsageView?> ByUuidAsync(
        Caller caller, string uuid, string account, UsageQueries queries, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        if (await directory.FindAsync(caller, account, cancellationToken) is not { } accountId)
            return null;
        var thisMonth = UsageMonth.Of((await clock.NowAsync(caller.TenantId, cancellationToken)).AddDays(1));
        for (var month = thisMonth; month > thisMonth - 25; month--)
            if (await queries.FindAsync(caller.TenantId, new UsageId(accountId, month, EventKey.Of(CallRecord.Source, uuid)), cancellationToken) is { } view)
                return view;
        return null;
    }
}
