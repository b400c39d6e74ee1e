using System.Text.Json.Nodes;
using static Balatrix.Modules.Payments.Sandbox.SandboxThing;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>Razorpay's forms: errors, notes, lines of the reconciliation.</summary>
static class RazorpayThing
{
    public static SandboxReply Error(int status, string description, string? reason = null, string? paymentId = null, string code = "BAD_REQUEST_ERROR") => new(status, new JsonObject
    {
        ["error"] = new JsonObject
        {
            ["code"] = code,
            ["description"] = description,
            ["source"] = paymentId is null ? "business" : "customer",
            ["step"] = "payment_initiation",
            ["reason"] = reason ?? "NA",
            ["metadata"] = paymentId is null ? new JsonObject() : new JsonObject { ["payment_id"] = paymentId },
        },
    });

    /// <summary>Without any, Razorpay writes a list.</summary>
    public static JsonNode Notes(JsonObject? body) => body?["notes"] is JsonObject { Count: > 0 } notes ? notes.DeepClone() : new JsonArray();

    public static JsonObject Line(JsonObject thing, string type, DateOnly day)
    {
        var (amount, fee) = (Whole(thing, "amount") ?? 0, type == "payment" ? Whole(thing, "fee") ?? 0 : 0);
        return new JsonObject
        {
            ["entity_id"] = Text(thing, "id"),
            ["type"] = type,
            ["debit"] = type == "refund" ? amount : 0,
            ["credit"] = type == "refund" ? 0 : amount - fee,
            ["amount"] = amount,
            ["currency"] = Text(thing, "currency"),
            ["fee"] = fee,
            ["tax"] = type == "payment" ? Whole(thing, "tax") ?? 0 : 0,
            ["on_hold"] = false,
            ["settled"] = true,
            ["created_at"] = Whole(thing, "created_at"),
            ["settled_at"] = Whole(thing, "created_at"),
            ["settlement_id"] = $"setl_sandbox{day:yyyyMMdd}",
            ["posted_at"] = null,
            ["credit_type"] = "default",
            ["description"] = null,
            ["notes"] = new JsonArray(),
            ["payment_id"] = type == "refund" ? Text(thing, "payment_id") : null,
            ["settlement_utr"] = $"sandbox{day:yyyyMMdd}",
            ["order_id"] = Text(thing, "order_id"),
            ["order_receipt"] = null,
            ["method"] = Text(thing, "method"),
            ["dispute_id"] = null,
        };
    }

    public static void Show(JsonObject thing, SandboxInstrument instrument)
    {
        var vpa = (instrument.IsUpi ? instrument.Typed : $"{instrument.Code}@sandbox").Split('@');
        if (Text(thing, "method") == "emandate")
            thing["bank"] = "HDFC";
        else if (Text(thing, "method") == "card")
            thing["card"] = new JsonObject { ["id"] = SandboxStore.NewId("card_"), ["entity"] = "card", ["last4"] = instrument.Last4, ["network"] = "Visa", ["type"] = "debit", ["expiry_month"] = 12, ["expiry_year"] = 2034 };
        else if (Text(thing, "entity") == "token")
            thing["vpa"] = new JsonObject { ["username"] = vpa[0], ["handle"] = vpa[1], ["name"] = null };
        else
            thing["vpa"] = string.Join('@', vpa);
    }
}
