using System.Collections.Immutable;
using Balatrix.Core.Tax;

namespace Balatrix.Modules.Platform;

/// <summary>What a tenant decides about itself. Read through <see cref="TenantSettingsStore"/>, which fills in what everybody has.</summary>
public sealed record TenantSettings
{
    /// <summary>The tenant's name.</summary>
    public string? Name { get; init; }

    /// <summary>IANA zone of billing days, cycles and invoice dates.</summary>
    public string? Zone { get; init; }

    /// <summary>ISO 3166-1 alpha-2 country that the tenant supplies from; IN when left out.</summary>
    public string? Country { get; init; }

    /// <summary>The tenant as a supplier; without it no tax is charged.</summary>
    public GstIdentity? Gst { get; init; }

    /// <summary>Letters of undertaking, one for each financial year; without one exports and supplies to SEZ bear integrated tax.</summary>
    public LetterOfUndertaking[]? Lut { get; init; }

    /// <summary>Service accounting codes by service (voice, sms, event, recurring, fee, recharge) where the tenant's differ from the usual.</summary>
    public Dictionary<string, string>? SacCodes { get; init; }

    /// <summary>Rates of value added tax by first day, for a tenant outside India.</summary>
    public TaxRateFrom[]? TaxRates { get; init; }

    /// <summary>recharge: tax is taken when a prepaid wallet is filled; usage: when it is used, with receipt vouchers. Each receipt keeps the mode that it came in under.</summary>
    public string? PrepaidTaxMode { get; init; }

    /// <summary>Letters and digits that invoice numbers begin with; at most 16 with the number (rule 46).</summary>
    public string? InvoiceSeries { get; init; }

    /// <summary>exclusive: prices are without tax; inclusive: with it.</summary>
    public string? TaxMode { get; init; }

    /// <summary>Whether invoice totals are rounded to the rupee by a line of their own.</summary>
    public bool? RoundOff { get; init; }

    /// <summary>Days from issue to the last day to pay.</summary>
    public int? PaymentTermsDays { get; init; }

    /// <summary>How unpaid invoices are pursued; the usual stages when left out.</summary>
    public DunningSettings? Dunning { get; init; }

    /// <summary>How often in a day a wallet is recharged by itself at most; 3 when left out.</summary>
    public int? RechargesPerDay { get; init; }

    /// <summary>Days that a telephone number rests after it was given back; 30 when left out.</summary>
    public int? NumberQuarantineDays { get; init; }

    /// <summary>How calls find a carrier.</summary>
    public RoutingSettings? Routing { get; init; }

    /// <summary>How calls are controlled.</summary>
    public CallSettings? Calls { get; init; }

    /// <summary>How documents are registered with the portal.</summary>
    public EInvoiceSettings? EInvoice { get; init; }

    /// <summary>Where customers pay to.</summary>
    public BankDetails? Bank { get; init; }

    /// <summary>How it looks.</summary>
    public Branding? Branding { get; init; }

    /// <summary>What tax goes by. Without an identity as a supplier none is charged.</summary>
    public SupplierTaxIdentity TaxIdentity() => new()
    {
        Country = Country ?? "IN",
        Gstin = Gst?.Gstin,
        LutYears = [.. (Lut ?? []).Select(l => l.FinancialYear!)],
        VatRates = Gst is null ? [] : [.. (TaxRates ?? []).Select(r => new DatedRate(r.From, r.BasisPoints))],
        SacCodes = (SacCodes ?? []).ToImmutableDictionary(StringComparer.Ordinal),
    };
}

/// <summary>The tenant as a supplier: under GST, or under the law of its own country.</summary>
/// <param name="LegalName">As it is registered.</param>
/// <param name="Gstin">The registration (a GSTIN in India); null for a supplier that has none.</param>
/// <param name="AddressLines">Printed on invoices.</param>
/// <param name="State">GST state code, the GSTIN's; null outside India.</param>
/// <param name="Town">Town of the address, for e-invoices.</param>
/// <param name="PostalCode">Postal code, for e-invoices.</param>
/// <param name="Email">Printed on invoices.</param>
/// <param name="Phone">Printed on invoices.</param>
public sealed record GstIdentity(
    string? LegalName, string? Gstin, string[]? AddressLines, string? State, string? Town = null, string? PostalCode = null, string? Email = null, string? Phone = null);

/// <summary>A letter of undertaking (FORM GST RFD-11).</summary>
/// <param name="FinancialYear">Such as 2026-27.</param>
/// <param name="Number">Its acknowledgement number.</param>
public sealed record LetterOfUndertaking(string? FinancialYear, string? Number);

/// <summary>A rate of tax from a day on.</summary>
/// <param name="From">First day.</param>
/// <param name="BasisPoints">Hundredths of a per cent: 1200 is 12 %.</param>
public sealed record TaxRateFrom(DateOnly From, int BasisPoints);

/// <summary>How documents are registered with the invoice registration portal.</summary>
/// <param name="Enabled">Whether they are.</param>
/// <param name="PortalUrl">Where the portal, or the provider between, is called.</param>
/// <param name="UserName">The tenant's user there.</param>
/// <param name="Password">Its password. Kept sealed and never shown: an answer has *** in its place, which changes nothing when it is sent back.</param>
/// <param name="PublicKeys">The portal's keys by key id, each a PEM of a certificate or public key; what it signed is checked by them.</param>
public sealed record EInvoiceSettings(bool? Enabled, string? PortalUrl, string? UserName, string? Password, Dictionary<string, string>? PublicKeys);

/// <summary>Where customers pay to; printed on invoices.</summary>
/// <param name="AccountName">Whose account it is.</param>
/// <param name="AccountNumber">Its number.</param>
/// <param name="Ifsc">The branch's code.</param>
/// <param name="BankName">The bank.</param>
/// <param name="UpiId">UPI id, for the QR of invoices to consumers.</param>
public sealed record BankDetails(string? AccountName, string? AccountNumber, string? Ifsc, string? BankName, string? UpiId);

/// <summary>How the tenant looks to its customers.</summary>
public sealed record Branding(string? Name, string? LogoUrl, string? Color);
