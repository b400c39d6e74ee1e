namespace Balatrix.Core.Tax;

/// <summary>Which taxes a supply of communications bears, and how much. Sources: IGST Act s.7, s.12(2), s.12(11), s.16; CGST Act s.9; UTGST Act s.7; CGST rule 46.</summary>
public static class TaxEngine
{
    /// <summary>What taxes are rounded to: paisa, or the hundredth of another currency.</summary>
    public const long UnitMicros = Money.MicrosPerUnit / 100;

    const int WholeBasisPoints = 10_000;
    const string India = "IN";

    /// <summary>How a supplier's document to a recipient is taxed on a day.</summary>
    public static TaxDetermination Determine(SupplierTaxIdentity supplier, RecipientTaxFacts recipient, DateOnly day)
    {
        if (supplier.Country != India)
            return Found(Abroad(supplier, recipient));
        var isAbroad = recipient.Gstin is null && (recipient.Country ?? India) != India;
        var place = isAbroad ? GstState.Abroad : PlaceOfSupply(recipient);
        if (supplier.Gstin is null)
            return Found(new(SupplyType.OutsideGst, TaxScheme.None, place ?? "", false, null));
        if (place is null)
            return new(null, TaxRefusal.PlaceOfSupplyUnknown);
        if (recipient is { IsSez: true, Gstin: null })
            return new(null, TaxRefusal.SezWithoutRegistration);
        if (isAbroad || recipient.IsSez)
            return Found(ZeroRated(recipient.IsSez, place, supplier.LutYears.Contains(FinancialYear.Of(day).ToString())));
        var supply = recipient.Gstin is null ? SupplyType.B2C : SupplyType.B2B;
        // A consumer cannot owe the tax: reverse charge is between registered persons (CGST Act s.9(3), s.24).
        var reverse = recipient is { OwesTax: true, Gstin: not null, IsExempt: false };
        var scheme = reverse || recipient.IsExempt ? TaxScheme.None : SchemeOf(supplier.Gstin[..2], place);
        return Found(new(supply, scheme, place, reverse, null));
    }

    /// <summary>Taxes on a value without tax: each head rounded on its own, half up to <see cref="UnitMicros"/>; central and state tax are equal.</summary>
    public static TaxAmounts OnExclusive(TaxTreatment treatment, int rateBasisPoints, long taxableMicros) =>
        Heads(treatment.Scheme, taxableMicros, rateBasisPoints, WholeBasisPoints);

    /// <summary>Taxes within an amount that includes them; what is left is the taxable value, so that both always sum to the amount.</summary>
    public static TaxedAmount OnInclusive(TaxTreatment treatment, int rateBasisPoints, long grossMicros)
    {
        var tax = Heads(treatment.Scheme, grossMicros, rateBasisPoints, WholeBasisPoints + rateBasisPoints);
        return new(grossMicros - tax.TotalMicros, tax);
    }

    /// <summary>The least amount with tax, in whole paisa, that leaves at least so much when its taxes are taken out.</summary>
    public static long GrossFor(TaxTreatment treatment, int rateBasisPoints, long netMicros)
    {
        var rate = treatment.Scheme == TaxScheme.None ? 0 : rateBasisPoints;
        var exact = (long)((Int128)netMicros * (WholeBasisPoints + rate) / WholeBasisPoints) / UnitMicros * UnitMicros;
        // Rounding moves what is left by a paisa at most, so what is sought is a few steps from the exact quotient.
        var gross = Math.Max(UnitMicros, exact - (3 * UnitMicros));
        while (OnInclusive(treatment, rateBasisPoints, gross).TaxableMicros < netMicros)
            gross += UnitMicros;
        return gross;
    }

    /// <summary>A sum of tax by its heads, in whole paisa: an odd one goes to central tax.</summary>
    public static TaxAmounts OfTotal(TaxScheme scheme, long taxMicros)
    {
        var half = taxMicros / (2 * UnitMicros) * UnitMicros;
        return scheme switch
        {
            TaxScheme.CgstSgst or TaxScheme.CgstUtgst => new(taxMicros - half, half, 0, 0),
            TaxScheme.Vat => new(0, 0, 0, taxMicros),
            _ => new(0, 0, taxMicros, 0),
        };
    }

    static TaxDetermination Found(TaxTreatment treatment) => new(treatment, null);

    // s.12(11): (a) where a line is installed; (c)(ii) where a voucher is sold over the counter, but a recharge by electronic payment, as
    // (b) and (d), goes by the address on record. s.12(2)(a): to a registered person, the place of the registration.
    static string? PlaceOfSupply(RecipientTaxFacts recipient)
    {
        var code = recipient.InstalledStateCode ?? recipient.Gstin?[..2] ?? recipient.SoldInStateCode ?? recipient.StateCode;
        return GstState.Find(code) is null ? null : GstState.Today(code!);
    }

    /// <summary>Which taxes a supply from one state at a place of supply bears.</summary>
    internal static TaxScheme SchemeOf(string supplierState, string place) =>
        GstState.Today(supplierState) != place ? TaxScheme.Igst : GstState.Find(place)!.BearsUtgst ? TaxScheme.CgstUtgst : TaxScheme.CgstSgst;

    // Between states by law even within one (IGST Act s.7(5)); without tax only under a letter of undertaking of that financial year (s.16(3)).
    static TaxTreatment ZeroRated(bool isSez, string place, bool hasLut)
    {
        var supply = (isSez, hasLut) switch
        {
            (true, true) => SupplyType.SezWithoutPayment,
            (true, false) => SupplyType.SezWithPayment,
            (false, true) => SupplyType.ExportWithoutPayment,
            (false, false) => SupplyType.ExportWithPayment,
        };
        return new(supply, hasLut ? TaxScheme.None : TaxScheme.Igst, place, false, Endorsement(isSez, hasLut));
    }

    static string Endorsement(bool isSez, bool hasLut) =>
        (isSez ? "SUPPLY TO SEZ UNIT OR SEZ DEVELOPER FOR AUTHORISED OPERATIONS " : "SUPPLY MEANT FOR EXPORT ")
        + (hasLut ? "UNDER BOND OR LETTER OF UNDERTAKING WITHOUT PAYMENT OF INTEGRATED TAX" : "ON PAYMENT OF INTEGRATED TAX");

    // Value added taxes follow the customer's country, so what leaves the supplier's bears none of its tax.
    static TaxTreatment Abroad(SupplierTaxIdentity supplier, RecipientTaxFacts recipient)
    {
        var place = recipient.Country ?? supplier.Country;
        var isTaxed = place == supplier.Country && !supplier.VatRates.IsDefaultOrEmpty && !recipient.IsExempt;
        return new(SupplyType.OutsideGst, isTaxed ? TaxScheme.Vat : TaxScheme.None, place, false, null);
    }

    static TaxAmounts Heads(TaxScheme scheme, long micros, int basisPoints, int per)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(micros);
        ArgumentOutOfRangeException.ThrowIfNegative(basisPoints);
        switch (scheme)
        {
            case TaxScheme.CgstSgst or TaxScheme.CgstUtgst:
                var half = Share(micros, basisPoints, 2L * per);
                return new(half, half, 0, 0);
            case TaxScheme.Igst:
                return new(0, 0, Share(micros, basisPoints, per), 0);
            case TaxScheme.Vat:
                return new(0, 0, 0, Share(micros, basisPoints, per));
            default:
                return default;
        }
    }

    static long Share(long micros, int part, long whole) => HalfUp((Int128)micros * part, whole);

    /// <summary>Numerator ÷ denominator, half up to whole <see cref="UnitMicros"/>.</summary>
    internal static long HalfUp(Int128 numerator, long denominator)
    {
        var divisor = (Int128)denominator * UnitMicros;
        var (units, rest) = Int128.DivRem(numerator, divisor);
        return checked((long)(rest * 2 >= divisor ? units + 1 : units) * UnitMicros);
    }
}
