using System.Collections.Immutable;
using System.Globalization;
using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices.EInvoice;

/// <summary>Makes form INV-01 of documents.</summary>
public static class Inv01Builder
{
    const int ItemsMax = 1000;
    const int AddressLengthMax = 100;
    const int DescriptionLengthMax = 300;
    const int PinAbroad = 999_999;

    /// <summary>The person without registration, as the form names one.</summary>
    public const string Unregistered = "URP";

    /// <summary>Whether there is a form for a document: it is in rupees, and no voucher, consumer's or bill of supply.</summary>
    public static bool HasForm(InvoiceDocument document) =>
        document.Kind is DocumentKind.Invoice or DocumentKind.CreditNote or DocumentKind.DebitNote
        && document is { Currency: "INR", Supplier.Gstin: not null }
        && document.Treatment.Supply is not (SupplyType.OutsideGst or SupplyType.B2C);

    /// <summary>Whether the law has a document registered: invoices and notes to registered persons, economic zones and abroad; not those to consumers, and not vouchers.</summary>
    public static bool MustBeRegistered(InvoiceDocument document) => HasForm(document)
        // An exempt supply is on a bill of supply, which is not registered.
        && (document.Treatment.Scheme != TaxScheme.None || document.Treatment.ReverseCharge || IsZeroRatedWithoutPayment(document.Treatment.Supply));

    /// <summary>INV, CRN or DBN.</summary>
    public static string TypeOf(DocumentKind kind) => kind switch
    {
        DocumentKind.Invoice => "INV",
        DocumentKind.CreditNote => "CRN",
        DocumentKind.DebitNote => "DBN",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Vouchers are not registered."),
    };

    /// <summary>The reference number that the portal will give.</summary>
    public static string IrnOf(InvoiceDocument document) => Irn.Compute(document.Supplier.Gstin!, document.IssuedOn, TypeOf(document.Kind), document.Number);

    /// <summary>The form. What the document lacks is left empty, for <see cref="Inv01Check"/> to name.</summary>
    public static Inv01 Build(InvoiceDocument document)
    {
        var items = Items(document);
        var tax = items.Aggregate((Cgst: 0L, Sgst: 0L, Igst: 0L), (sum, item) => (sum.Cgst + item.CgstAmt, sum.Sgst + item.SgstAmt, sum.Igst + item.IgstAmt));
        // A recipient who owes the tax itself is shown it, and pays the supplier what the document says.
        var values = new Inv01Values(document.Totals.TaxableMicros, tax.Cgst, tax.Sgst, tax.Igst, document.Totals.RoundOffMicros, document.Totals.TotalMicros);
        var isExport = document.Treatment.Supply is SupplyType.ExportWithPayment or SupplyType.ExportWithoutPayment;
        return new(
            "1.1",
            new("GST", SupplyTypeOf(document.Treatment.Supply), document.Treatment.ReverseCharge ? "Y" : "N"),
            new(TypeOf(document.Kind), document.Number, Day(document.IssuedOn)),
            Party(document.Supplier, null, false),
            Party(document.Recipient, document.Treatment.PlaceOfSupply, isExport),
            items,
            values,
            References(document),
            isExport ? new(document.Recipient.Country) : null);
    }

    static bool IsZeroRatedWithoutPayment(SupplyType supply) => supply is SupplyType.SezWithoutPayment or SupplyType.ExportWithoutPayment;

    static string SupplyTypeOf(SupplyType supply) => supply switch
    {
        SupplyType.B2B => "B2B",
        SupplyType.SezWithPayment => "SEZWP",
        SupplyType.SezWithoutPayment => "SEZWOP",
        SupplyType.ExportWithPayment => "EXPWP",
        SupplyType.ExportWithoutPayment => "EXPWOP",
        _ => throw new ArgumentOutOfRangeException(nameof(supply), supply, "Not registered."),
    };

    static Inv01Party Party(DocumentParty party, string? place, bool isAbroad)
    {
        var rest = string.Join(", ", party.AddressLines.Skip(1));
        return new(
            isAbroad ? Unregistered : party.Gstin ?? "",
            Cut(party.Name, AddressLengthMax),
            place,
            Cut(party.AddressLines.FirstOrDefault() ?? "", AddressLengthMax),
            rest.Length >= 3 ? Cut(rest, AddressLengthMax) : null,
            party.Town ?? "",
            isAbroad ? PinAbroad : int.TryParse(party.PostalCode, NumberStyles.None, CultureInfo.InvariantCulture, out var pin) ? pin : null,
            isAbroad ? GstState.Abroad : party.Gstin?[..2] ?? party.StateCode ?? "");
    }

    static ImmutableArray<Inv01Item> Items(InvoiceDocument document) =>
        [.. Gathered(document.Totals.Lines).Select((line, i) => Item(document, line, i + 1))];

    // Lines beyond what the form has room for are gathered, as few of one code and rate as will do: the tax of many small
    // lines, each rounded, strays from the rate of their sum, and the portal lets an item stray by a rupee.
    static IEnumerable<InvoiceLine> Gathered(ImmutableArray<InvoiceLine> lines)
    {
        if (lines.Length <= ItemsMax)
            return lines;
        var groups = lines.GroupBy(line => (line.SacCode, line.RateBasisPoints)).ToList();
        var size = (lines.Length + ItemsMax - groups.Count - 1) / (ItemsMax - groups.Count);
        return groups.SelectMany(group => group.Chunk(size)).Select(some => some.Aggregate((a, b) => a with
        {
            Description = $"{some.Length} lines from {some[0].Description}",
            TaxableMicros = a.TaxableMicros + b.TaxableMicros,
            Tax = a.Tax + b.Tax,
        }));
    }

    // The quantity of a service is of no meaning to the portal, and prices of less than a paisa do not fit it: each line is one piece at its value.
    static Inv01Item Item(InvoiceDocument document, InvoiceLine line, int number)
    {
        var tax = document.Treatment.ReverseCharge ? ReverseCharge.TaxOf(document, line) : line.Tax;
        return new(
            number.ToString(CultureInfo.InvariantCulture), Cut(line.Description, DescriptionLengthMax), "Y", line.SacCode, 1, "OTH", line.TaxableMicros, line.TaxableMicros, 0, line.TaxableMicros,
            line.RateBasisPoints, tax.IgstMicros, tax.CgstMicros, tax.SgstMicros, line.TotalMicros);
    }

    static Inv01References? References(InvoiceDocument document)
    {
        var period = document is { PeriodFrom: { } from, PeriodTo: { } to } ? new Inv01Period(Day(from), Day(to)) : null;
        ImmutableArray<Inv01Preceding> preceding = document.Kind is DocumentKind.CreditNote or DocumentKind.DebitNote
            ? [.. document.References.Where(r => r.Kind == DocumentKind.Invoice).Select(r => new Inv01Preceding(r.Number, Day(r.IssuedOn)))]
            : [];
        return period is null && preceding.IsEmpty ? null : new(period, preceding.IsEmpty ? null : preceding);
    }

    static string Day(DateOnly day) => day.ToString("dd/MM/yyyy", CultureInfo.InvariantCulture);

    static string Cut(string text, int most) => text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
}
