using System.Text.Json;
using System.Text.RegularExpressions;
using Balatrix.Core.Tax;
using Balatrix.Modules.Audit;
using Balatrix.Modules.Identity;
using Balatrix.Modules.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Npgsql;

namespace Balatrix.Modules.Operations;

/// <summary>The tenant as a supplier under GST.</summary>
/// <param name="LegalName">As it is registered.</param>
/// <param name="Gstin">The registration; null for a supplier that has none.</param>
/// <param name="AddressLines">Printed on invoices.</param>
/// <param name="State">GST state code; the GSTIN's.</param>
public sealed record GstIdentity(string? LegalName, string? Gstin, string[]? AddressLines, string? State);

/// <summary>How the tenant looks to its customers.</summary>
public sealed record Branding(string? Name, string? LogoUrl, string? Color);

/// <summary>What a tenant decides about itself.</summary>
/// <param name="Name">The tenant's name.</param>
/// <param name="Zone">IANA zone of billing days, cycles and invoice dates.</param>
/// <param name="Gst">The tenant as a supplier.</param>
/// <param name="InvoiceSeries">Letters and digits that invoice numbers begin with; at most 16 with the number (rule 46).</param>
/// <param name="TaxMode">exclusive: prices are without tax; inclusive: with it.</param>
/// <param name="RoundOff">Whether invoice totals are rounded to the rupee by a line of their own.</param>
/// <param name="Branding">How it looks.</param>
public sealed record TenantSettings(string? Name, string? Zone, GstIdentity? Gst, string? InvoiceSeries, string? TaxMode, bool? RoundOff, Branding? Branding);

/// <summary>Settings by HTTP.</summary>
public static partial class SettingsEndpoints
{
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
        var view = await database.InTenantAsync(tenantId, (connection, ct) => FindAsync(connection, tenantId, ct), cancellationToken);
        context.Response.Headers.ETag = $"\"{view.Version}\"";
        return Results.Ok(view);
    }

    static async Task<IResult> Put(TenantSettings request, HttpContext context, Database database, TenantClock clock, CancellationToken cancellationToken)
    {
        var tenantId = Caller.Of(context).TenantId;
        var now = await clock.NowAsync(tenantId, cancellationToken);
        var after = await database.InTenantAsync(tenantId, async (connection, ct) =>
        {
            // The tenant's row orders changes, whether there are settings yet or not.
            await Database.ExecuteAsync(connection, "update platform.tenants set name = name where tenant_id = $1", [tenantId], ct);
            var before = await FindAsync(connection, tenantId, ct);
            Preconditions.Check(context.Request, before.Version);
            var settings = Merge(before.Settings, request);
            if (Check(settings) is { } problem)
                throw new ProblemException(problem);
            await Database.ExecuteAsync(connection, "update platform.tenants set name = $2, zone = $3 where tenant_id = $1", [tenantId, settings.Name, settings.Zone], ct);
            await Database.ExecuteAsync(
                connection,
                """
                insert into platform.tenant_settings as s (tenant_id, settings, updated_at) values ($1, $2::jsonb, $3)
                on conflict (tenant_id) do update set settings = excluded.settings, version = s.version + 1, updated_at = excluded.updated_at
                """,
                [tenantId, JsonSerializer.Serialize(settings, JsonSerializerOptions.Web), now], ct);
            var view = await FindAsync(connection, tenantId, ct);
            await AuditLog.WriteAsync(connection, tenantId, Actor.Of(context), "settings.updated", "settings", "tenant", before.Settings, view.Settings, now, ct);
            return view;
        }, cancellationToken);
        clock.Forget(tenantId);
        context.Response.Headers.ETag = $"\"{after.Version}\"";
        return Results.Ok(after);
    }

    static async Task<SettingsView> FindAsync(NpgsqlConnection connection, int tenantId, CancellationToken cancellationToken)
    {
        var (name, zone, json, version) = (await Database.QueryAsync(
            connection, "select t.name, t.zone, s.settings, s.version from platform.tenants t left join platform.tenant_settings s using (tenant_id) where t.tenant_id = $1", [tenantId],
            r => (r.GetString(0), r.GetString(1), r.IsDBNull(2) ? "{}" : r.GetString(2), r.IsDBNull(3) ? 0 : r.GetInt32(3)), cancellationToken)).Single();
        var stored = JsonSerializer.Deserialize<TenantSettings>(json, JsonSerializerOptions.Web)!;
        return new(stored with { Name = name, Zone = zone, TaxMode = stored.TaxMode ?? "exclusive", RoundOff = stored.RoundOff ?? true, InvoiceSeries = stored.InvoiceSeries ?? "INV" }, version);
    }

    static TenantSettings Merge(TenantSettings before, TenantSettings change) => new(
        change.Name ?? before.Name, change.Zone ?? before.Zone, change.Gst ?? before.Gst, change.InvoiceSeries ?? before.InvoiceSeries, change.TaxMode ?? before.TaxMode,
        change.RoundOff ?? before.RoundOff, change.Branding ?? before.Branding);

    static Problem? Check(TenantSettings s)
    {
        if (s.Name is not { Length: > 0 and <= 200 } || s.Name.Contains('\0', StringComparison.Ordinal))
            return Problem.Invalid("name", "1 to 200 characters");
        if (s.Zone is null || !TimeZoneInfo.TryFindSystemTimeZoneById(s.Zone, out _))
            return Problem.Invalid("zone", "an IANA zone such as Asia/Kolkata");
        if (s.TaxMode is not ("exclusive" or "inclusive"))
            return Problem.Invalid("taxMode", "exclusive or inclusive");
        if (s.InvoiceSeries is null || !Series().IsMatch(s.InvoiceSeries))
            return Problem.Invalid("invoiceSeries", "1 to 6 characters of A-Z and 0-9, the first not 0");
        if (s.Gst is { } gst)
        {
            if (gst.LegalName is not { Length: > 0 and <= 200 })
                return Problem.Invalid("gst.legalName", "1 to 200 characters");
            if (gst.Gstin is not null && Gstin.Fault(gst.Gstin) is { } fault)
                return Problem.Invalid("gst.gstin", fault);
            if (GstState.Find(gst.State) is not { IsCurrent: true } || (gst.Gstin is not null && gst.Gstin[..2] != gst.State))
                return Problem.Invalid("gst.state", "the GST state code that the GSTIN begins with");
            if (gst.AddressLines is not { Length: >= 1 and <= 5 } lines || Array.Exists(lines, l => l is not { Length: > 0 and <= 100 }))
                return Problem.Invalid("gst.addressLines", "1 to 5 lines of 1 to 100 characters");
        }
        if (s.Branding is { } brand && (brand.Name is { Length: > 200 } || brand.LogoUrl is { Length: > 500 } || (brand.Color is not null && !Color().IsMatch(brand.Color))))
            return Problem.Invalid("branding", "a name, an address of a logo and a colour such as #0a4d8c");
        return null;
    }

    // NIC refuses numbers that begin with 0, / or - and folds case (facts: GST invoice numbering).
    [GeneratedRegex("^[A-Z1-9][A-Z0-9]{0,5}$", RegexOptions.None, 1000)]
    private static partial Regex Series();

    [GeneratedRegex("^#[0-9a-fA-F]{6}$", RegexOptions.None, 1000)]
    private static partial Regex Color();
}
