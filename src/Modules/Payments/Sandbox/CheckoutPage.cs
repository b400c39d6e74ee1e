using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Balatrix.Core.Payments;
using Microsoft.AspNetCore.Http;
using static Balatrix.Modules.Payments.Sandbox.SandboxThing;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>The page that pays an order, or authorises a mandate, by hand. No script, no style but its own.</summary>
sealed class CheckoutPage(SandboxStore store, RazorpaySandbox razorpay, StripeSandbox stripe)
{
    static readonly string[] Payable = ["order_", "pi_", "seti_"];

    /// <summary>Orders to pay.</summary>
    public IResult List() => Html("Sandbox gateway", Payable.SelectMany(store.All).Reverse().Take(100).Aggregate(
        new StringBuilder("<p>Nothing here is real money. Newest first.</p><table><tr><th>Order</th><th>Amount</th><th>Reference</th><th>Status</th></tr>"),
        (page, thing) => page.Append($"<tr><td><a href=\"/checkout/{Shown(Text(thing, "id"))}\">{Shown(Text(thing, "id"))}</a></td><td>{Shown(Amount(thing))}</td><td>{Shown(Reference(thing))}</td><td>{Shown(Text(thing, "status"))}</td></tr>"),
        page => page.Append("</table>").ToString()));

    /// <summary>One order with a button for each instrument.</summary>
    public IResult Show(string id, string? back)
    {
        if (FindPayable(id) is not { } thing)
            return Html("No such order", "<p>The sandbox does not know it.</p>", 404);
        var page = new StringBuilder($"<p><strong>{Shown(Amount(thing))}</strong> {Shown(Reference(thing))}</p><p>Status: {Shown(Text(thing, "status"))}</p>");
        if (Text(thing, "status") is "paid" or "succeeded" or "canceled")
            return Html($"Order {id}", page.ToString());
        page.Append("<form method=\"post\">");
        if (back is not null)
            page.Append($"<input type=\"hidden\" name=\"back\" value=\"{Shown(back)}\">");
        page.Append("<p><label>Test card or UPI id <input name=\"instrument\" value=\"4242 4242 4242 4242\" autocomplete=\"off\"></label> <button>Pay</button></p></form><h2>Or at once</h2><ul>");
        foreach (var instrument in SandboxInstrument.All)
            page.Append($"<li><form method=\"post\"><input type=\"hidden\" name=\"instrument\" value=\"{Shown(instrument.Typed)}\"><input type=\"hidden\" name=\"back\" value=\"{Shown(back)}\"><button>{Shown(instrument.Typed)}</button> {Shown(instrument.Shown)}</form></li>");
        return Html($"Order {id}", page.Append("</ul>").ToString());
    }

    /// <summary>Pays. A caller that accepts JSON gets what Razorpay's checkout gives to the page that opened it; a browser is led back there, when there is one.</summary>
    public IResult Pay(string id, string? typed, string? back, bool wantsJson)
    {
        if (FindPayable(id) is not { } thing)
            return Html("No such order", "<p>The sandbox does not know it.</p>", 404);
        if (SandboxInstrument.Read(typed) is not { } instrument)
            return Html("No such test card", "<p>Take one of the list.</p>", 400);
        JsonObject proof;
        if (id.StartsWith("order_", StringComparison.Ordinal))
        {
            var (payment, refusal) = razorpay.PayInCheckout(thing, instrument);
            var paymentId = Text(payment, "id") ?? "";
            proof = new JsonObject
            {
                ["razorpay_payment_id"] = paymentId,
                ["razorpay_order_id"] = id,
                ["razorpay_signature"] = RazorpaySignatures.SignCheckout(id, paymentId, SandboxOptions.KeySecret),
                ["status"] = Text(payment, "status") ?? refusal,
            };
            // A checkout signs what was paid, nothing else.
            if (Text(payment, "status") is not ("captured" or "authorized"))
                proof["razorpay_signature"] = "";
        }
        else
        {
            proof = new JsonObject { [id.StartsWith("pi_", StringComparison.Ordinal) ? "payment_intent" : "setup_intent"] = id, ["status"] = Text(stripe.PayInCheckout(thing, instrument), "status") };
        }
        if (wantsJson)
            return Results.Text(proof.ToJsonString(), "application/json");
        if (back is { Length: > 0 } && Uri.TryCreate(back, UriKind.Absolute, out var target) && target.Scheme is "http" or "https")
            return Results.Redirect($"{back}{(back.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{string.Join('&', proof.Select(p => $"{p.Key}={Uri.EscapeDataString(p.Value?.GetValue<string>() ?? "")}"))}");
        return Html($"Order {id}", $"<p>Status: <strong>{Shown(Text(proof, "status"))}</strong></p><pre>{Shown(proof.ToJsonString(new() { WriteIndented = true }))}</pre><p><a href=\"/\">All orders</a></p>");
    }

    JsonObject? FindPayable(string id) => Payable.Any(prefix => id.StartsWith(prefix, StringComparison.Ordinal)) ? store.Find(id) : null;

    static string Reference(JsonObject thing) =>
        Text(thing, "receipt") ?? Text(thing["metadata"] as JsonObject, "reference") ?? Text(thing["notes"] as JsonObject, "description") ?? "";

    static string Amount(JsonObject thing) => Whole(thing, "amount") is { } minor && MinorUnits.TryToMoney(minor, Text(thing, "currency") ?? "", out var amount) ? amount.ToString() : "a saved method";

    static string Shown(string? text) => WebUtility.HtmlEncode(text ?? "");

    static IResult Html(string title, string body, int status = 200) => Results.Text(
        $$"""
        <!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{Shown(title)}}</title>
        <style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}td,th{padding:.2rem .8rem;text-align:left}li{margin:.3rem 0}button{font:inherit}</style>
        <h1>{{Shown(title)}}</h1>{{body}}</html>
        """, "text/html", Encoding.UTF8, status);
}
