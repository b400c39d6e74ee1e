using Balatrix.Core.Payments;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>Finds the payment that a gateway speaks of.</summary>
static class PaymentFinder
{
    /// <summary>
    /// The attempt, by the gateway's order, by our reference (an attempt is written down before the gateway knows of it, so this finds what comes
    /// before the call has returned), or by the gateway's payment when that was taken already.
    /// </summary>
    public static async Task<(long PaymentId, int AttemptNo)?> FindAttemptAsync(
        NpgsqlConnection connection, int tenantId, GatewayKind gateway, string? orderId, string? reference, string? gatewayPaymentId, CancellationToken cancellationToken)
    {
        var found = await Database.QueryAsync(
            connection,
            """
            select payment_id, attempt_no from payments.attempts where tenant_id = $1 and gateway = $2 and order_id = $3
            union all
            select payment_id, attempt_no from payments.attempts where tenant_id = $1 and gateway = $2 and reference = $4
            union all
            select payment_id, attempt_no from payments.captures where tenant_id = $1 and gateway = $2 and gateway_payment_id = $5
            union all
            select payment_id, attempt_no from payments.attempts where tenant_id = $1 and gateway = $2 and order_id = $5
            limit 1
            """,
            [tenantId, (short)gateway, orderId ?? "", reference ?? "", gatewayPaymentId ?? ""], r => (r.GetInt64(0), r.GetInt32(1)), cancellationToken);
        return found is [var attempt] ? attempt : null;
    }
}
