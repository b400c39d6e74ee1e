using System.Security.Cryptography;
using System.Text;
using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices;

/// <summary>Invoice reference numbers: the portal and the supplier compute the same one.</summary>
public static class Irn
{
    // From this day the portal takes numbers that differ only in case for the same one (GSTN advisory of 2025-04-04).
    static readonly DateOnly FoldedFrom = new(2025, 6, 1);

    /// <summary>Hexadecimal SHA-256 of GSTIN, financial year, type of document and number, with nothing between them.</summary>
    /// <param name="gstin">The supplier's.</param>
    /// <param name="issuedOn">Date of the document.</param>
    /// <param name="type">INV, CRN or DBN.</param>
    /// <param name="number">Number of the document.</param>
    public static string Compute(string gstin, DateOnly issuedOn, string type, string number)
    {
        var folded = issuedOn >= FoldedFrom ? number.ToUpperInvariant() : number;
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{gstin}{FinancialYear.Of(issuedOn)}{type}{folded}")));
    }
}
