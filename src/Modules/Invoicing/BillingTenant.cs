using System.Collections.Immutable;
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
    public DateOnly Day(DateTimeOffset at) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, Zone).DateTime);

    /// <summary>The first instant of a day.</summary>
    public DateTimeOffset Start(DateOnly day)
    {
        var local = day.ToDateTime(TimeOnly.MinValue);
        while (Zone.IsInvalidTime(local))
            local = local.AddMinutes(15);
        return new DateTimeOffset(local, Zone.IsAmbiguousTime(local) ? Zone.GetAmbiguousTimeOffsets(local).Max() : Zone.GetUtcOffset(local)).ToUniversalTime();
    }

    /// <summary>Reads it in the caller's transaction.</summary>
    public static async Task<BillingTenant> LoadAsync(NpgsqlConnection connection, int tenantId, CancellationToken cancellationToken)
    {
        var settings = await TenantSettingsStore.LoadAsync(connection, tenantId, cancellationToken);
        var gst = settings.Gst;
        var tax = new SupplierTaxIdentity
        {
            Country = settings.Country!,
            Gstin = gst?.Gstin,
            LutYears = [.. (settings.Lut ?? []).Select(l => l.FinancialYear!)],
            VatRates = gst is null ? [] : [.. (settings.TaxRates ?? []).Select(r => new DatedRate(r.From, r.BasisPoints))],
            SacCodes = (settings.SacCodes ?? []).ToImmutableDictionary(StringComparer.Ordinal),
        };
        var party = new DocumentParty(
            gst?.LegalName ?? settings.Name!, gst?.Gstin, [.. gst?.AddressLines ?? []], gst?.State, settings.Country!, gst?.Town, gst?.PostalCode, gst?.Email, gst?.Phone, null);
        return new(settings, TimeZoneInfo.FindSystemTimeZoneById(settings.Zone!), tax, party);
    }

    /// <summary>Lines of charges with their taxes.</summary>
    public InvoiceTotals Total(TaxTreatment treatment, IEnumerable<BilledCharge> charges, DateOnly day)
    {
        var lines = charges.Select(Line);
        return IsInclusive
            ? InvoiceArithmetic.TotalOfGross(Tax, treatment, day, lines.Select(l => l with { TaxableMicros = ToPaisa(l.TaxableMicros) }))
            : InvoiceArithmetic.Total(Tax, treatment, day, lines, Settings.RoundOff == true);
    }

    /// <summary>The line of a charge, before tax.</summary>
    public static InvoiceLine Line(BilledCharge c) =>
        new(c.Service, "", c.Description, c.Quantity, c.Unit, c.Covered is 0 ? null : c.Covered, c.Count, c.RateMicros, c.AmountMicros, 0, default, c.From, c.To) { DiscountMicros = c.DiscountMicros };

    /// <summary>Whole paisa, half up.</summary>
    public static long ToPaisa(long micros) => (micros + (TaxEngine.UnitMicros / 2)) / TaxEngine.UnitMicros * TaxEngine.UnitMicros;
}
