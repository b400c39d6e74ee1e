namespace Balatrix.Core.Tax;

/// <summary>Which taxes a supply bears. Numbers are stored.</summary>
public enum TaxScheme : short
{
    /// <summary>None: the supplier has no registration, or the supply is zero-rated without payment of tax or exempt.</summary>
    None = 0,

    /// <summary>Within one state: central and state tax, half of the rate each (CGST Act s.9).</summary>
    CgstSgst = 1,

    /// <summary>Within one union territory without a legislature: central and union territory tax (UTGST Act s.7).</summary>
    CgstUtgst = 2,

    /// <summary>Between states, exports and SEZ: integrated tax (IGST Act s.5, s.7).</summary>
    Igst = 3,

    /// <summary>Value added tax of another country.</summary>
    Vat = 4,
}

/// <summary>What kind of supply a document reports. Numbers are stored.</summary>
public enum SupplyType : short
{
    /// <summary>Outside GST: another country's tax, or a supplier without registration.</summary>
    OutsideGst = 0,

    /// <summary>To a registered recipient.</summary>
    B2B = 1,

    /// <summary>To a recipient without registration.</summary>
    B2C = 2,

    /// <summary>To a SEZ unit or developer with payment of integrated tax.</summary>
    SezWithPayment = 3,

    /// <summary>To a SEZ unit or developer under a letter of undertaking.</summary>
    SezWithoutPayment = 4,

    /// <summary>Out of India with payment of integrated tax.</summary>
    ExportWithPayment = 5,

    /// <summary>Out of India under a letter of undertaking.</summary>
    ExportWithoutPayment = 6,
}

/// <summary>How a supplier's documents to one recipient are taxed; the rate is the line's.</summary>
/// <param name="Supply">What is reported.</param>
/// <param name="Scheme">Which taxes.</param>
/// <param name="PlaceOfSupply">GST state code ("27"; "96" is a foreign country); for a supplier outside India its ISO 3166-1 country.</param>
/// <param name="ReverseCharge">Whether the recipient owes the tax instead (CGST Act s.9(3)); the document then shows rates and bears no tax.</param>
/// <param name="Endorsement">The words that the document of an export or a supply to SEZ must bear (CGST rule 46), or null.</param>
public sealed record TaxTreatment(SupplyType Supply, TaxScheme Scheme, string PlaceOfSupply, bool ReverseCharge, string? Endorsement);

/// <summary>Tax by head, each in micro-units that are whole paisa.</summary>
/// <param name="CgstMicros">Central tax.</param>
/// <param name="SgstMicros">State or union territory tax: one field, as in INV-01 and GSTR-1; the scheme says which.</param>
/// <param name="IgstMicros">Integrated tax.</param>
/// <param name="VatMicros">Another country's tax.</param>
public readonly record struct TaxAmounts(long CgstMicros, long SgstMicros, long IgstMicros, long VatMicros)
{
    /// <summary>All heads together.</summary>
    public long TotalMicros => CgstMicros + SgstMicros + IgstMicros + VatMicros;

    /// <summary>Head by head.</summary>
    public static TaxAmounts operator +(TaxAmounts left, TaxAmounts right) => new(
        left.CgstMicros + right.CgstMicros, left.SgstMicros + right.SgstMicros, left.IgstMicros + right.IgstMicros, left.VatMicros + right.VatMicros);

    /// <summary>The named form of +.</summary>
    public static TaxAmounts Add(TaxAmounts left, TaxAmounts right) => left + right;
}
