using Balatrix.Core;
using Balatrix.Core.Charging;
using Balatrix.Core.Payments;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>
/// Posts the lines of a gateway's books that agree with ours: the money leaves the clearing book for the bank, the fee and the tax on the fee, once for
/// each line. What does not agree is named and left unposted, and looked at again with every run.
/// </summary>
static class PostSettlements
{
    // A line that the gateway has not settled yet waits. Of two lines for one payment or refund only the first can be right.
    const string Judge = """
        select s.item_id, s.kind, s.currency, s.gross_micros, s.fee_micros, s.fee_tax_micros, coalesce(s.gateway_refund_id, s.gateway_payment_id, s.item_id), coalesce(c.payment_id, r.payment_id, d.payment_id),
               coalesce(c.amount_micros, case when s.gross_micros < 0 then -r.amount_micros else r.amount_micros end),
               case when s.net_micros <> s.gross_micros - s.fee_micros then 'does_not_add_up'
                    when s.kind = 'payment' then case
                        when c.amount_micros is null then 'payment_unknown_here'
                        when c.currency <> s.currency then 'currency'
                        when c.amount_micros <> s.gross_micros then 'amount'
                        when s.is_second then 'settled_twice' end
                    when s.kind = 'refund' then case
                        when r.amount_micros is null then 'refund_unknown_here'
                        when r.currency <> s.currency then 'currency'
                        when abs(s.gross_micros) <> r.amount_micros then 'refund_amount'
                        when s.gross_micros > 0 and r.restored_at is null then 'refund_not_failed_here'
                        when s.gross_micros < 0 and r.returned_at is null then 'refund_not_given_back_here'
                        when s.is_second then 'settled_twice' end
                    when s.kind = 'dispute' then case
                        when d.payment_id is null then 'dispute_unknown_here'
                        when d.currency <> s.currency then 'currency' end
                    when s.kind = 'fee' or (s.kind = 'payout' and s.gateway = 2) then null
                    else 'not_posted' end as verdict
          from (select *, posted_at is null and row_number() over (partition by kind, coalesce(gateway_refund_id, gateway_payment_id), sign(gross_micros), posted_as is null order by posted_at nulls last, occurred_at, item_id) > 1 as is_second
                  from payments.settlements where tenant_id = $1 and gateway = $2) s
          left join payments.captures c on s.kind = 'payment' and c.tenant_id = s.tenant_id and c.gateway = s.gateway and c.gateway_payment_id = s.gateway_payment_id
          left join payments.refunds r on s.kind = 'refund' and r.tenant_id = s.tenant_id and r.gateway = s.gateway and r.gateway_refund_id = s.gateway_refund_id
          left join lateral (select payment_id, currency from payments.disputes o
                              where s.kind = 'dispute' and o.tenant_id = s.tenant_id and o.gateway = s.gateway and o.gateway_payment_id = s.gateway_payment_id limit 1) d on true
         where s.posted_at is null and (s.gateway = 2 or s.settlement_id is not null)
         order by s.occurred_at, s.item_id
        """;

    sealed record Line(string ItemId, string Kind, string Currency, SettlementLine Amounts, string GatewayId, long? PaymentId, long? OursMicros, string? Verdict);

    /// <summary>Posts what agrees; gives what does not.</summary>
    public static async Task<List<ReconcilePayments.Difference>> PostAsync(NpgsqlConnection connection, int tenantId, GatewayKind gateway, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await GeneralLedger.LockAsync(connection, tenantId, cancellationToken);
        var lines = await Database.QueryAsync(
            connection, Judge, [tenantId, (short)gateway],
            r => new Line(
                r.GetString(0), r.GetString(1), r.GetString(2), new(r.GetInt64(3), r.GetInt64(4), r.GetInt64(5)), r.GetString(6), r.IsDBNull(7) ? null : r.GetInt64(7),
                r.IsDBNull(8) ? null : r.GetInt64(8), r.IsDBNull(9) ? null : r.GetString(9)), cancellationToken);
        await GeneralLedger.PostAsync(connection, tenantId, [.. lines.Where(l => l.Verdict is null).SelectMany(l => Entries(gateway, l))], now, cancellationToken);
        await Database.ExecuteAsync(
            connection,
            """
            update payments.settlements s set payment_id = v.payment_id, difference = v.verdict, posted_at = case when v.verdict is null then $6::timestamptz end
              from unnest($3::text[], $4::bigint[], $5::text[]) as v(item_id, payment_id, verdict) where s.tenant_id = $1 and s.gateway = $2 and s.item_id = v.item_id
            """,
            [tenantId, (short)gateway, lines.Select(l => l.ItemId).ToArray(), lines.Select(l => l.PaymentId).ToArray(), lines.Select(l => l.Verdict).ToArray(), now], cancellationToken);
        return [.. lines.Where(l => l.Verdict is not null).Select(ToDifference)];
    }

    static IEnumerable<GeneralEntry> Entries(GatewayKind gateway, Line line) =>
        Entries(gateway, line.ItemId, line.Currency, line.Kind == "payout" ? line.Amounts.PayOut(gateway) : line.Amounts.Settle(gateway));

    /// <summary>The entries of a line's parts, each once.</summary>
    public static IEnumerable<GeneralEntry> Entries(GatewayKind gateway, string itemId, string currency, IEnumerable<SettlementPart> parts)
    {
        var reference = $"{GatewayDirectory.Name(gateway)}/{itemId}";
        return parts.Select(p => new GeneralEntry(EventKey.Of("settlement", $"{reference}/{p.Name}"), p.Debit, p.Credit, p.Micros, currency, reference));
    }

    static ReconcilePayments.Difference ToDifference(Line line) => new(
        line.Verdict!, line.PaymentId is { } id ? PaymentNumbers.Payment(id) : null, line.GatewayId, line.OursMicros is { } ours ? Money.Format(ours) : null,
        Money.Format(line.Amounts.GrossMicros != 0 ? line.Amounts.GrossMicros : -line.Amounts.FeeMicros));
}
