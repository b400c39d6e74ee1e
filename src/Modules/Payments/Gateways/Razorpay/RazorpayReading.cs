using System.Text.Json;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Gateways.Razorpay;

/// <summary>Razorpay's things as ours. Null when what must be there is not.</summary>
static class RazorpayReading
{
    public static GatewayOrder? Order(JsonElement order, Uri? checkoutPage) =>
        order.Text("id") is { } id && order.Amount("amount", order.Text("currency")) is { } amount
            ? new(id, order.Text("receipt"), amount, order.Text("status") == "paid", null, checkoutPage is null ? null : new Uri($"{checkoutPage.AbsoluteUri.TrimEnd('/')}/{id}"))
            : null;

    public static GatewayPayment? Payment(JsonElement payment)
    {
        if (payment.Text("id") is not { } id || payment.Amount("amount", payment.Text("currency")) is not { } amount)
            return null;
        var status = Status(payment);
        return new(
            id,
            payment.Text("order_id"),
            payment.Object("notes")?.Text("reference"),
            amount,
            status,
            payment.Amount("amount_refunded", amount.Currency) ?? amount with { Micros = 0 },
            payment.Text("method"),
            payment.Text("token_id"),
            payment.Text("customer_id"),
            Instrument(payment),
            payment.Amount("fee", amount.Currency),
            status == GatewayPaymentStatus.Failed ? Failure(payment) : null,
            null,
            payment.Instant("created_at") ?? DateTimeOffset.UnixEpoch);
    }

    public static GatewayRefund? Refund(JsonElement refund) =>
        refund.Text("id") is { } id && refund.Text("payment_id") is { } paymentId && refund.Amount("amount", refund.Text("currency")) is { } amount
            ? new(
                id,
                paymentId,
                refund.Text("receipt") ?? refund.Object("notes")?.Text("key"),
                amount,
                refund.Text("status") switch { "processed" => GatewayRefundStatus.Processed, "failed" => GatewayRefundStatus.Failed, _ => GatewayRefundStatus.Pending },
                refund.Text("status") == "failed" ? new("refund_failed", "The refund could not be made.", DeclineKind.Unknown) : null,
                refund.Instant("created_at") ?? DateTimeOffset.UnixEpoch)
            : null;

    public static SavedMethod? Method(JsonElement token, string? customerId)
    {
        if (token.Text("id") is not { } id)
            return null;
        var card = token.Object("card");
        var details = token.Object("recurring_details");
        return new(
            id,
            customerId ?? token.Text("customer_id"),
            token.Text("method") switch { "upi" => MethodKind.Upi, "emandate" or "nach" or "netbanking" => MethodKind.BankAccount, _ => MethodKind.Card },
            details?.Text("status") switch
            {
                "confirmed" => MethodStatus.Active,
                "rejected" => MethodStatus.Rejected,
                "paused" => MethodStatus.Paused,
                "cancelled" or "cancellation_initiated" => MethodStatus.Cancelled,
                "expired" => MethodStatus.Expired,
                null or "not_applicable" when token.Is("recurring") => MethodStatus.Active,
                _ => MethodStatus.Initiated,
            },
            Instrument(token) ?? token.Text("bank") ?? token.Text("method") ?? "saved method",
            (int?)card?.Whole("expiry_month"),
            (int?)card?.Whole("expiry_year"),
            token.Amount("max_amount", "INR"),
            token.Instant("expired_at"),
            details?.Text("failure_reason") is { } reason ? new(reason, reason, DeclineReasons.Razorpay(reason)) : null);
    }

    public static GatewayDispute? Dispute(JsonElement dispute) =>
        dispute.Text("id") is { } id && dispute.Text("payment_id") is { } paymentId && dispute.Amount("amount", dispute.Text("currency")) is { } amount
            ? new(
                id,
                paymentId,
                amount,
                dispute.Text("status") switch
                {
                    "won" => DisputeStatus.Won,
                    "lost" => DisputeStatus.Lost,
                    "closed" => DisputeStatus.Closed,
                    "under_review" => DisputeStatus.UnderReview,
                    _ => DisputeStatus.Open,
                },
                dispute.Text("reason_code") ?? "",
                dispute.Instant("respond_by"))
            : null;

    /// <summary>A line of the reconciliation; its fee has the tax in it.</summary>
    public static SettledItem? Settled(JsonElement item)
    {
        var currency = item.Text("currency");
        if (item.Text("entity_id") is not { } id || item.Amount("credit", currency) is not { } credit || item.Amount("debit", currency) is not { } debit)
            return null;
        var (type, net) = (item.Text("type"), credit - debit);
        var fee = item.Amount("fee", currency) ?? net with { Micros = 0 };
        return new(
            id,
            (type, item.Text("dispute_id")) switch
            {
                ("payment", _) => SettledKind.Payment,
                ("refund", _) => SettledKind.Refund,
                ("adjustment", { }) => SettledKind.Dispute,
                _ => SettledKind.Adjustment,
            },
            type == "payment" ? id : item.Text("payment_id"),
            type == "refund" ? id : null,
            item.Text("order_id"),
            item.Text("order_receipt"),
            net + fee,
            fee,
            item.Amount("tax", currency) ?? fee with { Micros = 0 },
            net,
            item.Text("settlement_id"),
            item.Text("settlement_utr"),
            item.Instant("created_at") ?? DateTimeOffset.UnixEpoch,
            item.Instant("settled_at"));
    }

    /// <summary>Why a payment failed. The reason says more than the code, and is missing now and then.</summary>
    public static GatewayFailure Failure(JsonElement payment)
    {
        var (reason, code) = (payment.Text("error_reason"), payment.Text("error_code"));
        return new(reason ?? code ?? "payment_failed", payment.Text("error_description") ?? "The payment failed.", DeclineReasons.Razorpay(reason ?? code));
    }

    static GatewayPaymentStatus Status(JsonElement payment) => payment.Text("status") switch
    {
        "captured" or "refunded" => GatewayPaymentStatus.Captured,
        // An event of the authorisation may already tell that it was captured.
        "authorized" => payment.Is("captured") ? GatewayPaymentStatus.Captured : GatewayPaymentStatus.Authorized,
        "failed" => GatewayPaymentStatus.Failed,
        "pending" => GatewayPaymentStatus.Pending,
        _ => GatewayPaymentStatus.Created,
    };

    static string? Instrument(JsonElement thing)
    {
        if (thing.Object("card") is { } card && card.Text("last4") is { } last4)
            return $"{card.Text("network") ?? "Card"} {last4}";
        if (thing.Object("vpa") is { } vpa && vpa.Text("username") is { } user)
            return $"{user}@{vpa.Text("handle")}";
        if (thing.Object("bank_details")?.Text("account_number") is { Length: > 4 } account)
            return $"{thing.Text("bank")} {account[^4..]}".Trim();
        return thing.Text("vpa") ?? thing.Text("bank") ?? thing.Text("wallet");
    }
}
