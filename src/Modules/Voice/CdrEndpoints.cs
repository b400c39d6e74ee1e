using System.Globalization;
using Balatrix.Core.Charging;
using Balatrix.Core.Usage;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Usage;
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

    internal static async Task Post(HttpContext context, UsageIntake intake, TimeProvider time, CancellationToken cancellationToken)
    {
        var (body, problem) = await UsageIntake.ReadBodyAsync(context.Request, cancellationToken);
        if (problem is not null)
        {
            await problem.ToResult().ExecuteAsync(context);
            return;
        }
        var parsed = new UsageReading(time.GetUtcNow()).ReadCdr(body);
        var answers = await intake.ChargeAsync(Caller.Of(context).TenantId, [parsed], hasHappened: true, cancellationToken);
        await UsageIntake.WriteOneAsync(context, answers[0], cancellationToken);
    }

    internal static async Task PostBatch(HttpContext context, UsageIntake intake, TimeProvider time, CancellationToken cancellationToken)
    {
        var (body, problem) = await UsageIntake.ReadBodyAsync(context.Request, cancellationToken);
        var (elements, fault) = problem is null ? UsageReading.Split(body, LargestBatch) : (null, problem);
        if (elements is null)
        {
            await fault!.ToResult().ExecuteAsync(context);
            return;
        }
        var reading = new UsageReading(time.GetUtcNow());
        var parsed = elements.ConvertAll(e => reading.ReadCdr(body.AsSpan(e)));
        var answers = await intake.ChargeAsync(Caller.Of(context).TenantId, parsed, hasHappened: true, cancellationToken);
        await UsageIntake.WriteBatchAsync(context.Response, answers, cancellationToken);
    }

    /// <summary>What FreeSWITCH posts, as it is. It repeats until it gets a 2xx, so whatever is kept is answered with one.</summary>
    internal static async Task Webhook(HttpContext context, UsageIntake intake, CallLegs legs, TimeProvider time, CancellationToken cancellationToken)
    {
        var (body, problem) = await UsageIntake.ReadBodyAsync(context.Request, cancellationToken);
        var (call, fault) = problem is null ? FreeSwitchCdr.Read(body) : (null, problem);
        if (call is null)
        {
            await fault!.ToResult().ExecuteAsync(context);
            return;
        }
        var tenantId = Caller.Of(context).TenantId;
        if (call.ALegUuid is not null)
        {
            var isNew = await legs.KeepAsync(tenantId, call, cancellationToken);
            await Results.Json(new { status = isNew ? 201 : 200, id = call.Uuid, leg = "b", aLeg = call.ALegUuid, charged = false }).ExecuteAsync(context);
            return;
        }
        var usage = call.ToUsageEvent();
        var parsed = UsageReading.CheckTime(usage.OccurredAt, time.GetUtcNow()) is { } late
            ? new ParsedUsage("", usage, late)
            : new ParsedUsage(call.AccountCode, usage, null);
        var answers = await intake.ChargeAsync(tenantId, [parsed], hasHappened: true, cancellationToken);
        await UsageIntake.WriteOneAsync(context, answers[0], cancellationToken);
    }

    internal static async Task<IResult> Get(
        string id, string? account, HttpContext context, UsageQueries queries, UnratedStore unrated, CallLegs legs, AccountDirectory directory, TimeProvider time, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (UnratedId(id) is { } unratedId)
            return await unrated.FindAsync(tenantId, unratedId, cancellationToken) is { } kept ? Results.Ok(kept) : Problem.NotFound("call record").ToResult();
        var view = await UsageListing.FindAsync(id, context, queries, cancellationToken);
        if (view is null && account is not null)
            view = await ByUuidAsync(tenantId, id, account, queries, directory, time, cancellationToken);
        if (view is null)
            return Problem.NotFound("call record").ToResult();
        return Results.Ok(new { cdr = view, legs = await legs.OfAsync(tenantId, view.EventId, cancellationToken) });
    }

    internal static async Task<IResult> List(
        [AsParameters] UsageListQuery query, string? status, HttpContext context, UsageQueries queries, UnratedStore unrated, AccountDirectory directory, TimeProvider time, CancellationToken cancellationToken)
    {
        if (status is null or "charged")
            return await UsageListing.ListAsync(query, Calls, context, queries, directory, time, cancellationToken);
        if (status != "unrated")
            return Problem.Invalid("status", "charged or unrated").ToResult();
        var limit = Math.Clamp(query.Limit ?? 50, 1, 500);
        var before = long.TryParse(query.Cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var cursor) ? cursor : long.MaxValue;
        var items = await unrated.OpenAsync(Caller.Of(context).TenantId, before, limit, cancellationToken);
        return Results.Ok(new { items, next = items.Count == limit ? items[^1].Id.ToString(CultureInfo.InvariantCulture) : null });
    }

    internal static async Task<IResult> Retry(string id, HttpContext context, UsageIntake intake, UnratedStore unrated, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        if (UnratedId(id) is not { } unratedId || await unrated.FindAsync(tenantId, unratedId, cancellationToken) is not { } kept)
            return Problem.NotFound("unrated record").ToResult();
        var answers = await intake.ChargeAsync(tenantId, [new ParsedUsage(kept.Account, kept.Event, null)], hasHappened: true, cancellationToken);
        if (answers[0].Status is 200 or 201)
            await unrated.SettleAsync(tenantId, unratedId, answers[0].UsageId!, cancellationToken);
        return Results.Ok(new { id, charged = answers[0].Status is 200 or 201, answers[0].UsageId, code = answers[0].Problem?.Code, title = answers[0].Problem?.Title });
    }

    static long? UnratedId(string id) =>
        id.StartsWith("unrated-", StringComparison.Ordinal) && long.TryParse(id["unrated-".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>A call by its own uuid: its month is not known, so the last ones are tried.</summary>
    static async Task<UsageView?> ByUuidAsync(
        int tenantId, string uuid, string account, UsageQueries queries, AccountDirectory directory, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await directory.FindAsync(tenantId, account, cancellationToken) is not { } accountId)
            return null;
        var thisMonth = UsageMonth.Of(time.GetUtcNow().AddDays(1));
        for (var month = thisMonth; month > thisMonth - 25; month--)
            if (await queries.FindAsync(tenantId, new UsageId(accountId, month, EventKey.Of(CallRecord.Source, uuid)), cancellationToken) is { } view)
                return view;
        return null;
    }
}
