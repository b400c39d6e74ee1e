using Balatrix.Modules.Audit;
using Balatrix.Modules.Catalog;
using Balatrix.Modules.Customers;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Identity.Logins;
using Balatrix.Modules.Invoicing;
using Balatrix.Modules.Ledger;
using Balatrix.Modules.Messaging;
using Balatrix.Modules.Notifications;
using Balatrix.Modules.Operations;
using Balatrix.Modules.Payments;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Platform.Jobs;
using Balatrix.Modules.Platform.Schedules;
using Balatrix.Modules.Subscriptions;
using Balatrix.Modules.Tariffs;
using Balatrix.Modules.Usage;
using Balatrix.Modules.Voice;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Balatrix.Modules;

/// <summary>All modules, in one place: what a running Balatrix is made of.</summary>
public static class BalatrixModules
{
    /// <summary>The services of all modules.</summary>
    public static void AddBalatrix(this IServiceCollection services, Database database, TimeProvider time, ChargingOptions charging)
    {
        services.AddSingleton(database);
        services.AddSingleton(time);
        services.AddSingleton<TenantClock>();
        services.AddForwardedClients();
        services.AddBrowserProtection();
        services.AddNotifications();
        services.AddIdentity();
        // The arrow goes from customers to identity; who confirms an address gets a customer through this.
        services.AddSingleton<OpenCustomer>(CustomerOpening.OpenAsync);
        services.AddAudit();
        services.AddCatalog();
        services.AddCustomers();
        services.AddLedger(charging);
        services.AddUsage();
        services.AddVoice();
        services.AddSubscriptions();
        services.AddTariffs();
        services.AddInvoicing();
        services.AddPayments();
        services.AddApiDocumentation();
        services.AddSingleton<CatalogSeeds>();
        services.AddSingleton<DemoAccounts>();
        services.AddSingleton<SeedData>();
        services.AddSingleton<DemoSuppliers>();
        // Last, so that it stops first: jobs still use what stops after it.
        services.AddJobs();
        services.AddSchedules(Schedule.All);
    }

    /// <summary>The routes of all modules, behind access checks and problem answers.</summary>
    public static void UseBalatrix(this WebApplication app)
    {
        app.UseForwardedClients();
        app.UseBrowserProtection();
        app.UseProblems(LedgerModule.Failures);
        app.UseRouting();
        app.UseCors();
        app.UseMiddleware<CallerMiddleware>();
        RequestLimits.Use(app);
        app.UseMiddleware<AccessMiddleware>();
        app.UseMiddleware<QueryMiddleware>();
        app.MapIdentity();
        app.MapCatalog();
        app.MapCustomers();
        app.MapLedger();
        app.MapUsage();
        app.MapVoice();
        app.MapMessaging();
        app.MapSubscriptions();
        app.MapTariffs();
        app.MapInvoicing();
        app.MapPayments();
        app.MapTestClock();
        app.MapHealth();
        app.MapAudit();
        app.MapSettings();
        app.MapJobs();
        app.MapApiDocumentation();
    }
}
