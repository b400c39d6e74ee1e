using System.Collections.Frozen;

namespace Balatrix.Core.Payments;

/// <summary>What a gateway's reason for a refusal means for the next attempt.</summary>
/// <remarks>Razorpay: the reason parameter, from its error reasons and its list for recurring UPI payments. Stripe: decline codes and error codes as published, its advice code, and the
/// merchant advice of the card networks (03 and 21: never again).</remarks>
public static class DeclineReasons
{
    static readonly FrozenDictionary<string, DeclineKind> RazorpayKinds = Kinds(
        soft: """
        insufficient_funds bank_cutoff_in_progress bank_not_available bank_technical_error banks_hsm_is_down_remitter capture_failed credit_limit_exceeded credit_to_beneficiary_failed
        deemed_transaction duplicate_rrn_found execution_day_rule_mismatch funds_blocked_by_mandate gateway_technical_error id_value_must_be_present invalid_response_from_gateway
        invalid_transaction_beneficiary issuer_dispatch_failed issuer_technical_error merchant_error_payee_psp payment_declined_due_to_high_traffic payment_timed_out psp_app_not_available
        psp_not_available reqauth_mandate_not_acknowledged request_timed_out server_error transaction_daily_count_exceeded transaction_daily_limit_exceeded
        transaction_frequency_limit_exceeded transaction_limit_exceeded upi_app_technical_error verification_failed vpa_resolution_failed
        bad_request_mandate_promised_debit_date_not_honoured gateway_error
        """,
        hard: """
        bank_account_invalid bank_not_enabled card_network_not_enabled card_not_enrolled card_number_invalid card_type_invalid compliance_violation credit_limit_expired
        credit_limit_inactive credit_limit_not_approved credit_not_permitted debit_instrument_blocked debit_instrument_inactive international_transaction_not_allowed invalid_token
        invalid_vpa mandate_cancelled mandate_expired mandate_not_active nature_of_debit_not_allowed payment_method_not_enabled payment_risk_check_failed recurring_payment_not_enabled
        transaction_on_vpa_restricted upi_autopay_not_supported_on_psp user_not_eligible authorization_revoked lost_card stolen_card
        """,
        needsCustomer: """
        amount_does_not_match_mandate_amount authentication_failed card_expired collect_request_pending incorrect_atm_pin incorrect_card_details incorrect_card_expiry_date
        incorrect_cardholder_name incorrect_cvv incorrect_otp incorrect_pin invalid_device invalid_mobile_number invalid_otp limit_exceeded_remitting_bank
        mandate_creation_declined mandate_creation_expired mandate_creation_failed mandate_creation_timeout mandate_current_cycle_allowed_debit_exceeds mandate_debit_beyond_psp_amount_cap
        mandate_paused mobile_number_invalid mpin_not_set_by_customer otp_attempts_exceeded otp_expired payment_cancelled payment_collect_request_expired payment_pending_approval
        payment_session_expired pin_attempts_exceeded pin_not_set psp_app_not_supported psp_not_registered user_not_registered_for_netbanking
        """);

    static readonly FrozenDictionary<string, DeclineKind> StripeKinds = Kinds(
        soft: """
        approve_with_id card_velocity_exceeded insufficient_funds issuer_not_available lock_timeout payment_intent_payment_attempt_expired processing_error reenter_transaction
        try_again_later withdrawal_count_limit_exceeded
        """,
        hard: """
        account_closed bank_account_restricted blocked_by_network card_not_supported currency_not_supported debit_not_authorized do_not_try_again fraudulent highest_risk_level
        incorrect_number invalid_account invalid_number lost_card merchant_blacklist not_permitted pickup_card refer_to_customer restricted_card revocation_of_all_authorizations
        revocation_of_authorization rule security_violation service_not_allowed stolen_card stop_payment_order transaction_not_allowed payment_intent_mandate_invalid
        """,
        needsCustomer: """
        authentication_not_handled authentication_required customer_canceled expired_card incorrect_cvc incorrect_pin incorrect_zip invalid_cvc invalid_expiry_month invalid_expiry_year
        invalid_pin mobile_device_authentication_required new_account_information_available offline_pin_required online_or_offline_pin_required payment_intent_authentication_failure
        pin_try_exceeded setup_intent_authentication_failure testmode_decline
        """);

    /// <summary>Razorpay's reason ("insufficient_funds").</summary>
    public static DeclineKind Razorpay(string? reason) => Find(RazorpayKinds, reason) ?? DeclineKind.Unknown;

    /// <summary>Stripe's refusal. What may never be tried again wins over any advice, then the advice, then the code.</summary>
    /// <param name="declineCode">decline_code, or code when there is none.</param>
    /// <param name="adviceCode">advice_code.</param>
    /// <param name="networkAdviceCode">network_advice_code.</param>
    public static DeclineKind Stripe(string? declineCode, string? adviceCode = null, string? networkAdviceCode = null)
    {
        var kind = Find(StripeKinds, declineCode);
        if (kind == DeclineKind.Hard || adviceCode == "do_not_try_again" || networkAdviceCode is "03" or "21")
            return DeclineKind.Hard;
        return adviceCode switch
        {
            "confirm_card_data" => DeclineKind.NeedsCustomer,
            "try_again_later" when kind != DeclineKind.NeedsCustomer => DeclineKind.Soft,
            _ => kind ?? DeclineKind.Unknown,
        };
    }

    static DeclineKind? Find(FrozenDictionary<string, DeclineKind> kinds, string? code) =>
        code is not null && kinds.TryGetValue(code.Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant(), out var kind) ? kind : null;

    static FrozenDictionary<string, DeclineKind> Kinds(string soft, string hard, string needsCustomer) =>
        new[] { (soft, DeclineKind.Soft), (hard, DeclineKind.Hard), (needsCustomer, DeclineKind.NeedsCustomer) }
            .SelectMany(list => list.Item1.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(code => (code, list.Item2)))
            .ToFrozenDictionary(pair => pair.code, pair => pair.Item2, StringComparer.Ordinal);
}
