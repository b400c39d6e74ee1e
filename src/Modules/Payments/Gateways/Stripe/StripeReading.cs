using System.Text.Json;
using Balatrix.Core.Payments;

namespace Balatrix.Modules.Payments.Gateways.Stripe;

/// <summary>Stripe's things as ours. Null when what must be there is not. A PaymentIntent is both an order and its payment.</summary>
static class StripeReading
{
    public static GatewayOrder? Order(JsonElement intent, Uri? checkoutPage) =>
        intent.Text("id") is { } id && intent.Amount("amount", intent.Text("currency")) is { } amount
            ? new(id, Reference(intent), amount, intent.Text("status") == "succeeded", intent.Text("client_secret"), CheckoutUrl(checkoutPage, id))
            : null;

    public static GatewayPayment? Payment(JsonElement intent)
    {
        if (intent.Text("id") is not { } id || intent.Amount("amount", intent.Text("currency")) is not { } amount)
            return null;
        var charge = intent.Object("latest_charge") ?? default;
        var fee = charge.Object("balance_transaction") ?? default;
        var error = intent.Object("last_payment_error");
        var status = intent.Text("status") switch
        {
            "succeeded" => GatewayPaymentStatus.Captured,
            "processing" => GatewayPaymentStatus.Pending,
            "requires_action" => GatewayPaymentStatus.RequiresAction,
            "requires_capture" => GatewayPaymentStatus.Authorized,
            "canceled" => GatewayPaymentStatus.Cancelled,
            // Back at the start after a refusal.
            "requires_payment_method" when error is not null => GatewayPaymentStatus.Failed,
            _ => GatewayPaymentStatus.Created,
        };
        var method = charge.Object("payment_method_details") ?? error?.Object("payment_method") ?? default;
        return new(
            id,
            id,
            Reference(intent),
            amount,
            status,
            charge.Amount("amount_refunded", amount.Currency) ?? amount with { Micros = 0 },
            method.Text("type"),
            intent.Id("payment_method"),
            intent.Id("customer"),
            Instrument(method),
            fee.Amount("fee", fee.Text("currency")),
            error is { } refused && status is GatewayPaymentStatus.Failed or GatewayPaymentStatus.Cancelled ? Failure(refused) : null,
            intent.Object("next_action")?.Object("redirect_to_url")?.Text("url") is { } url && Uri.TryCreate(url, UriKind.Absolute, out var action) ? action : null,
            intent.Instant("created") ?? DateTimeOffset.UnixEpoch);
    }

    public static MethodSetup? Setup(JsonElement setup, Uri? checkoutPage) =>
        setup.Text("id") is { } id ? new(id, Reference(setup), setup.Id("payment_method"), null, setup.Text("client_secret"), CheckoutUrl(checkoutPage, id)) : null;

    public static SavedMethod? Method(JsonElement method)
    {
        if (method.Text("id") is not { } id)
            return null;
        var card = method.Object("card");
        return new(
            id,
            method.Id("customer"),
            method.Text("type") switch { "upi" => MethodKind.Upi, "card" => MethodKind.Card, _ => MethodKind.BankAccount },
            method.Id("customer") is null ? MethodStatus.Cancelled : MethodStatus.Active,
            Instrument(method) ?? method.Text("type") ?? "saved method",
            (int?)card?.Whole("exp_month"),
            (int?)card?.Whole("exp_year"),
            null,
            null,
            null);
    }

    /// <summary>A mandate that changed: the method that it belongs to, as far as the mandate says.</summary>
    public static SavedMethod? Mandate(JsonElement mandate) =>
        mandate.Id("payment_method") is { } id
            ? new(
                id,
                null,
                mandate.Object("payment_method_details")?.Text("type") switch { "upi" => MethodKind.Upi, "card" => MethodKind.Card, _ => MethodKind.BankAccount },
                mandate.Text("status") switch { "active" => MethodStatus.Active, "pending" => MethodStatus.Initiated, _ => MethodStatus.Cancelled },
                "",
                null,
                null,
                null,
                null,
                null)
            : null;

    public static GatewayRefund? Refund(JsonElement refund)
    {
        if (refund.Text("id") is not { } id || (refund.Id("payment_intent") ?? refund.Id("charge")) is not { } paymentId || refund.Amount("amount", refund.Text("currency")) is not { } amount)
            return null;
        var status = refund.Text("status") switch { "succeeded" => GatewayRefundStatus.Processed, "failed" or "canceled" => GatewayRefundStatus.Failed, _ => GatewayRefundStatus.Pending };
        var failure = status == GatewayRefundStatus.Failed ? new GatewayFailure(refund.Text("failure_reason") ?? "refund_failed", "The refund could not be made.", DeclineKind.Unknown) : null;
        return new(id, paymentId, refund.Object("metadata")?.Text("key"), amount, status, failure, refund.Instant("created") ?? DateTimeOffset.UnixEpoch);
    }

    public static GatewayDispute? Dispute(JsonElement dispute) =>
        dispute.Text("id") is { } id && (dispute.Id("payment_intent") ?? dispute.Id("charge")) is { } paymentId && dispute.Amount("amount", dispute.Text("currency")) is { } amount
            ? new(
                id,
                paymentId,
                amount,
                dispute.Text("status") switch
                {
                    "won" => DisputeStatus.Won,
                    "lost" => DisputeStatus.Lost,
                    "warning_closed" or "prevented" => DisputeStatus.Closed,
                    "under_review" or "warning_under_review" => DisputeStatus.UnderReview,
                    _ => DisputeStatus.Open,
                },
                dispute.Text("reason") ?? "",
                dispute.Object("evidence_details")?.Instant("due_by"))
            : null;

    /// <summary>A balance transaction; its source is expanded.</summary>
    public static SettledItem? Settled(JsonElement item)
    {
        var currency = item.Text("currency");
        if (item.Text("id") is not { } id || item.Amount("amount", currency) is not { } gross || item.Amount("fee", currency) is not { } fee || item.Amount("net", currency) is not { } net)
            return null;
        var source = item.Object("source") ?? default;
        var kind = item.Text("type") switch
        {
            "charge" or "payment" => SettledKind.Payment,
            "refund" or "payment_refund" or "refund_failure" or "payment_failure_refund" or "payment_reversal" => SettledKind.Refund,
            "payout" or "payout_cancel" or "payout_failure" => SettledKind.Payout,
            "stripe_fee" or "stripe_fx_fee" or "tax_fee" => SettledKind.Fee,
            _ when item.Text("reporting_category") is "dispute" or "dispute_reversal" => SettledKind.Dispute,
            _ => SettledKind.Adjustment,
        };
        var paymentId = source.Id("payment_intent");
        var tax = item.Items("fee_details").Where(f => f.Text("type") == "tax").Sum(f => f.Amount("amount", f.Text("currency"))?.Micros ?? 0);
        // A fee that is a line of its own says it as its amount.
        if (kind == SettledKind.Fee)
            (tax, fee, gross) = (item.Text("type") == "tax_fee" ? tax - gross.Micros : tax, fee - gross, gross with { Micros = 0 });
        return new(
            id,
            kind,
            paymentId,
            kind == SettledKind.Refund ? source.Text("id") ?? item.Text("source") : null,
            paymentId,
            Reference(source),
            gross,
            fee,
            fee with { Micros = tax },
            net,
            null,
            null,
            item.Instant("created") ?? DateTimeOffset.UnixEpoch,
            item.Instant("available_on"));
    }

    /// <summary>Why something was refused.</summary>
    public static GatewayFailure Failure(JsonElement error)
    {
        var (code, decline) = (error.Text("code"), error.Text("decline_code"));
        // A card's decline says "card_declined", and only its decline code says why.
        var reason = decline ?? code ?? error.Text("type") ?? "declined";
        return new(reason, error.Text("message") ?? "The gateway refused.", DeclineReasons.Stripe(code is "authentication_required" or "expired_card" ? code : reason, error.Text("advice_code"), error.Text("network_advice_code")));
    }

    static string? Reference(JsonElement thing) => thing.Object("metadata")?.Text("reference");

    static Uri? CheckoutUrl(Uri? checkoutPage, string id) => checkoutPage is null ? null : new Uri($"{checkoutPage.AbsoluteUri.TrimEnd('/')}/{id}");

    static string? Instrument(JsonElement method)
    {
        if (method.Object("card") is { } card && card.Text("last4") is { } last4)
            return $"{Brand(card.Text("brand"))} {last4}";
        return method.Object("upi")?.Text("vpa") is { } vpa ? vpa : method.Text("type");
    }

    static string Brand(string? brand) => brand is null ? "Card" : char.ToUpperInvariant(brand[0]) + brand[1..];
}
