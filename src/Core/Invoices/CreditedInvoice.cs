using System.Collections.Immutable;
using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices;

/// <summary>
/// An invoice or debit note and what credit notes took off it. A line's tax goes back as the difference of the taxes on all that is credited of the line after a note
/// and before it: so notes never give back more than the document bears, head by head, and those that credit all of it give back exactly that.
/// </summary>
/// <param name="Document">What was issued.</param>
/// <param name="LineMicros">Credited of each line, before tax.</param>
/// <param name="TotalMicros">Credited in all.</param>
public sealed record CreditedInvoice(InvoiceDocument Document, ImmutableArray<long> LineMicros, long TotalMicros)
{
    /// <summary>A document after its credit notes, in the order of their issue.</summary>
    public static CreditedInvoice Of(InvoiceDocument document, IEnumerable<InvoiceTotals> notes) =>
        notes.Aggregate(new CreditedInvoice(document, [.. new long[document.Totals.Lines.Length]], 0), (credited, note) => credited.After(note));

    /// <summary>The same after one more note.</summary>
    public CreditedInvoice After(InvoiceTotals note)
    {
        var credited = this;
        foreach (var line in note.Lines.Where(l => l.Service != FinancialNote.TaxService))
            credited = credited with { LineMicros = [.. credited.Spread(line, line.TaxableMicros).Zip(credited.LineMicros, (part, before) => before + part)] };
        return credited with { TotalMicros = TotalMicros + note.TotalMicros };
    }

    /// <summary>What is not credited of a line, before tax.</summary>
    public long LeftOf(int line) => Lines[line].TaxableMicros - LineMicros[line];

    /// <summary>What is not credited of all lines, before tax.</summary>
    public long LeftMicros => Lines.Select((_, i) => LeftOf(i)).Sum();

    /// <summary>
    /// Spreads an amount over what is left of the lines: of the one that a note's line names, then of its service, then of all. What there is no room for is left out.
    /// </summary>
    public long[] Spread(InvoiceLine like, long micros)
    {
        var amounts = new long[Lines.Length];
        foreach (var at in Enumerable.Range(0, Lines.Length).OrderByDescending(i => i + 1 == like.CreditsLine).ThenByDescending(i => Lines[i].Service == like.Service).ThenBy(i => i))
        {
            amounts[at] = Math.Min(micros, LeftOf(at));
            micros -= amounts[at];
        }
        return amounts;
    }

    /// <summary>The totals of a note that credits so much of each line, before tax; at most what is left of it.</summary>
    public InvoiceTotals Credit(IReadOnlyList<long> amounts)
    {
        var lines = ImmutableArray.CreateBuilder<InvoiceLine>();
        for (var i = 0; i < Lines.Length; i++)
        {
            if (amounts[i] < 0 || amounts[i] > LeftOf(i))
                throw new ArgumentException("More than is left of a line.", nameof(amounts));
            if (amounts[i] > 0)
                lines.Add(Lines[i] with
                {
                    TaxableMicros = amounts[i],
                    Tax = Less(TaxOf(i, LineMicros[i] + amounts[i]), TaxOf(i, LineMicros[i])),
                    CreditsLine = i + 1,
                    Quantity = null,
                    Covered = null,
                    RateMicros = null,
                    DiscountMicros = 0,
                    Count = 0,
                });
        }
        if (lines.Count == 0)
            throw new ArgumentException("A note credits something.", nameof(amounts));
        var (taxable, tax) = (lines.Sum(l => l.TaxableMicros), lines.Aggregate(default(TaxAmounts), (sum, l) => sum + l.Tax));
        // The note that credits the last of a document gives its round-off back too; one before that never takes more than the total that it was rounded to.
        var rest = Document.Totals.TotalMicros - TotalMicros - taxable - tax.TotalMicros;
        var roundOff = LeftMicros == taxable ? rest : Math.Min(0, rest);
        return new(lines.ToImmutable(), taxable, tax, roundOff, taxable + tax.TotalMicros + roundOff);
    }

    ImmutableArray<InvoiceLine> Lines => Document.Totals.Lines;

    /// <summary>The tax on so much of a line: the line's own on all of it, and never more than that on a part.</summary>
    TaxAmounts TaxOf(int line, long micros)
    {
        var whole = Lines[line].Tax;
        if (micros == Lines[line].TaxableMicros)
            return whole;
        var part = TaxEngine.OnExclusive(Document.Treatment, Lines[line].RateBasisPoints, micros);
        return new(
            Math.Min(part.CgstMicros, whole.CgstMicros), Math.Min(part.SgstMicros, whole.SgstMicros), Math.Min(part.IgstMicros, whole.IgstMicros), Math.Min(part.VatMicros, whole.VatMicros));
    }

    static TaxAmounts Less(TaxAmounts after, TaxAmounts before) => new(
        after.CgstMicros - before.CgstMicros, after.SgstMicros - before.SgstMicros, after.IgstMicros - before.IgstMicros, after.VatMicros - before.VatMicros);
}
