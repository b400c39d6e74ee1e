using System.Globalization;
using System.Text.Json.Nodes;
using Balatrix.Core.Payments;
using Microsoft.AspNetCore.Http;
using static Balatrix.Modules.Payments.Sandbox.RazorpayThing;
using static Balatrix.Modules.Payments.Sandbox.SandboxThing;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>Razorpay as the sandbox plays it: orders, payments, tokens, refunds and the reconciliation.</summary>
sealed class RazorpaySandbox(SandboxStore store, SandboxWebhooks webhooks, SandboxTimers timers, SandboxOptions options, TimeProvider time)
{
    static readonly TimeSpan India = new(5, 30, 0);

    long Now => time.GetUtcNow().ToUnixTimeSeconds();

    public SandboxReply CreateCustomer(JsonObject body)
    {
        var (email, contact) = (Text(body, "email"), Text(body, "contact"));
        var known = store.All("cust_").FirstOrDefault(c => Text(c, "email") == email && Text(c, "contact") == contact);
        if (known is not null)
            return Text(body, "fail_existing") == "0" ? SandboxReply.Ok(known) : Error(400, "Customer already exists for the merchant");
        return SandboxReply.Ok(store.Put(new JsonObject
        {
            ["id"] = SandboxStore.NewId("cust_"), ["entity"] = "customer", ["name"] = Text(body, "name"), ["email"] = email, ["contact"] = contact, ["gstin"] = null,
            ["notes"] = Notes(body), ["created_at"] = Now,
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
            ["id"] = SandboxStore.NewId("order_"), ["entity"] = "order", ["amount"] = amount, ["amount_paid"] = 0, ["amount_due"] = amount, ["currency"] = Text(body, "currency"),
            ["receipt"] = Text(body, "receipt"), ["offer_id"] = null, ["status"] = "created", ["attempts"] = 0, ["notes"] = Notes(body), ["created_at"] = Now,
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
                ["id"] = Text(notice, "id"), ["entity"] = "notification", ["order_id"] = Text(order, "id"), ["token_id"] = Text(notice, "token_id"), ["delivered_at"] = Now, ["status"] = "delivered",
                ["payment_after"] = Whole(notice, "payment_after"),
            };
            Tell("order.notification.delivered", ("notification", told));
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
            Tell("token.confirmed", ("token", token));
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
            ["razorpay_payment_id"] = paymentId, ["razorpay_order_id"] = orderId, ["razorpay_signature"] = RazorpaySignatures.SignCheckout(orderId, paymentId, SandboxOptions.KeySecret),
        });
    }

    public SandboxReply Tokens(string customerId) => SandboxReply.Collection(store.All("token_").Where(t => Text(t, "customer_id") == customerId));

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
        Tell($"token.{status}", ("token", token));
    }

    public SandboxReply Refund(string paymentId, JsonObject body, string? key)
    {
        lock (store.Gate)
        {
            var asked = body.ToJsonString();
            if (key is not null && store.Find($"refundkey_{key}") is { } before)
                return Text(before, "asked") == asked ? SandboxReply.Ok(store.Find(Text(before, "refund"))!) : Error(400, "Different request with the same idempotency key has already been processed.");
            if (store.Find(paymentId) is not { } payment)
                return Error(400, "The id provided does not exist", "input_validation_failed");
            var (amount, refunded) = (Whole(body, "amount") ?? Whole(payment, "amount") ?? 0, Whole(payment, "amount_refunded") ?? 0);
            if (Text(payment, "status") is not ("captured" or "refunded"))
                return Error(400, "The payment status should be captured for action to be taken");
            if (amount <= 0 || refunded + amount > Whole(payment, "amount"))
                return Error(400, "The total refund amount is greater than the refund payment amount");
            var reason = Text(body["notes"] as JsonObject, "reason") ?? "";
            var refund = store.Put(new JsonObject
            {
                ["id"] = SandboxStore.NewId("rfnd_"), ["entity"] = "refund", ["amount"] = amount, ["currency"] = Text(payment, "currency"), ["payment_id"] = paymentId, ["notes"] = Notes(body),
                ["receipt"] = Text(body, "receipt"), ["acquirer_data"] = new JsonObject { ["arn"] = null }, ["created_at"] = Now, ["batch_id"] = null,
                ["status"] = reason.Contains("sandbox-pending", StringComparison.Ordinal) ? "pending" : reason.Contains("sandbox-failed", StringComparison.Ordinal) ? "failed" : "processed",
                ["speed_processed"] = "normal", ["speed_requested"] = "normal",
            });
            if (Text(refund, "status") != "failed")
            {
                payment["amount_refunded"] = refunded + amount;
                payment["refund_status"] = refunded + amount == Whole(payment, "amount") ? "full" : "partial";
                payment["status"] = refunded + amount == Whole(payment, "amount") ? "refunded" : "captured";
                store.Put(payment);
            }
            if (key is not null)
                store.Put(new JsonObject { ["id"] = $"refundkey_{key}", ["asked"] = asked, ["refund"] = Text(refund, "id") });
            TellRefund(refund, payment);
            return SandboxReply.Ok(refund);
        }
    }

    public SandboxReply FindRefunds(string paymentId) => SandboxReply.Collection(store.All("rfnd_").Where(r => Text(r, "payment_id") == paymentId).Reverse());

    /// <summary>All that was taken and given back on a day of India, settled at once.</summary>
    public SandboxReply Reconcile(IQueryCollection query)
    {
        int Number(string name, int usual) => int.TryParse(query[name], CultureInfo.InvariantCulture, out var given) ? given : usual;
        var day = new DateOnly(Number("year", 2000), Number("month", 1), Number("day", 1));
        bool IsOfDay(JsonObject thing) => DateOnly.FromDateTime(DateTimeOffset.FromUnixTimeSeconds(Whole(thing, "created_at") ?? 0).ToOffset(India).DateTime) == day;
        var payments = store.All("pay_").Where(p => Text(p, "status") is "captured" or "refunded").Where(IsOfDay).Select(p => Line(p, "payment", day));
        var refunds = store.All("rfnd_").Where(r => Text(r, "status") == "processed").Where(IsOfDay).Select(r => Line(r, "refund", day));
        return SandboxReply.Collection(payments.Concat(refunds).Skip(Number("skip", 0)).Take(Number("count", 10)));
    }

    /// <summary>The customer's bank disputes a payment.</summary>
    public SandboxReply Dispute(string paymentId, string status)
    {
        if (store.Find(paymentId) is not { } payment)
            return Error(400, "The id provided does not exist", "input_validation_failed");
        var dispute = store.All("disp_").FirstOrDefault(d => Text(d, "payment_id") == paymentId) ?? new JsonObject
        {
            ["id"] = SandboxStore.NewId("disp_"), ["entity"] = "dispute", ["payment_id"] = paymentId, ["amount"] = Whole(payment, "amount"), ["currency"] = Text(payment, "currency"), ["amount_deducted"] = 0,
            ["reason_code"] = "goods_not_received", ["respond_by"] = Now + (7 * 86_400), ["phase"] = "chargeback", ["created_at"] = Now,
        };
        dispute["status"] = status == "created" ? "open" : status;
        store.Put(dispute);
        Tell($"payment.dispute.{status}", ("payment", payment), ("dispute", dispute));
        return SandboxReply.Ok(dispute);
    }

    /// <summary>Takes up what a restart left undecided.</summary>
    public void Resume()
    {
        foreach (var payment in store.All("pay_").Where(p => Text(p, "sandbox_later") is not null))
            timers.After(options.Pending, () => Settle(Text(payment, "id")!));
    }

    JsonObject NewToken(JsonObject order, JsonObject mandate, SandboxInstrument instrument)
    {
        var isBank = Text(order, "method") == "emandate";
        var token = new JsonObject
        {
            ["id"] = SandboxStore.NewId("token_"), ["entity"] = "token", ["token"] = SandboxStore.NewId(""), ["bank"] = isBank ? "HDFC" : null, ["wallet"] = null,
            ["method"] = isBank ? "emandate" : instrument.IsUpi ? "upi" : "card", ["recurring"] = true,
            ["recurring_details"] = new JsonObject { ["status"] = instrument.Outcome == SandboxOutcome.AuthenticationFailed ? "rejected" : "confirmed", ["failure_reason"] = null },
            ["max_amount"] = Whole(mandate, "max_amount"), ["expired_at"] = Whole(mandate, "expire_at"), ["customer_id"] = Text(order, "customer_id"), ["created_at"] = Now,
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
            ["id"] = SandboxStore.NewId("pay_"), ["entity"] = "payment", ["amount"] = amount, ["currency"] = Text(order, "currency"), ["status"] = "created", ["order_id"] = Text(order, "id"),
            ["invoice_id"] = null, ["international"] = false, ["method"] = Text(order, "method") == "emandate" ? "emandate" : instrument.IsUpi ? "upi" : "card", ["amount_refunded"] = 0,
            ["refund_status"] = null, ["captured"] = false, ["description"] = Text(charge, "description"), ["card_id"] = null, ["bank"] = null, ["wallet"] = null, ["vpa"] = null,
            ["email"] = Text(charge, "email") ?? "customer@example.com", ["contact"] = Text(charge, "contact") ?? "+919876543210", ["customer_id"] = Text(order, "customer_id") ?? Text(charge, "customer_id"),
            ["token_id"] = tokenId, ["notes"] = Notes(charge), ["fee"] = null, ["tax"] = null, ["error_code"] = null, ["error_description"] = null, ["error_source"] = null, ["error_step"] = null,
            ["error_reason"] = null, ["acquirer_data"] = new JsonObject { ["rrn"] = null }, ["created_at"] = Now,
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
        Tell("payment.authorized", ("payment", payment));
        var feeWithoutTax = (Whole(payment, "amount") ?? 0) / 50;
        var tax = feeWithoutTax * 18 / 100;
        (payment["status"], payment["captured"], payment["fee"], payment["tax"]) = ("captured", true, feeWithoutTax + tax, tax);
        foreach (var name in new[] { "error_code", "error_description", "error_source", "error_step", "error_reason" })
            payment[name] = null;
        store.Put(payment);
        var order = store.Find(Text(payment, "order_id"))!;
        (order["status"], order["amount_paid"], order["amount_due"]) = ("paid", Whole(order, "amount"), 0);
        store.Put(order);
        Tell("payment.captured", ("payment", payment));
        Tell("order.paid", ("payment", payment), ("order", order));
    }

    void Fail(JsonObject payment, SandboxInstrument instrument)
    {
        (payment["status"], payment["error_code"], payment["error_description"]) = ("failed", "BAD_REQUEST_ERROR", instrument.Shown);
        (payment["error_source"], payment["error_step"], payment["error_reason"]) = ("bank", "payment_authorization", instrument.RazorpayReason.Length > 0 ? instrument.RazorpayReason : "payment_failed");
        store.Put(payment);
        Tell("payment.failed", ("payment", payment));
    }

    void TellRefund(JsonObject refund, JsonObject payment)
    {
        var id = Text(refund, "id")!;
        if (Text(refund, "status") == "failed")
        {
            Tell("refund.failed", ("refund", refund), ("payment", payment));
            return;
        }
        Tell("refund.created", ("refund", refund), ("payment", payment));
        if (Text(refund, "status") == "processed")
            Tell("refund.processed", ("refund", refund), ("payment", payment));
        else
            timers.After(options.Pending, () =>
            {
                var done = store.Find(id)!;
                done["status"] = "processed";
                Tell("refund.processed", ("refund", store.Put(done)), ("payment", payment));
            });
    }

    void Tell(string name, params (string Name, JsonObject Entity)[] entities)
    {
        var payload = new JsonObject();
        foreach (var (entityName, entity) in entities)
            payload[entityName] = new JsonObject { ["entity"] = entity.DeepClone() };
        webhooks.Send(GatewayKind.Razorpay, SandboxStore.NewId("evt_"), new JsonObject
        {
            ["entity"] = "event", ["account_id"] = "acc_sandbox", ["event"] = name, ["contains"] = new JsonArray([.. entities.Select(e => JsonValue.Create(e.Name))]), ["payload"] = payload, ["created_at"] = Now,
        });
    }
}
