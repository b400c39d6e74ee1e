using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using static Balatrix.Modules.Payments.Sandbox.RazorpayThing;
using static Balatrix.Modules.Payments.Sandbox.SandboxThing;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>Razorpay as the sandbox plays it: refunds, disputes and the reconciliation.</summary>
sealed class RazorpayRefunds(SandboxStore store, RazorpayNews news, SandboxTimers timers, SandboxOptions options, TimeProvider time)
{
    static readonly TimeSpan India = new(5, 30, 0);

    long Now => time.GetUtcNow().ToUnixTimeSeconds();

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
                ["id"] = SandboxStore.NewId("rfnd_"),
                ["entity"] = "refund",
                ["amount"] = amount,
                ["currency"] = Text(payment, "currency"),
                ["payment_id"] = paymentId,
                ["notes"] = Notes(body),
                ["receipt"] = Text(body, "receipt"),
                ["acquirer_data"] = new JsonObject { ["arn"] = null },
                ["created_at"] = Now,
                ["batch_id"] = null,
                ["status"] = reason.Contains("sandbox-pending", StringComparison.Ordinal) ? "pending" : reason.Contains("sandbox-failed", StringComparison.Ordinal) ? "failed" : "processed",
                ["speed_processed"] = "normal",
                ["speed_requested"] = "normal",
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
            ["id"] = SandboxStore.NewId("disp_"),
            ["entity"] = "dispute",
            ["payment_id"] = paymentId,
            ["amount"] = Whole(payment, "amount"),
            ["currency"] = Text(payment, "currency"),
            ["amount_deducted"] = 0,
            ["reason_code"] = "goods_not_received",
            ["respond_by"] = Now + (7 * 86_400),
            ["phase"] = "chargeback",
            ["created_at"] = Now,
        };
        dispute["status"] = status == "created" ? "open" : status;
        store.Put(dispute);
        news.Tell($"payment.dispute.{status}", ("payment", payment), ("dispute", dispute));
        return SandboxReply.Ok(dispute);
    }

    void TellRefund(JsonObject refund, JsonObject payment)
    {
        var id = Text(refund, "id")!;
        if (Text(refund, "status") == "failed")
        {
            news.Tell("refund.failed", ("refund", refund), ("payment", payment));
            return;
        }
        news.Tell("refund.created", ("refund", refund), ("payment", payment));
        if (Text(refund, "status") == "processed")
            news.Tell("refund.processed", ("refund", refund), ("payment", payment));
        else
            timers.After(options.Pending, () =>
            {
                var done = store.Find(id)!;
                done["status"] = "processed";
                news.Tell("refund.processed", ("refund", store.Put(done)), ("payment", payment));
            });
    }
}
