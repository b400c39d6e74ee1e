using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices;

/// <summary>
/// What of money that goes back to who recharged was value and what was tax: the difference of both in all that went back after it and before it, so that parts give back no
/// more tax than the recharge bore, head by head, and all of them exactly that.
/// </summary>
public static class RechargeReturn
{
    /// <summary>Takes a part of a recharge apart.</summary>
    /// <param name="recharge">Its tax invoice: one line.</param>
    /// <param name="beforeMicros">With tax, given back before.</param>
    /// <param name="micros">With tax; together with before at most the recharge.</param>
    public static TaxedAmount Split(InvoiceDocument recharge, long beforeMicros, long micros)
    {
        if (micros > recharge.Totals.TotalMicros - beforeMicros)
            throw new ArgumentOutOfRangeException(nameof(micros), micros, "More than is left of the recharge.");
        var (after, before) = (Within(recharge, beforeMicros + micros), Within(recharge, beforeMicros));
        var tax = new TaxAmounts(
            after.CgstMicros - before.CgstMicros, after.SgstMicros - before.SgstMicros, after.IgstMicros - before.IgstMicros, after.VatMicros - before.VatMicros);
        // Of a single paisa, two heads of a paisa each cannot be.
        return tax.TotalMicros > micros ? new(micros, default) : new(micros - tax.TotalMicros, tax);
    }

    static TaxAmounts Within(InvoiceDocument recharge, long micros)
    {
        var whole = recharge.Totals.Tax;
        if (micros == recharge.Totals.TotalMicros)
            return whole;
        var part = TaxEngine.OnInclusive(recharge.Treatment, recharge.Totals.Lines[0].RateBasisPoints, micros).Tax;
        return new(
            Math.Min(part.CgstMicros, whole.CgstMicros), Math.Min(part.SgstMicros, whole.SgstMicros), Math.Min(part.IgstMicros, whole.IgstMicros), Math.Min(part.VatMicros, whole.VatMicros));
    }
}
