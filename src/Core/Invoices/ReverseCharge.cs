using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices;

/// <summary>What recipients owe in place of the supplier: reported, never charged.</summary>
static class ReverseCharge
{
    /// <summary>The tax of a line that its document does not bear.</summary>
    public static TaxAmounts TaxOf(InvoiceDocument document, InvoiceLine line) => TaxEngine.OnExclusive(
        document.Treatment with { Scheme = TaxEngine.SchemeOf(document.Supplier.Gstin![..2], document.Treatment.PlaceOfSupply) }, line.RateBasisPoints, line.TaxableMicros);
}
