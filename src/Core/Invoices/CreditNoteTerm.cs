using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices;

/// <summary>Until when a credit note may take tax back: 30 November after the financial year of the supply (CGST Act s.34(2)).</summary>
public static class CreditNoteTerm
{
    /// <summary>The last day for an invoice of a day.</summary>
    public static DateOnly LastDay(DateOnly issuedOn) => new(FinancialYear.Of(issuedOn).FirstYear + 1, 11, 30);

    /// <summary>Whether a day is too late for a note on a document. Outside GST there is no such term.</summary>
    public static bool IsOver(InvoiceDocument document, DateOnly today) => document.Treatment.Supply != SupplyType.OutsideGst && today > LastDay(document.IssuedOn);
}
