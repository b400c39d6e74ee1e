using Balatrix.Core;
using Balatrix.Core.Subscriptions;
using Balatrix.Core.Usage;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Usage;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Subscriptions;

/// <summary>What was used under a subscription, and use that is reported by hand. Both are the ledger's own records: there is no second count.</summary>
public static class UsageEndpoints
{
    const int LongestList = 100;

    /// <summary>An allowance within a segment of a subscription's life.</summary>
    public sealed record AllowanceUse(string Name, string Service, string DestinationGroup, long Granted, long Used, long Held, long Left, DateTimeOffset ValidFrom, DateTimeOffset ValidTo);

    /// <summary>Use of one service within a segment.</summary>
    /// <param name="Service">What was used.</param>
    /// <param name="Uses">How many uses.</param>
    /// <param name="Billed">Seconds or units after minimum and increments.</param>
    /// <param name="Covered">Of those, paid by allowances.</param>
    /// <param name="Overage">Of those, beyond them.</param>
    /// <param name="Amount">Charged for the overage.</param>
    public sealed record ServiceUse(string Service, long Uses, long Billed, long Covered, long Overage, string Amount);

    /// <summary>A segment of a subscription's life with what was used in it.</summary>
    /// <param name="Kind">trial, paid, grace, suspended or paused.</param>
    /// <param name="From">First instant.</param>
    /// <param name="To">First instant after it, or null while it lasts.</param>
    /// <param name="Plan">The plan's code.</param>
    /// <param name="Price">For the whole period, of everything subscribed to.</param>
    /// <param name="Allowances">Those that held within it.</param>
    /// <param name="Services">What was used.</param>
    public sealed record SegmentUse(string Kind, DateTimeOffset From, DateTimeOffset? To, string Plan, string Price, AllowanceUse[] Allowances, ServiceUse[] Services);

    /// <summary>Use by segment, the latest first.</summary>
    public sealed record UsageList(string Subscription, string Account, string Currency, SegmentUse[] Items);

    internal static async Task<IResult> Get(
        string id, DateTimeOffset? from, DateTimeOffset? to, HttpContext context, AccountDirectory directory, SubscriptionTools tools, CancellationToken cancellationToken)
    {
        if (await SubscriptionEndpoints.FindAsync(id, context, directory, tools, cancellationToken) is not { } record)
            return Problem.NotFound("subscription").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var now = await tools.Clock.NowAsync(tenantId, cancellationToken);
        var (start, end) = (from?.ToUniversalTime() ?? DateTimeOffset.UnixEpoch, to?.ToUniversalTime() ?? now);
        return await tools.Database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            var segments = await SegmentsAsync(connection, record.Id, start, end, ct);
            var items = new List<SegmentUse>();
            foreach (var segment in segments)
            {
                var until = segment.To ?? now;
                items.Add(segment with
                {
                    Allowances = await AllowancesAsync(connection, tenantId, record.AccountId, segment.From, until, ct),
                    Services = await ServicesAsync(connection, tenantId, record.AccountId, segment.From, until, ct),
                });
            }
            return Results.Ok(new UsageList(SubscriptionView.Number(record.Id), AccountDirectory.NumberOf(record.AccountId), record.Currency, [.. items]));
        }, cancellationToken);
    }

    internal static async Task Report(string id, HttpContext context, AccountDirectory directory, SubscriptionTools tools, RequestBodies bodies, UsageIntake intake, CancellationToken cancellationToken)
    {
        if (await SubscriptionEndpoints.FindAsync(id, context, directory, tools, cancellationToken) is not { } record)
        {
            await Problem.NotFound("subscription").ToResult().ExecuteAsync(context);
            return;
        }
        using var body = await bodies.ReadAsync(context.Request, cancellationToken);
        var tenantId = Caller.Of(context).TenantId;
        var reading = new UsageReading(await tools.Clock.NowAsync(tenantId, cancellationToken));
        if (reading.Fields.Read(body.Span) is { } wrong)
        {
            await wrong.ToResult().ExecuteAsync(context);
            return;
        }
        reading.Fields.Set("subject", AccountDirectory.NumberOf(record.AccountId));
        var answers = await intake.ChargeAsync(tenantId, [reading.CloudEvent()], hasHappened: true, cancellationToken);
        await UsageIntake.WriteOneAsync(context, answers[0], cancellationToken);
    }

    static Task<List<SegmentUse>> SegmentsAsync(NpgsqlConnection connection, long subscriptionId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        Database.QueryAsync(
            connection,
            $"""
            select kind, from_at, to_at, plan_code, price_micros from subscriptions.segments
             where subscription_id = $1 and from_at <= $3 and (to_at is null or to_at > $2) and (to_at is null or to_at > from_at)
             order by from_at desc limit {LongestList}
            """,
            [subscriptionId, from, to],
            r => new SegmentUse(
                ((SegmentKind)r.GetInt16(0)).ToString().ToLowerInvariant(), r.GetFieldValue<DateTimeOffset>(1), r.IsDBNull(2) ? null : r.GetFieldValue<DateTimeOffset>(2), r.GetString(3),
                Money.Format(r.GetInt64(4)), [], []),
            cancellationToken);

    static async Task<AllowanceUse[]> AllowancesAsync(
        NpgsqlConnection connection, int tenantId, long accountId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) => [.. await Database.QueryAsync(
            connection,
            """
            select name, service, destination_group, granted, used, held, valid_from, valid_to from ledger.allowances
             where account_id = $1 and tenant_id = $2 and valid_from < $4 and valid_to > $3 and (used > 0 or held > 0 or valid_to > valid_from + interval '1 second')
             order by valid_from, allowance_id
            """,
            [accountId, tenantId, from, to],
            r => new AllowanceUse(
                r.GetString(0), Catalog.Services.Name((Service)r.GetInt16(1)), r.GetString(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(3) - r.GetInt64(4) - r.GetInt64(5),
                r.GetFieldValue<DateTimeOffset>(6), r.GetFieldValue<DateTimeOffset>(7)),
            cancellationToken)];

    static async Task<ServiceUse[]> ServicesAsync(
        NpgsqlConnection connection, int tenantId, long accountId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) => [.. await Database.QueryAsync(
            connection,
            """
            select service, count(*), sum(billed_quantity)::bigint, sum(covered_quantity)::bigint, sum(amount_micros)::bigint from usage.usage_records
             where account_id = $1 and tenant_id = $2 and occurred_at >= $3 and occurred_at < $4 group by service order by service
            """,
            [accountId, tenantId, from, to],
            r => new ServiceUse(Catalog.Services.Name((Service)r.GetInt16(0)), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(2) - r.GetInt64(3), Money.Format(r.GetInt64(4))),
            cancellationToken)];
}
