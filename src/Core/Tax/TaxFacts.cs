using System.Collections.Immutable;

namespace Balatrix.Core.Tax;

/// <summary>A rate from a day on.</summary>
/// <param name="From">First day.</param>
/// <param name="BasisPoints">Hundredths of a per cent.</param>
public readonly record struct DatedRate(DateOnly From, int BasisPoints);

/// <summary>What tax needs to know of a supplier.</summary>
public sealed record SupplierTaxIdentity
{
    /// <summary>ISO 3166-1 alpha-2 country that it supplies from.</summary>
    public required string Country { get; init; }

    /// <summary>GST registration; null for a supplier that has none and so charges none.</summary>
    public string? Gstin { get; init; }

    /// <summary>Financial years ("2026-27") that a letter of undertaking is on record for.</summary>
    public ImmutableHashSet<string> LutYears { get; init; } = [];

    /// <summary>Rates of value added tax of a supplier outside India; empty when it charges none.</summary>
    public ImmutableArray<DatedRate> VatRates { get; init; } = [];

    /// <summary>Service accounting codes by service where they differ from <see cref="TaxRates.UsualSacCodes"/>.</summary>
    public ImmutableDictionary<string, string> SacCodes { get; init; } = ImmutableDictionary<string, string>.Empty;
}

/// <summary>What tax needs to know of a recipient and what it receives.</summary>
public sealed record RecipientTaxFacts
{
    /// <summary>ISO 3166-1 alpha-2 country of the address on record; null counts as the supplier's.</summary>
    public string? Country { get; init; }

    /// <summary>GST registration; null for a consumer.</summary>
    public string? Gstin { get; init; }

    /// <summary>GST state code of the address on record.</summary>
    public string? StateCode { get; init; }

    /// <summary>State that a fixed line, leased circuit or dish is installed in; null for all else.</summary>
    public string? InstalledStateCode { get; init; }

    /// <summary>State that a prepaid voucher was sold in over the counter; null for recharges paid electronically.</summary>
    public string? SoldInStateCode { get; init; }

    /// <summary>Whether it is a unit or developer of a special economic zone.</summary>
    public bool IsSez { get; init; }

    /// <summary>Whether the recipient owes the tax in place of the supplier (CGST Act s.9(3)).</summary>
    public bool OwesTax { get; init; }

    /// <summary>Whether the supply is exempt.</summary>
    public bool IsExempt { get; init; }
}

/// <summary>Why a supply cannot be taxed as it stands.</summary>
public enum TaxRefusal
{
    /// <summary>Nothing says which state it is supplied in. It is never guessed: the state must be on the invoice (CGST rule 46(f)), and a wrong one has tax paid to the wrong state.</summary>
    PlaceOfSupplyUnknown,

    /// <summary>Units of special economic zones are registered; one without a GSTIN is not one.</summary>
    SezWithoutRegistration,
}

/// <summary>How a supply is taxed, or why that cannot be said; one of both is null.</summary>
public readonly record struct TaxDetermination(TaxTreatment? Treatment, TaxRefusal? Refusal);

/// <summary>A gross amount taken apart; both sum to it.</summary>
public readonly record struct TaxedAmount(long TaxableMicros, TaxAmounts Tax);
