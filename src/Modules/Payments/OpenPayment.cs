using Balatrix.Core.Payments;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>
/// A payment that is locked while something is learnt of it: by an API answer, a checkout, a webhook, by asking or from a settlement. Whoever comes
/// first records it, and the others find it recorded. Saving writes the rows and posts what follows, in the one transaction.
/// </summary>
sealed class OpenPayment
{
    readonly NpgsqlConnection connection;
    readonly PaymentState before;
    readonly Dictionary<string, GatewayPayment> seen = new(StringComparer.Ordinal);

    OpenPayment(NpgsqlConnection connection, int tenantId, PaymentFile file, Actor actor, DateTimeOffset now)
    {
        this.connection = connection;
        TenantId = tenantId;
        File = file;
        Actor = actor;
        Now = now;
        State = before = file.State();
    }

    public int TenantId { get; }

    public PaymentFile File { get; private set; }

    public Actor Actor { get; }

    public DateTimeOffset Now { get; }

    public PaymentState State { get; private set; }

    /// <summary>Locks a payment, or gives null.</summary>
    public static async Task<OpenPayment?> FindAsync(
        NpgsqlConnection connection, int tenantId, long paymentId, long[]? own, Actor actor, DateTimeOffset now, CancellationToken cancellationToken) =>
        await PaymentStore.FindAsync(connection, tenantId, paymentId, own, forUpdate: true, cancellationToken) is { } file ? new(connection, tenantId, file, actor, now) : null;

    /// <summary>The gateway has the order of an attempt.</summary>
    public void Ordered(int attemptNo, string orderId) =>
        Change(attemptNo, a => a with { OrderId = a.OrderId ?? orderId });

    /// <summary>An attempt came so far.</summary>
    public void Reached(int attemptNo, AttemptStage stage, GatewayFailure? failure = null, DateTimeOffset? at = null)
    {
        State = PaymentMachine.Apply(State, new AttemptSeen(attemptNo, stage, failure?.Code, at ?? Now));
        if (failure is not null && State.Attempts[attemptNo].Decline == failure.Code)
            Change(attemptNo, a => a with { DeclineKind = failure.Decline });
    }

    /// <summary>The gateway shows a payment of an attempt.</summary>
    /// <exception cref="InvalidOperationException">It is of another currency.</exception>
    public void Saw(int attemptNo, GatewayPayment payment)
    {
        if (payment.Amount.Currency != File.Payment.Currency)
            throw new InvalidOperationException($"{File.Payment.Number} is in {File.Payment.Currency}, the gateway's {payment.Id} in {payment.Amount.Currency}.");
        seen[payment.Id] = payment;
        if (payment.Status == GatewayPaymentStatus.Captured)
            State = PaymentMachine.Apply(State, new MoneyCaptured(attemptNo, payment.Id, payment.Amount.Micros));
        else if (StageOf(payment.Status) is { } stage)
            Reached(attemptNo, stage, payment.Failure, payment.CreatedAt);
    }

    /// <summary>The gateway shows a refund, which may be one that was asked for at its own pages.</summary>
    /// <returns>False when it cannot be told yet whether it is one of ours: one is on its way there.</returns>
    public async Task<bool> SawAsync(GatewayRefund refund, CancellationToken cancellationToken)
    {
        var known = File.Refunds.Find(r => r.GatewayRefundId == refund.Id) ?? File.Refunds.Find(r => r.IsOurs && r.GatewayRefundId is null && r.Key == refund.Key);
        if (known is null && refund.Key is null
            && File.Refunds.Exists(r => r.IsOurs && r.GatewayRefundId is null && r.Stage <= RefundStage.Unknown && r.GatewayPaymentId == refund.PaymentId && r.AmountMicros == refund.Amount.Micros))
            return false;
        if (known is null)
            File.Refunds.Add(known = await RefundStore.AddAsync(connection, TenantId, File.Payment, refund, Now, cancellationToken));
        var stage = refund.Status switch { GatewayRefundStatus.Processed => RefundStage.Processed, GatewayRefundStatus.Failed => RefundStage.Failed, _ => RefundStage.Pending };
        Change(known.Id, r => r with { GatewayRefundId = refund.Id, Failure = refund.Failure?.Code ?? r.Failure });
        State = PaymentMachine.Apply(State, new RefundSeen(known.Key, known.GatewayPaymentId, known.AmountMicros, stage, known.IsOurs));
        return true;
    }

    /// <summary>A refund of ours came so far.</summary>
    public void Reached(RefundRecord refund, RefundStage stage, string? failure)
    {
        Change(refund.Id, r => r with { Failure = failure ?? r.Failure });
        State = PaymentMachine.Apply(State, new RefundSeen(refund.Key, refund.GatewayPaymentId, refund.AmountMicros, stage, refund.IsOurs));
    }

    /// <summary>The gateway shows a dispute.</summary>
    public async Task SawAsync(GatewayDispute dispute, CancellationToken cancellationToken)
    {
        var stage = dispute.Status switch { DisputeStatus.Lost => DisputeStage.Lost, DisputeStatus.Won or DisputeStatus.Closed => DisputeStage.Won, _ => DisputeStage.Open };
        if (!File.Disputes.Exists(d => d.DisputeId == dispute.Id))
            File.Disputes.Add(await RefundStore.AddAsync(connection, TenantId, File.Payment, dispute, Now, cancellationToken));
        State = PaymentMachine.Apply(State, new DisputeSeen(dispute.Id, dispute.PaymentId, dispute.Amount.Micros, stage));
    }

    /// <summary>Puts money aside for a refund that is asked for, before the gateway is.</summary>
    public async Task<RefundRecord> BeginRefundAsync(string gatewayPaymentId, long amountMicros, string reason, string idempotencyKey, CancellationToken cancellationToken)
    {
        var refund = await RefundStore.BeginAsync(connection, TenantId, File.Payment, gatewayPaymentId, amountMicros, reason, idempotencyKey, Now, cancellationToken);
        File.Refunds.Add(refund);
        State = PaymentMachine.Apply(State, new RefundSeen(refund.Key, gatewayPaymentId, amountMicros, RefundStage.Started, IsOurs: true));
        return refund;
    }

    /// <summary>Writes what was learnt, posts what follows from it, and gives the payment as it is then.</summary>
    public async Task<PaymentFile> SaveAsync(CancellationToken cancellationToken)
    {
        foreach (var attempt in File.Attempts.ToArray())
            if (State.Attempts[attempt.No] is var facts && (facts.Stage, facts.Decline, facts.DeclinedAt) != (attempt.Stage, attempt.DeclineCode, attempt.DeclinedAt))
                Change(attempt.No, a => a with { Stage = facts.Stage, DeclineCode = facts.Decline, DeclinedAt = facts.DeclinedAt });
        foreach (var attempt in File.Attempts)
            await SaveAsync(attempt, cancellationToken);
        foreach (var refund in File.Refunds.ToArray())
            Change(refund.Id, r => r with { Stage = State.Refunds[r.Key].Stage, WasAlive = State.Refunds[r.Key].WasAlive });
        foreach (var dispute in File.Disputes.ToArray())
            Change(dispute.DisputeId, d => d with { Stage = State.Disputes[d.DisputeId].Stage });
        var postings = new PaymentPostings(connection, this, seen);
        await postings.PostAsync(cancellationToken);
        var after = Summarised();
        if (after == File.Payment && before == State)
            return File;
        after = after with { Version = after.Version + 1, UpdatedAt = Now };
        await Database.ExecuteAsync(
            connection,
            """
            update payments.payments set status = $2, captured_micros = $3, refunded_micros = $4, method = $5, instrument = $6, decline_code = $7, decline_kind = $8, succeeded_at = $9, version = $10,
                   updated_at = $11
             where payment_id = $1 and tenant_id = $12
            """,
            [
                after.Id, (short)after.Status, after.CapturedMicros, after.RefundedMicros, after.Method, after.Instrument, after.DeclineCode, (short?)after.DeclineKind, after.SucceededAt, after.Version,
                Now, TenantId,
            ], cancellationToken);
        if (after.Status != File.Payment.Status)
            await AuditLog.WriteAsync(
                connection, TenantId, Actor, $"payment.{PaymentNames.Name(after.Status)}", "payment", after.Number, new { status = PaymentNames.Name(File.Payment.Status) },
                new { status = PaymentNames.Name(after.Status), captured = Core.Money.Format(after.CapturedMicros), refunded = Core.Money.Format(after.RefundedMicros), declined = after.DeclineCode }, Now,
                cancellationToken);
        File = File with { Payment = after };
        return File;
    }

    internal void Captured(CaptureRecord capture) => File.Captures.Add(capture);

    internal void Change(long refundId, Func<RefundRecord, RefundRecord> change)
    {
        var at = File.Refunds.FindIndex(r => r.Id == refundId);
        File.Refunds[at] = change(File.Refunds[at]);
    }

    internal void Change(string disputeId, Func<DisputeRecord, DisputeRecord> change)
    {
        var at = File.Disputes.FindIndex(d => d.DisputeId == disputeId);
        File.Disputes[at] = change(File.Disputes[at]);
    }

    void Change(int attemptNo, Func<AttemptRecord, AttemptRecord> change)
    {
        var at = File.Attempts.FindIndex(a => a.No == attemptNo);
        File.Attempts[at] = change(File.Attempts[at]);
    }

    /// <summary>The payment's own row as the state has it; how it was paid is what the payment that went through says, or else the last one.</summary>
    PaymentRecord Summarised()
    {
        var shown = seen.Values.OrderBy(p => p.Status == GatewayPaymentStatus.Captured).ThenBy(p => p.CreatedAt).LastOrDefault(p => p.Method is not null);
        var last = File.Last;
        var status = State.Status;
        return File.Payment with
        {
            Status = status,
            CapturedMicros = State.CapturedMicros,
            RefundedMicros = State.RefundedMicros,
            Method = shown?.Method ?? File.Payment.Method,
            Instrument = Masked(shown) ?? File.Payment.Instrument,
            DeclineCode = status == PaymentStatus.Failed ? last.DeclineCode : null,
            DeclineKind = status == PaymentStatus.Failed ? last.DeclineKind : null,
            SucceededAt = File.Payment.SucceededAt ?? (State.Captures.Count > 0 ? Now : null),
        };
    }

    Task<int> SaveAsync(AttemptRecord a, CancellationToken cancellationToken) => Database.ExecuteAsync(
        connection,
        """
        update payments.attempts set stage = $3, order_id = $4, charged_at = coalesce(charged_at, $5), decline_code = $6, decline_kind = $7, declined_at = $8, updated_at = $9
         where payment_id = $1 and attempt_no = $2 and tenant_id = $10
           and (stage, order_id, decline_code, decline_kind, declined_at) is distinct from ($3::smallint, $4::text, $6::text, $7::smallint, $8::timestamptz)
        """,
        [File.Payment.Id, a.No, (short)a.Stage, a.OrderId, a.ChargedAt, a.DeclineCode, (short?)a.DeclineKind, a.DeclinedAt, Now, TenantId], cancellationToken);

    static string? Masked(GatewayPayment? payment) => payment?.Instrument is { } text ? SavedMethods.Masked(text) : null;

    static AttemptStage? StageOf(GatewayPaymentStatus status) => status switch
    {
        GatewayPaymentStatus.RequiresAction => AttemptStage.RequiresAction,
        GatewayPaymentStatus.Pending => AttemptStage.Processing,
        GatewayPaymentStatus.Authorized => AttemptStage.Authorized,
        GatewayPaymentStatus.Failed => AttemptStage.Failed,
        GatewayPaymentStatus.Cancelled => AttemptStage.Cancelled,
        _ => null,
    };
}
