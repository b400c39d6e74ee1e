using System.Collections.Immutable;
using Balatrix.Core.Invoices;
using Balatrix.Modules.Platform;
using Balatrix.Modules.Printing;

namespace Balatrix.Modules.Invoicing.Pdf;

/// <summary>What a document's pages show across them.</summary>
public enum DocumentMark
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Not issued yet.</summary>
    Draft,

    /// <summary>Nothing is owed any more.</summary>
    Paid,

    /// <summary>Taken back.</summary>
    Void,
}

/// <summary>One use in a document's annex.</summary>
/// <param name="At">When, in the tenant's zone.</param>
/// <param name="Service">What was used ("Voice").</param>
/// <param name="From">Calling number or sender.</param>
/// <param name="To">Called number or recipient.</param>
/// <param name="Destination">Where to ("India mobile").</param>
/// <param name="Quantity">How much ("1:05 min", "2 messages").</param>
/// <param name="AmountMicros">What it cost, before tax.</param>
public sealed record AnnexRow(DateTime At, string Service, string From, string To, string Destination, string Quantity, long AmountMicros);

/// <summary>What a document's pages show beside what was issued.</summary>
public sealed record PdfExtras
{
    /// <summary>Name and colour of the tenant; the supplier's name where there is none.</summary>
    public Branding? Branding { get; init; }

    /// <summary>PNG or JPEG.</summary>
    public byte[]? Logo { get; init; }

    /// <summary>The registration of an e-invoice.</summary>
    public EInvoiceRegistration? Registration { get; init; }

    /// <summary>Where to pay to; printed while something is owed.</summary>
    public BankDetails? Bank { get; init; }

    /// <summary>What is still owed, when that is less than the document says.</summary>
    public long? OwedMicros { get; init; }

    /// <summary>Printed across the pages.</summary>
    public DocumentMark Mark { get; init; }

    /// <summary>Whose copy it is.</summary>
    public string CopyLabel { get; init; } = "Original for recipient";

    /// <summary>The tenant's terms, a paragraph each.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>The uses that the document charges; null for no annex.</summary>
    public IEnumerable<AnnexRow>? Annex { get; init; }

    /// <summary>The fonts.</summary>
    public FontLibrary Fonts { get; init; } = FontLibrary.Machine;
}
