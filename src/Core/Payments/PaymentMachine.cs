namespace Balatrix.Core.Payments;

/// <summary>Something that was learnt of a payment: from an answer, a checkout, a webhook, by asking, or from a settlement.</summary>
public abstract record PaymentEvent;

/// <summary>An attempt has come so far.</summary>
public sealed record AttemptSeen(int AttemptNo, AttemptStage Stage, string? Decline, DateTimeOffset At) : PaymentEvent;

/// <summary>The gateway has taken money.</summary>
public sealed record MoneyCaptured(int AttemptNo, string GatewayPaymentId, long AmountMicros) : PaymentEvent;

/// <summary>A refund has come so far. It may be seen before the money it gives back.</summary>
public sealed record RefundSeen(string Key, string GatewayPaymentId, long AmountMicros, RefundStage Stage, bool IsOurs) : PaymentEvent;

/// <summary>A dispute stands so.</summary>
public sealed record DisputeSeen(string DisputeId, string GatewayPaymentId, long AmountMicros, DisputeStage Stage) : PaymentEvent;

/// <summary>What kind of posting a payment causes.</summary>
public enum MovementKind
{
    /// <summary>Money came in.</summary>
    Received,

    /// <summary>Money goes back, or is set aside to.</summary>
    Returned,

    /// <summary>A refund failed: its money is the customer's again.</summary>
    Restored,

    /// <summary>A dispute was lost.</summary>
    ChargedBack,
}

/// <summary>A posting that a payment causes; done once for its kind and key.</summary>
/// <param name="Kind">Which way.</param>
/// <param name="Key">The gateway's payment, the refund or the dispute.</param>
/// <param name="GatewayPaymentId">The gateway's payment whose money it is.</param>
/// <param name="AmountMicros">More than zero.</param>
public readonly record struct Movement(MovementKind Kind, string Key, string GatewayPaymentId, long AmountMicros);

/// <summary>
/// The life of a payment as a pure, total function of what is known and what was learnt. Each fact is joined to those before by the greater
/// of the two, so that any order, any repetition and any source of the same facts end in the same state and cause the same money to move.
/// </summary>
public static class PaymentMachine
{
    /// <summary>What is known after learning one more thing.</summary>
    public static PaymentState Apply(PaymentState state, PaymentEvent learnt) => learnt switch
    {
        AttemptSeen seen => state with { Attempts = state.Attempts.SetItem(seen.AttemptNo, Join(state.Attempts.GetValueOrDefault(seen.AttemptNo), seen)) },
        MoneyCaptured captured => Capture(state, captured),
        RefundSeen refund => state with { Refunds = state.Refunds.SetItem(refund.Key, Join(state.Refunds.GetValueOrDefault(refund.Key), refund)) },
        DisputeSeen dispute => state with { Disputes = state.Disputes.SetItem(dispute.DisputeId, Join(state.Disputes.GetValueOrDefault(dispute.DisputeId), dispute)) },
        _ => throw new ArgumentException($"Not an event of payments: {learnt.GetType().Name}.", nameof(learnt)),
    };

    /// <summary>All postings that what is known causes; those that were made before are among them.</summary>
    public static IEnumerable<Movement> Movements(PaymentState state)
    {
        foreach (var (id, capture) in state.Captures)
            yield return new(MovementKind.Received, id, id, capture.AmountMicros);
        foreach (var (key, refund) in state.Refunds)
        {
            // What nothing is known to be received for is not given back yet; the gateway's word of the payment will come.
            if (!state.Captures.ContainsKey(refund.GatewayPaymentId) || !(refund.IsOurs || refund.WasAlive))
                continue;
            yield return new(MovementKind.Returned, key, refund.GatewayPaymentId, refund.AmountMicros);
            if (refund.Stage == RefundStage.Failed)
                yield return new(MovementKind.Restored, key, refund.GatewayPaymentId, refund.AmountMicros);
        }
        foreach (var (id, dispute) in state.Disputes)
            if (dispute.Stage == DisputeStage.Lost && state.Captures.ContainsKey(dispute.GatewayPaymentId))
                yield return new(MovementKind.ChargedBack, id, dispute.GatewayPaymentId, dispute.AmountMicros);
    }

    /// <summary>The gateway's payment that a refund is to be taken from: the last one that still has as much, so that what was paid twice goes back first.</summary>
    /// <returns>Null when no single one has as much.</returns>
    public static string? RefundFrom(PaymentState state, long amountMicros) =>
        amountMicros <= 0
            ? null
            : state.Captures.OrderByDescending(c => c.Value.AttemptNo).ThenByDescending(c => c.Key, StringComparer.Ordinal).Select(c => c.Key)
                .FirstOrDefault(id => state.RefundableMicros(id) >= amountMicros);

    static PaymentState Capture(PaymentState state, MoneyCaptured captured)
    {
        var known = state.Captures.GetValueOrDefault(captured.GatewayPaymentId);
        var joined = new CaptureFacts(Math.Min(known?.AttemptNo ?? int.MaxValue, captured.AttemptNo), Math.Max(known?.AmountMicros ?? 0, captured.AmountMicros));
        var after = state with { Captures = state.Captures.SetItem(captured.GatewayPaymentId, joined) };
        return Apply(after, new AttemptSeen(captured.AttemptNo, AttemptStage.Captured, null, default));
    }

    static AttemptFacts Join(AttemptFacts? known, AttemptSeen seen)
    {
        var stage = known is null || known.Stage < seen.Stage ? seen.Stage : known.Stage;
        if (seen.Stage != AttemptStage.Failed)
            return new(stage, known?.Decline, known?.DeclinedAt);
        // The latest word; of two at one instant the one that sorts last, so that the order of learning does not show.
        var isNewer = known?.DeclinedAt is not { } at || seen.At > at || (seen.At == at && string.CompareOrdinal(seen.Decline, known.Decline) > 0);
        return isNewer ? new(stage, seen.Decline, seen.At) : new(stage, known!.Decline, known.DeclinedAt);
    }

    static RefundFacts Join(RefundFacts? known, RefundSeen seen) => new(
        known is null || string.CompareOrdinal(seen.GatewayPaymentId, known.GatewayPaymentId) < 0 ? seen.GatewayPaymentId : known.GatewayPaymentId,
        Math.Max(known?.AmountMicros ?? 0, seen.AmountMicros),
        known is null || known.Stage < seen.Stage ? seen.Stage : known.Stage,
        seen.IsOurs || known?.IsOurs == true,
        seen.Stage is RefundStage.Pending or RefundStage.Processed || known?.WasAlive == true);

    static DisputeFacts Join(DisputeFacts? known, DisputeSeen seen) => new(
        known is null || string.CompareOrdinal(seen.GatewayPaymentId, known.GatewayPaymentId) < 0 ? seen.GatewayPaymentId : known.GatewayPaymentId,
        Math.Max(known?.AmountMicros ?? 0, seen.AmountMicros),
        known is null || known.Stage < seen.Stage ? seen.Stage : known.Stage);
}
