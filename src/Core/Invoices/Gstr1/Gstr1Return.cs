using System.Text.Json;
using System.Text.Json.Serialization;

namespace Balatrix.Core.Invoices.Gstr1;

/// <summary>Form GSTR-1 of one month: what was supplied, as the portal takes it. Names are the portal's; a table that has nothing is absent.</summary>
public sealed record Gstr1Return
{
    /// <summary>The supplier.</summary>
    [JsonPropertyName("gstin")]
    public required string Gstin { get; init; }

    /// <summary>The month ("112026").</summary>
    [JsonPropertyName("fp")]
    public required string Period { get; init; }

    /// <summary>Tables 4, 6B: to registered recipients and economic zones.</summary>
    [JsonPropertyName("b2b")]
    public IReadOnlyList<RegisteredInvoices>? B2B { get; init; }

    /// <summary>Table 5: large ones to consumers of other states.</summary>
    [JsonPropertyName("b2cl")]
    public IReadOnlyList<LargeInvoices>? B2CLarge { get; init; }

    /// <summary>Table 7: all other to consumers, by place and rate, less their notes.</summary>
    [JsonPropertyName("b2cs")]
    public IReadOnlyList<ConsumerSums>? B2CSmall { get; init; }

    /// <summary>Table 6A: exports.</summary>
    [JsonPropertyName("exp")]
    public IReadOnlyList<ExportInvoices>? Exports { get; init; }

    /// <summary>Table 8: exempt.</summary>
    [JsonPropertyName("nil")]
    public NilRated? Nil { get; init; }

    /// <summary>Table 9B: notes to registered recipients.</summary>
    [JsonPropertyName("cdnr")]
    public IReadOnlyList<RegisteredNotes>? Notes { get; init; }

    /// <summary>Table 9B: notes on exports and large invoices.</summary>
    [JsonPropertyName("cdnur")]
    public IReadOnlyList<UnregisteredNote>? UnregisteredNotes { get; init; }

    /// <summary>Table 11A: advances received and not invoiced in the month.</summary>
    [JsonPropertyName("at")]
    public IReadOnlyList<Advances>? AdvancesReceived { get; init; }

    /// <summary>Table 11B: advances of earlier months that invoices of this one used up.</summary>
    [JsonPropertyName("txpd")]
    public IReadOnlyList<Advances>? AdvancesAdjusted { get; init; }

    /// <summary>Table 12: by code and rate.</summary>
    [JsonPropertyName("hsn")]
    public HsnSummary? Hsn { get; init; }

    /// <summary>Table 13: numbers given.</summary>
    [JsonPropertyName("doc_issue")]
    public DocumentsIssued? Documents { get; init; }

    /// <summary>Writes it as JSON.</summary>
    public Task WriteAsync(Stream stream, CancellationToken cancellationToken) => JsonSerializer.SerializeAsync(stream, this, PortalJson.Options, cancellationToken);
}

/// <summary>Invoices to one recipient.</summary>
public sealed record RegisteredInvoices([property: JsonPropertyName("ctin")] string Gstin, [property: JsonPropertyName("inv")] IReadOnlyList<RegisteredInvoice> Invoices);

/// <summary>One of them.</summary>
public sealed record RegisteredInvoice(
    [property: JsonPropertyName("inum")] string Number, [property: JsonPropertyName("idt")] string Day,
    [property: JsonPropertyName("val"), JsonConverter(typeof(RupeesConverter))] long Value,
    [property: JsonPropertyName("pos")] string Place, [property: JsonPropertyName("rchrg")] string ReverseCharge, [property: JsonPropertyName("inv_typ")] string Type,
    [property: JsonPropertyName("itms")] IReadOnlyList<NumberedItem> Items);

/// <summary>Large invoices to consumers of one place.</summary>
public sealed record LargeInvoices([property: JsonPropertyName("pos")] string Place, [property: JsonPropertyName("inv")] IReadOnlyList<PlainInvoice> Invoices);

/// <summary>Exports with or without payment of tax.</summary>
public sealed record ExportInvoices([property: JsonPropertyName("exp_typ")] string Type, [property: JsonPropertyName("inv")] IReadOnlyList<ExportInvoice> Invoices);

/// <summary>One large invoice.</summary>
public sealed record PlainInvoice(
    [property: JsonPropertyName("inum")] string Number, [property: JsonPropertyName("idt")] string Day,
    [property: JsonPropertyName("val"), JsonConverter(typeof(RupeesConverter))] long Value, [property: JsonPropertyName("itms")] IReadOnlyList<NumberedItem> Items);

/// <summary>One export.</summary>
public sealed record ExportInvoice(
    [property: JsonPropertyName("inum")] string Number, [property: JsonPropertyName("idt")] string Day,
    [property: JsonPropertyName("val"), JsonConverter(typeof(RupeesConverter))] long Value, [property: JsonPropertyName("itms")] IReadOnlyList<TaxedItem> Items);

/// <summary>Values of one rate, numbered.</summary>
public sealed record NumberedItem([property: JsonPropertyName("num")] int Number, [property: JsonPropertyName("itm_det")] TaxedItem Detail);

/// <summary>Values of one rate. Tables that only supplies between states belong to have no central and state tax at all.</summary>
public sealed record TaxedItem(
    [property: JsonPropertyName("rt"), JsonConverter(typeof(PercentConverter))] int Rate,
    [property: JsonPropertyName("txval"), JsonConverter(typeof(RupeesConverter))] long Taxable,
    [property: JsonPropertyName("iamt"), JsonConverter(typeof(RupeesConverter))] long Igst,
    [property: JsonPropertyName("camt"), JsonConverter(typeof(RupeesConverter))] long? Cgst = null,
    [property: JsonPropertyName("samt"), JsonConverter(typeof(RupeesConverter))] long? Sgst = null,
    [property: JsonPropertyName("csamt")] int Cess = 0);

/// <summary>What consumers of one place were supplied at one rate.</summary>
public sealed record ConsumerSums(
    [property: JsonPropertyName("sply_ty")] string Type, [property: JsonPropertyName("rt"), JsonConverter(typeof(PercentConverter))] int Rate, [property: JsonPropertyName("typ")] string Way,
    [property: JsonPropertyName("pos")] string Place,
    [property: JsonPropertyName("txval"), JsonConverter(typeof(RupeesConverter))] long Taxable,
    [property: JsonPropertyName("iamt"), JsonConverter(typeof(RupeesConverter))] long Igst,
    [property: JsonPropertyName("camt"), JsonConverter(typeof(RupeesConverter))] long Cgst,
    [property: JsonPropertyName("samt"), JsonConverter(typeof(RupeesConverter))] long Sgst,
    [property: JsonPropertyName("csamt")] int Cess = 0);

/// <summary>Exempt supplies.</summary>
public sealed record NilRated([property: JsonPropertyName("inv")] IReadOnlyList<NilRatedSums> Sums);

/// <summary>Exempt supplies of one kind.</summary>
public sealed record NilRatedSums(
    [property: JsonPropertyName("sply_ty")] string Type, [property: JsonPropertyName("expt_amt"), JsonConverter(typeof(RupeesConverter))] long Exempt,
    [property: JsonPropertyName("nil_amt")] int Nil = 0, [property: JsonPropertyName("ngsup_amt")] int OutsideGst = 0);

/// <summary>Notes to one recipient.</summary>
public sealed record RegisteredNotes([property: JsonPropertyName("ctin")] string Gstin, [property: JsonPropertyName("nt")] IReadOnlyList<RegisteredNote> Notes);

/// <summary>One of them; amounts are positive whichever way it goes.</summary>
public sealed record RegisteredNote(
    [property: JsonPropertyName("ntty")] string Kind, [property: JsonPropertyName("nt_num")] string Number, [property: JsonPropertyName("nt_dt")] string Day,
    [property: JsonPropertyName("pos")] string Place, [property: JsonPropertyName("rchrg")] string ReverseCharge, [property: JsonPropertyName("inv_typ")] string Type,
    [property: JsonPropertyName("val"), JsonConverter(typeof(RupeesConverter))] long Value, [property: JsonPropertyName("itms")] IReadOnlyList<NumberedItem> Items);

/// <summary>A note on an export or a large invoice; exports have no place.</summary>
public sealed record UnregisteredNote(
    [property: JsonPropertyName("typ")] string Type, [property: JsonPropertyName("ntty")] string Kind, [property: JsonPropertyName("nt_num")] string Number,
    [property: JsonPropertyName("nt_dt")] string Day, [property: JsonPropertyName("pos")] string? Place,
    [property: JsonPropertyName("val"), JsonConverter(typeof(RupeesConverter))] long Value, [property: JsonPropertyName("itms")] IReadOnlyList<NumberedItem> Items);

/// <summary>Advances of one place.</summary>
public sealed record Advances([property: JsonPropertyName("pos")] string Place, [property: JsonPropertyName("sply_ty")] string Type, [property: JsonPropertyName("itms")] IReadOnlyList<AdvanceItem> Items);

/// <summary>Advances of one rate.</summary>
public sealed record AdvanceItem(
    [property: JsonPropertyName("rt"), JsonConverter(typeof(PercentConverter))] int Rate,
    [property: JsonPropertyName("ad_amt"), JsonConverter(typeof(RupeesConverter))] long Advance,
    [property: JsonPropertyName("iamt"), JsonConverter(typeof(RupeesConverter))] long Igst,
    [property: JsonPropertyName("camt"), JsonConverter(typeof(RupeesConverter))] long Cgst,
    [property: JsonPropertyName("samt"), JsonConverter(typeof(RupeesConverter))] long Sgst,
    [property: JsonPropertyName("csamt")] int Cess = 0);

/// <summary>By code and rate: in one list until April 2025, by kind of recipient since.</summary>
public sealed record HsnSummary(
    [property: JsonPropertyName("data")] IReadOnlyList<HsnSums>? All, [property: JsonPropertyName("hsn_b2b")] IReadOnlyList<HsnSums>? B2B, [property: JsonPropertyName("hsn_b2c")] IReadOnlyList<HsnSums>? B2C);

/// <summary>One code and rate; services have no quantity.</summary>
public sealed record HsnSums(
    [property: JsonPropertyName("num")] int Number, [property: JsonPropertyName("hsn_sc")] string Code, [property: JsonPropertyName("desc")] string Description,
    [property: JsonPropertyName("uqc")] string Unit, [property: JsonPropertyName("qty")] int Quantity,
    [property: JsonPropertyName("rt"), JsonConverter(typeof(PercentConverter))] int Rate,
    [property: JsonPropertyName("txval"), JsonConverter(typeof(RupeesConverter))] long Taxable,
    [property: JsonPropertyName("iamt"), JsonConverter(typeof(RupeesConverter))] long Igst,
    [property: JsonPropertyName("camt"), JsonConverter(typeof(RupeesConverter))] long Cgst,
    [property: JsonPropertyName("samt"), JsonConverter(typeof(RupeesConverter))] long Sgst,
    [property: JsonPropertyName("csamt")] int Cess = 0);

/// <summary>Numbers given, by kind of document.</summary>
public sealed record DocumentsIssued([property: JsonPropertyName("doc_det")] IReadOnlyList<DocumentsOfKind> Kinds);

/// <summary>Numbers of one kind.</summary>
public sealed record DocumentsOfKind([property: JsonPropertyName("doc_num")] int Kind, [property: JsonPropertyName("docs")] IReadOnlyList<NumberRange> Ranges);

/// <summary>First to last number of a series.</summary>
public sealed record NumberRange(
    [property: JsonPropertyName("num")] int Number, [property: JsonPropertyName("from")] string From, [property: JsonPropertyName("to")] string To,
    [property: JsonPropertyName("totnum")] int Total, [property: JsonPropertyName("cancel")] int Cancelled, [property: JsonPropertyName("net_issue")] int Issued);
