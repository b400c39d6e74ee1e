using System.Globalization;
using Balatrix.Core.Charging;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments;

/// <summary>What a payment is for. Numbers are stored.</summary>
public enum PaymentPurpose : short
{
    /// <summary>An invoice or debit note.</summary>
    Invoice = 1,

    /// <summary>Money for the account.</summary>
    TopUp = 2,

    /// <summary>A subscription's renewal.</summary>
    Subscription = 3,

    /// <summary>A wallet that ran low.</summary>
    AutoRecharge = 4,

    /// <summary>Taken with the customer's confirmation of a mandate.</summary>
    Mandate = 5,
}

/// <summary>A payment as it is stored.</summary>
sealed record PaymentRecord
{
    public required long Id { get; init; }

    public required long AccountId { get; init; }

    public required GatewayKind Gateway { get; init; }

    public required string Currency { get; init; }

    public required long AmountMicros { get; init; }

    public required PaymentPurpose Purpose { get; init; }

    public long? DocumentId { get; init; }

    public long? SubscriptionId { get; init; }

    public long? MethodId { get; init; }

    public long? MandateId { get; init; }

    public required string Description { get; init; }

    public bool SavesMethod { get; init; }

    public required PaymentStatus Status { get; init; }

    public long CapturedMicros { get; init; }

    public long RefundedMicros { get; init; }

    /// <summary>card, upi, netbanking …, once the gateway says so.</summary>
    public string? Method { get; init; }

    public string? Instrument { get; init; }

    public string? DeclineCode { get; init; }

    public DeclineKind? DeclineKind { get; init; }

    public required string IdempotencyKey { get; init; }

    public required byte[] RequestHash { get; init; }

    public int Version { get; init; } = 1;

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; init; }

    public DateTimeOffset? SucceededAt { get; init; }

    public string Number => PaymentNumbers.Payment(Id);

    /// <summary>Whether a job made it, which tries it again by itself; what a person asked for is answered to that person.</summary>
    public bool IsByJob => IdempotencyKey.StartsWith(JobKey, StringComparison.Ordinal);

    /// <summary>What keys of jobs begin with.</summary>
    public const string JobKey = "job:";

    public Book Book => BookOf(Gateway);

    /// <summary>Names the receipt of one of the gateway's payments within the account.</summary>
    public string ReceiptKey(string gatewayPaymentId) => $"pay:{Number}:{gatewayPaymentId}";

    public static Book BookOf(GatewayKind gateway) => gateway == GatewayKind.Razorpay ? Book.GatewayRazorpay : Book.GatewayStripe;
}

/// <summary>One order at the gateway, and the one charge made on it.</summary>
sealed record AttemptRecord(
    int No, string Reference, AttemptStage Stage, string? OrderId, DateTimeOffset? ChargedAt, DateTimeOffset? DebitAfter, string? Notice, string? DeclineCode, DeclineKind? DeclineKind,
    DateTimeOffset? DeclinedAt, int Asked, DateTimeOffset StartedAt, DateTimeOffset UpdatedAt);

/// <summary>Money that the gateway took.</summary>
sealed record CaptureRecord(string GatewayPaymentId, int AttemptNo, long AmountMicros, long? FeeMicros, long EntryNo, long? DocumentId, DateTimeOffset CapturedAt);

/// <summary>A refund, asked for here or seen at the gateway.</summary>
sealed record RefundRecord(
    long Id, long PaymentId, string GatewayPaymentId, string? GatewayRefundId, long AmountMicros, RefundStage Stage, bool IsOurs, bool WasAlive, string Reason, string? Failure,
    string? IdempotencyKey, string? ReceiptKey, DateTimeOffset? ReturnedAt, DateTimeOffset? RestoredAt, long? DocumentId, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>The refund's name in the state, in the ledger and, being its idempotency key, at the gateway.</summary>
    public string Key => PaymentNumbers.Refund(Id);

    /// <summary>The receipt that its money came back as.</summary>
    public string RestoredKey => $"restore:{Key}";
}

/// <summary>A dispute.</summary>
sealed record DisputeRecord(
    string DisputeId, string GatewayPaymentId, long AmountMicros, DisputeStage Stage, string Reason, DateTimeOffset? AnswerBy, DateTimeOffset? ChargedBackAt, DateTimeOffset CreatedAt);

/// <summary>A payment with all that is known of it.</summary>
sealed record PaymentFile(PaymentRecord Payment, List<AttemptRecord> Attempts, List<CaptureRecord> Captures, List<RefundRecord> Refunds, List<DisputeRecord> Disputes)
{
    public AttemptRecord Last => Attempts[^1];

    /// <summary>The state that the rows say.</summary>
    public PaymentState State() => PaymentState.Empty with
    {
        Attempts = PaymentState.Empty.Attempts.AddRange(Attempts.Select(a => KeyValuePair.Create(a.No, new AttemptFacts(a.Stage, a.DeclineCode, a.DeclinedAt)))),
        Captures = PaymentState.Empty.Captures.AddRange(Captures.Select(c => KeyValuePair.Create(c.GatewayPaymentId, new CaptureFacts(c.AttemptNo, c.AmountMicros)))),
        Refunds = PaymentState.Empty.Refunds.AddRange(Refunds.Select(r => KeyValuePair.Create(r.Key, new RefundFacts(r.GatewayPaymentId, r.AmountMicros, r.Stage, r.IsOurs, r.WasAlive)))),
        Disputes = PaymentState.Empty.Disputes.AddRange(Disputes.Select(d => KeyValuePair.Create(d.DisputeId, new DisputeFacts(d.GatewayPaymentId, d.AmountMicros, d.Stage)))),
    };
}

/// <summary>Numbers as people see them.</summary>
static class PaymentNumbers
{
    public static string Payment(long id) => "PAY-" + id.ToString(CultureInfo.InvariantCulture);

    /// <summary>Also the refund's idempotency key at the gateway, which wants ten characters.</summary>
    public static string Refund(long id) => "REFUND-" + id.ToString(CultureInfo.InvariantCulture);

    public static string Method(long id) => "PM-" + id.ToString(CultureInfo.InvariantCulture);

    public static string Mandate(long id) => "MAN-" + id.ToString(CultureInfo.InvariantCulture);

    /// <summary>The number of an attempt: the order's reference at the gateway, unique among all tenants.</summary>
    public static string Attempt(long paymentId, int no) => $"PAY-{paymentId.ToString(CultureInfo.InvariantCulture)}-{no.ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Reads "PAY-1001" or "1001".</summary>
    public static bool TryParse(string prefix, ReadOnlySpan<char> text, out long id) =>
        long.TryParse(text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? text[prefix.Length..] : text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && id > 0;
}
