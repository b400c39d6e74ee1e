using System.Globalization;
using Balatrix.Core;
using Balatrix.Core.Payments;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>A line of a gateway's own books.</summary>
/// <param name="Gateway">razorpay or stripe.</param>
/// <param name="Item">The gateway's id of the line.</param>
/// <param name="Kind">payment, refund, dispute, fee, payout or adjustment, as the gateway says.</param>
/// <param name="Status">posted, different (it does not agree with ours and is not posted), or waiting.</param>
/// <param name="Difference">Where it does not agree.</param>
/// <param name="MayBePosted">Whether it can be posted by hand.</param>
/// <param name="PostedAs">What people said it is: fee, chargeback, bank_correction or other; null when a rule posted it.</param>
/// <param name="Note">Why.</param>
/// <param name="Payment">The payment that it belongs to, if known here.</param>
/// <param name="Gross">Before fees; below zero when it went out.</param>
/// <param name="Fee">What the gateway keeps, with tax.</param>
/// <param name="Net">Gross less fee.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="SettlementId">The settlement that it went into.</param>
/// <param name="Utr">The bank's reference.</param>
/// <param name="OccurredAt">When it happened.</param>
/// <param name="PostedAt">When it was posted.</param>
public sealed record SettlementView(
    string Gateway, string Item, string Kind, string Status, string? Difference, bool MayBePosted, string? PostedAs, string? Note, string? Payment, string Gross, string Fee, string Net, string Currency,
    string? SettlementId, string? Utr, DateTimeOffset OccurredAt, DateTimeOffset? PostedAt);

/// <summary>The gateways' books line by line, above all what does not agree with ours.</summary>
public static class SettlementEndpoints
{
    /// <summary>A page, the latest first.</summary>
    /// <param name="Items">The page.</param>
    /// <param name="Next">Give it as <c>cursor</c> to get the next page; null on the last one.</param>
    public sealed record SettlementList(SettlementView[] Items, string? Next);

    internal const string Columns = """
        gateway, item_id, kind, difference, posted_as, note, payment_id, gross_micros, fee_micros, net_micros, currency, settlement_id, utr, occurred_at, posted_at
        """;

    /// <summary>What names no payment, refund or dispute of ours; whatever does is put right where it differs.</summary>
    static readonly string[] OfNoRule = ["not_posted", "payment_unknown_here", "refund_unknown_here", "dispute_unknown_here", "settled_twice"];

    static readonly string[] Statuses = ["posted", "different", "waiting"];

    internal static async Task<IResult> List(
        string? gateway, string? status, string? cursor, int? limit, HttpContext context, Database database, CancellationToken cancellationToken)
    {
        var page = limit ?? 50;
        if (page is < 1 or > 500)
            return Problem.Invalid("limit", "1 to 500").ToResult();
        if (gateway is not null && GatewayDirectory.ParseKind(gateway) is null)
            return Problem.Invalid("gateway", "razorpay or stripe").ToResult();
        if (status is not null && !Statuses.Contains(status))
            return Problem.Invalid("status", string.Join(", ", Statuses)).ToResult();
        var after = (At: DateTimeOffset.MaxValue, Gateway: (short)0, Item: "");
        if (cursor is not null
            && (PageCursor.Parse(cursor) is not [var at, var kind, var item] || !DateTimeOffset.TryParseExact(at, "O", CultureInfo.InvariantCulture, DateTimeStyles.None, out after.At)
                || !short.TryParse(kind, NumberStyles.None, CultureInfo.InvariantCulture, out after.Gateway) || (after.Item = item).Contains('\0', StringComparison.Ordinal)))
            return Problem.Invalid("cursor", "the next of the page before").ToResult();
        var tenantId = Caller.Of(context).TenantId;
        var found = await database.InTenantAsync(tenantId, (connection, ct) => Database.QueryAsync(
            connection,
            $"""
            select {Columns} from payments.settlements
             where tenant_id = $1 and ($2::smallint is null or gateway = $2) and ($3::text is null or $3 = case when posted_at is not null then 'posted' when difference is null then 'waiting' else 'different' end)
               and (occurred_at < $4 or (occurred_at = $4 and (gateway, item_id) > ($5, $6)))
             order by occurred_at desc, gateway, item_id limit $7
            """,
            [tenantId, (short?)GatewayDirectory.ParseKind(gateway), status, after.At.ToUniversalTime(), after.Gateway, after.Item, page + 1], Read, ct), cancellationToken);
        var last = found.Count > page ? found[page - 1] : null;
        return Results.Ok(new SettlementList(
            [.. found.Take(page)],
            last is null ? null : PageCursor.Make(
                last.OccurredAt.ToString("O", CultureInfo.InvariantCulture), ((short)GatewayDirectory.ParseKind(last.Gateway)!.Value).ToString(CultureInfo.InvariantCulture), last.Item)));
    }

    internal static SettlementView Read(NpgsqlDataReader r)
    {
        var (difference, postedAt) = (r.IsDBNull(3) ? null : r.GetString(3), r.IsDBNull(14) ? (DateTimeOffset?)null : r.GetFieldValue<DateTimeOffset>(14));
        return new(
            GatewayDirectory.Name((GatewayKind)r.GetInt16(0)), r.GetString(1), r.GetString(2), postedAt is not null ? "posted" : difference is null ? "waiting" : "different", difference,
            postedAt is null && OfNoRule.Contains(difference), r.IsDBNull(4) ? null : NameOf((SettledAs)r.GetInt16(4)), r.IsDBNull(5) ? null : r.GetString(5),
            r.IsDBNull(6) ? null : PaymentNumbers.Payment(r.GetInt64(6)), Money.Format(r.GetInt64(7)), Money.Format(r.GetInt64(8)), Money.Format(r.GetInt64(9)), r.GetString(10),
            r.IsDBNull(11) ? null : r.GetString(11), r.IsDBNull(12) ? null : r.GetString(12), r.GetFieldValue<DateTimeOffset>(13), postedAt);
    }

    internal static string NameOf(SettledAs what) => what switch
    {
        SettledAs.Fee => "fee",
        SettledAs.Chargeback => "chargeback",
        SettledAs.BankCorrection => "bank_correction",
        _ => "other",
    };
}
