using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices.Gstr1;

/// <summary>
/// Tables 11A and 11B: tax on advances that no invoice of the same month used up, and advances of earlier months that were used up or given back in this one.
/// </summary>
sealed class AdvanceTables(DateOnly month)
{
    const int WholeBasisPoints = 10_000;

    readonly SortedDictionary<(string Place, string Type, int Rate), Sums> received = [];
    readonly SortedDictionary<(string Place, string Type, int Rate), Sums> adjusted = [];

    /// <summary>Takes a receipt voucher.</summary>
    public void Receive(InvoiceDocument voucher)
    {
        foreach (var (rate, sums) in Sums.ByRate(voucher))
            Add(received, voucher.Treatment, rate, sums.Taxable, sums.Tax);
    }

    /// <summary>Takes what an invoice used of advances, as it names them.</summary>
    public void Adjust(InvoiceDocument invoice)
    {
        var rate = invoice.Totals.Lines.Max(line => line.RateBasisPoints);
        foreach (var voucher in invoice.References.Where(r => r is { Kind: DocumentKind.ReceiptVoucher, TaxMicros: > 0 }))
        {
            var taxable = rate == 0 ? 0 : TaxEngine.HalfUp((Int128)voucher.TaxMicros * WholeBasisPoints, rate);
            Adjust(invoice.Treatment, voucher.IssuedOn, rate, taxable, TaxEngine.OfTotal(invoice.Treatment.Scheme, voucher.TaxMicros));
        }
    }

    /// <summary>Takes a refund voucher: the advance is given back, as its receipt voucher was received.</summary>
    public void GiveBack(InvoiceDocument refund)
    {
        var receivedOn = refund.References.FirstOrDefault(r => r.Kind == DocumentKind.ReceiptVoucher)?.IssuedOn ?? refund.IssuedOn;
        foreach (var (rate, sums) in Sums.ByRate(refund))
            Adjust(refund.Treatment, receivedOn, rate, sums.Taxable, sums.Tax);
    }

    /// <summary>Table 11A.</summary>
    public List<Advances>? Received() => Table(received);

    /// <summary>Table 11B.</summary>
    public List<Advances>? Adjusted() => Table(adjusted);

    void Adjust(TaxTreatment treatment, DateOnly receivedOn, int rate, long taxable, TaxAmounts tax)
    {
        if (receivedOn >= month)
            Add(received, treatment, rate, -taxable, new(-tax.CgstMicros, -tax.SgstMicros, -tax.IgstMicros, 0));
        else
            Add(adjusted, treatment, rate, taxable, tax);
    }

    static void Add(SortedDictionary<(string Place, string Type, int Rate), Sums> table, TaxTreatment treatment, int rate, long taxable, TaxAmounts tax)
    {
        var key = (treatment.PlaceOfSupply, Gstr1Rules.Between(treatment.Scheme), rate);
        table[key] = table.GetValueOrDefault(key).Plus(taxable, tax, 1);
    }

    static List<Advances>? Table(SortedDictionary<(string Place, string Type, int Rate), Sums> table)
    {
        List<Advances> places = [.. table.Where(row => !row.Value.IsNothing).GroupBy(row => (row.Key.Place, row.Key.Type)).Select(group => new Advances(
            group.Key.Place, group.Key.Type,
            [.. group.Select(row => new AdvanceItem(row.Key.Rate, row.Value.Taxable, row.Value.Tax.IgstMicros, row.Value.Tax.CgstMicros, row.Value.Tax.SgstMicros))]))];
        return places.Count == 0 ? null : places;
    }
}
