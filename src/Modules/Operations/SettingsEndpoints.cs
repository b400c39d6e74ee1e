using System.Text;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Identity.Tokens;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Balatrix.Modules.Operations;

/// <summary>Settings by HTTP.</summary>
public static class SettingsEndpoints
{
    const string Hidden = "***";

    /// <summary>The settings and how often they were changed.</summary>
    public sealed record SettingsView(TenantSettings Settings, int Version);

    /// <summary>Its routes.</summary>
    public static void MapSettings(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/settings", Get).WithTags("operations").RequireRoles(Roles.Admin, Scope.All).WithSummary("The tenant's settings").Produces<SettingsView>();
        routes.MapPut("/api/v1/settings", Put).WithTags("operations").RequireRoles(Roles.Admin, Scope.All).WithSummary("Change settings; what is left out stays").Produces<SettingsView>().ProducesProblem(412);
    }

    static async Task<IResult> Get(HttpContext context, Database database, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var (settings, version) = await database.InTenantAsync(tenantId, (connection, ct) => TenantSettingsStore.FindAsync(connection, tenantId, ct), cancellationToken);
        return Answer(context, settings, version);
    }

    static async Task<IResult> Put(TenantSettings request, HttpContext context, Database database, TenantClock clock, MasterKey master, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var (after, version) = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            await TenantSettingsStore.LockAsync(connection, tenantId, ct);
            var (before, number) = await TenantSettingsStore.FindAsync(connection, tenantId, ct);
            Preconditions.Check(context.Request, number);
            var settings = Merge(before, request, master);
            if (SettingsCheck.Fault(settings) is { } problem)
                throw new ProblemException(problem);
            await TenantSettingsStore.SaveAsync(connection, tenantId, settings, now, ct);
            var stored = await TenantSettingsStore.FindAsync(connection, tenantId, ct);
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "settings.updated", "settings", "tenant", Shown(before), Shown(stored.Settings), now, ct);
            return stored;
        }, cancellationToken);
        clock.Forget(tenantId);
        return Answer(context, after, version);
    }

    static IResult Answer(HttpContext context, TenantSettings settings, int version)
    {
        Preconditions.SetETag(context, version);
        return Results.Ok(new SettingsView(Shown(settings), version));
    }

    static TenantSettings Shown(TenantSettings settings) =>
        settings.EInvoice is { Password: not null } portal ? settings with { EInvoice = portal with { Password = Hidden } } : settings;

    static TenantSettings Merge(TenantSettings before, TenantSettings change, MasterKey master) => new()
    {
        Name = change.Name ?? before.Name,
        Zone = change.Zone ?? before.Zone,
        Country = change.Country ?? before.Country,
        Gst = change.Gst ?? before.Gst,
        Lut = change.Lut ?? before.Lut,
        SacCodes = change.SacCodes ?? before.SacCodes,
        TaxRates = change.TaxRates ?? before.TaxRates,
        PrepaidTaxMode = change.PrepaidTaxMode ?? before.PrepaidTaxMode,
        InvoiceSeries = change.InvoiceSeries ?? before.InvoiceSeries,
        TaxMode = change.TaxMode ?? before.TaxMode,
        RoundOff = change.RoundOff ?? before.RoundOff,
        PaymentTermsDays = change.PaymentTermsDays ?? before.PaymentTermsDays,
        Dunning = change.Dunning ?? before.Dunning,
        RechargesPerDay = change.RechargesPerDay ?? before.RechargesPerDay,
        NumberQuarantineDays = change.NumberQuarantineDays ?? before.NumberQuarantineDays,
        Routing = change.Routing ?? before.Routing,
        Calls = change.Calls ?? before.Calls,
        EInvoice = change.EInvoice is { } portal ? portal with { Password = Sealed(before.EInvoice?.Password, portal.Password, master) } : before.EInvoice,
        Bank = change.Bank ?? before.Bank,
        Branding = change.Branding ?? before.Branding,
    };

    static string? Sealed(string? before, string? change, MasterKey master) =>
        change is null or Hidden ? before : Convert.ToBase64String(master.Seal("e-invoice", Encoding.UTF8.GetBytes(change)));
}
