using Balatrix.Core.Payments;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Payments;

/// <summary>Payments in the database, in the caller's transaction of the tenant. A payment's row is locked before its other rows and before accounts.</summary>
static class PaymentStore
{
    const string Columns = """
        payment_id, account_id, gateway, currency, amount_micros, purpose, document_id, subscription_id, method_id, mandate_id, description, saves_method, status, captured_micros, refunded_micros,
        method, instrument, decline_code, decline_kind, idempotency_key, request_hash, version, created_at, updated_at, succeeded_at
        """;

    /// <summary>A payment with all that belongs to it, or null.</summary>
    /// <param name="connection">In a transaction of the tenant.</param>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="paymentId">Which.</param>
    /// <param name="own">Only when it is of one of these accounts; null is all.</param>
    /// <param name="forUpdate">Locked until the transaction ends.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task<PaymentFile?> FindAsync(NpgsqlConnection connection, int tenantId, long paymentId, long[]? own, bool forUpdate, CancellationToken cancellationToken)
    {
        var found = await Database.QueryAsync(
            connection,
            $"select {Columns} from payments.payments where payment_id = $1 and tenant_id = $2 and ($3::bigint[] is null or account_id = any($3)) {(forUpdate ? "for update" : "")}",
            [paymentId, tenantId, own], Read, cancellationToken);
        return found is [var payment] ? await LoadAsync(connection, payment, cancellationToken) : null;
    }

    /// <summary>The payment that was made under an idempotency key, or null.</summary>
    public static async Task<PaymentFile?> FindByKeyAsync(NpgsqlConnection connection, int tenantId, long accountId, string key, CancellationToken cancellationToken)
    {
        var found = await Database.QueryAsync(
            connection, $"select {Columns} from payments.payments where account_id = $1 and tenant_id = $2 and idempotency_key = $3", [accountId, tenantId, key], Read, cancellationToken);
        return found is [var payment] ? await LoadAsync(connection, payment, cancellationToken) : null;
    }

    /// <summary>Payments, the latest first.</summary>
    public static Task<List<PaymentRecord>> ListAsync(NpgsqlConnection connection, int tenantId, PaymentFilter filter, CancellationToken cancellationToken) => Database.QueryAsync(
        connection,
        $"""
        select {Columns} from payments.payments
         where tenant_id = $1 and payment_id < $2 and ($3::bigint[] is null or account_id = any($3)) and ($4::bigint is null or account_id = $4)
           and ($5::smallint is null or status = $5) and ($6::smallint is null or gateway = $6) and ($7::smallint is null or purpose = $7)
           and ($8::timestamptz is null or created_at >= $8) and ($9::timestamptz is null or created_at < $9) and ($10::bigint is null or document_id = $10)
         order by payment_id desc limit $11
        """,
        [
            tenantId, filter.Before, filter.Own, filter.AccountId, (short?)filter.Status, (short?)filter.Gateway, (short?)filter.Purpose, filter.From, filter.To, filter.DocumentId, filter.Limit,
        ], Read, cancellationToken);

    /// <summary>Writes a new payment with its first attempt; null when its account has one of that key already.</summary>
    public static async Task<PaymentFile?> CreateAsync(NpgsqlConnection connection, int tenantId, PaymentRecord payment, DateTimeOffset? debitAfter, CancellationToken cancellationToken)
    {
        var made = await Database.QueryAsync(
            connection,
            $"""
            insert into payments.payments (tenant_id, account_id, gateway, currency, amount_micros, purpose, document_id, subscription_id, method_id, mandate_id, description, saves_method, status,
                   idempotency_key, request_hash, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13, $14, $15, $15)
            on conflict (account_id, idempotency_key) do nothing
            returning {Columns}
            """,
            [
                tenantId, payment.AccountId, (short)payment.Gateway, payment.Currency, payment.AmountMicros, (short)payment.Purpose, payment.DocumentId, payment.SubscriptionId, payment.MethodId,
                payment.MandateId, payment.Description, payment.SavesMethod, payment.IdempotencyKey, payment.RequestHash, payment.CreatedAt,
            ], Read, cancellationToken);
        if (made is not [var created])
            return null;
        var attempt = await AddAttemptAsync(connection, tenantId, created, 1, debitAfter, payment.CreatedAt, cancellationToken);
        return new(created, [attempt], [], [], []);
    }

    /// <summary>Writes a further attempt.</summary>
    public static async Task<AttemptRecord> AddAttemptAsync(
        NpgsqlConnection connection, int tenantId, PaymentRecord payment, int no, DateTimeOffset? debitAfter, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var reference = PaymentNumbers.Attempt(payment.Id, no);
        await Database.ExecuteAsync(
            connection,
            """
            insert into payments.attempts (tenant_id, payment_id, attempt_no, gateway, reference, stage, debit_after, notice, started_at, updated_at)
            values ($1, $2, $3, $4, $5, 1, $6::timestamptz, case when $6::timestamptz is null then null else 'asked' end, $7, $7)
            """,
            [tenantId, payment.Id, no, (short)payment.Gateway, reference, debitAfter, now], cancellationToken);
        return new(no, reference, AttemptStage.Started, null, null, debitAfter, debitAfter is null ? null : "asked", null, null, null, 0, now, now);
    }

    static async Task<PaymentFile> LoadAsync(NpgsqlConnection connection, PaymentRecord payment, CancellationToken cancellationToken)
    {
        var attempts = await Database.QueryAsync(
            connection,
            """
            select attempt_no, reference, stage, order_id, charged_at, debit_after, notice, decline_code, decline_kind, declined_at, asked, started_at, updated_at
              from payments.attempts where payment_id = $1 order by attempt_no
            """,
            [payment.Id],
            r => new AttemptRecord(
                r.GetInt32(0), r.GetString(1), (AttemptStage)r.GetInt16(2), Text(r, 3), Instant(r, 4), Instant(r, 5), Text(r, 6), Text(r, 7), (DeclineKind?)Small(r, 8), Instant(r, 9), r.GetInt32(10),
                r.GetFieldValue<DateTimeOffset>(11), r.GetFieldValue<DateTimeOffset>(12)), cancellationToken);
        var captures = await Database.QueryAsync(
            connection,
            "select gateway_payment_id, attempt_no, amount_micros, fee_micros, entry_no, document_id, captured_at from payments.captures where payment_id = $1 order by captured_at, gateway_payment_id",
            [payment.Id],
            r => new CaptureRecord(r.GetString(0), r.GetInt32(1), r.GetInt64(2), Number(r, 3), r.GetInt64(4), Number(r, 5), r.GetFieldValue<DateTimeOffset>(6)), cancellationToken);
        var refunds = await Database.QueryAsync(
            connection,
            """
            select refund_id, payment_id, gateway_payment_id, gateway_refund_id, amount_micros, stage, is_ours, was_alive, reason, failure, idempotency_key, receipt_key, returned_at, restored_at, document_id,
                   created_at, updated_at
              from payments.refunds where payment_id = $1 order by refund_id
            """,
            [payment.Id],
            r => new RefundRecord(
                r.GetInt64(0), r.GetInt64(1), r.GetString(2), Text(r, 3), r.GetInt64(4), (RefundStage)r.GetInt16(5), r.GetBoolean(6), r.GetBoolean(7), r.GetString(8), Text(r, 9), Text(r, 10),
                Text(r, 11), Instant(r, 12), Instant(r, 13), Number(r, 14), r.GetFieldValue<DateTimeOffset>(15), r.GetFieldValue<DateTimeOffset>(16)), cancellationToken);
        var disputes = await Database.QueryAsync(
            connection,
            """
            select dispute_id, gateway_payment_id, amount_micros, stage, reason, answer_by, charged_back_at, created_at
              from payments.disputes where payment_id = $1 order by created_at, dispute_id
            """,
            [payment.Id],
            r => new DisputeRecord(
                r.GetString(0), r.GetString(1), r.GetInt64(2), (DisputeStage)r.GetInt16(3), r.GetString(4), Instant(r, 5), Instant(r, 6), r.GetFieldValue<DateTimeOffset>(7)), cancellationToken);
        return new(payment, attempts, captures, refunds, disputes);
    }

    static PaymentRecord Read(NpgsqlDataReader r) => new()
    {
        Id = r.GetInt64(0),
        AccountId = r.GetInt64(1),
        Gateway = (GatewayKind)r.GetInt16(2),
        Currency = r.GetString(3),
        AmountMicros = r.GetInt64(4),
        Purpose = (PaymentPurpose)r.GetInt16(5),
        DocumentId = Number(r, 6),
        SubscriptionId = Number(r, 7),
        MethodId = Number(r, 8),
        MandateId = Number(r, 9),
        Description = r.GetString(10),
        SavesMethod = r.GetBoolean(11),
        Status = (PaymentStatus)r.GetInt16(12),
        CapturedMicros = r.GetInt64(13),
        RefundedMicros = r.GetInt64(14),
        Method = Text(r, 15),
        Instrument = Text(r, 16),
        DeclineCode = Text(r, 17),
        DeclineKind = (DeclineKind?)Small(r, 18),
        IdempotencyKey = r.GetString(19),
        RequestHash = r.GetFieldValue<byte[]>(20),
        Version = r.GetInt32(21),
        CreatedAt = r.GetFieldValue<DateTimeOffset>(22),
        UpdatedAt = r.GetFieldValue<DateTimeOffset>(23),
        SucceededAt = Instant(r, 24),
    };

    static string? Text(NpgsqlDataReader r, int at) => r.IsDBNull(at) ? null : r.GetString(at);

    static long? Number(NpgsqlDataReader r, int at) => r.IsDBNull(at) ? null : r.GetInt64(at);

    static short? Small(NpgsqlDataReader r, int at) => r.IsDBNull(at) ? null : r.GetInt16(at);

    static DateTimeOffset? Instant(NpgsqlDataReader r, int at) => r.IsDBNull(at) ? null : r.GetFieldValue<DateTimeOffset>(at);
}

/// <summary>Which payments are asked for; null is all.</summary>
sealed record PaymentFilter(
    long Before, int Limit, long[]? Own = null, long? AccountId = null, PaymentStatus? Status = null, GatewayKind? Gateway = null, PaymentPurpose? Purpose = null,
    DateTimeOffset? From = null, DateTimeOffset? To = null, long? DocumentId = null);
