using System.Text.Json.Nodes;
using Balatrix.Core.Payments;
using Microsoft.AspNetCore.Http;
using static Balatrix.Modules.Payments.Sandbox.RazorpayThing;
using static Balatrix.Modules.Payments.Sandbox.SandboxThing;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>Razorpay as the sandbox plays it: orders, payments and tokens.</summary>
sealed class RazorpaySandbox(SandboxStore store, RazorpayNews news, SandboxTimers timers, SandboxOptions options, TimeProvider time)
{
    long Now => time.GetUtcNow().ToUnixTimeSeconds();

    public SandboxReply CreateCustomer(JsonObject body)
    {
        var (email, contact) = (Text(body, "email"), Text(body, "contact"));
        var known = store.All("cust_").FirstOrDefault(c => Text(c, "email") == email && Text(c, "contact") == contact);
        if (known is not null)
            return Text(body, "fail_existing") == "0" ? SandboxReply.Ok(known) : Error(400, "Customer already exists for the merchant");
        return SandboxReply.Ok(store.Put(new JsonObject
        {
            ["id"] = SandboxStore.NewId("cust_"),
            ["entity"] = "customer",
            ["name"] = Text(body, "name"),
            ["email"] = email,
            ["contact"] = contact,
            ["gstin"] = null,
            ["notes"] = Notes(body),
            ["created_at"] = Now,
        }));
    }

    public SandboxReply CreateOrder(JsonObject body)
    {
        var amount = Whole(body, "amount");
        if (amount is null || (amount < 100 && Text(body, "method") != "emandate"))
            return Error(400, "Order amount less than minimum amount allowed", "input_validation_failed");
        if (Text(body, "receipt") is { Length: > 40 })
            return Error(400, "The receipt may not be greater than 40 characters.", "input_validation_failed");
        var order = new JsonObject
        {
            ["id"] = SandboxStore.NewId("order_"),
            ["entity"] = "order",
            ["amount"] = amount,
            ["amount_paid"] = 0,
            ["amount_due"] = amount,
            ["currency"] = Text(body, "currency"),
            ["receipt"] = Text(body, "receipt"),
            ["offer_id"] = null,
            ["status"] = "created",
            ["attempts"] = 0,
            ["notes"] = Notes(body),
            ["created_at"] = Now,
        };
        foreach (var name in new[] { "customer_id", "method", "token", "notification" })
            if (body[name] is { } given)
                order[name] = given.DeepClone();
        if (order["notification"] is JsonObject notice)
        {
            notice["id"] = SandboxStore.NewId("notification_");
            store.Put(order);
            var told = new JsonObject
            {
                ["id"] = Text(notice, "id"),
                ["entity"] = "notification",
                ["order_id"] = Text(order, "id"),
                ["token_id"] = Text(notice, "token_id"),
                ["delivered_at"] = Now,
                ["status"] = "delivered",
                ["payment_after"] = Whole(notice, "payment_after"),
            };
            news.Tell("order.notification.delivered", ("notification", told));
        }
        return SandboxReply.Ok(store.Put(order));
    }

    public SandboxReply Find(string id, string prefix) =>
        id.StartsWith(prefix, StringComparison.Ordinal) && store.Find(id) is { } thing ? SandboxReply.Ok(thing) : Error(400, "The id provided does not exist", "input_validation_failed");

    public SandboxReply FindOrders(IQueryCollection query) =>
        SandboxReply.Collection(store.All("order_").Where(o => query["receipt"].ToString() is not { Length: > 0 } receipt || Text(o, "receipt") == receipt).Reverse().Take(100));

    public SandboxReply FindPayments(string orderId) => SandboxReply.Collection(store.All("pay_").Where(p => Text(p, "order_id") == orderId).Reverse());

    public SandboxReply Capture(string paymentId, JsonObject body)
    {
        if (store.Find(paymentId) is not { } payment)
            return Error(400, "The id provided does not exist", "input_validation_failed");
        if (Text(payment, "status") == "captured")
            return Error(400, "This payment has already been captured");
        if (Text(payment, "status") != "authorized" || Whole(payment, "amount") != Whole(body, "amount"))
            return Error(400, "Only payments which have been authorized and not yet captured can be captured, with their amount");
        Take(payment);
        return SandboxReply.Ok(payment);
    }

    /// <summary>The customer pays an order in the checkout; saves the method when the order has a mandate.</summary>
    public (JsonObject? Payment, string Refusal) PayInCheckout(JsonObject order, SandboxInstrument instrument)
    {
        if (Text(order, "status") == "paid")
            return (null, "The order is paid.");
        var token = order["token"] is JsonObject mandate ? NewToken(order, mandate, instrument) : null;
        // A mandate is authorised whatever its later debits come to, unless the customer fails to authenticate.
        var outcome = token is not null && instrument.Outcome != SandboxOutcome.AuthenticationFailed || instrument.Outcome == SandboxOutcome.AuthenticationRequired
            ? SandboxOutcome.Success
            : instrument.Outcome;
        var payment = NewPayment(order, instrument, token is null ? null : Text(token, "id"), null);
        Decide(payment, instrument, outcome);
        if (token is not null && Text(payment, "status") == "captured")
            news.Tell("token.confirmed", ("token", token));
        return (store.Find(Text(payment, "id")), "");
    }

    /// <summary>A charge without the customer.</summary>
    public SandboxReply Charge(JsonObject body)
    {
        if (store.Find(Text(body, "order_id")) is not { } order)
            return Error(400, "The id provided does not exist", "input_validation_failed");
        if (Text(order, "status") == "paid")
            return Error(400, "There can only be one successful payment for an order", "order_already_paid");
        if (Whole(order, "amount") != Whole(body, "amount"))
            return Error(400, "The amount is not the order's", "order_amount_mismatch");
        var tokenId = Text(body, "token");
        var token = store.Find(tokenId);
        var instrument = SandboxInstrument.OfMethod(tokenId ?? "") ?? SandboxInstrument.Read(Text(token, "sandbox_instrument"));
        if (instrument is null)
            return Error(400, "Invalid token", "invalid_token");
        if (Text(token?["recurring_details"] as JsonObject, "status") is { } standing and not "confirmed")
            return Error(400, $"The mandate is {standing}", standing is "paused" or "cancelled" ? $"mandate_{standing}" : "mandate_not_active");
        if (Whole(token, "max_amount") < Whole(body, "amount"))
            return Error(400, "Amount exceeds maximum amount allowed", "amount_does_not_match_mandate_amount");
        if (instrument.Outcome == SandboxOutcome.TimeoutNotCharged)
            return SandboxReply.Silence;
        var payment = NewPayment(order, instrument, tokenId, body);
        Decide(payment, instrument, instrument.Outcome == SandboxOutcome.AuthenticationRequired ? SandboxOutcome.AuthenticationFailed : instrument.Outcome);
        var paymentId = Text(payment, "id")!;
        if (instrument.Outcome == SandboxOutcome.TimeoutCharged)
            return SandboxReply.Silence;
        if (instrument.Outcome == SandboxOutcome.ErrorCharged)
            return Error(500, "We are facing some trouble completing your request at the moment. Please try again shortly.", "server_error", code: "SERVER_ERROR");
        if (instrument.IsRefusal || instrument.Outcome == SandboxOutcome.AuthenticationRequired)
            return Error(400, instrument.Shown, instrument.RazorpayReason, paymentId);
        var orderId = Text(order, "id")!;
        return SandboxReply.Ok(new JsonObject
        {
            ["razorpay_payment_id"] = paymentId,
            ["razorpay_order_id"] = orderId,
            ["razorpay_signature"] = RazorpaySignatures.SignCheckout(orderId, paymentId, SandboxOptions.KeySecret),
        });
    }

    public SandboxReply Tokens(string customerId) => SandboxReply.Collection(store.All("token_").Where(t => Text(t, "customer_id") == customerId));

    /// <summary>A token of a customer; the ready-made ones are everybody's.</summary>
    public SandboxReply FindToken(string customerId, string tokenId)
    {
        if (store.Find(tokenId) is not null || SandboxInstrument.OfMethod(tokenId) is not { } instrument)
            return Find(tokenId, "token_");
        var token = new JsonObject
        {
            ["id"] = tokenId,
            ["entity"] = "token",
            ["method"] = instrument.IsUpi ? "upi" : "card",
            ["recurring"] = true,
            ["recurring_details"] = new JsonObject { ["status"] = "confirmed", ["failure_reason"] = null },
            ["max_amount"] = 1_500_000,
            ["expired_at"] = Now + (5 * 365 * 86_400L),
            ["customer_id"] = customerId,
            ["created_at"] = Now,
        };
        Show(token, instrument);
        return SandboxReply.Ok(token);
    }

    public SandboxReply CancelToken(string tokenId)
    {
        if (store.Find(tokenId) is not { } token)
            return Error(400, "The id provided does not exist", "input_validation_failed");
        SetMandate(token, "cancelled");
        return SandboxReply.Ok(new JsonObject { ["status"] = "cancellation_initiated" });
    }

    public SandboxReply DeleteToken(string tokenId)
    {
        store.Remove(tokenId);
        return SandboxReply.Ok(new JsonObject { ["deleted"] = true });
    }

    /// <summary>As a customer does in the bank's or UPI app: confirmed, paused or cancelled.</summary>
    public void SetMandate(JsonObject token, string status)
    {
        token["recurring_details"] = new JsonObject { ["status"] = status, ["failure_reason"] = null };
        store.Put(token);
        news.Tell($"token.{status}", ("token", token));
    }

    /// <summary>Takes up what a restart left undecided.</summary>
    public void Resume()
    {
        foreach (var payment in store.All("pay_").Where(p => Text(p, "sandbox_later") is not null))
            timers.After(options.Pending, () => Settle(Text(payment, "id")!));
    }

    /// <summary>An order that names a method is paid by it, whatever was typed.</summary>
    static string MethodOf(JsonObject order, SandboxInstrument instrument) => Text(order, "method") is { } wanted and ("emandate" or "upi" or "card") ? wanted : instrument.IsUpi ? "upi" : "card";

    JsonObject NewToken(JsonObject order, JsonObject mandate, SandboxInstrument instrument)
    {
        var isBank = Text(order, "method") == "emandate";
        var token = new JsonObject
        {
            ["id"] = SandboxStore.NewId("token_"),
            ["entity"] = "token",
            ["token"] = SandboxStore.NewId(""),
            ["bank"] = isBank ? "HDFC" : null,
            ["wallet"] = null,
            ["method"] = MethodOf(order, instrument),
            ["recurring"] = true,
            ["recurring_details"] = new JsonObject { ["status"] = instrument.Outcome == SandboxOutcome.AuthenticationFailed ? "rejected" : "confirmed", ["failure_reason"] = null },
            ["max_amount"] = Whole(mandate, "max_amount"),
            ["expired_at"] = Whole(mandate, "expire_at"),
            ["customer_id"] = Text(order, "customer_id"),
            ["created_at"] = Now,
            ["sandbox_instrument"] = instrument.Code,
        };
        Show(token, instrument);
        return store.Put(token);
    }

    JsonObject NewPayment(JsonObject order, SandboxInstrument instrument, string? tokenId, JsonObject? charge)
    {
        var amount = Whole(order, "amount") ?? 0;
        var payment = new JsonObject
        {
            ["id"] = SandboxStore.NewId("pay_"),
            ["entity"] = "payment",
            ["amount"] = amount,
            ["currency"] = Text(order, "currency"),
            ["status"] = "created",
            ["order_id"] = Text(order, "id"),
            ["invoice_id"] = null,
            ["international"] = false,
            ["method"] = MethodOf(order, instrument),
            ["amount_refunded"] = 0,
            ["refund_status"] = null,
            ["captured"] = false,
            ["description"] = Text(charge, "description"),
            ["card_id"] = null,
            ["bank"] = null,
            ["wallet"] = null,
            ["vpa"] = null,
            ["email"] = Text(charge, "email") ?? "customer@example.com",
            ["contact"] = Text(charge, "contact") ?? "+919876543210",
            ["customer_id"] = Text(order, "customer_id") ?? Text(charge, "customer_id"),
            ["token_id"] = tokenId,
            ["notes"] = Notes(charge),
            ["fee"] = null,
            ["tax"] = null,
            ["error_code"] = null,
            ["error_description"] = null,
            ["error_source"] = null,
            ["error_step"] = null,
            ["error_reason"] = null,
            ["acquirer_data"] = new JsonObject { ["rrn"] = null },
            ["created_at"] = Now,
        };
        Show(payment, instrument);
        order["attempts"] = (Whole(order, "attempts") ?? 0) + 1;
        order["status"] = "attempted";
        store.Put(order);
        return store.Put(payment);
    }

    void Decide(JsonObject payment, SandboxInstrument instrument, SandboxOutcome outcome)
    {
        switch (outcome)
        {
            case SandboxOutcome.Success or SandboxOutcome.TimeoutCharged or SandboxOutcome.ErrorCharged:
                Take(payment);
                break;
            case SandboxOutcome.PendingSuccess or SandboxOutcome.PendingFailure:
                Later(payment, instrument);
                break;
            case SandboxOutcome.FailedThenCaptured:
                Fail(payment, instrument);
                Later(payment, instrument);
                break;
            default:
                Fail(payment, instrument);
                break;
        }
    }

    void Later(JsonObject payment, SandboxInstrument instrument)
    {
        payment["sandbox_later"] = instrument.Code;
        store.Put(payment);
        timers.After(options.Pending, () => Settle(Text(payment, "id")!));
    }

    void Settle(string paymentId)
    {
        if (store.Find(paymentId) is not { } payment || SandboxInstrument.Read(Text(payment, "sandbox_later")) is not { } instrument)
            return;
        payment.Remove("sandbox_later");
        if (instrument.Outcome == SandboxOutcome.PendingFailure)
            Fail(payment, instrument);
        else
            Take(payment);
    }

    void Take(JsonObject payment)
    {
        payment["status"] = "authorized";
        news.Tell("payment.authorized", ("payment", payment));
        var feeWithoutTax = (Whole(payment, "amount") ?? 0) / 50;
        var tax = feeWithoutTax * 18 / 100;
        (payment["status"], payment["captured"], payment["fee"], payment["tax"]) = ("captured", true, feeWithoutTax + tax, tax);
        foreach (var name in new[] { "error_code", "error_description", "error_source", "error_step", "error_reason" })
            payment[name] = null;
        store.Put(payment);
        var order = store.Find(Text(payment, "order_id"))!;
        (order["status"], order["amount_paid"], order["amount_due"]) = ("paid", Whole(order, "amount"), 0);
        store.Put(order);
        news.Tell("payment.captured", ("payment", payment));
        news.Tell("order.paid", ("payment", payment), ("order", order));
    }

    void Fail(JsonObject payment, SandboxInstrument instrument)
    {
        (payment["status"], payment["error_code"], payment["error_description"]) = ("failed", "BAD_REQUEST_ERROR", instrument.Shown);
        (payment["error_source"], payment["error_step"], payment["error_reason"]) = ("bank", "payment_authorization", instrument.RazorpayReason.Length > 0 ? instrument.RazorpayReason : "payment_failed");
        store.Put(payment);
        news.Tell("payment.failed", ("payment", payment));
    }
}
