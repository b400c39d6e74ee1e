using System.Collections.Immutable;
using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices;

/// <summary>From what was charged to what is owed. Here alone invoices round: lines and heads to the paisa, the total to the rupee.</summary>
public static class InvoiceArithmetic
{
    /// <summary>Taxes and totals of a supplier's lines on a day: sets each line's code, where it has none, and rate.</summary>
    /// <param name="supplier">Who supplies.</param>
    /// <param name="treatment">How it is taxed.</param>
    /// <param name="day">Date of issue.</param>
    /// <param name="lines">Their taxable values without tax, to the micro-unit.</param>
    /// <param name="roundOffToRupee">Whether the total is made whole rupees.</param>
    public static InvoiceTotals Total(SupplierTaxIdentity supplier, TaxTreatment treatment, DateOnly day, IEnumerable<InvoiceLine> lines, bool roundOffToRupee) =>
        Total(treatment, Rated(supplier, treatment, day, lines), roundOffToRupee);

    /// <summary>Taxes and totals of lines that bring their rates, as a note's do from its invoice.</summary>
    public static InvoiceTotals Total(TaxTreatment treatment, IEnumerable<InvoiceLine> lines, bool roundOffToRupee) => Sum(
        lines.Select(line =>
        {
            if (line.TaxableMicros < 0)
                throw new ArgumentException("Lines are never negative: a note gives back.", nameof(lines));
            var taxable = ToPaisa(line.TaxableMicros);
            return line with { TaxableMicros = taxable, Tax = TaxEngine.OnExclusive(treatment, line.RateBasisPoints, taxable) };
        }),
        roundOffToRupee);

    /// <summary>Taxes and totals of lines whose taxable values are amounts with tax, in whole paisa: the total is their sum, exactly, and so is never rounded off.</summary>
    public static InvoiceTotals TotalOfGross(SupplierTaxIdentity supplier, TaxTreatment treatment, DateOnly day, IEnumerable<InvoiceLine> lines) => Sum(
        Rated(supplier, treatment, day, lines).Select(line =>
        {
            if (line.TaxableMicros % TaxEngine.UnitMicros != 0)
                throw new ArgumentException("Amounts with tax are paid, and so whole paisa.", nameof(lines));
            var (taxable, tax) = TaxEngine.OnInclusive(treatment, line.RateBasisPoints, line.TaxableMicros);
            return line with { TaxableMicros = taxable, Tax = tax };
        }),
        false);

    /// <summary>Whole paisa, half up.</summary>
    public static long ToPaisa(long micros) => TaxEngine.HalfUp(micros, 1);

    /// <summary>The next whole paisa, when it is not one.</summary>
    public static long UpToPaisa(long micros) => (micros + TaxEngine.UnitMicros - 1) / TaxEngine.UnitMicros * TaxEngine.UnitMicros;

    /// <summary>What makes a total whole rupees, half up: within −0.49 and 0.50.</summary>
    public static long RoundOff(long totalMicros)
    {
        var over = totalMicros % Money.MicrosPerUnit;
        return over * 2 >= Money.MicrosPerUnit ? Money.MicrosPerUnit - over : -over;
    }

    static IEnumerable<InvoiceLine> Rated(SupplierTaxIdentity supplier, TaxTreatment treatment, DateOnly day, IEnumerable<InvoiceLine> lines)
    {
        var rate = TaxRates.BasisPoints(supplier, treatment, day);
        return lines.Select(line => line with { RateBasisPoints = rate, SacCode = line.SacCode is { Length: > 0 } code ? code : TaxRates.SacCode(supplier, line.Service) });
    }

    static InvoiceTotals Sum(IEnumerable<InvoiceLine> taxed, bool roundOff)
    {
        ImmutableArray<InvoiceLine> lines = [.. taxed];
        if (lines.IsEmpty)
            throw new ArgumentException("A document has lines.", nameof(taxed));
        var (taxable, tax) = (0L, default(TaxAmounts));
        foreach (var line in lines)
            (taxable, tax) = (checked(taxable + line.TaxableMicros), tax + line.Tax);
        var total = checked(taxable + tax.TotalMicros);
        var rounding = roundOff ? RoundOff(total) : 0;
        return new(lines, taxable, tax, rounding, total + rounding);
    }
}
