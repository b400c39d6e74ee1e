using System.Globalization;
using Balatrix.Core;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Usage;
using Balatrix.Modules.Voice.Analytics;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Voice;

/// <summary>Sums over call records, straight from the records themselves. Amounts are sums over accounts of one currency each.</summary>
public static class CdrReports
{
    const string Where = """
         where u.tenant_id = $1 and u.service = any($2) and u.occurred_at >= $3 and u.occurred_at < $4 and ($5::bigint[] is null or u.account_id = any($5))
           and ($6::text[] is null or u.calling = any($6) or u.called = any($6) or u.rating_key = any($6))
        """;

    // ASR is the share of calls that were answered, ACD the average length of those (ITU-T E.411 and E.437).
    const string Sums = """
        count(*), count(*) filter (where u.quantity > 0), coalesce(sum(u.quantity), 0), coalesce(sum(u.billed_quantity), 0),
        coalesce(sum(u.amount_micros), 0)::bigint, coalesce(sum(u.shortfall_micros), 0)::bigint
        """;

    const int UsualDestinations = 50, ExportedAtOnce = 5_000;

    const string NoPdd = "0::bigint, null::bigint, null::bigint";

    // Post-dial delay: from the start to the first sign of ringing, as the record or the last event of the call told it.
    const string Pdd = "count(d.pdd_ms), percentile_disc(0.5) within group (order by d.pdd_ms), percentile_disc(0.95) within group (order by d.pdd_ms)";

    const string Facts = """

          left join lateral (
              select f.facts, coalesce(
                  case when f.facts ->> 'pddMs' ~ '^[0-9]{1,9}$' then (f.facts ->> 'pddMs')::bigint end,
                  case when f.facts ->> 'progressUepoch' ~ '^[1-9][0-9]{14,15}$' and f.facts ->> 'startUepoch' ~ '^[1-9][0-9]{14,15}$'
                            and (f.facts ->> 'progressUepoch')::bigint >= (f.facts ->> 'startUepoch')::bigint
                       then ((f.facts ->> 'progressUepoch')::bigint - (f.facts ->> 'startUepoch')::bigint) / 1000 end) as pdd_ms
                from (select u.detail::json as facts offset 0) f) d on true
        """;

    /// <summary>Which calls are summed.</summary>
    /// <param name="Account">Number or code of one account.</param>
    /// <param name="Number">Calling or called number.</param>
    /// <param name="From">First instant, at most 400 days before <paramref name="To"/>; 32 days when left out.</param>
    /// <param name="To">First instant after; tomorrow at this time when left out.</param>
    public sealed record CallSumsQuery(string? Account, string? Number, DateTimeOffset? From, DateTimeOffset? To)
    {
        internal UsageListQuery AsListQuery() => new(Account, Number, From, To, null, null);
    }

    /// <summary>Sums of a group of calls.</summary>
    /// <param name="Group">The hour, day, cause, carrier … of these calls.</param>
    /// <param name="Currency">ISO 4217 code; empty for attempts by route, which cost nothing by themselves.</param>
    /// <param name="Calls">How many were tried.</param>
    /// <param name="Answered">How many of those were answered.</param>
    /// <param name="AsrPercent">Answer-seizure ratio, per cent with one decimal.</param>
    /// <param name="AcdSeconds">Average duration of the answered ones.</param>
    /// <param name="TalkSeconds">Answered seconds.</param>
    /// <param name="BilledSeconds">Seconds after minimum and increments.</param>
    /// <param name="Amount">What they were charged.</param>
    /// <param name="Shortfall">What balances could not pay of it.</param>
    /// <param name="PddKnown">Of how many calls the post-dial delay is known.</param>
    /// <param name="PddMs50">Half of those rang within so many milliseconds; null when it is known of none, or was not asked for.</param>
    /// <param name="PddMs95">95 of a hundred of those rang within so many milliseconds.</param>
    public sealed record CallSums(
        string? Group, string Currency, long Calls, long Answered, string AsrPercent, long AcdSeconds, long TalkSeconds, long BilledSeconds, string Amount, string Shortfall,
        long PddKnown, long? PddMs50, long? PddMs95)
    {
        internal static CallSums Of(string? group, string currency, CallCounts n, long amountMicros, long shortfallMicros, (long Known, long? Half, long? Most) pdd) => new(
            group, currency, n.Calls, n.Answered, (n.Calls == 0 ? 0m : 100m * n.Answered / n.Calls).ToString("0.0", CultureInfo.InvariantCulture), n.Answered == 0 ? 0 : n.TalkMs / n.Answered / 1000,
            n.TalkMs / 1000, n.BilledSeconds, Money.Format(amountMicros), Money.Format(shortfallMicros), pdd.Known, pdd.Half, pdd.Most);
    }

    internal readonly record struct CallCounts(long Calls, long Answered, long TalkMs, long BilledSeconds);

    internal static (long Known, long? Half, long? Most) PddOf(NpgsqlDataReader r, int at) =>
        (r.GetInt64(at), r.IsDBNull(at + 1) ? null : r.GetInt64(at + 1), r.IsDBNull(at + 2) ? null : r.GetInt64(at + 2));

    internal static Task<IResult> Statistics(
        [AsParameters] CallSumsQuery query, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken) =>
        SumAsync(query, new("null", "", []), NoPdd, "1", null, context, database, directory, clock, cancellationToken);

    internal static async Task<IResult> Analytics(
        [AsParameters] CallSumsQuery query, string? by, int? digits, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        if (by == "route" && digits is null)
            return await RoutesAsync(query, context, database, directory, clock, cancellationToken);
        var (group, problem) = CallGroup.Read(by, digits);
        if (by == "carrier" && Caller.Of(context).CustomerId is not null)
            problem = Problem.Invalid("by", CallGroup.Expected.Replace(", carrier, route", "", StringComparison.Ordinal));
        return problem is not null
            ? problem.ToResult()
            : await SumAsync(query, group! with { Join = Facts + group.Join }, Pdd, "1", null, context, database, directory, clock, cancellationToken);
    }

    /// <summary>Carriers are the tenant's own business, and their attempts are of no account.</summary>
    static async Task<IResult> RoutesAsync(CallSumsQuery query, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(context);
        if (caller.CustomerId is not null)
            return Problem.Invalid("by", CallGroup.Expected.Replace(", carrier, route", "", StringComparison.Ordinal)).ToResult();
        if (query.Account is not null)
            return Problem.Invalid("account", "nothing for by=route: attempts are summed over all accounts").ToResult();
        var (filter, problem) = await UsageListing.FilterAsync(query.AsListQuery(), CdrEndpoints.Calls, caller, directory, clock, cancellationToken);
        if (filter is null)
            return problem!.ToResult();
        var items = await database.InTenantAsync(caller.TenantId, (connection, ct) => RouteSums.OfAsync(connection, caller.TenantId, filter, ct), cancellationToken);
        return Results.Ok(new CallSumsView(filter.From, filter.To, items));
    }

    internal static Task<IResult> TopDestinations(
        [AsParameters] CallSumsQuery query, string? by, int? limit, HttpContext context, Database database, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken) =>
        (by, limit) switch
        {
            (not (null or "minutes" or "cost"), _) => Task.FromResult(Problem.Invalid("by", "minutes or cost").ToResult()),
            (_, < 1 or > 500) => Task.FromResult(Problem.Invalid("limit", "1 to 500").ToResult()),
            _ => SumAsync(
                query, new("u.destination", "", []), NoPdd, by == "cost" ? "sum(u.amount_micros) desc" : "sum(u.quantity) desc", limit ?? UsualDestinations, context, database, directory, clock,
                cancellationToken),
        };

    internal static async Task<IResult> Export(
        [AsParameters] CallSumsQuery query, HttpContext context, UsageQueries queries, AccountDirectory directory, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var (filter, problem) = await UsageListing.FilterAsync(query.AsListQuery(), CdrEndpoints.Calls, Caller.Of(context), directory, clock, cancellationToken);
        if (filter is null)
            return problem!.ToResult();
        return Results.Stream(async stream =>
        {
            await using var writer = new StreamWriter(stream);
            await writer.WriteLineAsync("id,account,service,occurred_at,calling,called,destination,talk_ms,billed_seconds,covered_seconds,amount,balance_after");
            for (var page = filter with { Limit = ExportedAtOnce }; page is not null;)
            {
                var (items, next) = await queries.ListAsync(tenantId, page, cancellationToken);
                foreach (var v in items)
                    await writer.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{v.Id},{v.Account},{v.Service},{v.OccurredAt:O},{Csv(v.Calling)},{Csv(v.Called)},{Csv(v.Destination)},{v.Quantity},{v.BilledQuantity},{v.CoveredQuantity},{v.Amount},{v.BalanceAfter}"));
                page = next is not null && UsageCursor.TryParse(next, out var cursor) ? page with { Cursor = cursor } : null;
            }
        }, "text/csv; charset=utf-8");
    }

    static async Task<IResult> SumAsync(
        CallSumsQuery query, CallGroup group, string pdd, string order, int? most, HttpContext context, Database database, AccountDirectory directory, TenantClock clock,
        CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var (filter, problem) = await UsageListing.FilterAsync(query.AsListQuery(), CdrEndpoints.Calls, Caller.Of(context), directory, clock, cancellationToken);
        if (filter is null)
            return problem!.ToResult();
        var items = await database.InTenantAsync(
            tenantId,
            (connection, ct) => Database.QueryAsync(
                connection,
                $"""
                select {group.Column}, a.currency, {Sums}, {pdd}
                  from usage.usage_records u
                  join ledger.accounts a on a.account_id = u.account_id
                  join platform.tenants t on t.tenant_id = u.tenant_id{group.Join}
                {Where}
                 group by 1, 2 order by {order}, 1, 2 limit {most?.ToString(CultureInfo.InvariantCulture) ?? "all"}
                """,
                [tenantId, CdrEndpoints.Calls.Select(s => (short)s).ToArray(), filter.From, filter.To, filter.AccountIds, filter.Numbers, .. group.Values],
                Read, ct),
            cancellationToken);
        return Results.Ok(new CallSumsView(filter.From, filter.To, items));
    }

    static CallSums Read(NpgsqlDataReader r) => CallSums.Of(
        r.IsDBNull(0) ? null : r.GetString(0), r.GetString(1), new(r.GetInt64(2), r.GetInt64(3), (long)r.GetDecimal(4), (long)r.GetDecimal(5)), r.GetInt64(6), r.GetInt64(7), PddOf(r, 8));

    /// <summary>Quotes a field; a leading sign that a spreadsheet would run as a formula gets an apostrophe.</summary>
    static string Csv(string value)
    {
        var safe = value.Length > 0 && value[0] is '=' or '@' ? "'" + value : value;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
