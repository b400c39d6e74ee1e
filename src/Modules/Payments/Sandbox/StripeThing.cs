using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using static Balatrix.Modules.Payments.Sandbox.SandboxThing;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>Stripe's forms: errors, metadata, methods, balance transactions.</summary>
static class StripeThing
{
    public static SandboxReply Error(int status, string type, string? code, string message, string? declineCode = null, JsonObject? intent = null)
    {
        var error = new JsonObject { ["type"] = type, ["message"] = message };
        if (code is not null)
            error["code"] = code;
        if (declineCode is not null)
            error["decline_code"] = declineCode;
        if (intent is not null)
            error["payment_intent"] = intent.DeepClone();
        return new(status, new JsonObject { ["error"] = error });
    }

    public static SandboxReply Missing(string id) => Error(404, "invalid_request_error", "resource_missing", $"No such object: '{id}'");

    public static SandboxReply Declined(JsonObject intent)
    {
        var error = intent["last_payment_error"]!.AsObject();
        return Error(402, "card_error", Text(error, "code"), Text(error, "message") ?? "", Text(error, "decline_code"), intent);
    }

    public static string? Given(IFormCollection form, string name) => form[name].ToString() is { Length: > 0 } value ? value : null;

    public static JsonObject Metadata(IFormCollection form)
    {
        var metadata = new JsonObject();
        foreach (var (name, value) in form.Where(f => f.Key.StartsWith("metadata[", StringComparison.Ordinal)))
            metadata[name["metadata[".Length..^1]] = value.ToString();
        return metadata;
    }

    public static JsonObject Details(SandboxInstrument instrument) => instrument.IsUpi
        ? new JsonObject { ["type"] = "upi", ["upi"] = new JsonObject { ["vpa"] = instrument.Typed } }
        : new JsonObject { ["type"] = "card", ["card"] = new JsonObject { ["brand"] = "visa", ["last4"] = instrument.Last4, ["exp_month"] = 12, ["exp_year"] = 2034 } };

    public static JsonObject Transaction(string type, string source, long amount, long fee, string currency, long now) => new()
    {
        ["id"] = SandboxStore.NewId("txn_"),
        ["object"] = "balance_transaction",
        ["type"] = type,
        ["reporting_category"] = type,
        ["amount"] = amount,
        ["fee"] = fee,
        ["fee_details"] = fee == 0
            ? new JsonArray()
            : new JsonArray(
                new JsonObject { ["type"] = "stripe_fee", ["amount"] = amount / 50, ["currency"] = currency },
                new JsonObject { ["type"] = "tax", ["amount"] = fee - (amount / 50), ["currency"] = currency }),
        ["net"] = amount - fee,
        ["currency"] = currency,
        ["source"] = source,
        ["status"] = "available",
        ["created"] = now,
        ["available_on"] = now + (2 * 86_400),
    };
}
