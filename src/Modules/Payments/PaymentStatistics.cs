using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Payments;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>How payments go: success and failure by gateway and method, why they fail, what is given back, and whether the gateways' books agree with ours.</summary>
public static class PaymentStatistics
{
    /// <summary>Payments of one gateway, method and currency.</summary>
    /// <param name="Gateway">razorpay or stripe.</param>
    /// <param name="Method">card, upi …; null for those that nobody has begun to pay.</param>
    /// <param name="Currency">ISO 4217 code.</param>
    /// <param name="Payments">How many.</param>
    /// <param name="Succeeded">Of them, those that were paid, whatever became of the money.</param>
    /// <param name="Failed">Of them, those that failed or were given up.</param>
    /// <param name="Open">Of them, those whose end is not known.</param>
    /// <param name="Captured">What was paid.</param>
    /// <param name="Refunded">What went back of it.</param>
    /// <param name="SuccessPermille">Of a thousand that ended, how many were paid; null when none ended.</param>
    public sealed record MethodFigures(
        string Gateway, string? Method, string Currency, long Payments, long Succeeded, long Failed, long Open, string Captured, string Refunded, long? SuccessPermille);

    /// <summary>How often payments were declined for a reason.</summary>
    public sealed record DeclineFigures(string Gateway, string Code, long Attempts);

    /// <summary>Webhooks by what became of them.</summary>
    public sealed record WebhookFigures(string Gateway, string Outcome, long Events);

    /// <summary>One day of a gateway's books held against ours.</summary>
    /// <param name="Gateway">razorpay or stripe.</param>
    /// <param name="Day">The gateway's day.</param>
    /// <param name="Items">Lines of its books.</param>
    /// <param name="Gross">Their sum before fees.</param>
    /// <param name="Fees">Fees with their tax.</param>
    /// <param name="Net">Gross less fees.</param>
    /// <param name="Clearing">What the ledger has in the gateway's clearing book.</param>
    /// <param name="Unsettled">What payments come to that are not settled, less refunds that are not; the books are wrong when it is not the same.</param>
    /// <param name="Differences">Where the two do not agree.</param>
    /// <param name="RunAt">When it was held against ours.</param>
    public sealed record ReconciliationView(
        string Gateway, DateOnly Day, int Items, string Gross, string Fees, string Net, string Clearing, string Unsettled, JsonElement Differences, DateTimeOffset RunAt);

    /// <summary>What a book has of what gateways took, settled, kept and paid out, up to now.</summary>
    public sealed record BookFigures(string Book, string Currency, string Amount);

    /// <summary>The figures of a span of time.</summary>
    public sealed record Report(
        DateTimeOffset From, DateTimeOffset To, MethodFigures[] Methods, DeclineFigures[] Declines, WebhookFigures[] Webhooks, ReconciliationView[] Reconciliations, BookFigures[] Books);

    internal static async Task<IResult> Handle(DateTimeOffset? from, DateTimeOffset? to, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var ((begin, end), wrong) = ReportPeriod.Of(from, to, (await clock.NowAsync(tenantId, cancellationToken)).AddMinutes(1), 30);
        if (wrong is not null)
            return wrong.ToResult();
        return Results.Ok(await database.InTenantAsync(tenantId, async (connection, ct) => new Report(
            begin, end, await MethodsAsync(connection, tenantId, begin, end, ct), await DeclinesAsync(connection, tenantId, begin, end, ct), await WebhooksAsync(connection, tenantId, begin, end, ct),
            await ReconciliationsAsync(connection, tenantId, begin, end, ct), await BooksAsync(connection, tenantId, ct)), cancellationToken));
    }

    static async Task<MethodFigures[]> MethodsAsync(NpgsqlConnection connection, int tenantId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        [.. await Database.QueryAsync(
            connection,
            """
            select gateway, method, currency, count(*), count(*) filter (where status in (6, 9, 10, 11)), count(*) filter (where status in (7, 8)), count(*) filter (where status < 6),
                   coalesce(sum(captured_micros), 0)::bigint, coalesce(sum(refunded_micros), 0)::bigint
              from payments.payments where tenant_id = $1 and created_at >= $2 and created_at < $3 group by 1, 2, 3 order by 1, 2 nulls last, 3
            """,
            [tenantId, from, to],
            r => new MethodFigures(
                GatewayDirectory.Name((GatewayKind)r.GetInt16(0)), r.IsDBNull(1) ? null : r.GetString(1), r.GetString(2), r.GetInt64(3), r.GetInt64(4), r.GetInt64(5), r.GetInt64(6),
                Money.Format(r.GetInt64(7)), Money.Format(r.GetInt64(8)), r.GetInt64(4) + r.GetInt64(5) is > 0 and var ended ? r.GetInt64(4) * 1000 / ended : null), cancellationToken)];

    static async Task<DeclineFigures[]> DeclinesAsync(NpgsqlConnection connection, int tenantId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        [.. await Database.QueryAsync(
            connection,
            """
            select gateway, decline_code, count(*) from payments.attempts
             where tenant_id = $1 and started_at >= $2 and started_at < $3 and decline_code is not null group by 1, 2 order by 3 desc, 1, 2 limit 100
            """,
            [tenantId, from, to], r => new DeclineFigures(GatewayDirectory.Name((GatewayKind)r.GetInt16(0)), r.GetString(1), r.GetInt64(2)), cancellationToken)];

    static async Task<WebhookFigures[]> WebhooksAsync(NpgsqlConnection connection, int tenantId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        [.. await Database.QueryAsync(
            connection,
            "select gateway, outcome, count(*) from payments.webhook_events where tenant_id = $1 and received_at >= $2 and received_at < $3 group by 1, 2 order by 1, 2",
            [tenantId, from, to], r => new WebhookFigures(GatewayDirectory.Name((GatewayKind)r.GetInt16(0)), r.GetString(1), r.GetInt64(2)), cancellationToken)];

    static async Task<ReconciliationView[]> ReconciliationsAsync(NpgsqlConnection connection, int tenantId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        [.. await Database.QueryAsync(
            connection,
            """
            select gateway, day, items, gross_micros, fee_micros, net_micros, clearing_micros, unsettled_micros, differences, run_at
              from payments.reconciliations where tenant_id = $1 and day >= $2::date and day <= $3::date order by day desc, gateway limit 100
            """,
            [tenantId, DateOnly.FromDateTime(from.UtcDateTime), DateOnly.FromDateTime(to.UtcDateTime)],
            r => new ReconciliationView(
                GatewayDirectory.Name((GatewayKind)r.GetInt16(0)), r.GetFieldValue<DateOnly>(1), r.GetInt32(2), Money.Format(r.GetInt64(3)), Money.Format(r.GetInt64(4)), Money.Format(r.GetInt64(5)),
                Money.Format(r.GetInt64(6)), Money.Format(r.GetInt64(7)), JsonElement.Parse(r.GetString(8)), r.GetFieldValue<DateTimeOffset>(9)), cancellationToken)];

    static async Task<BookFigures[]> BooksAsync(NpgsqlConnection connection, int tenantId, CancellationToken cancellationToken) =>
        [.. await Database.QueryAsync(
            connection,
            """
            select book, currency, sum(micros)::bigint
              from (select e.debit_book as book, a.currency, e.amount_micros as micros from ledger.journal_entries e join ledger.accounts a using (account_id) where e.tenant_id = $1 and e.debit_book in (21, 22)
                    union all
                    select e.credit_book, a.currency, -e.amount_micros from ledger.journal_entries e join ledger.accounts a using (account_id) where e.tenant_id = $1 and e.credit_book in (21, 22)
                    union all
                    select debit_book, currency, amount_micros from ledger.general_entries where tenant_id = $1
                    union all
                    select credit_book, currency, -amount_micros from ledger.general_entries where tenant_id = $1) e
             group by 1, 2 order by 1, 2
            """,
            [tenantId], r => new BookFigures(Books.Name((Book)r.GetInt16(0)), r.GetString(1), Money.Format(r.GetInt64(2))), cancellationToken)];
}
