using System.Text.Json.Nodes;
using Balatrix.Core.Payments;
using Microsoft.AspNetCore.Http;
using static Balatrix.Modules.Payments.Sandbox.SandboxThing;
using static Balatrix.Modules.Payments.Sandbox.StripeThing;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>Stripe as the sandbox plays it: PaymentIntents, charges, methods, refunds and balance transactions.</summary>
sealed class StripeSandbox(SandboxStore store, SandboxWebhooks webhooks, SandboxTimers timers, SandboxOptions options, TimeProvider time)
{
    long Now => time.GetUtcNow().ToUnixTimeSeconds();

    public SandboxReply CreateCustomer(IFormCollection form) => SandboxReply.Ok(store.Put(new JsonObject
    {
        ["id"] = SandboxStore.NewId("cus_"),
        ["object"] = "customer",
        ["name"] = Given(form, "name"),
        ["email"] = Given(form, "email"),
        ["phone"] = Given(form, "phone"),
        ["metadata"] = Metadata(form),
        ["created"] = Now,
    }));

    public SandboxReply CreateIntent(IFormCollection form)
    {
        if (!long.TryParse(form["amount"], System.Globalization.CultureInfo.InvariantCulture, out var amount) || amount < 50)
            return Error(400, "invalid_request_error", "amount_too_small", "Amount must be at least 50 minor units.");
        if (Given(form, "customer") is { } customer && store.Find(customer) is null)
            return Error(400, "invalid_request_error", "resource_missing", $"No such customer: '{customer}'");
        var id = SandboxStore.NewId("pi_");
        return SandboxReply.Ok(store.Put(new JsonObject
        {
            ["id"] = id,
            ["object"] = "payment_intent",
            ["amount"] = amount,
            ["amount_received"] = 0,
            ["currency"] = Given(form, "currency"),
            ["status"] = "requires_payment_method",
            ["customer"] = Given(form, "customer"),
            ["description"] = Given(form, "description"),
            ["metadata"] = Metadata(form),
            ["client_secret"] = $"{id}_secret_sandbox",
            ["setup_future_usage"] = Given(form, "setup_future_usage"),
            ["latest_charge"] = null,
            ["last_payment_error"] = null,
            ["payment_method"] = null,
            ["next_action"] = null,
            ["livemode"] = false,
            ["created"] = Now,
        }));
    }

    public SandboxReply Find(string id, string prefix) => id.StartsWith(prefix, StringComparison.Ordinal) && store.Find(id) is { } thing ? SandboxReply.Ok(thing) : Missing(id);

    /// <summary>With its charge and the charge's balance transaction in it.</summary>
    public SandboxReply FindIntent(string id) => id.StartsWith("pi_", StringComparison.Ordinal) && store.Find(id) is { } intent ? SandboxReply.Ok(Expanded(intent)) : Missing(id);

    public SandboxReply ListIntents(IQueryCollection query)
    {
        var since = long.TryParse(query["created[gte]"], System.Globalization.CultureInfo.InvariantCulture, out var given) ? given : 0;
        var customer = query["customer"].ToString();
        return SandboxReply.Page(store.All("pi_").Where(i => Whole(i, "created") >= since && (customer.Length == 0 || Text(i, "customer") == customer)), query);
    }

    public SandboxReply Confirm(string id, IFormCollection form)
    {
        if (store.Find(id) is not { } intent)
            return Missing(id);
        if (Text(intent, "status") is not ("requires_payment_method" or "requires_confirmation" or "requires_action"))
            return Error(400, "invalid_request_error", "payment_intent_unexpected_state", $"This PaymentIntent is {Text(intent, "status")}.", intent: intent);
        var methodId = Given(form, "payment_method") ?? "";
        var instrument = SandboxInstrument.OfMethod(methodId) ?? SandboxInstrument.Read(Text(store.Find(methodId), "sandbox_instrument"));
        if (instrument is null)
            return Error(400, "invalid_request_error", "resource_missing", $"No such PaymentMethod: '{methodId}'");
        intent["payment_method"] = methodId;
        store.Put(intent);
        if (instrument.Outcome == SandboxOutcome.TimeoutNotCharged)
            return SandboxReply.Silence;
        Decide(intent, instrument, instrument.Outcome);
        return instrument.Outcome switch
        {
            SandboxOutcome.TimeoutCharged => SandboxReply.Silence,
            SandboxOutcome.ErrorCharged => Error(500, "api_error", null, "An unexpected error occurred."),
            _ when instrument.IsRefusal || instrument.Outcome == SandboxOutcome.FailedThenCaptured => Declined(intent),
            _ => SandboxReply.Ok(Expanded(intent)),
        };
    }

    public SandboxReply Cancel(string id)
    {
        if (store.Find(id) is not { } intent)
            return Missing(id);
        if (Text(intent, "status") is "succeeded" or "canceled" or "processing")
            return Error(400, "invalid_request_error", "payment_intent_unexpected_state", $"You cannot cancel this PaymentIntent: it is {Text(intent, "status")}.", intent: intent);
        intent["status"] = "canceled";
        store.Put(intent);
        Tell("payment_intent.canceled", intent);
        return SandboxReply.Ok(intent);
    }

    public SandboxReply Capture(string id) => store.Find(id) is { } intent
        ? Error(400, "invalid_request_error", "payment_intent_unexpected_state", "This PaymentIntent captures by itself.", intent: intent)
        : Missing(id);

    /// <summary>The customer pays an intent, or authorises the saving of a method, in the checkout.</summary>
    public JsonObject PayInCheckout(JsonObject thing, SandboxInstrument instrument)
    {
        if (Text(thing, "object") == "setup_intent")
            return Save(thing, instrument);
        if (Text(thing, "status") is not ("requires_payment_method" or "requires_action"))
            return thing;
        if (Text(thing, "setup_future_usage") is not null && Text(thing, "customer") is { } customer)
            thing["payment_method"] = Text(NewMethod(customer, instrument), "id");
        Decide(thing, instrument, instrument.Outcome == SandboxOutcome.AuthenticationRequired ? SandboxOutcome.Success : instrument.Outcome);
        return store.Find(Text(thing, "id"))!;
    }

    public SandboxReply CreateSetup(IFormCollection form)
    {
        var id = SandboxStore.NewId("seti_");
        return SandboxReply.Ok(store.Put(new JsonObject
        {
            ["id"] = id,
            ["object"] = "setup_intent",
            ["status"] = "requires_payment_method",
            ["customer"] = Given(form, "customer"),
            ["usage"] = "off_session",
            ["payment_method_types"] = new JsonArray(Given(form, "payment_method_types[]") ?? "card"),
            ["payment_method"] = null,
            ["last_setup_error"] = null,
            ["metadata"] = Metadata(form),
            ["client_secret"] = $"{id}_secret_sandbox",
            ["created"] = Now,
        }));
    }

    public SandboxReply Methods(string customerId, IQueryCollection query) => SandboxReply.Page(store.All("pm_").Where(m => Text(m, "customer") == customerId), query);

    /// <summary>A method of a customer; the ready-made ones are everybody's.</summary>
    public SandboxReply FindMethod(string customerId, string id)
    {
        if (store.Find(id) is not null || SandboxInstrument.OfMethod(id) is not { } instrument)
            return Find(id, "pm_");
        var method = Details(instrument);
        (method["id"], method["object"], method["customer"], method["created"]) = (id, "payment_method", customerId, Now);
        return SandboxReply.Ok(method);
    }

    public SandboxReply Detach(string id)
    {
        if (store.Find(id) is not { } method)
            return Missing(id);
        method["customer"] = null;
        store.Put(method);
        Tell("payment_method.detached", method);
        return SandboxReply.Ok(method);
    }

    public SandboxReply Refund(IFormCollection form)
    {
        lock (store.Gate)
        {
            if (store.Find(Given(form, "payment_intent")) is not { } intent || store.Find(Text(intent, "latest_charge")) is not { } charge || Text(intent, "status") != "succeeded")
                return Error(400, "invalid_request_error", "charge_not_found", "This PaymentIntent has no charge to refund.");
            var left = (Whole(charge, "amount") ?? 0) - (Whole(charge, "amount_refunded") ?? 0);
            var amount = long.TryParse(form["amount"], System.Globalization.CultureInfo.InvariantCulture, out var given) ? given : left;
            if (amount <= 0 || amount > left)
                return Error(400, "invalid_request_error", left == 0 ? "charge_already_refunded" : "amount_too_large", "Refund amount is greater than unrefunded amount on charge.");
            var reason = Given(form, "metadata[reason]") ?? "";
            var status = reason.Contains("sandbox-pending", StringComparison.Ordinal) ? "pending" : reason.Contains("sandbox-failed", StringComparison.Ordinal) ? "failed" : "succeeded";
            var refund = store.Put(new JsonObject
            {
                ["id"] = SandboxStore.NewId("re_"),
                ["object"] = "refund",
                ["amount"] = amount,
                ["currency"] = Text(charge, "currency"),
                ["charge"] = Text(charge, "id"),
                ["payment_intent"] = Text(intent, "id"),
                ["metadata"] = Metadata(form),
                ["status"] = status,
                ["failure_reason"] = status == "failed" ? "unknown" : null,
                ["created"] = Now,
            });
            if (status != "failed")
            {
                charge["amount_refunded"] = (Whole(charge, "amount_refunded") ?? 0) + amount;
                store.Put(charge);
                store.Put(Transaction("refund", Text(refund, "id")!, -amount, 0, Text(charge, "currency")!, Now));
            }
            Tell(status == "failed" ? "refund.failed" : "refund.created", refund);
            if (status == "pending")
                timers.After(options.Pending, () =>
                {
                    var done = store.Find(Text(refund, "id"))!;
                    done["status"] = "succeeded";
                    Tell("refund.updated", store.Put(done));
                });
            return SandboxReply.Ok(refund);
        }
    }

    public SandboxReply ListRefunds(IQueryCollection query)
    {
        var intent = query["payment_intent"].ToString();
        return SandboxReply.Page(store.All("re_").Where(r => intent.Length == 0 || Text(r, "payment_intent") == intent), query);
    }

    public SandboxReply ListTransactions(IQueryCollection query)
    {
        long Bound(string name, long usual) => long.TryParse(query[name], System.Globalization.CultureInfo.InvariantCulture, out var given) ? given : usual;
        var (from, until) = (Bound("created[gte]", 0), Bound("created[lt]", long.MaxValue));
        return SandboxReply.Page(store.All("txn_").Where(t => Whole(t, "created") >= from && Whole(t, "created") < until).Select(transaction =>
        {
            transaction["source"] = store.Find(Text(transaction, "source"));
            return transaction;
        }), query);
    }

    /// <summary>The customer's bank disputes a payment.</summary>
    public SandboxReply Dispute(string intentId, string status)
    {
        if (store.Find(intentId) is not { } intent)
            return Missing(intentId);
        var dispute = store.All("dp_").FirstOrDefault(d => Text(d, "payment_intent") == intentId) ?? new JsonObject
        {
            ["id"] = SandboxStore.NewId("dp_"),
            ["object"] = "dispute",
            ["amount"] = Whole(intent, "amount"),
            ["currency"] = Text(intent, "currency"),
            ["charge"] = Text(intent, "latest_charge"),
            ["payment_intent"] = intentId,
            ["reason"] = "fraudulent",
            ["evidence_details"] = new JsonObject { ["due_by"] = Now + (7 * 86_400) },
            ["created"] = Now,
        };
        dispute["status"] = status == "created" ? "needs_response" : status;
        Tell(status == "created" ? "charge.dispute.created" : status is "won" or "lost" ? "charge.dispute.closed" : "charge.dispute.updated", store.Put(dispute));
        return SandboxReply.Ok(dispute);
    }

    /// <summary>Takes up what a restart left undecided.</summary>
    public void Resume()
    {
        foreach (var intent in store.All("pi_").Where(i => Text(i, "sandbox_later") is not null))
            timers.After(options.Pending, () => Settle(Text(intent, "id")!));
    }

    JsonObject Expanded(JsonObject intent)
    {
        var shown = intent.DeepClone().AsObject();
        if (store.Find(Text(intent, "latest_charge")) is { } charge)
        {
            charge["balance_transaction"] = store.Find(Text(charge, "balance_transaction"));
            shown["latest_charge"] = charge;
        }
        return shown;
    }

    JsonObject NewMethod(string? customer, SandboxInstrument instrument)
    {
        var method = new JsonObject
        {
            ["id"] = SandboxStore.NewId("pm_"),
            ["object"] = "payment_method",
            ["customer"] = customer,
            ["created"] = Now,
            ["sandbox_instrument"] = instrument.Code,
        };
        foreach (var (name, value) in Details(instrument))
            method[name] = value?.DeepClone();
        return store.Put(method);
    }

    JsonObject Save(JsonObject setup, SandboxInstrument instrument)
    {
        if (Text(setup, "status") == "succeeded")
            return setup;
        if (instrument.Outcome == SandboxOutcome.AuthenticationFailed)
        {
            setup["last_setup_error"] = new JsonObject { ["type"] = "card_error", ["code"] = "setup_intent_authentication_failure", ["message"] = instrument.Shown };
            store.Put(setup);
            Tell("setup_intent.setup_failed", setup);
            return setup;
        }
        var method = NewMethod(Text(setup, "customer"), instrument);
        (setup["payment_method"], setup["status"]) = (Text(method, "id"), "succeeded");
        store.Put(setup);
        Tell("payment_method.attached", method);
        Tell("setup_intent.succeeded", setup);
        return setup;
    }

    void Decide(JsonObject intent, SandboxInstrument instrument, SandboxOutcome outcome)
    {
        switch (outcome)
        {
            case SandboxOutcome.Success or SandboxOutcome.TimeoutCharged or SandboxOutcome.ErrorCharged:
                Take(intent, instrument);
                break;
            case SandboxOutcome.PendingSuccess or SandboxOutcome.PendingFailure:
                intent["status"] = "processing";
                Later(intent, instrument);
                Tell("payment_intent.processing", intent);
                break;
            case SandboxOutcome.FailedThenCaptured:
                Fail(intent, instrument);
                Later(intent, instrument);
                break;
            default:
                Fail(intent, instrument);
                break;
        }
    }

    void Later(JsonObject intent, SandboxInstrument instrument)
    {
        intent["sandbox_later"] = instrument.Code;
        store.Put(intent);
        timers.After(options.Pending, () => Settle(Text(intent, "id")!));
    }

    void Settle(string id)
    {
        if (store.Find(id) is not { } intent || SandboxInstrument.Read(Text(intent, "sandbox_later")) is not { } instrument)
            return;
        intent.Remove("sandbox_later");
        if (instrument.Outcome == SandboxOutcome.PendingFailure)
            Fail(intent, instrument);
        else
            Take(intent, instrument);
    }

    void Take(JsonObject intent, SandboxInstrument instrument)
    {
        var (amount, currency, chargeId) = (Whole(intent, "amount") ?? 0, Text(intent, "currency")!, SandboxStore.NewId("ch_"));
        var fee = (amount / 50) + (amount / 50 * 18 / 100);
        var transaction = store.Put(Transaction("charge", chargeId, amount, fee, currency, Now));
        store.Put(new JsonObject
        {
            ["id"] = chargeId,
            ["object"] = "charge",
            ["amount"] = amount,
            ["amount_refunded"] = 0,
            ["currency"] = currency,
            ["payment_intent"] = Text(intent, "id"),
            ["metadata"] = intent["metadata"]?.DeepClone(),
            ["payment_method_details"] = Details(instrument),
            ["balance_transaction"] = Text(transaction, "id"),
            ["status"] = "succeeded",
            ["created"] = Now,
        });
        (intent["status"], intent["latest_charge"], intent["amount_received"], intent["last_payment_error"]) = ("succeeded", chargeId, amount, null);
        store.Put(intent);
        Tell("payment_intent.succeeded", intent);
        Tell("charge.succeeded", store.Find(chargeId)!);
    }

    void Fail(JsonObject intent, SandboxInstrument instrument)
    {
        var reason = instrument.StripeCode.Length > 0 ? instrument.StripeCode : "generic_decline";
        var error = new JsonObject
        {
            ["type"] = "card_error",
            ["code"] = reason is "expired_card" or "authentication_required" ? reason : "card_declined",
            ["decline_code"] = reason,
            ["message"] = instrument.Shown,
            ["payment_method"] = Details(instrument),
        };
        (intent["status"], intent["last_payment_error"]) = ("requires_payment_method", error);
        store.Put(intent);
        Tell("payment_intent.payment_failed", intent);
    }

    void Tell(string name, JsonObject thing)
    {
        var id = SandboxStore.NewId("evt_");
        webhooks.Send(GatewayKind.Stripe, id, new JsonObject
        {
            ["id"] = id,
            ["object"] = "event",
            ["api_version"] = "2024-06-20",
            ["created"] = Now,
            ["type"] = name,
            ["livemode"] = false,
            ["pending_webhooks"] = 1,
            ["data"] = new JsonObject { ["object"] = thing.DeepClone() },
        });
    }
}
