using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Payments.Gateways;
using Balatrix.Modules.Payments.Sandbox;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Balatrix.Modules.Payments;

/// <summary>Payments through gateways: taken, verified, tried again, given back and held against the gateways' books.</summary>
public static class PaymentsModule
{
    /// <summary>Its services.</summary>
    public static void AddPayments(this IServiceCollection services)
    {
        services.TryAddSingleton<PaymentGateways>();
        services.TryAddSingleton<OpenGateway>(p => p.GetRequiredService<PaymentGateways>().Open);
        services.AddPaymentSandbox();
        services.AddSingleton<GatewayDirectory>();
        services.AddHostedService<SandboxGateways>();
        services.AddSingleton<GatewayCustomers>();
        services.AddSingleton<PaymentRequests>();
        services.AddSingleton<PaymentRunner>();
        services.AddSingleton<PaymentTaker>();
        services.AddSingleton<RefundRunner>();
        services.AddSingleton<DefaultMethodCharge>();
        services.AddSingleton<KeepMethods>();
        services.AddJob<ResolvePayment>(ResolvePayment.Queue, ResolvePayment.Kind);
        services.AddJob<ResolveRefund>(ResolveRefund.Queue, ResolveRefund.Kind);
        services.AddJob<ProcessWebhook>(ProcessWebhook.Queue, ProcessWebhook.Kind);
        services.AddJob<KeepMethods>(KeepMethods.Queue, KeepMethods.Kind);
        services.AddJob<CollectInvoicePayment>(CollectInvoicePayment.Queue, CollectInvoicePayment.Kind);
        services.AddJob<CollectRenewal>(CollectRenewal.Queue, CollectRenewal.Kind);
        services.AddJob<RechargeWallet>(BalanceCrossings.RechargeQueue, BalanceCrossings.RechargeKind);
        services.AddJob<RetryFailedPayment>(RetryFailedPayment.Queue, RetryFailedPayment.Kind);
        services.AddJob<ReconcilePayments>(ReconcilePayments.Queue, ReconcilePayments.Kind);
    }

    /// <summary>Its routes.</summary>
    public static void MapPayments(this IEndpointRouteBuilder routes)
    {
        var payments = routes.MapGroup("/api/v1/payments").WithTags("payments");
        payments.MapPost("", TakePayment.Create).RequireRoles(Roles.Everyone, Scope.PaymentsWrite)
            .WithExample("""{"account":"ACC-10001","amount":"500.00","gateway":"razorpay","saveMethod":false}""")
            .WithSummary("Make an order that an invoice or a top-up is paid by in the gateway's checkout; needs an Idempotency-Key").Produces<PaymentView>(201).Produces<PaymentView>().ProducesProblem(409);
        payments.MapPost("create-subscription", CreateMandate.Handle).RequireRoles(Roles.Everyone, Scope.PaymentsWrite)
            .WithExample("""{"account":"ACC-10001","kind":"upi","maxAmount":"5000.00","frequency":"monthly","gateway":"razorpay"}""")
            .WithSummary("Set up recurring debits: card e-mandate, UPI AutoPay or bank account; needs an Idempotency-Key").Produces<MandateView>(201).Produces<MandateView>().ProducesProblem(409);
        payments.MapPost("process-onetime", TakePayment.ChargeNow).RequireRoles(Roles.Everyone, Scope.PaymentsWrite)
            .WithExample("""{"account":"ACC-10001","amount":"500.00","paymentMethod":"PM-1001"}""")
            .WithSummary("Charge a saved method now, or when its mandate's notice is over; needs an Idempotency-Key").Produces<PaymentView>(201).Produces<PaymentView>().ProducesProblem(409);
        payments.MapGet("history", PaymentQueries.List).RequireRoles(Roles.Everyone, Scope.PaymentsRead).WithSummary("Own payments, the latest first").Produces<PaymentQueries.PaymentList>();
        payments.MapGet("statistics", PaymentStatistics.Handle).RequireRoles(Roles.Staff, Scope.PaymentsRead)
            .WithSummary("Success and failure by gateway and method, declines, webhooks, and how the gateways' books agree with ours").Produces<PaymentStatistics.Report>();
        payments.MapGet("gateways", GatewayEndpoints.List).RequireRoles(Roles.Admin, Scope.All).WithSummary("How gateways are reached; no secrets").Produces<GatewayEndpoints.GatewayList>();
        payments.MapPut("gateways/{gateway}", GatewayEndpoints.Put).RequireRoles(Roles.Admin, Scope.All)
            .WithExample("""{"keyId":"rzp_live_…","keySecret":"…","webhookSecret":"…","enabled":true,"default":true,"minAmount":"1.00","maxAmount":"500000.00"}""")
            .WithSummary("Set a gateway up; what is left out stays, secrets are never shown").Produces<GatewayEndpoints.GatewayView>().ProducesProblem(412);
        payments.MapGet("mandates", MandateQueries.List).RequireRoles(Roles.Everyone, Scope.PaymentsRead)
            .WithSummary("List mandates with their state and limits, the latest first; by account and status").Produces<MandateQueries.MandateList>();
        payments.MapGet("mandates/{id}", MandateQueries.Get).RequireRoles(Roles.Everyone, Scope.PaymentsRead).WithSummary("One mandate").Produces<MandateView>();
        payments.MapGet("settlements", SettlementEndpoints.List).RequireRoles(Roles.Staff, Scope.PaymentsRead)
            .WithSummary("The gateways' books line by line, the latest first; status=different are those that do not agree with ours").Produces<SettlementEndpoints.SettlementList>();
        payments.MapPost("settlements/{gateway}/{item}/post", PostSettlementByHand.Handle).RequireRoles(Roles.Admin, Scope.PaymentsWrite)
            .WithExample("""{"as":"fee","note":"Chargeback handling fee, ticket 4711"}""")
            .WithSummary("Post a line that no rule knows, as what it is: fee, chargeback, bank_correction or other").Produces<SettlementView>().ProducesProblem(409);
        payments.MapGet("", PaymentQueries.List).RequireRoles(Roles.Staff, Scope.PaymentsRead).WithSummary("List payments, the latest first").Produces<PaymentQueries.PaymentList>();
        payments.MapGet("{id}", PaymentQueries.Get).RequireRoles(Roles.Everyone, Scope.PaymentsRead).WithSummary("One payment with its attempts, receipts, refunds and disputes").Produces<PaymentView>();
        payments.MapPost("{id}/verify", VerifyPayment.Handle).RequireRoles(Roles.Everyone, Scope.PaymentsWrite)
            .WithExample("""{"gatewayPaymentId":"pay_29QQoUBi66xm2f","signature":"9ef4dffbfd84f1318f6739a3ce19f9d85851857ae648f114332d8401e0949a3d"}""")
            .WithSummary("Check what the checkout brought back, and ask the gateway; of a mandate (MAN-…) whether it was confirmed").Produces<PaymentView>().ProducesProblem(409);
        payments.MapPost("{id}/retry", TakePayment.Retry).RequireRoles(Roles.Staff, Scope.PaymentsWrite)
            .WithSummary("Try a payment again that failed").Produces<PaymentView>().ProducesProblem(409);
        payments.MapPost("{id}/refund", RefundPayment.Handle).RequireRoles(Roles.Admin, Scope.PaymentsWrite)
            .WithExample("""{"amount":"100.00","reason":"Paid twice"}""")
            .WithSummary("Give back in full or part, with refund voucher or credit note; needs an Idempotency-Key").Produces<RefundView>(201).Produces<RefundView>().ProducesProblem(409);

        var methods = routes.MapGroup("/api/v1/payment-methods").WithTags("payments");
        methods.MapPost("", MethodEndpoints.Save).RequireRoles(Roles.Everyone, Scope.PaymentsWrite)
            .WithExample("""{"account":"ACC-10001","token":"token_4lsdksD31GaZ09","gateway":"razorpay","default":true}""")
            .WithSummary("Save a method by the gateway's token; card numbers are not taken").Produces<MethodView>(201).ProducesProblem(409);
        methods.MapGet("", MethodEndpoints.List).RequireRoles(Roles.Everyone, Scope.PaymentsRead).WithSummary("List saved methods").Produces<MethodEndpoints.MethodList>();
        methods.MapDelete("{id}", MethodEndpoints.Remove).RequireRoles(Roles.Everyone, Scope.PaymentsWrite).WithSummary("Remove a saved method, here and at the gateway, with its mandate").Produces(204).ProducesProblem(409);
        methods.MapPost("{id}/default", MethodEndpoints.MakeDefault).RequireRoles(Roles.Everyone, Scope.PaymentsWrite).WithSummary("Charge the account by this method").Produces<MethodView>().ProducesProblem(409);

        // Gateways come from few addresses and do not slow down; what has no good signature is turned away before anything is read or stored.
        var webhooks = routes.MapGroup("/api/v1/webhooks").WithTags("payments").DisableRateLimiting();
        webhooks.MapPost("razorpay", WebhookEndpoints.Razorpay).AllowPublic().WithSummary("Razorpay's events, by signature; ?tenant=SLUG says whose").Accepts<object>("application/json")
            .WithExample("""{"entity":"event","event":"payment.captured","contains":["payment"],"payload":{"payment":{"entity":{"id":"pay_29QQoUBi66xm2f"}}},"created_at":1795253400}""")
            .Produces<WebhookEndpoints.WebhookAnswer>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(413);
        webhooks.MapPost("stripe", WebhookEndpoints.Stripe).AllowPublic().WithSummary("Stripe's events, by signature; ?tenant=SLUG says whose").Accepts<object>("application/json")
            .WithExample("""{"id":"evt_1","object":"event","type":"payment_intent.succeeded","created":1795253400,"data":{"object":{"id":"pi_1","object":"payment_intent"}}}""")
            .Produces<WebhookEndpoints.WebhookAnswer>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(413);
    }
}
