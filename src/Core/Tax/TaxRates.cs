using System.Collections.Immutable;

namespace Balatrix.Core.Tax;

/// <summary>Rates by day and codes by service.</summary>
public static class TaxRates
{
    /// <summary>Heading 9984, telecommunications: 18 % since GST began, and after its slabs changed on 2025-09-22.</summary>
    public static ImmutableArray<DatedRate> Gst { get; } = [new(new(2017, 7, 1), 1800)];

    /// <summary>
    /// Codes by service: telephony by IP and fixed lines 998412, messages to mobiles 998413, other internet telecommunications 998429.
    /// What messages from applications belong to is not settled, so a supplier can say otherwise; the rate is the same.
    /// </summary>
    public static ImmutableDictionary<string, string> UsualSacCodes { get; } = ImmutableDictionary.CreateRange<string, string>(
        StringComparer.Ordinal,
        [new("voice", "998412"), new("sms", "998413"), new("event", "998429"), new("recurring", "998412"), new("fee", "998412"), new("recharge", "998412")]);

    /// <summary>The code of a service; empty outside India, where there is none.</summary>
    public static string SacCode(SupplierTaxIdentity supplier, string service) => supplier.Country != "IN"
        ? ""
        : supplier.SacCodes.GetValueOrDefault(service) ?? UsualSacCodes.GetValueOrDefault(service) ?? UsualSacCodes["voice"];

    /// <summary>The rate of a supply on a day, all heads together. Under reverse charge the document shows it without charging it.</summary>
    public static int BasisPoints(SupplierTaxIdentity supplier, TaxTreatment treatment, DateOnly day) => treatment.Scheme switch
    {
        TaxScheme.None => treatment.ReverseCharge ? On(Gst, day) : 0,
        TaxScheme.Vat => On(supplier.VatRates, day),
        _ => On(Gst, day),
    };

    /// <summary>The rate of a table on a day: the one that began last; 0 before the first.</summary>
    public static int On(ImmutableArray<DatedRate> rates, DateOnly day)
    {
        var found = default(DatedRate);
        foreach (var rate in rates)
        {
            if (rate.From <= day && rate.From >= found.From)
                found = rate;
        }
        return found.BasisPoints;
    }
}
