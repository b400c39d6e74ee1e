using Balatrix.Core.Payments;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>New rows of refunds and disputes, in the transaction that holds their payment.</summary>
static class RefundStore
{
    const string Insert = """
        insert into payments.refunds (tenant_id, payment_id, account_id, gateway, gateway_payment_id, gateway_refund_id, currency, amount_micros, stage, is_ours, was_alive, reason, idempotency_key,
               created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, false, $10, $11, $12, $12)
        returning refund_id
        """;

    /// <summary>A refund that is asked for here.</summary>
    public static async Task<RefundRecord> BeginAsync(
        NpgsqlConnection connection, int tenantId, PaymentRecord payment, string gatewayPaymentId, long amountMicros, string reason, string key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var id = (await Database.QueryAsync(
            connection, Insert,
            [tenantId, payment.Id, payment.AccountId, (short)payment.Gateway, gatewayPaymentId, null, payment.Currency, amountMicros, true, reason, key, now], r => r.GetInt64(0), cancellationToken))[0];
        return new(id, payment.Id, gatewayPaymentId, null, amountMicros, RefundStage.Started, true, false, reason, null, key, null, null, null, null, now, now);
    }

    /// <summary>A refund that was made at the gateway's own pages.</summary>
    public static async Task<RefundRecord> AddAsync(NpgsqlConnection connection, int tenantId, PaymentRecord payment, GatewayRefund refund, DateTimeOffset now, CancellationToken cancellationToken)
    {
        const string Reason = "Refunded at the gateway";
        var id = (await Database.QueryAsync(
            connection, Insert,
            [tenantId, payment.Id, payment.AccountId, (short)payment.Gateway, refund.PaymentId, refund.Id, payment.Currency, refund.Amount.Micros, false, Reason, null, now], r => r.GetInt64(0),
            cancellationToken))[0];
        return new(id, payment.Id, refund.PaymentId, refund.Id, refund.Amount.Micros, RefundStage.Started, false, false, Reason, null, null, null, null, null, null, now, now);
    }

    /// <summary>A dispute.</summary>
    public static async Task<DisputeRecord> AddAsync(NpgsqlConnection connection, int tenantId, PaymentRecord payment, GatewayDispute dispute, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var reason = dispute.Reason.Length > 150 ? dispute.Reason[..150] : dispute.Reason;
        await Database.ExecuteAsync(
            connection,
            """
            insert into payments.disputes (tenant_id, gateway, dispute_id, payment_id, account_id, gateway_payment_id, currency, amount_micros, stage, reason, answer_by, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10, $11, $11)
            """,
            [
                tenantId, (short)payment.Gateway, dispute.Id, payment.Id, payment.AccountId, dispute.PaymentId, payment.Currency, dispute.Amount.Micros, reason, dispute.AnswerBy, now,
            ], cancellationToken);
        return new(dispute.Id, dispute.PaymentId, dispute.Amount.Micros, DisputeStage.Open, reason, dispute.AnswerBy, null, now);
    }
}
