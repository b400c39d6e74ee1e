using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Balatrix.Core.Tax;

namespace Balatrix.Core.Invoices;

/// <summary>What a document is. Numbers are stored.</summary>
public enum DocumentKind : short
{
    /// <summary>Tax invoice (CGST rule 46); an ordinary invoice where the supplier has no GST registration.</summary>
    Invoice = 1,

    /// <summary>Credit note (CGST Act s.34).</summary>
    CreditNote = 2,

    /// <summary>Debit note (CGST Act s.34).</summary>
    DebitNote = 3,

    /// <summary>Receipt voucher for an advance (CGST rule 50).</summary>
    ReceiptVoucher = 4,

    /// <summary>Refund voucher for an advance that nothing was supplied for (CGST rule 51).</summary>
    RefundVoucher = 5,
}

/// <summary>Supplier or recipient as the document shows it.</summary>
/// <param name="Name">Legal name.</param>
/// <param name="Gstin">GST registration, or the registration that the supplier's country gives; null without.</param>
/// <param name="AddressLines">Printed one below the other; the last has town and postal code.</param>
/// <param name="StateCode">GST state code; null outside India or unknown.</param>
/// <param name="Country">ISO 3166-1 alpha-2.</param>
/// <param name="Town">Town of the address, for e-invoices.</param>
/// <param name="PostalCode">Postal code, for e-invoices.</param>
/// <param name="Email">Where documents are sent.</param>
/// <param name="Phone">E.164.</param>
/// <param name="Number">The recipient's account number ("ACC-10001"); null for the supplier.</param>
public sealed record DocumentParty(
    string Name, string? Gstin, ImmutableArray<string> AddressLines, string? StateCode, string Country, string? Town, string? PostalCode, string? Email, string? Phone, string? Number);

/// <summary>One line. Amounts are micro-units of the document's currency and never negative: a note says by its kind which way it goes.</summary>
/// <param name="Service">voice, sms, event, recurring, fee or recharge.</param>
/// <param name="SacCode">Service accounting code ("998413"); empty outside GST.</param>
/// <param name="Description">What was supplied ("Calls to India mobile", "Starter, 1 to 30 Apr 2026").</param>
/// <param name="Quantity">How much was billed, in <paramref name="Unit"/>; null for what has no quantity.</param>
/// <param name="Unit">minutes (with seconds as decimals), messages, events, or empty.</param>
/// <param name="Covered">Of the quantity, what allowances paid; null or zero when none did.</param>
/// <param name="Count">Calls, messages or events in the line; 0 for what is not use.</param>
/// <param name="RateMicros">Price of one unit that allowances did not pay, the average where there were several; null for what has no unit.</param>
/// <param name="TaxableMicros">Taxable value, in whole paisa.</param>
/// <param name="RateBasisPoints">Tax rate in hundredths of a per cent (1800 is 18 %), all heads together.</param>
/// <param name="Tax">Tax by head.</param>
/// <param name="From">First day of what the line is for.</param>
/// <param name="To">Last day of it.</param>
public sealed record InvoiceLine(
    string Service, string SacCode, string Description, decimal? Quantity, string Unit, decimal? Covered, long Count, long? RateMicros, long TaxableMicros, int RateBasisPoints, TaxAmounts Tax,
    DateOnly? From, DateOnly? To)
{
    /// <summary>Credits and discounts taken off before the taxable value.</summary>
    public long DiscountMicros { get; init; }

    /// <summary>On a credit note, the line of its invoice that this one credits, from 1; null when it names none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? CreditsLine { get; init; }

    /// <summary>Taxable value and tax.</summary>
    public long TotalMicros => TaxableMicros + Tax.TotalMicros;
}

/// <summary>Another document that this one names: the invoice of a note, the receipt vouchers of an invoice.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Number">Its number.</param>
/// <param name="IssuedOn">Its date.</param>
/// <param name="TaxMicros">Tax of it that this document adjusts; 0 for what is only named.</param>
public sealed record DocumentReference(DocumentKind Kind, string Number, DateOnly IssuedOn, long TaxMicros);

/// <summary>Lines, taxes and totals of a document before it has a number. Amounts are micro-units of one currency.</summary>
/// <param name="Lines">Never empty.</param>
/// <param name="TaxableMicros">Sum of the lines' taxable values.</param>
/// <param name="Tax">Sum of the lines' taxes, head by head.</param>
/// <param name="RoundOffMicros">What makes the total whole rupees; within ±0.50, 0 when the tenant does not round off.</param>
/// <param name="TotalMicros">Taxable, tax and round-off: what is owed.</param>
public sealed record InvoiceTotals(ImmutableArray<InvoiceLine> Lines, long TaxableMicros, TaxAmounts Tax, long RoundOffMicros, long TotalMicros);

/// <summary>A document as it was issued: all that is printed, reported and hashed. It never changes.</summary>
public sealed record InvoiceDocument
{
    /// <summary>What it is.</summary>
    public required DocumentKind Kind { get; init; }

    /// <summary>Consecutive within its series and financial year, at most 16 characters (CGST rule 46(b)).</summary>
    public required string Number { get; init; }

    /// <summary>Date of issue in the tenant's zone.</summary>
    public required DateOnly IssuedOn { get; init; }

    /// <summary>Last day to pay; null for notes, vouchers and what was paid before.</summary>
    public DateOnly? DueOn { get; init; }

    /// <summary>ISO 4217 code.</summary>
    public required string Currency { get; init; }

    /// <summary>Who supplies.</summary>
    public required DocumentParty Supplier { get; init; }

    /// <summary>Who is billed.</summary>
    public required DocumentParty Recipient { get; init; }

    /// <summary>How it is taxed.</summary>
    public required TaxTreatment Treatment { get; init; }

    /// <summary>First day of the billing period; null for what has none.</summary>
    public DateOnly? PeriodFrom { get; init; }

    /// <summary>Last day of the billing period.</summary>
    public DateOnly? PeriodTo { get; init; }

    /// <summary>Lines and sums.</summary>
    public required InvoiceTotals Totals { get; init; }

    /// <summary>Of the total, what was paid before (wallet, advance); the rest is due.</summary>
    public long PaidBeforeMicros { get; init; }

    /// <summary>Documents that it names.</summary>
    public ImmutableArray<DocumentReference> References { get; init; } = [];

    /// <summary>Why a note was issued.</summary>
    public string? Reason { get; init; }
}

/// <summary>What the registration portal returned for a document; it comes after issue and is not part of what was issued.</summary>
/// <param name="Irn">Invoice reference number: 64 hexadecimal digits.</param>
/// <param name="AckNumber">Acknowledgement number.</param>
/// <param name="AckAt">Acknowledged at.</param>
/// <param name="SignedQrCode">The portal's signed text; printed as QR, never made anew.</param>
public sealed record EInvoiceRegistration(string Irn, string AckNumber, DateTimeOffset AckAt, string SignedQrCode);
