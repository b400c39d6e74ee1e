using System.Collections.Immutable;

namespace Balatrix.Core.Payments;

/// <summary>What is known of one attempt.</summary>
/// <param name="Stage">How far it came.</param>
/// <param name="Decline">Why it failed, as the gateway says it; of several failures the latest.</param>
/// <param name="DeclinedAt">When that was.</param>
public sealed record AttemptFacts(AttemptStage Stage, string? Decline, DateTimeOffset? DeclinedAt);

/// <summary>Money that the gateway took, once for each of its payments.</summary>
/// <param name="AttemptNo">By which attempt.</param>
/// <param name="AmountMicros">How much.</param>
public sealed record CaptureFacts(int AttemptNo, long AmountMicros);

/// <summary>What is known of one refund.</summary>
/// <param name="GatewayPaymentId">The gateway's payment that it gives back.</param>
/// <param name="AmountMicros">How much.</param>
/// <param name="Stage">How far it came.</param>
/// <param name="IsOurs">Asked for here, so that its money was set aside before the gateway was called; the others were made at the gateway's own pages.</param>
/// <param name="WasAlive">Whether it was ever seen on its way.</param>
public sealed record RefundFacts(string GatewayPaymentId, long AmountMicros, RefundStage Stage, bool IsOurs, bool WasAlive);

/// <summary>What is known of one dispute.</summary>
/// <param name="GatewayPaymentId">The gateway's payment that is disputed.</param>
/// <param name="AmountMicros">How much of it.</param>
/// <param name="Stage">Where it stands.</param>
public sealed record DisputeFacts(string GatewayPaymentId, long AmountMicros, DisputeStage Stage);

/// <summary>All that is known of a payment. It only grows: see <see cref="PaymentMachine"/>.</summary>
/// <param name="Attempts">By number.</param>
/// <param name="Captures">By the gateway's payment id. More than one is a customer who paid twice: both are received, the second as credit.</param>
/// <param name="Refunds">By our number, or the gateway's id when it was not asked for here.</param>
/// <param name="Disputes">By the gateway's id.</param>
public sealed record PaymentState(
    ImmutableSortedDictionary<int, AttemptFacts> Attempts, ImmutableSortedDictionary<string, CaptureFacts> Captures,
    ImmutableSortedDictionary<string, RefundFacts> Refunds, ImmutableSortedDictionary<string, DisputeFacts> Disputes)
{
    /// <summary>Nothing is known.</summary>
    public static PaymentState Empty { get; } = new(
        ImmutableSortedDictionary<int, AttemptFacts>.Empty, Keyed<CaptureFacts>(), Keyed<RefundFacts>(), Keyed<DisputeFacts>());

    /// <summary>Taken by the gateway in all.</summary>
    public long CapturedMicros => Captures.Values.Sum(c => c.AmountMicros);

    /// <summary>Given back, or on its way.</summary>
    public long RefundedMicros => Refunds.Values.Where(r => r.Stage is RefundStage.Pending or RefundStage.Processed).Sum(r => r.AmountMicros);

    /// <summary>What it is, taken together.</summary>
    public PaymentStatus Status
    {
        get
        {
            if (Captures.Count > 0)
            {
                if (Disputes.Values.Any(d => d.Stage != DisputeStage.Won))
                    return PaymentStatus.Disputed;
                var refunded = RefundedMicros;
                return refunded == 0 ? PaymentStatus.Succeeded : refunded < CapturedMicros ? PaymentStatus.PartiallyRefunded : PaymentStatus.Refunded;
            }
            if (Attempts.Count == 0)
                return PaymentStatus.Created;
            if (Attempts.Values.Any(a => a.Stage is AttemptStage.Captured or AttemptStage.Authorized))
                return PaymentStatus.Authorized;
            return Attempts.Last().Value.Stage switch
            {
                AttemptStage.Started => PaymentStatus.Created,
                AttemptStage.Unknown => PaymentStatus.Unknown,
                AttemptStage.RequiresAction => PaymentStatus.RequiresAction,
                AttemptStage.Processing => PaymentStatus.Pending,
                AttemptStage.Failed => PaymentStatus.Failed,
                _ => PaymentStatus.Cancelled,
            };
        }
    }

    /// <summary>Of one of the gateway's payments, what is neither given back, set aside to be, nor lost in a dispute.</summary>
    public long RefundableMicros(string gatewayPaymentId) =>
        Captures.TryGetValue(gatewayPaymentId, out var capture)
            ? capture.AmountMicros
                - Refunds.Values.Where(r => r.GatewayPaymentId == gatewayPaymentId && r.Stage != RefundStage.Failed).Sum(r => r.AmountMicros)
                - Disputes.Values.Where(d => d.GatewayPaymentId == gatewayPaymentId && d.Stage != DisputeStage.Won).Sum(d => d.AmountMicros)
            : 0;

    /// <summary>Whether it may be tried again: nothing was taken or promised, and the last attempt has a final answer.</summary>
    public bool MayRetry =>
        Captures.Count == 0 && Attempts.Count > 0 && Attempts.Values.All(a => a.Stage is AttemptStage.Failed or AttemptStage.Cancelled);

    static ImmutableSortedDictionary<string, T> Keyed<T>() => ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);
}
