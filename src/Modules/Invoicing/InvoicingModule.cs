using Balatrix.Core.Invoices.Gstr1;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Invoicing.Dunning;
using Balatrix.Modules.Invoicing.EInvoices;
using Balatrix.Modules.Invoicing.Returns;
using Balatrix.Modules.Invoicing.Pdf;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Invoicing;

/// <summary>Documents of money owed: invoices, notes and vouchers, what settles them, and the billing cycle.</summary>
public static class InvoicingModule
{
    /// <summary>Its services.</summary>
    public static void AddInvoicing(this IServiceCollection services)
    {
        services.AddSingleton<BillingCycle>();
        services.AddSingleton<ITenantTime, BillingClock>();
        services.AddSingleton<DunInvoice>();
        services.AddSingleton<OverdueInvoices>();
        services.AddSingleton<ITenantTime, DunningClock>();
        services.AddJob<SendOverdueReminders>(SendOverdueReminders.Queue, SendOverdueReminders.Kind);
        services.AddJob<RestoreService>(RestoreService.Queue, RestoreService.Kind);
        services.AddJob<RunBillingCycle>(RunBillingCycle.Queue, RunBillingCycle.Kind);
        services.AddJob<RenderInvoicePdf>(RenderInvoicePdf.Queue, RenderInvoicePdf.Kind);
        services.AddSingleton<RegistrationPortal>();
        services.AddJob<RegisterEInvoice>(EInvoiceJobs.Queue, EInvoiceJobs.Register, RegisterEInvoice.MostAttempts);
        services.AddJob<CancelEInvoice>(EInvoiceJobs.Queue, EInvoiceJobs.Cancel);
    }

    /// <summary>Its routes.</summary>
    public static void MapInvoicing(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/accounts/{id}/top-up", TopUp.Handle).WithTags("accounts").RequireRoles(Roles.Staff, Scope.AccountsWrite)
            .WithSummary("Credit money that came in; needs an Idempotency-Key").WithExample("""{"amount":"500.00","reference":"NEFT 12345"}""").Produces<PostedEntry>(201).Produces<PostedEntry>().ProducesProblem(409);
        routes.MapPost("/api/v1/accounts/{id}/lift-bar", LiftBar.Handle).WithTags("accounts").RequireRoles(Roles.Staff, Scope.AccountsWrite)
            .WithSummary("Lift by hand what dunning has barred; what is owed stays owed").WithExample("""{"reason":"Payment plan agreed"}""").Produces<LiftBar.Answer>().ProducesProblem(409);
        var invoices = routes.MapGroup("/api/v1/invoices").WithTags("invoices");
        invoices.MapPost("generate/subscription/{subscriptionId}", GenerateInvoice.ForSubscription).RequireRoles(Roles.Staff, Scope.InvoicesWrite).WithExample("""{"draft":false}""")
            .WithSummary("Invoice a subscription's charges; draft=true only shows the invoice").Produces<GenerateInvoice.Answer>(201).Produces<GenerateInvoice.Answer>().ProducesProblem(409);
        invoices.MapPost("generate/postpaid/{accountId}", GenerateInvoice.ForAccount).RequireRoles(Roles.Staff, Scope.InvoicesWrite).WithExample("""{"to":"2026-11-01","draft":false}""")
            .WithSummary("Invoice an account's use before a day, with its other charges; draft=true only shows the invoice").Produces<GenerateInvoice.Answer>(201).Produces<GenerateInvoice.Answer>().ProducesProblem(409);
        invoices.MapGet("", InvoiceEndpoints.List).RequireRoles(Roles.Everyone, Scope.InvoicesRead).WithSummary("Invoices, notes and vouchers, the latest first").Produces<InvoiceEndpoints.DocumentPage>();
        invoices.MapGet("statistics", InvoiceEndpoints.GetStatistics).RequireRoles(Roles.Staff, Scope.InvoicesRead).WithSummary("Billed, collected, outstanding and tax by month").Produces<InvoiceEndpoints.Statistics>();
        invoices.MapGet("overdue", Overdue.Handle).RequireRoles(Roles.Staff, Scope.InvoicesRead).WithSummary("Overdue invoices, the longest first, and all that is owed by age").Produces<Overdue.Report>();
        invoices.MapPost("{id}/reminder", Reminder.Handle).RequireRoles(Roles.Staff, Scope.InvoicesWrite).WithSummary("Remind of an unpaid invoice now").Produces<Reminder.Answer>(202).ProducesProblem(409);
        invoices.MapPost("{id}/write-off", WriteOffInvoice.Handle).RequireRoles(Roles.Admin, Scope.InvoicesWrite).WithExample("""{"reason":"Insolvent"}""")
            .WithSummary("Give up what is unpaid of an invoice; money that comes after all recovers it").Produces<DocumentView>().ProducesProblem(409);
        invoices.MapGet("{id}", InvoiceEndpoints.Get).RequireRoles(Roles.Everyone, Scope.InvoicesRead).WithSummary("One document with its lines, taxes and what happened to it; by id or number").Produces<DocumentView>();
        invoices.MapGet("{id}/pdf", GetInvoicePdf.Handle).RequireRoles(Roles.Everyone, Scope.InvoicesRead).WithSummary("The document as PDF, with its annex of use unless annex=false").Produces<byte[]>(200, "application/pdf").Produces(304);
        invoices.MapPost("{id}/mark-paid", MarkPaid.Handle).RequireRoles(Roles.Staff, Scope.InvoicesWrite).WithExample("""{"amount":"1000.00","reference":"UTR 4711"}""")
            .WithSummary("Record a payment made outside any gateway, and income tax withheld").Produces<DocumentView>().ProducesProblem(409);
        invoices.MapPost("{id}/void", VoidInvoice.Handle).RequireRoles(Roles.Admin, Scope.InvoicesWrite).WithExample("""{"reason":"Wrong customer"}""")
            .WithSummary("Void an unpaid invoice within its month; later it takes a credit note").Produces<DocumentView>().ProducesProblem(409);
        invoices.MapPost("{id}/credit-note", IssueCreditNote.Handle).RequireRoles(Roles.Admin, Scope.InvoicesWrite).WithExample("""{"reason":"Service outage","lines":[{"line":1,"amount":"100.00"}]}""")
            .WithSummary("Credit an invoice in part or whole, with its GST; after the term of s.34(2) by a financial note, which lowers no tax").Produces<DocumentView>(201).ProducesProblem(409);
        invoices.MapGet("{id}/e-invoice", EInvoiceEndpoint.Handle).RequireRoles(Roles.Staff, Scope.InvoicesRead)
            .WithSummary("The form for the registration portal (INV-01), what it would refuse, and the registration").Produces<EInvoiceEndpoint.View>().ProducesProblem(409);
        routes.MapGet("/api/v1/reports/gstr-1", Gstr1Report.Handle).WithTags("invoices").RequireRoles(Roles.Staff, Scope.InvoicesRead)
            .WithSummary("GSTR-1 of a month, as the portal takes it").Produces<Gstr1Return>().ProducesProblem(409);
        invoices.MapPost("process-billing-cycle", RunBillingCycle.Handle).RequireRoles(Roles.Admin, Scope.InvoicesWrite).WithExample("""{"date":"2026-11-01"}""")
            .WithSummary("Bill all accounts whose month is over; the same again goes on, or says how far it is").Produces<CycleView>().Produces<CycleView>(202);
    }
}
