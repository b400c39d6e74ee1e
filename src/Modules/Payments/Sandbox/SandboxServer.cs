using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Balatrix.Modules.Payments.Sandbox;

/// <summary>A payment gateway that moves no money: an HTTP server of its own that speaks Razorpay's and Stripe's APIs, has a checkout page, and posts signed webhooks.</summary>
public sealed class SandboxServer : IAsyncDisposable
{
    readonly SandboxStore store;
    readonly SandboxTimers timers = new();
    readonly SandboxWebhooks webhooks;
    readonly RazorpaySandbox razorpay;
    readonly RazorpayRefunds refunds;
    readonly StripeSandbox stripe;
    readonly SandboxOptions options;
    readonly WebApplication app;
    readonly ConcurrentDictionary<string, SemaphoreSlim> keysUnderWay = new(StringComparer.Ordinal);

    SandboxServer(SandboxOptions options, TimeProvider time)
    {
        this.options = options;
        store = new SandboxStore(options.File);
        webhooks = new SandboxWebhooks(options, time);
        var news = new RazorpayNews(webhooks, time);
        razorpay = new RazorpaySandbox(store, news, timers, options, time);
        refunds = new RazorpayRefunds(store, news, timers, options, time);
        stripe = new StripeSandbox(store, webhooks, timers, options, time);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "balatrix-sandbox" });
        builder.WebHost.UseUrls(options.Url);
        builder.Logging.ClearProviders();
        app = builder.Build();
        MapCheckout(new CheckoutPage(store, razorpay, stripe));
        MapRazorpay();
        MapStripe();
        MapControls();
    }

    /// <summary>Where it answers.</summary>
    public Uri Address => new(app.Urls.First() + "/");

    /// <summary>Starts one.</summary>
    public static async Task<SandboxServer> StartAsync(SandboxOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var server = new SandboxServer(options, time);
        await server.app.StartAsync(cancellationToken);
        server.razorpay.Resume();
        server.stripe.Resume();
        return server;
    }

    /// <summary>Until all webhooks that are under way were taken or given up.</summary>
    public Task IdleAsync() => webhooks.IdleAsync();

    /// <summary>Ends it.</summary>
    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        await timers.DisposeAsync();
        await webhooks.DisposeAsync();
        store.Dispose();
    }

    void MapCheckout(CheckoutPage page)
    {
        app.MapGet("/", page.List);
        app.MapGet("/checkout/{id}", (string id, string? back) => page.Show(id, back));
        app.MapPost("/checkout/{id}", async (HttpContext context, string id) =>
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            var wantsJson = context.Request.Headers.Accept.ToString().Contains("json", StringComparison.Ordinal);
            return page.Pay(id, form["instrument"], form["back"].ToString() is { Length: > 0 } back ? back : context.Request.Query["back"], wantsJson);
        });
    }

    void MapRazorpay()
    {
        Razorpay("POST", "customers", (_, body) => razorpay.CreateCustomer(body));
        Razorpay("POST", "orders", (_, body) => razorpay.CreateOrder(body));
        Razorpay("GET", "orders", (context, _) => razorpay.FindOrders(context.Request.Query));
        Razorpay("GET", "orders/{id}", (context, _) => razorpay.Find(Part(context), "order_"));
        Razorpay("GET", "orders/{id}/payments", (context, _) => razorpay.FindPayments(Part(context)));
        Razorpay("GET", "payments/{id}", (context, _) => razorpay.Find(Part(context), "pay_"));
        Razorpay("POST", "payments/{id}/capture", (context, body) => razorpay.Capture(Part(context), body));
        Razorpay("POST", "payments/create/recurring", (_, body) => razorpay.Charge(body));
        Razorpay("POST", "payments/{id}/refund", (context, body) => refunds.Refund(Part(context), body, Header(context, "X-Refund-Idempotency")));
        Razorpay("GET", "payments/{id}/refunds", (context, _) => refunds.FindRefunds(Part(context)));
        Razorpay("GET", "payments/{id}/refunds/{second}", (context, _) => razorpay.Find(Part(context, "second"), "rfnd_"));
        Razorpay("GET", "customers/{id}/tokens", (context, _) => razorpay.Tokens(Part(context)));
        Razorpay("GET", "customers/{id}/tokens/{second}", (context, _) => razorpay.FindToken(Part(context), Part(context, "second")));
        Razorpay("PUT", "customers/{id}/tokens/{second}/cancel", (context, _) => razorpay.CancelToken(Part(context, "second")));
        Razorpay("DELETE", "customers/{id}/tokens/{second}", (context, _) => razorpay.DeleteToken(Part(context, "second")));
        Razorpay("GET", "settlements/recon/combined", (context, _) => refunds.Reconcile(context.Request.Query));
    }

    void MapStripe()
    {
        Stripe("POST", "customers", (_, form) => stripe.CreateCustomer(form));
        Stripe("POST", "payment_intents", (_, form) => stripe.CreateIntent(form));
        Stripe("GET", "payment_intents", (context, _) => stripe.ListIntents(context.Request.Query));
        Stripe("GET", "payment_intents/{id}", (context, _) => stripe.FindIntent(Part(context)));
        Stripe("POST", "payment_intents/{id}/confirm", (context, form) => stripe.Confirm(Part(context), form));
        Stripe("POST", "payment_intents/{id}/cancel", (context, _) => stripe.Cancel(Part(context)));
        Stripe("POST", "payment_intents/{id}/capture", (context, _) => stripe.Capture(Part(context)));
        Stripe("POST", "setup_intents", (_, form) => stripe.CreateSetup(form));
        Stripe("GET", "setup_intents/{id}", (context, _) => stripe.Find(Part(context), "seti_"));
        Stripe("GET", "customers/{id}/payment_methods", (context, _) => stripe.Methods(Part(context), context.Request.Query));
        Stripe("GET", "customers/{id}/payment_methods/{second}", (context, _) => stripe.FindMethod(Part(context), Part(context, "second")));
        Stripe("POST", "payment_methods/{id}/detach", (context, _) => stripe.Detach(Part(context)));
        Stripe("POST", "refunds", (_, form) => stripe.Refund(form));
        Stripe("GET", "refunds", (context, _) => stripe.ListRefunds(context.Request.Query));
        Stripe("GET", "refunds/{id}", (context, _) => stripe.Find(Part(context), "re_"));
        Stripe("GET", "balance_transactions", (context, _) => stripe.ListTransactions(context.Request.Query));
    }

    /// <summary>What a bank or a customer would do elsewhere: POST /sandbox/disputes/PAYMENT?status=created|won|lost, POST /sandbox/mandates/TOKEN?status=paused|confirmed|cancelled.</summary>
    void MapControls()
    {
        app.MapPost("/sandbox/disputes/{id}", (string id, string status, HttpContext context) =>
            (id.StartsWith("pay_", StringComparison.Ordinal) ? refunds.Dispute(id, status) : stripe.Dispute(id, status)).WriteAsync(context, options.Silence));
        app.MapPost("/sandbox/mandates/{id}", (string id, string status, HttpContext context) =>
        {
            if (store.Find(id) is not { } token || !id.StartsWith("token_", StringComparison.Ordinal))
                return RazorpayThing.Error(404, "There is no such token.").WriteAsync(context, options.Silence);
            razorpay.SetMandate(token, status);
            return SandboxReply.Ok(token).WriteAsync(context, options.Silence);
        });
    }

    void Razorpay(string method, string path, Func<HttpContext, JsonObject, SandboxReply> answer) => app.MapMethods($"/razorpay/v1/{path}", [method], async context =>
    {
        var expected = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{SandboxOptions.KeyId}:{SandboxOptions.KeySecret}"));
        var reply = context.Request.Headers.Authorization == expected
            ? await BodyAsync(context) is { } body ? answer(context, body) : RazorpayThing.Error(400, "The body is no JSON object.")
            : RazorpayThing.Error(401, "Authentication failed");
        await reply.WriteAsync(context, options.Silence);
    });

    void Stripe(string method, string path, Func<HttpContext, IFormCollection, SandboxReply> answer) => app.MapMethods($"/stripe/v1/{path}", [method], async context =>
    {
        if (context.Request.Headers.Authorization != $"Bearer {SandboxOptions.KeySecret}")
        {
            await StripeThing.Error(401, "invalid_request_error", null, "Invalid API Key provided.").WriteAsync(context, options.Silence);
            return;
        }
        var form = context.Request.HasFormContentType ? await context.Request.ReadFormAsync(context.RequestAborted) : FormCollection.Empty;
        var reply = Header(context, "Idempotency-Key") is { } key && method == "POST" ? await OnceAsync(key, context, form, answer) : answer(context, form);
        await reply.WriteAsync(context, options.Silence);
    });

    /// <summary>The first answer under a key is its answer, whatever it was; other content under it is refused.</summary>
    async Task<SandboxReply> OnceAsync(string key, HttpContext context, IFormCollection form, Func<HttpContext, IFormCollection, SandboxReply> answer)
    {
        var turn = keysUnderWay.GetOrAdd(key, _ => new SemaphoreSlim(1));
        await turn.WaitAsync(context.RequestAborted);
        try
        {
            var asked = context.Request.Path + "?" + string.Join('&', form.OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key}={f.Value}"));
            if (store.Find($"idempotency_{key}") is { } before)
                return SandboxThing.Text(before, "asked") == asked
                    ? new((int)(SandboxThing.Whole(before, "status") ?? 0), before["body"]!.DeepClone().AsObject())
                    : StripeThing.Error(400, "idempotency_error", null, "Keys for idempotent requests can only be used with the same parameters they were first used with.");
            var reply = answer(context, form);
            store.Put(new JsonObject { ["id"] = $"idempotency_{key}", ["asked"] = asked, ["status"] = reply.Status, ["body"] = reply.Body.DeepClone() });
            return reply;
        }
        finally
        {
            turn.Release();
        }
    }

    static string Part(HttpContext context, string name = "id") => context.Request.RouteValues[name]?.ToString() ?? "";

    static string? Header(HttpContext context, string name) => context.Request.Headers[name].ToString() is { Length: > 0 } value ? value : null;

    static async Task<JsonObject?> BodyAsync(HttpContext context)
    {
        if (context.Request.Method is "GET" or "DELETE" or "PUT")
            return [];
        try
        {
            return (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted)) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
