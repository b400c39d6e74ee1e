using Balatrix.Core.Payments;

namespace Balatrix.Core.Tests.Payments;

/// <summary>Sources: facts/india.md sections 5 and 6; Razorpay's error reasons and errors of recurring UPI payments; Stripe's decline codes.</summary>
public sealed class DeclineReasonTests
{
    [Theory]
    [InlineData("insufficient_funds", DeclineKind.Soft)]
    [InlineData("bank_technical_error", DeclineKind.Soft)]
    [InlineData("transaction_daily_limit_exceeded", DeclineKind.Soft)]
    [InlineData("BAD_REQUEST_MANDATE_PROMISED_DEBIT_DATE_NOT_HONOURED", DeclineKind.Soft)]
    [InlineData("psp_app_ not_available", DeclineKind.Soft)]
    [InlineData("debit_instrument_blocked", DeclineKind.Hard)]
    [InlineData("mandate_cancelled", DeclineKind.Hard)]
    [InlineData("mandate_expired", DeclineKind.Hard)]
    [InlineData("payment_risk_check_failed", DeclineKind.Hard)]
    [InlineData("mandate_paused", DeclineKind.NeedsCustomer)]
    [InlineData("card_expired", DeclineKind.NeedsCustomer)]
    [InlineData("incorrect_otp", DeclineKind.NeedsCustomer)]
    [InlineData("mandate_current_cycle_allowed_debit_exceeds", DeclineKind.NeedsCustomer)]
    [InlineData("payment_failed", DeclineKind.Unknown)]
    [InlineData("card_declined", DeclineKind.Unknown)]
    [InlineData("something_of_next_year", DeclineKind.Unknown)]
    [InlineData("", DeclineKind.Unknown)]
    [InlineData(null, DeclineKind.Unknown)]
    public void Razorpays_reasons(string? reason, DeclineKind expected) => Assert.Equal(expected, DeclineReasons.Razorpay(reason));

    [Theory]
    [InlineData("lost_card")]
    [InlineData("stolen_card")]
    [InlineData("pickup_card")]
    [InlineData("restricted_card")]
    [InlineData("fraudulent")]
    [InlineData("invalid_account")]
    [InlineData("incorrect_number")]
    [InlineData("card_not_supported")]
    [InlineData("currency_not_supported")]
    [InlineData("transaction_not_allowed")]
    [InlineData("revocation_of_authorization")]
    [InlineData("revocation_of_all_authorizations")]
    [InlineData("stop_payment_order")]
    public void Stripe_declines_that_are_never_tried_again(string code)
    {
        Assert.Equal(DeclineKind.Hard, DeclineReasons.Stripe(code));
        Assert.Equal(DeclineKind.Hard, DeclineReasons.Stripe(code, "try_again_later"));
    }

    [Theory]
    [InlineData("insufficient_funds")]
    [InlineData("processing_error")]
    [InlineData("issuer_not_available")]
    [InlineData("try_again_later")]
    [InlineData("reenter_transaction")]
    [InlineData("withdrawal_count_limit_exceeded")]
    [InlineData("card_velocity_exceeded")]
    public void Stripe_declines_that_may_pass_later(string code)
    {
        Assert.Equal(DeclineKind.Soft, DeclineReasons.Stripe(code));
        Assert.Equal(DeclineKind.Hard, DeclineReasons.Stripe(code, "do_not_try_again"));
        Assert.Equal(DeclineKind.Hard, DeclineReasons.Stripe(code, null, "03"));
        Assert.Equal(DeclineKind.Hard, DeclineReasons.Stripe(code, null, "21"));
        Assert.Equal(DeclineKind.NeedsCustomer, DeclineReasons.Stripe(code, "confirm_card_data"));
    }

    [Theory]
    [InlineData("authentication_required", null, DeclineKind.NeedsCustomer)]
    [InlineData("expired_card", "try_again_later", DeclineKind.NeedsCustomer)]
    [InlineData("generic_decline", null, DeclineKind.Unknown)]
    [InlineData("do_not_honor", null, DeclineKind.Unknown)]
    [InlineData("generic_decline", "try_again_later", DeclineKind.Soft)]
    [InlineData("generic_decline", "advice_of_next_year", DeclineKind.Unknown)]
    [InlineData(null, "try_again_later", DeclineKind.Soft)]
    [InlineData(null, null, DeclineKind.Unknown)]
    public void Other_Stripe_declines(string? code, string? advice, DeclineKind expected) => Assert.Equal(expected, DeclineReasons.Stripe(code, advice));
}
