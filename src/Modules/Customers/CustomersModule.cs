using Balatrix.Modules.Identity;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules.Customers;

/// <summary>Accounts: who they are, what they may, what they have.</summary>
public static class CustomersModule
{
    /// <summary>Its services.</summary>
    public static void AddCustomers(this IServiceCollection services)
    {
        services.AddSingleton<AccountDirectory>();
        services.AddSingleton<AccountStore>();
        services.AddSingleton<AllowanceRenewal>();
        services.AddHostedService(p => p.GetRequiredService<AllowanceRenewal>());
        services.AddSingleton<ITenantTime>(p => p.GetRequiredService<AllowanceRenewal>());
        services.AddJob<SendLowBalance>(BalanceCrossings.LowQueue, BalanceCrossings.LowKind);
        services.AddSingleton<AccountGates>();
        services.AddHostedService(p => p.GetRequiredService<AccountGates>());
    }

    /// <summary>Its routes.</summary>
    public static void MapCustomers(this IEndpointRouteBuilder routes)
    {
        var customers = routes.MapGroup("/api/v1/customers").WithTags("customers");
        customers.MapPost("", CustomerEndpoints.Create).RequireRoles(Roles.Staff, Scope.CustomersWrite).WithSummary("Make a customer, with KYC, address and GSTIN checked").Produces<CustomerView>(201);
        customers.MapGet("", CustomerEndpoints.List).RequireRoles(Roles.Staff, Scope.CustomersRead).WithSummary("List customers, newest first or by name").Produces<CustomerEndpoints.CustomerPage>();
        customers.MapGet("me", CustomerEndpoints.Me).RequireRoles(Roles.Customer, null).WithSummary("The customer that the caller belongs to").Produces<CustomerView>();
        customers.MapGet("search", CustomerEndpoints.Search).RequireRoles(Roles.Staff, Scope.CustomersRead).WithSummary("Find customers by part of a name, e-mail address, phone, GSTIN or PAN, or by account number").Produces<CustomerEndpoints.CustomerPage>();
        customers.MapGet("{id:long}", CustomerEndpoints.Get).RequireRoles(Roles.Everyone, Scope.CustomersRead).WithSummary("One customer").Produces<CustomerView>();
        customers.MapPut("{id:long}", CustomerEndpoints.Update).RequireRoles(Roles.Everyone, Scope.CustomersWrite).WithSummary("Change a customer; what is left out stays").Produces<CustomerView>().ProducesProblem(409).ProducesProblem(412);
        customers.MapDelete("{id:long}", CustomerStatus.Close).RequireRoles(Roles.Admin, Scope.CustomersWrite).WithSummary("Close a customer; refused while money remains").Produces<CustomerView>().ProducesProblem(409);
        customers.MapPost("{id:long}/suspend", CustomerStatus.Suspend).RequireRoles(Roles.Staff, Scope.CustomersWrite).WithSummary("Suspend a customer; its calls and messages are refused at once").Produces<CustomerView>().ProducesProblem(409);
        customers.MapPost("{id:long}/activate", CustomerStatus.Activate).RequireRoles(Roles.Staff, Scope.CustomersWrite).WithSummary("Activate a customer and the accounts that stopped with it").Produces<CustomerView>().ProducesProblem(409);
        customers.MapGet("{id:long}/statistics", CustomerStatistics.Handle).RequireRoles(Roles.Everyone, Scope.CustomersRead).WithSummary("Spend, use and money by month, and balances").Produces<CustomerStatistics.Report>();
        customers.MapGet("{id:long}/accounts", CustomerEndpoints.Accounts).RequireRoles(Roles.Everyone, Scope.CustomersRead).WithSummary("Accounts of a customer").Produces<CustomerEndpoints.AccountList>();
        customers.MapPost("{id:long}/accounts", CustomerEndpoints.OpenAccount).RequireRoles(Roles.Staff, Scope.AccountsWrite).WithSummary("Open an account for a customer").Produces<AccountView>(201).ProducesProblem(409);
        var accounts = routes.MapGroup("/api/v1/accounts").WithTags("accounts");
        accounts.MapPost("", AccountEndpoints.Open).RequireRoles(Roles.Staff, Scope.AccountsWrite).WithSummary("Open a prepaid or postpaid account on a plan")
            .Produces<AccountView>(201).ProducesProblem(409);
        accounts.MapGet("{id}", AccountEndpoints.Get).RequireRoles(Roles.Everyone, Scope.AccountsRead).WithSummary("One account, by number or code").Produces<AccountView>();
        accounts.MapGet("{id}/balance", AccountEndpoints.Balance).RequireRoles(Roles.Everyone, Scope.AccountsRead).WithSummary("Balance, held, available, credit limit, allowances left").Produces<BalanceView>();
        accounts.MapGet("{id}/transactions", EntryEndpoints.Transactions).RequireRoles(Roles.Everyone, Scope.AccountsRead).WithSummary("Ledger entries, latest first").Produces<EntryPage>();
        accounts.MapGet("{id}/statement", StatementEndpoint.Handle).RequireRoles(Roles.Everyone, Scope.AccountsRead).WithSummary("Statement of a period, JSON, CSV or PDF, by format or Accept")
            .Produces<StatementView>(200, "application/json", "text/csv", "application/pdf").ProducesProblem(406);
        accounts.MapPost("{id}/adjust", MoneyEndpoints.Adjust).RequireRoles(Roles.Admin, Scope.AccountsAdmin).WithSummary("Correct a balance; needs an Idempotency-Key")
            .Produces<PostedEntry>(201).Produces<PostedEntry>().ProducesProblem(409);
        accounts.MapPost("{id}/transfer", MoneyEndpoints.Transfer).RequireRoles(Roles.Admin, Scope.AccountsAdmin).WithSummary("Move money to another account; needs an Idempotency-Key")
            .Produces<TransferView>(201).Produces<TransferView>().ProducesProblem(409);
        accounts.MapPut("{id}/limits", AccountEndpoints.SetLimits).RequireRoles(Roles.Staff, Scope.AccountsWrite).WithSummary("Credit limit, daily spend cap, concurrent calls, requests per second, addresses")
            .Produces<AccountView>();
        accounts.MapPut("{id}/auto-recharge", AutoRecharge.Handle).RequireRoles(Roles.Everyone, Scope.AccountsWrite).WithSummary("Threshold, amount and payment method of recharging")
            .Produces<AccountView>();
    }
}
