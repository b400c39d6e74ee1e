using System.Globalization;
using Balatrix.Core;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Usage;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Voice;

/// <summary>Sums over call records, straight from the records themselves. Amounts are sums over accounts of one currency each.</summary>
public static class CdrReports
{
    const string Where = """
         where u.tenant_id = $1 and u.service = any($2) and u.occurred_at >= $3 and u.occurred_at < $4 and ($5::bigint[] is null or u.account_id = any($5))
           and ($6::text is null or $6 in (u.calling, u.called, u.rating_key))
        """;

    // ASR is the share of calls that were answered, ACD the average length of those (ITU-T E.411 and E.437).
    const string Sums = """
        count(*), count(*) filter (where u.quantity > 0), coalesce(sum(u.quantity), 0), coalesce(sum(u.billed_quantity), 0),
        coalesce(sum(u.amount_micros), 0)::bigint, coalesce(sum(u.shortfall_micros), 0)::bigint
        """;

    /// <summary>Sums of a group of calls.</summary>
    public sealed record CallSums(
        string? Group, string Currency, long Calls, long Answered, string AsrPercent, long AcdSeconds, long TalkSeconds, long BilledSeconds, string Amount, string Shortfall);

    internal static Task<IResult> Statistics(
        [AsParameters] UsageListQuery query, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken) =>
        SumAsync(query, "null", "1", context, database, directory, clock, cancellationToken);

    internal static Task<IResult> Analytics(
        [AsParameters] UsageListQuery query, string? by, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        var group = by switch
        {
            null or "day" => "to_char(u.occurred_at at time zone t.zone, 'YYYY-MM-DD')",
            "hour" => "to_char(u.occurred_at at time zone t.zone, 'YYYY-MM-DD HH24:00')",
            "direction" => "case u.service when 1 then 'outbound' else 'inbound' end",
            "cause" => "coalesce(u.detail::json ->> 'hangupCause', '')",
            "plan" => "u.plan_version_id::text",
            _ => null,
        };
        return group is null
            ? Task.FromResult(Problem.Invalid("by", "hour, day, direction, cause or plan").ToResult())
            : SumAsync(query, group, "1", context, database, directory, clock, cancellationToken);
    }

    internal static Task<IResult> TopDestinations(
        [AsParameters] UsageListQuery query, string? by, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken) =>
        by is null or "minutes" or "cost"
            ? SumAsync(query, "u.destination", by == "cost" ? "sum(u.amount_micros) desc" : "sum(u.quantity) desc", context, database, directory, clock, cancellationToken)
            : Task.FromResult(Problem.Invalid("by", "minutes or cost").ToResult());

    internal static async Task<IResult> Export(
        [AsParameters] UsageListQuery query, HttpContext context, UsageQueries queries, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var (filter, problem) = await UsageListing.FilterAsync(query with { Limit = 500 }, CdrEndpoints.Calls, Caller.Of(context), directory, clock, cancellationToken);
        if (filter is null)
            return problem!.ToResult();
        return Results.Stream(async stream =>
        {
            await using var writer = new StreamWriter(stream);
            await writer.WriteLineAsync("id,account,service,occurred_at,calling,called,destination,talk_ms,billed_seconds,covered_seconds,amount,balance_after");
            for (var page = filter; page is not null;)
            {
                var (items, next) = await queries.ListAsync(tenantId, page, cancellationToken);
                foreach (var v in items)
                    await writer.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{v.Id},{v.Account},{v.Service},{v.OccurredAt:O},{Csv(v.Calling)},{Csv(v.Called)},{Csv(v.Destination)},{v.Quantity},{v.BilledQuantity},{v.CoveredQuantity},{v.Amount},{v.BalanceAfter}"));
                page = next is not null && UsageCursor.TryParse(next, out var cursor) ? page with { Cursor = cursor } : null;
            }
        }, "text/csv; charset=utf-8");
    }

    static async Task<IResult> SumAsync(
        UsageListQuery query, string group, string order, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var (filter, problem) = await UsageListing.FilterAsync(query, CdrEndpoints.Calls, Caller.Of(context), directory, clock, cancellationToken);
        if (filter is null)
            return problem!.ToResult();
        var items = await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                $"""
                select {group}, a.currency, {Sums}
                  from usage.usage_records u
                  join ledger.accounts a on a.account_id = u.account_id
                  join platform.tenants t on t.tenant_id = u.tenant_id
                {Where}
                 group by 1, 2 order by {order}, 1, 2 limit {filter.Limit}
                """,
                [tenantId, CdrEndpoints.Calls.Select(s => (short)s).ToArray(), filter.From, filter.To, filter.AccountIds, filter.Number],
                Read, ct),
            cancellationToken);
        return Results.Ok(new CallSumsView(filter.From, filter.To, items));
    }

    static CallSums Read(NpgsqlDataReader r)
    {
        var (calls, answered, talkMs) = (r.GetInt64(2), r.GetInt64(3), (long)r.GetDecimal(4));
        return new(
            r.IsDBNull(0) ? null : r.GetString(0), r.GetString(1), calls, answered,
            (calls == 0 ? 0m : 100m * answered / calls).ToString("0.0", CultureInfo.InvariantCulture), answered == 0 ? 0 : talkMs / answered / 1000,
            talkMs / 1000, (long)r.GetDecimal(5), Money.Format(r.GetInt64(6)), Money.Format(r.GetInt64(7)));
    }

    /// <summary>Quotes a field; a leading sign that a spreadsheet would run as a formula gets an apostrophe.</summary>
    static string Csv(string value)
    {
        var safe = value.Length > 0 && value[0] is '=' or '@' ? "'" + value : value;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
