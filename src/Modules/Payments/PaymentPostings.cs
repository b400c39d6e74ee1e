using Balatrix.Core.Charging;
using Balatrix.Core.Payments;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Invoicing;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>Posts the money that a payment's state says has moved and that is not posted yet, in the payment's transaction.</summary>
sealed class PaymentPostings(NpgsqlConnection connection, OpenPayment open, IReadOnlyDictionary<string, GatewayPayment> seen)
{
    PaymentRecord Payment => open.File.Payment;

    /// <summary>Posts; what was posted before is on its row.</summary>
    public async Task PostAsync(CancellationToken cancellationToken)
    {
        foreach (var movement in PaymentMachine.Movements(open.State).ToList())
        {
            await (movement.Kind switch
            {
                MovementKind.Received => ReceiveAsync(movement, cancellationToken),
                MovementKind.Returned => ReturnAsync(movement, cancellationToken),
                MovementKind.Restored => RestoreAsync(movement, cancellationToken),
                _ => ChargeBackAsync(movement, cancellationToken),
            });
        }
        foreach (var refund in open.File.Refunds)
            await SaveAsync(refund, cancellationToken);
        foreach (var dispute in open.File.Disputes)
            await SaveAsync(dispute, cancellationToken);
    }

    async Task ReceiveAsync(Movement movement, CancellationToken cancellationToken)
    {
        seen.TryGetValue(movement.Key, out var payment);
        if (open.File.Captures.Find(c => c.GatewayPaymentId == movement.Key) is { } known)
        {
            if (known.FeeMicros is null && payment?.Fee is { } late)
                await Database.ExecuteAsync(
                    connection, "update payments.captures set fee_micros = $3 where tenant_id = $1 and gateway = $4 and gateway_payment_id = $2",
                    [open.TenantId, movement.Key, late.Micros, (short)Payment.Gateway], cancellationToken);
            return;
        }
        // The second of two payments of one invoice finds it settled: it stays as credit, or settles what else is due.
        var received = await Receivables.ReceiveAsync(
            connection, open.TenantId,
            new(Payment.AccountId, Payment.ReceiptKey(movement.Key), movement.AmountMicros, Payment.Currency, Payment.Book, movement.Key, Payment.DocumentId), open.Actor, open.Now, cancellationToken);
        var capture = new CaptureRecord(
            movement.Key, open.State.Captures[movement.Key].AttemptNo, movement.AmountMicros, payment?.Fee?.Micros, received.EntryNo, received.DocumentId, open.Now);
        await Database.ExecuteAsync(
            connection,
            """
            insert into payments.captures (tenant_id, gateway, gateway_payment_id, payment_id, attempt_no, account_id, currency, amount_micros, fee_micros, entry_no, document_id, captured_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            """,
            [
                open.TenantId, (short)Payment.Gateway, capture.GatewayPaymentId, Payment.Id, capture.AttemptNo, Payment.AccountId, Payment.Currency, capture.AmountMicros, capture.FeeMicros,
                capture.EntryNo, capture.DocumentId, open.Now,
            ], cancellationToken);
        open.Captured(capture);
    }

    async Task ReturnAsync(Movement movement, CancellationToken cancellationToken)
    {
        var refund = open.File.Refunds.Find(r => r.Key == movement.Key)!;
        if (refund.ReturnedAt is not null)
            return;
        var receipt = ReceiptFor(movement)
            ?? (refund.IsOurs ? throw new ProblemException(new(409, "refund_in_parts", "No single receipt of the payment has as much left: give it back in parts.", "amount")) : Payment.ReceiptKey(movement.GatewayPaymentId));
        var (documentId, note) = await GiveBackAsync($"refund:{refund.Key}", receipt, movement, refund.GatewayRefundId ?? refund.Key, refund.Reason, refund.IsOurs, cancellationToken);
        open.Change(refund.Id, r => r with { ReturnedAt = open.Now, ReceiptKey = receipt, DocumentId = documentId, Failure = r.Failure ?? note });
    }

    async Task RestoreAsync(Movement movement, CancellationToken cancellationToken)
    {
        var refund = open.File.Refunds.Find(r => r.Key == movement.Key)!;
        if (refund.ReturnedAt is null || refund.RestoredAt is not null)
            return;
        await Receivables.ReceiveAsync(
            connection, open.TenantId, new(Payment.AccountId, refund.RestoredKey, movement.AmountMicros, Payment.Currency, Payment.Book, refund.Key, Payment.DocumentId), open.Actor, open.Now,
            cancellationToken);
        open.Change(refund.Id, r => r with { RestoredAt = open.Now });
    }

    async Task ChargeBackAsync(Movement movement, CancellationToken cancellationToken)
    {
        var dispute = open.File.Disputes.Find(d => d.DisputeId == movement.Key)!;
        if (dispute.ChargedBackAt is not null)
            return;
        await GiveBackAsync(
            $"dispute:{dispute.DisputeId}", ReceiptFor(movement) ?? Payment.ReceiptKey(movement.GatewayPaymentId), movement, dispute.DisputeId, $"Dispute lost: {dispute.Reason}", mayRefuse: false,
            cancellationToken);
        open.Change(dispute.DisputeId, d => d with { ChargedBackAt = open.Now });
    }

    /// <summary>
    /// Takes money out of the account's book with its note or voucher. What the gateway has taken already cannot be refused: when the balance was
    /// used meanwhile it is posted all the same, the account owes it, and the note is left to people.
    /// </summary>
    async Task<(long? DocumentId, string? Note)> GiveBackAsync(
        string key, string receipt, Movement movement, string reference, string reason, bool mayRefuse, CancellationToken cancellationToken)
    {
        const string Savepoint = "give_back";
        var money = new MoneyReturned(Payment.AccountId, key, receipt, movement.AmountMicros, Payment.Currency, Payment.Book, reference, reason);
        if (mayRefuse)
            return ((await ReturnMoney.ReturnAsync(connection, open.TenantId, money, open.Actor, open.Now, cancellationToken)).DocumentId, null);
        await Database.ExecuteAsync(connection, $"savepoint {Savepoint}", [], cancellationToken);
        try
        {
            var returned = await ReturnMoney.ReturnAsync(connection, open.TenantId, money, open.Actor, open.Now, cancellationToken);
            await Database.ExecuteAsync(connection, $"release savepoint {Savepoint}", [], cancellationToken);
            return (returned.DocumentId, null);
        }
        catch (ProblemException refused)
        {
            await Database.ExecuteAsync(connection, $"rollback to savepoint {Savepoint}", [], cancellationToken);
            var post = new Post(EventKey.Of("return", key), EntryKind.PaymentRefund, Payment.Book, -movement.AmountMicros, Payment.Currency, reference, null, IsOwed: true);
            var decision = (await LedgerPosting.PostAsync(connection, open.TenantId, [(Payment.AccountId, post)], open.Now, cancellationToken))[0];
            if (!decision.Accepted)
                throw new InvalidOperationException($"The ledger refused what the gateway took back from {AccountDirectory.NumberOf(Payment.AccountId)}: {decision.Refusal}.", refused);
            return (null, $"posted without a note: {refused.Problem.Code}");
        }
    }

    /// <summary>A receipt that still has as much: the payment's own, or one that a failed refund came back as.</summary>
    string? ReceiptFor(Movement movement)
    {
        var receipts = new List<(string Key, long AmountMicros)> { (Payment.ReceiptKey(movement.GatewayPaymentId), open.State.Captures[movement.GatewayPaymentId].AmountMicros) };
        receipts.AddRange(open.File.Refunds.Where(r => r.RestoredAt is not null && r.GatewayPaymentId == movement.GatewayPaymentId).Select(r => (r.RestoredKey, r.AmountMicros)));
        return receipts.Find(receipt => receipt.AmountMicros - open.File.Refunds.Where(r => r.ReceiptKey == receipt.Key).Sum(r => r.AmountMicros) >= movement.AmountMicros).Key;
    }

    Task<int> SaveAsync(RefundRecord r, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        """
        update payments.refunds set gateway_refund_id = $2, stage = $3, was_alive = $4, failure = $5, receipt_key = $6, returned_at = $7, restored_at = $8, document_id = $9, updated_at = $10
         where refund_id = $1 and tenant_id = $11
           and (gateway_refund_id, stage, was_alive, failure, returned_at, restored_at)
               is distinct from ($2::text, $3::smallint, $4::boolean, $5::text, $7::timestamptz, $8::timestamptz)
        """,
        [
            r.Id, r.GatewayRefundId, (short)r.Stage, r.WasAlive, r.Failure, r.ReceiptKey, r.ReturnedAt, r.RestoredAt, r.DocumentId, open.Now,
            open.TenantId,
        ], cancellationToken);

    Task<int> SaveAsync(DisputeRecord d, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        """
        update payments.disputes set stage = $4, charged_back_at = $5, updated_at = $6
         where tenant_id = $1 and gateway = $2 and dispute_id = $3 and (stage, charged_back_at) is distinct from ($4::smallint, $5::timestamptz)
        """,
        [open.TenantId, (short)Payment.Gateway, d.DisputeId, (short)d.Stage, d.ChargedBackAt, open.Now], cancellationToken);
}
