using System.Collections.Immutable;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>What an instrument of the sandbox does.</summary>
enum SandboxOutcome
{
    Success,
    InsufficientFunds,
    ExpiredCard,
    StolenCard,
    GenericDecline,

    /// <summary>Passes while the customer is there, and is refused without: the bank wants to see the customer.</summary>
    AuthenticationRequired,
    AuthenticationFailed,
    UpiDeclined,
    MandateCancelled,

    /// <summary>Decided after a while.</summary>
    PendingSuccess,
    PendingFailure,

    /// <summary>No answer comes; the money was taken.</summary>
    TimeoutCharged,

    /// <summary>No answer comes; nothing was taken.</summary>
    TimeoutNotCharged,

    /// <summary>Answers 500; the money was taken.</summary>
    ErrorCharged,

    /// <summary>Fails, and is captured later all the same (Razorpay's late authorisation).</summary>
    FailedThenCaptured,
}

/// <summary>Something to pay with in the sandbox.</summary>
/// <param name="Code">In the ids of ready-made methods: token_sandbox_CODE and pm_sandbox_CODE.</param>
/// <param name="Typed">What is typed in the checkout: a test card's number or a UPI id.</param>
/// <param name="Outcome">What it does.</param>
/// <param name="Shown">What people read.</param>
/// <param name="RazorpayReason">Razorpay's reason of the refusal.</param>
/// <param name="StripeCode">Stripe's decline code of the refusal.</param>
sealed record SandboxInstrument(string Code, string Typed, SandboxOutcome Outcome, string Shown, string RazorpayReason = "", string StripeCode = "")
{
    const string TokenPrefix = "token_sandbox_";
    const string MethodPrefix = "pm_sandbox_";

    /// <summary>All of them; the table in the README is held against this.</summary>
    public static ImmutableArray<SandboxInstrument> All { get; } =
    [
        new("success", "4242424242424242", SandboxOutcome.Success, "paid"),
        new("insufficient_funds", "4000000000009995", SandboxOutcome.InsufficientFunds, "declined: insufficient funds", "insufficient_funds", "insufficient_funds"),
        new("expired_card", "4000000000000069", SandboxOutcome.ExpiredCard, "declined: expired card", "card_expired", "expired_card"),
        new("stolen_card", "4000000000009979", SandboxOutcome.StolenCard, "declined: stolen card", "debit_instrument_blocked", "stolen_card"),
        new("generic_decline", "4000000000000002", SandboxOutcome.GenericDecline, "declined without a reason", "payment_failed", "generic_decline"),
        new("authentication_required", "4000002760003184", SandboxOutcome.AuthenticationRequired, "paid with the customer there; declined without", "authentication_failed", "authentication_required"),
        new("authentication_failed", "4000008260003178", SandboxOutcome.AuthenticationFailed, "the customer fails to authenticate", "authentication_failed", "authentication_required"),
        new("timeout_charged", "4000000000000119", SandboxOutcome.TimeoutCharged, "no answer; money taken"),
        new("timeout_not_charged", "4000000000000127", SandboxOutcome.TimeoutNotCharged, "no answer; nothing taken"),
        new("error_charged", "4000000000000135", SandboxOutcome.ErrorCharged, "answers 500; money taken"),
        new("pending_success", "4000000000000143", SandboxOutcome.PendingSuccess, "pending, then paid"),
        new("pending_failure", "4000000000000150", SandboxOutcome.PendingFailure, "pending, then declined", "bank_technical_error", "issuer_not_available"),
        new("failed_then_captured", "4000000000000168", SandboxOutcome.FailedThenCaptured, "failed, then paid after all (late authorisation)", "payment_timed_out", "processing_error"),
        new("upi_success", "success@razorpay", SandboxOutcome.Success, "paid by UPI"),
        new("upi_declined", "failure@razorpay", SandboxOutcome.UpiDeclined, "UPI debit declined", "debit_declined", "generic_decline"),
        new("upi_pending", "pending@sandbox", SandboxOutcome.PendingSuccess, "UPI pending, then paid"),
        new("upi_insufficient_funds", "poor@sandbox", SandboxOutcome.InsufficientFunds, "UPI declined: insufficient funds", "insufficient_funds", "insufficient_funds"),
        new("upi_mandate_cancelled", "revoked@sandbox", SandboxOutcome.MandateCancelled, "UPI mandate cancelled in the customer's app", "mandate_cancelled", "revocation_of_authorization"),
    ];

    public bool IsUpi => Typed.Contains('@', StringComparison.Ordinal);

    public bool IsRefusal => RazorpayReason.Length > 0 && Outcome is not (SandboxOutcome.PendingFailure or SandboxOutcome.FailedThenCaptured);

    public string Last4 => IsUpi ? "4242" : Typed[^4..];

    /// <summary>What somebody typed, or null.</summary>
    public static SandboxInstrument? Read(string? typed)
    {
        var plain = (typed ?? "").Replace(" ", "", StringComparison.Ordinal);
        return All.FirstOrDefault(i => i.Typed == plain || i.Code == plain);
    }

    /// <summary>A ready-made method by its id, or null.</summary>
    public static SandboxInstrument? OfMethod(string id)
    {
        var prefix = id.StartsWith(TokenPrefix, StringComparison.Ordinal) ? TokenPrefix : MethodPrefix;
        return id.StartsWith(prefix, StringComparison.Ordinal) ? All.FirstOrDefault(i => i.Code == id[prefix.Length..]) : null;
    }
}
