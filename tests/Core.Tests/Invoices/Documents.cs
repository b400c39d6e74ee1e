using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;

namespace Balatrix.Core.Tests.Invoices;

/// <summary>Documents to test with.</summary>
static class Documents
{
    public const string Mumbai = "27AAGCG4576J1Z6";

    public static readonly DateOnly Day = new(2026, 11, 21);

    public static readonly SupplierTaxIdentity Supplier = new() { Country = "IN", Gstin = Mumbai };

    public static readonly DocumentParty SupplierParty = new("Balatrix Communications Private Limited", Mumbai, ["12 Marine Drive", "Mumbai 400020"], "27", "IN", "Mumbai", "400020", null, null, null);

    /// <summary>A GSTIN with a right check character.</summary>
    public static string GstinOf(string state, string pan = "AAGCB7383J")
    {
        var begin = $"{state}{pan}1Z";
        return begin + Gstin.CheckCharacter(begin);
    }

    public static DocumentParty Customer(string? gstin, string? state, string country = "IN") =>
        new("Acme Private Limited", gstin, ["1 Main Road", "Bengaluru 560001"], gstin?[..2] ?? state, country, "Bengaluru", "560001", null, null, "ACC-10001");

    public static InvoiceLine Line(long micros, string service = "voice") => new(service, "", "Calls to India mobile", 12.5m, "minutes", null, 10, null, micros, 0, default, null, null);

    /// <summary>An issued document: taxed as the engine says.</summary>
    public static InvoiceDocument Issue(string number, RecipientTaxFacts recipient, long[] lines, DocumentKind kind = DocumentKind.Invoice, DateOnly? day = null, SupplierTaxIdentity? supplier = null)
    {
        var on = day ?? Day;
        var treatment = TaxEngine.Determine(supplier ?? Supplier, recipient, on).Treatment!;
        return new()
        {
            Kind = kind,
            Number = number,
            IssuedOn = on,
            Currency = "INR",
            Supplier = SupplierParty with { Gstin = (supplier ?? Supplier).Gstin, StateCode = (supplier ?? Supplier).Gstin?[..2] },
            Recipient = Customer(recipient.Gstin, recipient.StateCode, recipient.Country ?? "IN"),
            Treatment = treatment,
            PeriodFrom = on.AddMonths(-1),
            PeriodTo = on.AddDays(-1),
            Totals = InvoiceArithmetic.Total(supplier ?? Supplier, treatment, on, lines.Select(l => Line(l)), true),
        };
    }
}
