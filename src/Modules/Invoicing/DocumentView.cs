using System.Text.Json;
using Balatrix.Core;
using Balatrix.Core.Invoices;
using Balatrix.Core.Tax;

namespace Balatrix.Modules.Invoicing;

/// <summary>Tax by head, decimal strings.</summary>
/// <param name="Cgst">Central tax.</param>
/// <param name="Sgst">State or union territory tax.</param>
/// <param name="Igst">Integrated tax.</param>
/// <param name="Vat">Another country's tax.</param>
public sealed record TaxView(string Cgst, string Sgst, string Igst, string Vat);

/// <summary>A document in a list. Amounts are decimal strings of its currency.</summary>
/// <param name="Id">Its identifier.</param>
/// <param name="Kind">invoice, credit_note, debit_note, receipt_voucher or refund_voucher.</param>
/// <param name="Number">Its number.</param>
/// <param name="Status">open, partially_paid, overdue, paid, written_off or void.</param>
/// <param name="Account">The account's number.</param>
/// <param name="CustomerId">The customer, if the account has one.</param>
/// <param name="IssuedOn">Date of issue.</param>
/// <param name="DueOn">Last day to pay.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Taxable">Taxable value.</param>
/// <param name="Tax">Tax by head.</param>
/// <param name="RoundOff">What rounds the total.</param>
/// <param name="Total">Taxable, tax and round-off.</param>
/// <param name="Settled">Paid and credited of it.</param>
/// <param name="Credited">Of the total, credited by notes.</param>
/// <param name="AmountDue">What is still owed.</param>
/// <param name="OriginalId">The invoice of a note.</param>
public sealed record DocumentSummary(
    long Id, string Kind, string Number, string Status, string Account, long? CustomerId, DateOnly IssuedOn, DateOnly? DueOn, string Currency, string Taxable, TaxView Tax, string RoundOff,
    string Total, string Settled, string Credited, string AmountDue, long? OriginalId);

/// <summary>Supplier or recipient.</summary>
public sealed record PartyView(string Name, string? Gstin, IReadOnlyList<string> AddressLines, string? StateCode, string Country, string? Email, string? Account);

/// <summary>One line of a document.</summary>
public sealed record LineView(
    int Line, string Service, string SacCode, string Description, string? Quantity, string Unit, string? Covered, long Count, string? Rate, string Discount, string Taxable, string TaxRatePercent,
    TaxView Tax, string Total, DateOnly? From, DateOnly? To);

/// <summary>Something that happened to the document.</summary>
public sealed record DocumentStepView(string Step, JsonElement? Detail, DateTimeOffset At);

/// <summary>A note on the document.</summary>
public sealed record NoteView(string Kind, string Number, DateOnly IssuedOn, string Total);

/// <summary>Another document that it names.</summary>
public sealed record ReferenceView(string Kind, string Number, DateOnly IssuedOn, string Tax);

/// <summary>A document with its lines and taxes.</summary>
public sealed record DocumentView(
    DocumentSummary Summary, PartyView Supplier, PartyView Recipient, string Supply, string PlaceOfSupply, bool ReverseCharge, string? Endorsement, DateOnly? PeriodFrom, DateOnly? PeriodTo,
    string PaidBefore, IReadOnlyList<LineView> Lines, IReadOnlyList<ReferenceView> References, string? Reason, string? Original)
{
    /// <summary>What happened to it.</summary>
    public IReadOnlyList<DocumentStepView> Steps { get; init; } = [];

    /// <summary>Whether it is a credit note between the parties only, which lowers no tax and is in no return: it came after the term of CGST Act s.34(2).</summary>
    public bool IsFinancial { get; init; }

    /// <summary>Notes on it.</summary>
    public IReadOnlyList<NoteView> Notes { get; init; } = [];

    internal static DocumentView Of(DocumentSummary summary, InvoiceDocument d, string? original) => new(
        summary, Party(d.Supplier), Party(d.Recipient), Name(d.Treatment.Supply), d.Treatment.PlaceOfSupply, d.Treatment.ReverseCharge, d.Treatment.Endorsement, d.PeriodFrom, d.PeriodTo,
        Money.Format(d.PaidBeforeMicros),
        [.. d.Totals.Lines.Select((l, i) => new LineView(
            i + 1, l.Service, l.SacCode, l.Description, Number(l.Quantity), l.Unit, Number(l.Covered), l.Count, l.RateMicros is { } rate ? Money.Format(rate) : null, Money.Format(l.DiscountMicros),
            Money.Format(l.TaxableMicros), Number(l.RateBasisPoints / 100m)!, Tax(l.Tax), Money.Format(l.TotalMicros), l.From, l.To))],
        [.. d.References.Select(r => new ReferenceView(DocumentStore.Name(r.Kind), r.Number, r.IssuedOn, Money.Format(r.TaxMicros)))], d.Reason, original)
    {
        IsFinancial = FinancialNote.Is(d),
    };

    /// <summary>A draft has neither number nor place among the others.</summary>
    internal static DocumentView Draft(BilledAccount account, InvoiceDocument d) => Of(
        new(0, DocumentStore.Name(d.Kind), d.Number, "draft", d.Recipient.Number!, account.CustomerId, d.IssuedOn, d.DueOn, d.Currency, Money.Format(d.Totals.TaxableMicros), Tax(d.Totals.Tax),
            Money.Format(d.Totals.RoundOffMicros), Money.Format(d.Totals.TotalMicros), Money.Format(d.PaidBeforeMicros), "0.00",
            Money.Format(d.Kind == DocumentKind.CreditNote ? 0 : d.Totals.TotalMicros - d.PaidBeforeMicros), null),
        d, d.Kind == DocumentKind.Invoice ? null : d.References[0].Number);

    static TaxView Tax(TaxAmounts tax) => new(Money.Format(tax.CgstMicros), Money.Format(tax.SgstMicros), Money.Format(tax.IgstMicros), Money.Format(tax.VatMicros));

    static string? Number(decimal? number) => number?.ToString("0.####", System.Globalization.CultureInfo.InvariantCulture);

    static PartyView Party(DocumentParty p) => new(p.Name, p.Gstin, p.AddressLines, p.StateCode, p.Country, p.Email, p.Number);

    static string Name(SupplyType supply) => supply switch
    {
        SupplyType.B2B => "b2b",
        SupplyType.B2C => "b2c",
        SupplyType.SezWithPayment => "sez_with_payment",
        SupplyType.SezWithoutPayment => "sez_without_payment",
        SupplyType.ExportWithPayment => "export_with_payment",
        SupplyType.ExportWithoutPayment => "export_without_payment",
        _ => "outside_gst",
    };
}
