using Balatrix.Core;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;
using Balatrix.Modules.Platform;
using Npgsql;

namespace Balatrix.Modules.Invoicing;

/// <summary>The tenant as whoever issues: its settings, its days, its tax identity.</summary>
sealed record BillingTenant(TenantSettings Settings, TimeZoneInfo Zone, SupplierTaxIdentity Tax, DocumentParty Supplier)
{
    /// <summary>Whether prices bear the tax already.</summary>
    public bool IsInclusive => Settings.TaxMode == "inclusive";

    /// <summary>The day of an instant on the tenant's wall.</summary>
    public DateOnly Day(DateTimeOffset at) => Zone.DayOf(at);

    /// <summary>The first instant of a day.</summary>
    public DateTimeOffset Start(DateOnly day) => Zone.StartOf(day);

    /// <summary>Reads it in the caller's transaction.</summary>
    public static async Task<BillingTenant> LoadAsync(NpgsqlConnection connection, int tenantId, CancellationToken cancellationToken)
    {
        var settings = await TenantSettingsStore.LoadAsync(connection, tenantId, cancellationToken);
        var gst = settings.Gst;
        var party = new DocumentParty(
            gst?.LegalName ?? settings.Name!, gst?.Gstin, [.. gst?.AddressLines ?? []], gst?.State, settings.Country!, gst?.Town, gst?.PostalCode, gst?.Email, gst?.Phone, null);
        return new(settings, TimeZoneInfo.FindSystemTimeZoneById(settings.Zone!), settings.TaxIdentity(), party);
    }

    /// <summary>Lines of charges with their taxes.</summary>
    public InvoiceTotals Total(TaxTreatment treatment, IEnumerable<BilledCharge> charges, DateOnly day)
    {
        var lines = charges.Select(Line);
        return IsInclusive
            ? InvoiceArithmetic.TotalOfGross(Tax, treatment, day, lines.Select(l => l with { TaxableMicros = InvoiceArithmetic.ToPaisa(l.TaxableMicros) }))
            : InvoiceArithmetic.Total(Tax, treatment, day, lines, Settings.RoundOff == true);
    }

    /// <summary>The line of a charge, before tax.</summary>
    public static InvoiceLine Line(BilledCharge c) =>
        new(c.Service, "", c.Description, c.Quantity, c.Unit, c.Covered is 0 ? null : c.Covered, c.Count, c.RateMicros, c.AmountMicros, 0, default, c.From, c.To) { DiscountMicros = c.DiscountMicros };
}
