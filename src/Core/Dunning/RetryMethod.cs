namespace Balatrix.Core.Dunning;

/// <summary>What is debited without the customer, as far as it decides how often that may be tried. Numbers are stored.</summary>
public enum RetryMethod : short
{
    /// <summary>A saved card without a mandate's notices, such as Stripe's.</summary>
    Card = 1,

    /// <summary>A card under an Indian e-mandate (Razorpay's recurring cards).</summary>
    CardMandate = 2,

    /// <summary>UPI AutoPay.</summary>
    Upi = 3,

    /// <summary>A bank account by eNACH.</summary>
    Bank = 4,
}

/// <summary>Why there is no further attempt.</summary>
public enum RetryStop
{
    /// <summary>The refusal is final for this method.</summary>
    HardDecline = 1,

    /// <summary>Only the customer can make it pass: a payment link is to be sent.</summary>
    NeedsCustomer = 2,

    /// <summary>As many attempts as the method allows have been made.</summary>
    AttemptsUsed = 3,
}

/// <summary>Attempts at one amount with one method that all failed.</summary>
/// <param name="Method">What was debited.</param>
/// <param name="Attempts">How many, with the first.</param>
/// <param name="FirstAt">When the first one failed.</param>
/// <param name="LastAt">When the last one failed.</param>
/// <param name="Decline">Why the last one failed.</param>
/// <param name="OfThirtyDays">Attempts with this card at anything in the last thirty days, these included; may be empty for what is no card.</param>
public sealed record FailedCharge(RetryMethod Method, int Attempts, DateTimeOffset FirstAt, DateTimeOffset LastAt, Payments.DeclineKind Decline, IReadOnlyList<DateTimeOffset> OfThirtyDays);

/// <summary>When to try again, or why not.</summary>
/// <param name="At">When; null for never.</param>
/// <param name="NoticeBy">The latest time to tell the customer of it; null when no notice is needed or there is no attempt.</param>
/// <param name="Stop">Why never; null when there is a next attempt.</param>
public readonly record struct NextRetry(DateTimeOffset? At, DateTimeOffset? NoticeBy, RetryStop? Stop);
