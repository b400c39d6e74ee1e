using System.Globalization;
using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices.Gstr1;

/// <summary>A document of the month.</summary>
/// <param name="Document">As it was issued.</param>
/// <param name="Series">Of its number.</param>
/// <param name="IsVoid">Whether it was cancelled: its number counts, nothing else does.</param>
/// <param name="OriginalTotalMicros">Total of the invoice that a note is about; null for all else.</param>
/// <param name="OriginalIssuedOn">Its date.</param>
public readonly record struct Gstr1Source(InvoiceDocument Document, string Series, bool IsVoid, long? OriginalTotalMicros = null, DateOnly? OriginalIssuedOn = null);

/// <summary>
/// Makes a month's GSTR-1, document by document. Of documents to consumers only sums are kept, of those to registered recipients what is listed of them.
/// Documents outside GST are passed over; those in other currencies are named in <see cref="NotReported"/>, as the return is in rupees and of one registration.
/// </summary>
public sealed class Gstr1Builder(string gstin, DateOnly month)
{
    readonly SortedDictionary<string, List<RegisteredInvoice>> registered = new(StringComparer.Ordinal);
    readonly SortedDictionary<string, List<RegisteredNote>> notes = new(StringComparer.Ordinal);
    readonly SortedDictionary<string, List<PlainInvoice>> large = new(StringComparer.Ordinal);
    readonly SortedDictionary<string, List<ExportInvoice>> exports = new(StringComparer.Ordinal);
    readonly List<UnregisteredNote> unregisteredNotes = [];
    readonly SortedDictionary<(string Place, string Type, int Rate), Sums> consumers = [];
    readonly SortedDictionary<string, long> exempt = new(StringComparer.Ordinal);
    readonly SortedDictionary<(bool IsConsumer, string Code, int Rate), Sums> codes = [];
    readonly AdvanceTables advances = new(month);
    readonly IssuedNumbers numbers = new();

    /// <summary>Numbers of documents that are not in rupees, or of another registration of the supplier.</summary>
    public List<string> NotReported { get; } = [];

    /// <summary>Takes a document that was issued in the month.</summary>
    public void Add(in Gstr1Source source)
    {
        var document = source.Document;
        if (document.Treatment.Supply == SupplyType.OutsideGst)
            return;
        if (document.Currency != "INR" || document.Supplier.Gstin != gstin)
        {
            NotReported.Add(document.Number);
            return;
        }
        numbers.Add(document.Kind, source.Series, document.Number, source.IsVoid);
        if (source.IsVoid)
            return;
        if (document.Kind == DocumentKind.ReceiptVoucher)
            advances.Receive(document);
        else if (document.Kind == DocumentKind.RefundVoucher)
            advances.GiveBack(document);
        else
            AddSupply(source);
    }

    /// <summary>The return.</summary>
    public Gstr1Return Build() => new()
    {
        Gstin = gstin,
        Period = month.ToString("MMyyyy", CultureInfo.InvariantCulture),
        B2B = Some(registered.Select(r => new RegisteredInvoices(r.Key, r.Value))),
        B2CLarge = Some(large.Select(r => new LargeInvoices(r.Key, r.Value))),
        B2CSmall = Some(consumers.Where(r => !r.Value.IsNothing).Select(r => new ConsumerSums(
            r.Key.Type, r.Key.Rate, "OE", r.Key.Place, r.Value.Taxable, r.Value.Tax.IgstMicros, r.Value.Tax.CgstMicros, r.Value.Tax.SgstMicros))),
        Exports = Some(exports.Select(r => new ExportInvoices(r.Key, r.Value))),
        Nil = exempt.Count == 0 ? null : new([.. exempt.Select(r => new NilRatedSums(r.Key, r.Value))]),
        Notes = Some(notes.Select(r => new RegisteredNotes(r.Key, r.Value))),
        UnregisteredNotes = Some(unregisteredNotes),
        AdvancesReceived = advances.Received(),
        AdvancesAdjusted = advances.Adjusted(),
        Hsn = codes.Count == 0 ? null : Hsn(),
        Documents = numbers.Table(),
    };

    void AddSupply(in Gstr1Source source)
    {
        var document = source.Document;
        var sign = document.Kind == DocumentKind.CreditNote ? -1 : 1;
        AddCodes(document, sign);
        if (document.Kind == DocumentKind.Invoice)
            advances.Adjust(document);
        if (Gstr1Rules.IsExempt(document.Treatment))
            AddExempt(document, sign);
        else if (document.Kind == DocumentKind.Invoice)
            AddInvoice(document);
        else
            AddNote(source, sign);
    }

    void AddInvoice(InvoiceDocument document)
    {
        var (number, day, value, treatment) = (document.Number, Gstr1Rules.Day(document.IssuedOn), document.Totals.TotalMicros, document.Treatment);
        if (Gstr1Rules.IsExport(treatment.Supply))
            List(exports, treatment.Supply == SupplyType.ExportWithPayment ? "WPAY" : "WOPAY").Add(new(number, day, value, [.. Sums.ItemsBetweenStates(document).Select(item => item.Detail)]));
        else if (treatment.Supply != SupplyType.B2C)
            List(registered, document.Recipient.Gstin!).Add(new(number, day, value, treatment.PlaceOfSupply, Reverse(treatment), Gstr1Rules.RegisteredType(treatment.Supply), Sums.Items(document)));
        else if (Gstr1Rules.IsLarge(treatment, document.IssuedOn, value))
            List(large, treatment.PlaceOfSupply).Add(new(number, day, value, Sums.ItemsBetweenStates(document)));
        else
            AddConsumer(document, 1);
    }

    void AddNote(in Gstr1Source source, int sign)
    {
        var document = source.Document;
        var (kind, day, value, treatment) = (Gstr1Rules.NoteType(document.Kind), Gstr1Rules.Day(document.IssuedOn), document.Totals.TotalMicros, document.Treatment);
        if (Gstr1Rules.IsExport(treatment.Supply))
        {
            var type = treatment.Supply == SupplyType.ExportWithPayment ? "EXPWP" : "EXPWOP";
            unregisteredNotes.Add(new(type, kind, document.Number, day, null, value, Sums.ItemsBetweenStates(document)));
        }
        else if (treatment.Supply != SupplyType.B2C)
        {
            List(notes, document.Recipient.Gstin!).Add(new(
                kind, document.Number, day, treatment.PlaceOfSupply, Reverse(treatment), Gstr1Rules.RegisteredType(treatment.Supply), value, Sums.Items(document)));
        }
        else if (Gstr1Rules.IsLarge(treatment, source.OriginalIssuedOn ?? document.IssuedOn, source.OriginalTotalMicros ?? 0))
        {
            unregisteredNotes.Add(new("B2CL", kind, document.Number, day, treatment.PlaceOfSupply, value, Sums.ItemsBetweenStates(document)));
        }
        else
        {
            AddConsumer(document, sign);
        }
    }

    void AddConsumer(InvoiceDocument document, int sign)
    {
        foreach (var (rate, sums) in Sums.ByRate(document))
        {
            var key = (document.Treatment.PlaceOfSupply, Gstr1Rules.Between(document.Treatment.Scheme), rate);
            consumers[key] = consumers.GetValueOrDefault(key).Plus(sums.Taxable, sums.Tax, sign);
        }
    }

    void AddExempt(InvoiceDocument document, int sign)
    {
        var isWithin = TaxEngine.SchemeOf(gstin[..2], document.Treatment.PlaceOfSupply) != TaxScheme.Igst;
        var type = (isWithin ? "INTRA" : "INTR") + (document.Treatment.Supply == SupplyType.B2B ? "B2B" : "B2C");
        exempt[type] = exempt.GetValueOrDefault(type) + (sign * document.Totals.TaxableMicros);
    }

    void AddCodes(InvoiceDocument document, int sign)
    {
        foreach (var line in document.Totals.Lines)
        {
            var key = (document.Treatment.Supply == SupplyType.B2C && month >= Gstr1Rules.HsnSplitFrom, line.SacCode, line.RateBasisPoints);
            codes[key] = codes.GetValueOrDefault(key).Plus(line.TaxableMicros, line.Tax, sign);
        }
    }

    HsnSummary Hsn()
    {
        var (others, consumersOnly) = (Rows(false), Rows(true));
        return month < Gstr1Rules.HsnSplitFrom ? new(others, null, null) : new(null, others, consumersOnly);

        List<HsnSums> Rows(bool isConsumer) => [.. codes.Where(c => c.Key.IsConsumer == isConsumer).Select((c, i) => new HsnSums(
            i + 1, c.Key.Code, Gstr1Rules.Describe(c.Key.Code), "NA", 0, c.Key.Rate, c.Value.Taxable, c.Value.Tax.IgstMicros, c.Value.Tax.CgstMicros, c.Value.Tax.SgstMicros))];
    }

    static string Reverse(TaxTreatment treatment) => treatment.ReverseCharge ? "Y" : "N";

    static List<T> List<T>(SortedDictionary<string, List<T>> table, string key) => table.TryGetValue(key, out var list) ? list : table[key] = [];

    static List<T>? Some<T>(IEnumerable<T> rows)
    {
        List<T> all = [.. rows];
        return all.Count == 0 ? null : all;
    }
}
